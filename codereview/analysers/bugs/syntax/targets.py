"""Expressions that are stored to, and stars where the grammar misplaces them."""

import ast


def stored(expression: ast.expr, context: ast.expr_context) -> ast.expr:
    """The expression with its context, and that of what it unpacks into, replaced."""
    if isinstance(expression, ast.Name | ast.Attribute | ast.Subscript | ast.Starred | ast.List | ast.Tuple):
        expression.ctx = context
    if isinstance(expression, ast.Starred):
        stored(expression.value, context)
    elif isinstance(expression, ast.List | ast.Tuple):
        for element in expression.elts:
            stored(element, context)
    return expression


def hoisted(expression: ast.expr) -> ast.expr:
    """``*a.b`` as a starred attribute: the grammar takes it for an attribute of a starred name."""
    inner, owners = expression, []
    while isinstance(inner, ast.Attribute | ast.Call | ast.Subscript):
        owners.append(inner)
        inner = inner.func if isinstance(inner, ast.Call) else inner.value
    if not owners or not isinstance(inner, ast.Starred):
        return expression
    last = owners[-1]
    if isinstance(last, ast.Call):
        last.func = inner.value
    else:
        last.value = inner.value
    place = {name: getattr(expression, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    return ast.Starred(value=expression, ctx=ast.Load(), **place)
