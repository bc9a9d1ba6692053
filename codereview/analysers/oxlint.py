"""JavaScript and TypeScript with oxlint."""

import json
import re
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from codereview.analysers.base import Start, ToolAnalyser
from codereview.analysers.examination import Examination, ToolFailed, parse_output
from codereview.analysers.languages import is_javascript
from codereview.analysers.process import ToolResult
from codereview.domain.coverage import SkipReason
from codereview.domain.sources import SourceFile

#: "eslint(no-eval)" is the rule "no-eval", "oxc(erasing-op)" is "oxc/erasing-op", "next(x)" is "nextjs/x".
_CODE = re.compile(r"(?P<plugin>[a-z0-9_-]+)\((?P<rule>[a-z0-9-]+)\)")
_PREFIXES = {"eslint": "", "next": "nextjs/", "react-hooks": "react/"}
_UNOPENED = re.compile(r'Failed to open file (?P<path>/.+) with error "(?P<why>.*)"')
_PLUGINS = ["eslint", "typescript", "unicorn", "oxc", "promise", "node", "react", "nextjs", "vue", "jest"]
#: Without them oxlint takes a timer for any function; more would make it complain about variables called like them.
_GLOBALS = ["setTimeout", "setInterval", "setImmediate", "execScript", "window", "globalThis", "global", "self"]
#: A variable called like a built-in is nothing unusual.
_OPTIONS = {"no-redeclare": ({"builtinGlobals": False},)}
_NOTHING_TO_DO = b"No files found to lint"
#: oxlint says nothing about a file with this mark in a comment that it cannot parse: Flow's types are not JavaScript.
_FLOW = re.compile(r"(//|\*|/\*)[^\n]*@flow\b")


class _Span(BaseModel):
    offset: int
    length: int


class _Label(BaseModel):
    span: _Span


class _Diagnostic(BaseModel):
    message: str
    code: str | None = None
    filename: str | None = None
    labels: list[_Label]


class _Report(BaseModel):
    diagnostics: list[_Diagnostic]
    number_of_files: int


_OUTPUT = TypeAdapter(_Report)

#: Rules whose first label shows what was right before: the declaration, the first of two. The mistake is the last one,
#: which also is what a change added.
_SECOND_IS_WRONG = frozenset(
    {
        "no-class-assign",
        "no-const-assign",
        "no-dupe-class-members",
        "no-dupe-else-if",
        "no-dupe-keys",
        "no-duplicate-case",
        "no-redeclare",
        "react/jsx-no-duplicate-props",
        "typescript/no-duplicate-enum-values",
    }
)


class Oxlint(ToolAnalyser):
    """The adapter of oxlint."""

    name = "oxlint"
    distribution = "oxlint"
    options = ("--disable-nested-config", "--no-ignore", "--format=json")

    def applies_to(self, file: SourceFile) -> bool:
        """JavaScript, TypeScript and components."""
        return is_javascript(file)

    def settings(self, start: Start) -> list[str]:
        """A configuration of our own with the rules of the catalogue and no other."""
        settings = {
            "plugins": _PLUGINS,
            "categories": {"correctness": "off"},
            "globals": dict.fromkeys(_GLOBALS, "readonly"),
            "rules": {native: ["warn", *_OPTIONS.get(native, ())] for native in start.rules},
        }
        path = Path(start.home) / "oxlintrc.json"
        path.write_text(json.dumps(settings), encoding="utf-8")
        return [f"--config={path}"]

    def read(self, result: ToolResult, seen: Examination) -> None:
        """Diagnostics; one without a code is about a file it could not parse."""
        if result.stdout.startswith(_NOTHING_TO_DO):
            raise ToolFailed("left every file out", splittable=True)
        report = parse_output(_OUTPUT, result.stdout)
        if report.number_of_files != len(seen.files):
            raise ToolFailed("left files out", splittable=True)
        for diagnostic in report.diagnostics:
            if diagnostic.filename is None:
                _unopened(diagnostic, seen)
            elif diagnostic.code is None:
                message = f"{_line(diagnostic, seen)}{diagnostic.message}"
                seen.not_examined(seen.file(diagnostic.filename), message, SkipReason.SYNTAX)
            else:
                _finding(diagnostic, seen)
        for file in seen.files:
            if _FLOW.search(file.text) and all(finding.path != file.path for finding in seen.findings):
                seen.not_examined(file, "may have Flow types, which it does not read", SkipReason.UNSUPPORTED)
        seen.rest_examined()


def _native(code: str) -> str:
    """The name of a rule in the configuration and in the catalogue. Raises ToolFailed."""
    match = _CODE.fullmatch(code)
    if match is None:
        raise ToolFailed(f"named a rule in a way codereview does not understand: {code[:80]}")
    return _PREFIXES.get(match["plugin"], f"{match['plugin']}/") + match["rule"]


def _finding(diagnostic: _Diagnostic, seen: Examination) -> None:
    file = seen.file(diagnostic.filename or "")
    if not diagnostic.labels:
        raise ToolFailed("reported a finding without a place")
    native = _native(diagnostic.code or "")
    span = diagnostic.labels[-1 if native in _SECOND_IS_WRONG else 0].span
    positions = seen.positions(file)
    line, column = positions.at(span.offset)
    end_line, end_column = positions.at(span.offset + span.length)
    seen.report(
        native,
        file,
        line=line,
        end_line=end_line,
        column=column,
        end_column=end_column,
        message=diagnostic.message,
    )


def _line(diagnostic: _Diagnostic, seen: Examination) -> str:
    if not diagnostic.labels:
        return ""
    line, _ = seen.positions(seen.file(diagnostic.filename or "")).at(diagnostic.labels[0].span.offset)
    return f"line {line}: "


def _unopened(diagnostic: _Diagnostic, seen: Examination) -> None:
    match = _UNOPENED.match(diagnostic.message)
    if match is None:
        raise ToolFailed("printed a diagnostic about no file")
    seen.not_examined(seen.file(match["path"]), f"cannot be read: {match['why']}", SkipReason.ENCODING)
