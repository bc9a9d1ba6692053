"""Secrets in any text file with detect-secrets, in a process of its own and without asking anybody."""

import sys
from importlib.resources import files
from pathlib import PurePosixPath

from pydantic import BaseModel, TypeAdapter

from codereview.analysers.base import Start, ToolAnalyser
from codereview.analysers.examination import Examination, parse_output
from codereview.analysers.process import ToolResult, ToolUnavailable
from codereview.domain.coverage import SkipReason
from codereview.domain.findings import Confidence, Severity
from codereview.domain.sources import SourceFile

#: Files made of hashes and identifiers.
_LOCK_NAMES = frozenset(
    {"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum", "cargo.lock", "packages.lock.json"}
)
_LOCK_SUFFIXES = frozenset({".lock", ".sum", ".svg", ".map", ".css", ".snap"})
#: Detectors that go by names and shapes anybody may use; in tests and documentation they mostly find examples.
_GENERIC = frozenset({"KeywordDetector", "BasicAuthDetector", "Base64HighEntropyString", "HexHighEntropyString"})
_EXAMPLE_FOLDERS = frozenset(
    {"test", "tests", "testing", "__tests__", "spec", "specs", "fixtures", "testdata"}
) | frozenset({"doc", "docs", "example", "examples", "samples"})


class _Candidate(BaseModel):
    plugin: str
    line: int
    columns: tuple[int, int] | None


class _Report(BaseModel):
    files: dict[str, list[_Candidate]]
    errors: dict[str, SkipReason]


_OUTPUT = TypeAdapter(_Report)


class DetectSecrets(ToolAnalyser):
    """The adapter of detect-secrets."""

    name = "detect-secrets"
    distribution = "detect-secrets"
    exit_codes = frozenset({0})

    def applies_to(self, file: SourceFile) -> bool:
        """Any text but lock files and the like, where everything looks like a secret and nothing is one."""
        path = PurePosixPath(file.path.lower())
        return path.name not in _LOCK_NAMES and path.suffix not in _LOCK_SUFFIXES

    def program(self) -> list[str]:
        """The running interpreter, isolated from environment and current directory: detect-secrets is a library.

        Raises ToolUnavailable.
        """
        if not sys.executable:
            raise ToolUnavailable("the Python interpreter cannot be found")
        return [sys.executable, "-I", "-X", "utf8", str(files(__package__) / "secrets_scan.py")]

    def settings(self, start: Start) -> list[str]:
        """The plugins of the catalogue."""
        return [",".join(start.rules)]

    def read(self, result: ToolResult, seen: Examination) -> None:
        """Candidates; what the secret is does not leave the other process."""
        report = parse_output(_OUTPUT, result.stdout)
        for printed, reason in report.errors.items():
            seen.not_examined(seen.file(printed), f"cannot be read: {reason}", reason)
        for printed, candidates in report.files.items():
            file = seen.file(printed)
            for candidate in candidates:
                _finding(candidate, file, seen)
        seen.rest_examined()


def _finding(candidate: _Candidate, file: SourceFile, seen: Examination) -> None:
    example = candidate.plugin in _GENERIC and _is_example(file)
    seen.report(
        candidate.plugin,
        file,
        line=candidate.line,
        end_line=candidate.line,
        column=candidate.columns[0] if candidate.columns else None,
        end_column=candidate.columns[1] if candidate.columns else None,
        severity=Severity.LOW if example else None,
        confidence=Confidence.LOW if example else None,
    )


def _is_example(file: SourceFile) -> bool:
    path = PurePosixPath(file.path.lower())
    name = path.name
    return (
        bool(_EXAMPLE_FOLDERS.intersection(path.parts[:-1]))
        or name.startswith(("test_", "conftest."))
        or path.stem.endswith(("_test", ".test", ".spec", ".example", ".sample"))
        or path.suffix in (".md", ".rst", ".example", ".sample")
    )
