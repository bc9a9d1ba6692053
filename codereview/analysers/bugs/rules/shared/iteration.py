"""What the rules about iteration share."""

import ast


def target_names(target: ast.expr) -> set[str]:
    """The names a loop assigns."""
    return {part.id for part in ast.walk(target) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
