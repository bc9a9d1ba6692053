"""What every adapter does with a tool: one start per batch, and a report that never hides what went wrong.

The tool is a small program that prints its file names one per line; its adapter calls each a finding.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.analysing import examine, fake_tool

from codereview.analysers import base, catalogue
from codereview.analysers.base import Start, ToolAnalyser, chunks
from codereview.analysers.catalogue import Catalogue
from codereview.analysers.examination import Examination, ToolFailed
from codereview.analysers.process import Bounds, ToolResult
from codereview.domain.findings import Confidence, Severity
from codereview.domain.rules import Rule
from codereview.domain.sources import SourceFile
from codereview.ports import AnalyserProblem

_RULE = Rule(
    id="fake/F1",
    analyser="fake",
    native="F1",
    agent="bug",
    title="Something",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    description="It is there.",
    failure_scenario="It breaks.",
    cwe=1,
)
_WHOLE = _RULE.model_copy(update={"id": "fake/W1", "native": "W1"})
_OTHER_AGENT = _RULE.model_copy(update={"id": "fake/S1", "native": "S1", "agent": "security"})

#: Logs each start, then prints "path rule" for each file.
_TOOL = [
    "open(os.path.join(os.path.dirname(__file__), 'starts'), 'a').write('start\\n')",
    "paths = args[args.index('--') + 1:]",
    "poison = [p for p in paths if 'poison' in p]",
]
_PRINT = "print('\\n'.join(f'{p} F1' for p in paths))"


class _Fake(ToolAnalyser):
    """The adapter of the fake tool."""

    name = "fake"
    distribution = "fake"
    exit_codes = frozenset({0})
    program_path = ""
    catalogue = Catalogue(rules={"F1": _RULE, "W1": _WHOLE, "S1": _OTHER_AGENT}, whole_file=frozenset({"W1"}), slugs={})

    def applies_to(self, file: SourceFile) -> bool:
        return True

    def program(self) -> list[str]:
        return [self.program_path]

    def settings(self, start: Start) -> list[str]:
        return [f"--rules={','.join(start.rules)}"]

    def read(self, result: ToolResult, seen: Examination) -> None:
        for line in result.stdout.decode().splitlines():
            path, _, native = line.rpartition(" ")
            if not native:
                raise ToolFailed("printed something codereview does not understand")
            seen.report(native, seen.file(path), line=1)
        seen.rest_examined()


def _analyser(directory: Path, body: Sequence[str], bounds: Bounds = base.DEFAULT_BOUNDS) -> _Fake:
    analyser = _Fake(bounds=bounds)
    analyser.program_path = fake_tool(directory, [*_TOOL, *body])
    return analyser


def _starts(directory: Path) -> int:
    return len((directory / "starts").read_text().splitlines())


FILES = {f"src/f{number}.x": "text\n" for number in range(9)}
POISONED = {**FILES, "src/poison.x": "text\n"}


def test_a_batch_costs_one_start(tmp_path: Path) -> None:
    """Start-up is what most tools spend their time on."""
    report = examine(_analyser(tmp_path, [_PRINT]), FILES, agent="bug")

    assert _starts(tmp_path) == 1
    assert sorted(finding.path for finding in report.findings) == sorted(FILES)
    assert report.examined == frozenset(FILES)
    assert report.problems == ()


def test_a_finding_says_what_its_rule_says(tmp_path: Path) -> None:
    """Title, gravity, CWE and what goes wrong come from the catalogue."""
    (finding,) = examine(_analyser(tmp_path, [_PRINT]), {"a.x": ""}, agent="bug").findings

    assert (finding.rule_id, finding.native_rule, finding.title, finding.cwe) == ("fake/F1", "F1", "Something", 1)
    assert (finding.message, finding.failure_scenario) == ("It is there.", "It breaks.")
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.MEDIUM)


def test_a_rule_that_is_not_in_the_catalogue_is_not_reported(tmp_path: Path) -> None:
    """Rules are chosen one by one; a new release of a tool adds none."""
    report = examine(_analyser(tmp_path, ["print(paths[0], 'NEW')"]), {"a.x": ""}, agent="bug")

    assert report.findings == ()
    assert report.examined == {"a.x"}


def test_the_rules_of_another_agent_are_not_asked_for(tmp_path: Path) -> None:
    """Each agent's run reports its own rules only."""
    report = examine(_analyser(tmp_path, ["print(paths[0], 'S1')"]), {"a.x": ""}, agent="bug")

    assert report.findings == ()


def test_rules_about_the_whole_file_are_silent_where_only_hunks_are_known(tmp_path: Path) -> None:
    """A name may be defined in a line that was not given."""
    analyser = _analyser(tmp_path, ["print(paths[0], 'W1')"])

    assert len(examine(analyser, {"a.x": ""}, agent="bug").findings) == 1
    assert examine(analyser, {"a.x": ""}, agent="bug", sparse=True).findings == ()


@pytest.mark.parametrize(
    ("death", "message"),
    [
        ("os.abort()", "fake crashed (exit code -6)"),
        ("sys.exit(101)", "fake crashed (exit code 101)"),
        ("sys.exit('cannot read it')", "fake failed (exit code 1): cannot read it"),
    ],
    ids=["signal", "panic", "failure"],
)
def test_a_file_the_tool_dies_over_costs_only_itself(tmp_path: Path, death: str, message: str) -> None:
    """Otherwise one deeply nested file would hide what is in all the others."""
    report = examine(_analyser(tmp_path, [f"if poison: {death}", _PRINT]), POISONED, agent="bug")

    assert report.examined == frozenset(FILES)
    assert report.problems == (AnalyserProblem(message, "src/poison.x", "error"),)
    assert sorted(finding.path for finding in report.findings) == sorted(FILES)


