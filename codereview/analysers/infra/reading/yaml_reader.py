"""YAML, and JSON as the part of it that it is; several documents; the tags of CloudFormation; templates of Helm."""

import re
from collections.abc import Iterator

import yaml

from codereview.analysers.infra.reading.tree import MAX_DEPTH, Entry, Items, Map, Node, Scalar, Unreadable

#: Nodes of one file, aliases counted as often as they are used.
_MAX_NODES = 200_000
#: libyaml keeps no limit of its own: deeper text never reaches it.
_MAX_INDENT = 400
_COMPACT = re.compile(r"^\s*(?:[-?:]\s+){40}", re.MULTILINE)
_TEMPLATED_LINE = re.compile(r"^[ \t]*(?:-[ \t]+)?\{\{[^\n]*\}\}[ \t]*$", re.MULTILINE)
#: What an expression of a template becomes, so that the rest can be read.
_UNKNOWN = "unknown-template-value"
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def documents(text: str, *, templated: bool = True) -> list[Node]:
    """The documents in the text; ``templated``: what stands in double braces is not known. Raises Unreadable."""
    text = text.replace("\t", " ").removeprefix("\ufeff")
    if templated and "{{" in text:
        text = _without_template(text)
    _check_depth(text)
    budget = _Budget()
    try:
        return [budget.node(root, 0) for root in yaml.compose_all(text, Loader=_LOADER) if root is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise Unreadable("is not valid YAML", mark.line + 1 if mark is not None else 0) from error
    except (yaml.YAMLError, RecursionError, UnicodeEncodeError) as error:
        raise Unreadable("is not valid YAML") from error


def _without_template(text: str) -> str:
    text = _TEMPLATED_LINE.sub("", text)
    parts: list[str] = []
    at = 0
    while (begin := text.find("{{", at)) >= 0 and (end := text.find("}}", begin)) >= 0:
        parts += [text[at:begin], _UNKNOWN, "\n" * text.count("\n", begin, end)]
        at = end + 2
    return "".join((*parts, text[at:]))


def _check_depth(text: str) -> None:
    depth = deepest = 0
    for mark in re.finditer(r"[\[\]{}]", text):
        depth = max(0, depth + (1 if mark[0] in "[{" else -1))
        deepest = max(deepest, depth)
    indent = max((len(match[0]) for match in re.finditer(r"(?m)^ +", text)), default=0)
    if deepest > MAX_DEPTH or indent > _MAX_INDENT or _COMPACT.search(text):
        raise Unreadable("is nested too deep")


class _Budget:
    def __init__(self) -> None:
        self._left = _MAX_NODES

    def node(self, node: yaml.Node, depth: int) -> Node:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise Unreadable("is nested too deep")
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            if node.tag.startswith("!") and not node.tag.startswith("!!"):
                return Scalar("", line, literal=False)
            return Map(tuple(self._entries(node, depth)), line)
        if isinstance(node, yaml.SequenceNode):
            if node.tag.startswith("!") and not node.tag.startswith("!!"):
                return Scalar("", line, literal=False)
            return Items(tuple(self.node(item, depth + 1) for item in node.value), line)
        if not isinstance(node, yaml.ScalarNode):
            raise Unreadable("is not valid YAML", line)
        own_tag = node.tag.startswith("!") and node.tag != "!"
        return Scalar(str(node.value), line, not own_tag and _UNKNOWN not in node.value, node.style in ("|", ">"))

    def _entries(self, node: yaml.MappingNode, depth: int) -> Iterator[Entry]:
        merged: list[Entry] = []
        own: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            read = self.node(value, depth + 1)
            if key.value == "<<":
                for source in read.items if isinstance(read, Items) else (read,):
                    merged += source.entries if isinstance(source, Map) else ()
                continue
            own.add(key.value)
            yield Entry(key.value, key.start_mark.line + 1, read)
        yield from (entry for entry in merged if entry.key not in own)
