"""Where a finding stands: its range, what it quotes, and the edits that are fit to be offered."""

from dataclasses import dataclass

from codereview.domain.cwe import family_of
from codereview.domain.findings import Edit, Finding

_SECRET = "secret"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a file: lines and columns 1-based, the end column exclusive; whole lines without columns."""

    start_line: int
    end_line: int
    start_column: int | None = None
    end_column: int | None = None


def span_of(finding: Finding) -> Span | None:
    """The finding's range; None for one about the whole file.

    Columns are given only when they make a range. Those of a secret are not: the quoted line is masked, and they
    would tell how long the secret is.
    """
    if finding.start_line is None:
        return None
    start, end = finding.start_line, finding.end_line or finding.start_line
    first, last = finding.start_column, finding.end_column
    if first is None or is_secret(finding) or (last is not None and end == start and last <= first):
        return Span(start, end)
    return Span(start, end, first, last)


def is_secret(finding: Finding) -> bool:
    """Whether the finding is about a secret, so that its quotation was masked."""
    return finding.cwe is not None and family_of(finding.cwe) == _SECRET


def place_of(finding: Finding) -> str:
    """ "src/app.py:42:15", "src/app.py:42", "src/app.py"; the path as it is."""
    span = span_of(finding)
    if span is None:
        return finding.path
    column = f":{span.start_column}" if span.start_column is not None else ""
    return f"{finding.path}:{span.start_line}{column}"


def lines_of(finding: Finding) -> list[str]:
    """The quoted lines, without their endings."""
    return [line.removesuffix("\r") for line in finding.snippet.split("\n")] if finding.snippet else []


def quoted_range(finding: Finding) -> str:
    """Exactly the text of the finding's range, as far as it is quoted."""
    lines, span = lines_of(finding), span_of(finding)
    if span is None or span.start_column is None or not lines:
        return "\n".join(lines)
    if span.end_column is not None and len(lines) == span.end_line - span.start_line + 1:
        lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.start_column - 1 :]
    return "\n".join(lines)


def offered_edits(finding: Finding) -> tuple[Edit, ...]:
    """The edits of a proved fix; none of any other: an unproved fix is text, never something to apply."""
    fix = finding.fix
    return fix.edits if fix is not None and fix.checks.proved else ()


def target_of(edit: Edit) -> str:
    """ "src/app.py:42", "src/app.py:42-44"; the path as it is."""
    lines = f"{edit.start_line}" if edit.end_line == edit.start_line else f"{edit.start_line}-{edit.end_line}"
    return f"{edit.path}:{lines}"


def deletes(edit: Edit) -> bool:
    """Whether the edit removes its lines, endings included, and puts nothing there."""
    return not edit.replacement


def replacement_of(edit: Edit) -> str:
    """The new text of the edited lines, without the last line's ending."""
    return edit.replacement.removesuffix("\n").removesuffix("\r")