def test_a_file_the_tool_takes_for_ever_over_costs_only_itself(tmp_path: Path) -> None:
    """The batch's time is shared: half for the first try, half of the rest for the next, and so on."""
    good = {f"src/f{number}.x": "text\n" for number in range(3)}
    analyser = _analyser(tmp_path, ["if poison: time.sleep(600)", _PRINT], Bounds(wall_s=4))
    started = time.monotonic()

    report = examine(analyser, {**good, "src/poison.x": ""}, agent="bug")

    assert time.monotonic() - started < 60
    assert report.examined == frozenset(good)
    (problem,) = report.problems
    assert (problem.path, problem.reason) == ("src/poison.x", "timeout")
    assert problem.message.startswith("fake did not finish within ")


def test_a_tool_that_is_too_slow_for_everything_is_a_problem_of_everything(tmp_path: Path) -> None:
    """No file is called examined, and the time is kept."""
    started = time.monotonic()

    report = examine(_analyser(tmp_path, ["time.sleep(600)"], Bounds(wall_s=2)), FILES, agent="bug")

    assert time.monotonic() - started < 60
    assert report.examined == frozenset()
    assert {problem.path for problem in report.problems} in (set(FILES), {None})
    assert {problem.reason for problem in report.problems} == {"timeout"}


def test_a_tool_that_always_dies_is_not_started_for_ever(tmp_path: Path) -> None:
    """Splitting has a limit, too."""
    many = {f"f{number}.x": "" for number in range(100)}

    report = examine(_analyser(tmp_path, ["os.abort()"]), many, agent="bug")

    assert _starts(tmp_path) == 1 + 2 * base.MAX_SPLITS
    assert report.examined == frozenset()
    assert [problem.path for problem in report.problems] == [None]


def test_an_exit_code_that_is_not_known_is_a_problem_of_the_batch(tmp_path: Path) -> None:
    """With the tool's own words, but without the places of our temporary directories."""
    body = ["print(f'error: bad option\\n\\n  in {os.getcwd()} {paths[0][:-4]}', file=sys.stderr)", "sys.exit(9)"]

    report = examine(_analyser(tmp_path, body), FILES, agent="bug")

    message = "fake failed (exit code 9): error: bad option; in  src/"
    assert report.problems == (AnalyserProblem(message, None, "error"),)
    assert report.examined == frozenset()


def test_output_that_is_not_understood_is_a_problem_of_the_batch(tmp_path: Path) -> None:
    """An exit code of 0 proves nothing."""
    report = examine(_analyser(tmp_path, ["print('<html>')"]), FILES, agent="bug")

    message = "fake reported on a file it was not given"
    assert report.problems == (AnalyserProblem(message, None, "error"),)
    assert report.examined == frozenset()


def test_a_tool_that_prints_too_much_is_a_problem(tmp_path: Path) -> None:
    """What came before the bound is not half a truth: nothing of it counts."""
    body = ["while True: print(paths[0], 'F1')"]

    report = examine(_analyser(tmp_path, body, Bounds(output_bytes=10_000)), {"a.x": ""}, agent="bug")

    assert report.findings == ()
    assert report.examined == frozenset()
    assert "printed more than" in report.problems[0].message


def test_a_report_on_a_file_outside_the_batch_is_not_believed(tmp_path: Path) -> None:
    """Neither a context file nor a file of this machine can get a finding."""
    report = examine(
        _analyser(tmp_path, ["print(paths[0].replace('a.x', 'ctx.x'), 'F1')"]),
        {"a.x": ""},
        beside={"ctx.x": ""},
        agent="bug",
    )

    assert report.findings == ()
    assert report.problems[0].message == "fake reported on a file it was not given"


def test_a_long_command_line_is_split(tmp_path: Path) -> None:
    """Systems limit the size of a command line."""
    long = {f"{'d' * 200}/{number}.x": "" for number in range(1500)}

    report = examine(_analyser(tmp_path, [_PRINT]), long, agent="bug")

    assert 1 < _starts(tmp_path) < 5
    assert report.examined == frozenset(long)


def test_chunks_keep_every_file_and_their_order() -> None:
    """Whatever the lengths of their names."""
    files = [SourceFile(path="x" * length, text="") for length in (1, 300_000, 5, 200_000, 100_000, 2)]

    split = list(chunks("/root", files))

    assert [file for chunk in split for file in chunk] == files
    assert [[len(file.path) for file in chunk] for chunk in split] == [[1], [300_000], [5, 200_000], [100_000, 2]]


def test_file_names_cannot_become_options(tmp_path: Path) -> None:
    """Paths are absolute and stand after a double dash."""
    report = examine(_analyser(tmp_path, [_PRINT]), {"--config=x.x": "", "-rf.x": "", "a b\tc.x": ""}, agent="bug")

    assert report.examined == {"--config=x.x", "-rf.x", "a b\tc.x"}


def test_a_catalogue_is_read_once() -> None:
    """It is the same object for every thread and batch."""
    assert catalogue.load("ruff") is catalogue.load("ruff")
