"""Workflows and actions of GitHub."""

import re
from collections.abc import Iterator

from codereview.analysers.infra.checks import shell
from codereview.analysers.infra.model import Hit
from codereview.analysers.infra.reading import yaml_reader
from codereview.analysers.infra.reading.tree import Entry, Items, Map, Node, Scalar, entries, flat, scalars, select

_EXPRESSION = re.compile(r"\$\{\{(?P<inside>[^}]{1,500})\}\}")
#: Texts that whoever opens an issue or a pull request chooses.
_STRANGERS = re.compile(
    r"github\.(?:head_ref\b|event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.(?:ref|label"
    r"|repo\.default_branch))"
    r"|comment\.body|review\.body|review_comment\.body|discussion\.(?:title|body)|pages\.[^.\s]+\.page_name"
    r"|commits\.[^.\s]+\.(?:message|author\.(?:email|name))|head_commit\.(?:message|author\.(?:email|name))"
    r"|workflow_run\.(?:head_branch|head_commit\.message|head_repository\.description|display_title)))"
)
#: What only says whether a text is so or so is no longer the text.
_TAMED = re.compile(r"\b(?:contains|startsWith|endsWith|hashFiles)\s*\(|[!=]=|\btoJSON\b\s*\(\s*(?!github\.event)")
_HEAD = re.compile(
    r"github\.(?:head_ref\b|event\.(?:pull_request\.(?:head\.(?:sha|ref)|merge_commit_sha)|workflow_run\."
    r"(?:head_sha|head_branch)|number))"
    r"|refs/pull/"
)
_CHECKED_OUT = re.compile(
    r"\bgh\s+pr\s+checkout\b|\bgit\s+(?:checkout|fetch|switch|pull)\b[^\n]{0,200}(?:pull/|github\."
    r"(?:head_ref|event\.(?:pull_request\.head|workflow_run\.head)))"
)
_PRINTED = re.compile(
    r"\b(?:echo|printf)\b[^|\n]{0,120}(?:\$\{\{\s*secrets\.\w+\s*\}\}[^|\n]{0,40}\|\s*(?:base64|rev|xxd|od"
    r"|sed|tr|fold)\b"
    r"|\$\{\{\s*toJSON\(\s*secrets\s*\)\s*\}\})"
)
_DANGEROUS = frozenset({"pull_request_target", "workflow_run"})


def look(text: str) -> Iterator[Hit]:
    """Everything in one workflow or action. Raises Unreadable."""
    for document in yaml_reader.documents(text, templated=False):
        if isinstance(document, Map):
            yield from _permissions(document)
            dangerous = bool(_DANGEROUS & set(_triggers(document)))
            for step in _steps(document):
                yield from _step(step, dangerous=dangerous)


def _triggers(document: Map) -> Iterator[str]:
    for entry in document.entries:
        if entry.key in ("on", "true"):
            if isinstance(entry.node, Map):
                yield from (one.key for one in entry.node.entries)
            else:
                yield from (one.text for one in scalars(entry.node))


def _permissions(document: Map) -> Iterator[Hit]:
    for path in ("permissions", "jobs.*.permissions"):
        for entry in entries(document, path):
            if isinstance(entry.node, Scalar) and entry.node.value == "write-all":
                yield Hit("workflow-write-all", entry.line)


def _steps(document: Map) -> Iterator[Map]:
    for path in ("jobs.*.steps", "runs.steps"):
        for steps in select(document, path):
            if isinstance(steps, Items):
                yield from (step for step in flat(steps) if isinstance(step, Map))


def _step(step: Map, *, dangerous: bool) -> Iterator[Hit]:
    for entry in step.entries:
        if entry.key == "run" and isinstance(entry.node, Scalar):
            yield from _script(entry.node, dangerous=dangerous)
    uses = next((one.text for node in select(step, "uses") for one in scalars(node)), "")
    if uses.startswith("actions/github-script@"):
        for node in select(step, "with.script"):
            yield from (hit for one in scalars(node) for hit in _injected(one))
    if dangerous and uses.startswith("actions/checkout@"):
        for entry in _references(step):
            if isinstance(entry.node, Scalar) and _HEAD.search(entry.node.text):
                yield Hit("workflow-untrusted-checkout", entry.line)


def _references(step: Map) -> Iterator[Entry]:
    yield from entries(step, "with.ref")


def _script(script: Scalar, *, dangerous: bool) -> Iterator[Hit]:
    yield from _injected(script)
    for match in shell.PIPED.finditer(script.text):
        yield Hit("workflow-pipe-to-shell", script.line_of(match.start()))
    printed = _PRINTED.search(script.text)
    if printed is not None:
        yield Hit("workflow-printed-secret", script.line_of(printed.start()))
    taken = _CHECKED_OUT.search(script.text) if dangerous else None
    if taken is not None:
        yield Hit("workflow-untrusted-checkout", script.line_of(taken.start()))


def _injected(script: Node) -> Iterator[Hit]:
    if not isinstance(script, Scalar):
        return
    for match in _EXPRESSION.finditer(script.text):
        source = _STRANGERS.search(match["inside"])
        if source is not None and not _TAMED.search(match["inside"]):
            yield Hit(
                "workflow-script-injection",
                script.line_of(match.start()),
                message=f"{source[0]} is expanded into the script.",
            )
