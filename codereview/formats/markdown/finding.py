"""One finding in Markdown, folded; or in one line where room is short."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from codereview.domain.findings import Finding, FindingStatus
from codereview.domain.visible import visible
from codereview.formats.phrases import proof, said_by
from codereview.formats.places import deletes, lines_of, offered_edits, place_of, replacement_of, target_of
from codereview.formats.safe import html_text, markdown_code, markdown_fence, markdown_text, web_link
from codereview.formats.summary import SHAPES

_TITLE, _PATH = 120, 200
#: Names that code hosts know, by suffix. Nothing of a path gets into the report but through this table.
_LANGUAGES = {
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".jsx": "jsx",
    ".ts": "typescript",
    ".tsx": "tsx",
    ".go": "go",
    ".java": "java",
    ".rb": "ruby",
    ".php": "php",
    ".rs": "rust",
    ".c": "c",
    ".cpp": "cpp",
    ".cs": "csharp",
    ".sh": "sh",
    ".yml": "yaml",
    ".yaml": "yaml",
    ".tf": "hcl",
    ".sql": "sql",
    ".html": "html",
}


def brief(finding: Finding) -> str:
    """The finding in one line."""
    place = markdown_code(place_of(finding), _PATH)
    mark = f"{SHAPES[finding.severity]} **{finding.severity}**"
    return f"{mark} {markdown_text(finding.title, _TITLE)}, {place}"


def detailed(finding: Finding) -> str:
    """The finding with all there is to know, folded under its first line."""
    # Inside <summary> a code host reads HTML, not Markdown.
    title = f"{SHAPES[finding.severity]} <b>{finding.severity}</b> · {html_text(finding.title, _TITLE)}"
    place = f"<code>{html_text(visible(place_of(finding)), _PATH)}</code>"
    parts = [
        f"<details><summary>{title} · {place}</summary>",
        *_paragraphs(finding.message),
        *_quotation(finding),
        *([f"**What goes wrong:** {markdown_text(finding.failure_scenario)}"] if finding.failure_scenario else []),
        *_trace(finding),
        *_fix(finding),
        _facts(finding),
        "</details>",
    ]
    return "\n\n".join(parts)


def _paragraphs(message: str) -> Iterator[str]:
    for paragraph in message.split("\n"):
        if paragraph.strip():
            yield markdown_text(paragraph)


def _quotation(finding: Finding) -> Iterator[str]:
    lines = lines_of(finding)
    if lines:
        yield markdown_fence("\n".join(lines), _language(finding.path))


def _trace(finding: Finding) -> Iterator[str]:
    if finding.trace:
        steps = [
            f"{number}. {markdown_code(f'{step.path}:{step.line}')} {markdown_text(step.message)}"
            + (f": {markdown_code(step.snippet.strip())}" if step.snippet.strip() else "")
            for number, step in enumerate(finding.trace, start=1)
        ]
        yield "**Data flow:**"
        yield "\n".join(steps)


def _fix(finding: Finding) -> Iterator[str]:
    fix = finding.fix
    if fix is None:
        return
    yield f"**Fix** ({markdown_text(proof(fix.checks))}): {markdown_text(fix.description)}"
    for edit in offered_edits(finding):
        where = markdown_code(target_of(edit))
        if deletes(edit):
            yield f"Delete {where}."
        else:
            yield f"Replace {where} by:"
            yield markdown_fence(replacement_of(edit), _language(edit.path))


def _facts(finding: Finding) -> str:
    cwe = f"[CWE-{finding.cwe}](https://cwe.mitre.org/data/definitions/{finding.cwe}.html)" if finding.cwe else ""
    link = web_link(finding.help_uri)
    facts = [
        markdown_code(finding.rule_id),
        cwe,
        f"{finding.confidence} confidence",
        "not verified" if finding.status is FindingStatus.CANDIDATE else "",
        "" if finding.in_diff else "outside the changed lines",
        f"reported by {markdown_text(said_by(finding))}",
        f"[about this rule]({link})" if link else "",
    ]
    return " · ".join(fact for fact in facts if fact)


def _language(path: str) -> str:
    return _LANGUAGES.get(PurePosixPath(path).suffix.lower(), "")
