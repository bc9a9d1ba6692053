"""Code as it is shown beside its findings: what a finding masks stays masked."""

from collections.abc import Iterable

from codereview.domain.findings import Finding
from codereview.domain.sources import SourceFile


def as_quoted(file: SourceFile, findings: Iterable[Finding]) -> SourceFile:
    """The file with every line that a finding quotes as the finding quotes it.

    A finding quotes verbatim, but for secrets: those are masked, and are not told here either.
    """
    lines = file.text.split("\n")
    for finding in findings:
        if finding.path != file.path or finding.start_line is None or not finding.snippet:
            continue
        for number, quoted in enumerate(finding.snippet.split("\n"), start=finding.start_line - 1):
            if number < len(lines) and "*" in quoted:
                lines[number] = quoted
    return file.model_copy(update={"text": "\n".join(lines)})
