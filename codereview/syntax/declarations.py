"""Which nodes of a syntax tree declare something, and under which name; one table per grammar."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node

#: A name longer than this is no name a person would read.
_MAX_NAME = 120
_PLAIN_TARGET = re.compile(r"^#?[\w$]+(?:\.#?[\w$]+)*$")
_EXPORTS = re.compile(r"^(?:module\.exports|exports|this|window|globalThis)\.(?=.)")

_PYTHON = {"class_definition": "class", "function_definition": "function"}
_JAVA = {
    "annotation_type_declaration": "interface",
    "class_declaration": "class",
    "compact_constructor_declaration": "method",
    "constructor_declaration": "method",
    "enum_declaration": "enum",
    "interface_declaration": "interface",
    "method_declaration": "method",
    "record_declaration": "class",
}
_GO = {
    "function_declaration": "function",
    "method_declaration": "method",
    "type_alias": "type",
    "type_spec": "type",
}
_SCRIPT = {
    "abstract_class_declaration": "class",
    "abstract_method_signature": "method",
    "class": "class",
    "class_declaration": "class",
    "enum_declaration": "enum",
    "function_declaration": "function",
    "function_signature": "function",
    "generator_function_declaration": "function",
    "interface_declaration": "interface",
    "internal_module": "namespace",
    "method_definition": "method",
    "method_signature": "method",
    "module": "namespace",
    "type_alias_declaration": "type",
}
#: Nodes that give a function a name by what they assign it to, with the fields of the name and of the value.
_SCRIPT_ASSIGNING = {
    "assignment_expression": ("left", "right"),
    "field_definition": ("property", "value"),
    "pair": ("key", "value"),
    "public_field_definition": ("name", "value"),
    "variable_declarator": ("name", "value"),
}
_SCRIPT_FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function"})


@dataclass(frozen=True, slots=True)
class Declared:
    """What a node declares."""

    kind: str
    name: str


def declared(node: Node, parent_type: str, grammar: str) -> Declared | None:
    """What the node declares in this grammar; None for every other node."""
    return _READERS[grammar](node, parent_type)


def _python(node: Node, _: str) -> Declared | None:
    kind = _PYTHON.get(node.type)
    return None if kind is None else _named(kind, node)


def _java(node: Node, _: str) -> Declared | None:
    kind = _JAVA.get(node.type)
    return None if kind is None else _named(kind, node)


def _go(node: Node, _: str) -> Declared | None:
    kind = _GO.get(node.type)
    if kind is None:
        return None
    found = _named(kind, node)
    receiver = _go_receiver(node) if node.type == "method_declaration" else ""
    return Declared(kind, f"{receiver}.{found.name}") if found is not None and receiver else found


def _go_receiver(method: Node) -> str:
    """The receiver's type without pointer and type parameters."""
    node = method.child_by_field_name("receiver")
    while node is not None and node.type != "type_identifier":
        inner = node.child_by_field_name("type")
        node = inner if inner is not None else next(iter(node.named_children), None)
    return _text(node) if node is not None else ""


def _script(node: Node, parent_type: str) -> Declared | None:
    kind = _SCRIPT.get(node.type)
    if kind is not None:
        return _named(kind, node)
    if node.type in _SCRIPT_FUNCTIONS:
        return Declared("function", "default") if parent_type == "export_statement" else None
    fields = _SCRIPT_ASSIGNING.get(node.type)
    if fields is None or not _is_function(node.child_by_field_name(fields[1])):
        return None
    target = node.child_by_field_name(fields[0])
    name = _EXPORTS.sub("", _bare(target)) if target is not None else ""
    return Declared("function", name[:_MAX_NAME]) if _PLAIN_TARGET.match(name) else None


def _is_function(value: Node | None) -> bool:
    """A function, or one wrapped in a call, as in ``memo(() => …)``."""
    if value is None:
        return False
    if value.type == "call_expression":
        arguments = value.child_by_field_name("arguments")
        return arguments is not None and any(child.type in _SCRIPT_FUNCTIONS for child in arguments.named_children)
    return value.type in _SCRIPT_FUNCTIONS


def _named(kind: str, node: Node) -> Declared | None:
    name = node.child_by_field_name("name")
    text = _bare(name) if name is not None else ""
    return Declared(kind, text[:_MAX_NAME]) if text else None


def _bare(node: Node) -> str:
    """A name's text on one line, without the quotes and brackets of a property's."""
    return " ".join(_text(node).split()).strip("\"'`[]")


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


_READERS: dict[str, Callable[[Node, str], Declared | None]] = {
    "go": _go,
    "java": _java,
    "javascript": _script,
    "python": _python,
    "tsx": _script,
    "typescript": _script,
}
