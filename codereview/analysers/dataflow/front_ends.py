"""The front end of each language."""

from collections.abc import Callable

from tree_sitter import Tree

from codereview.analysers.dataflow import go, ir, java, javascript, python

_FRONT_ENDS: dict[str, Callable[[Tree], ir.ModuleIR]] = {
    "go": go.lower,
    "java": java.lower,
    "javascript": javascript.lower,
    "typescript": javascript.lower,
    "python": python.lower,
}


def lower(tree: Tree, language: str) -> ir.ModuleIR:
    """A parsed file in the intermediate form; an empty one for a language without a front end."""
    front_end = _FRONT_ENDS.get(language)
    return front_end(tree) if front_end is not None else ir.ModuleIR(())
