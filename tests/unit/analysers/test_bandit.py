"""bandit: what is its own, beyond what every tool keeps to (tests/contract/test_analysers.py)."""

import sys

import pytest
from support.analysing import examine, natives, quoted

from codereview.analysers.bandit import Bandit
from codereview.domain.findings import Confidence, Severity


def test_columns_count_characters() -> None:
    """bandit counts bytes, from 0."""
    text = 'naïve = "𝒳é"; eval(x)\n'

    (finding,) = examine(Bandit(), {"a.py": text}).findings

    assert quoted(finding, text) == "eval(x)"


def test_a_call_over_several_lines_is_reported_with_all_of_them() -> None:
    """The columns belong to its first and its last line."""
    text = "import yaml\n\nyaml.load(\n    'é' + x,\n    Loader=é)\n"

    (finding,) = examine(Bandit(), {"a.py": text}).findings

    assert (finding.line, finding.end_line, finding.column, finding.end_column) == (3, 5, 1, 14)


def test_a_finding_on_an_argument_covers_the_call_it_belongs_to() -> None:
    """ruff reports the name of the function, bandit the line of shell=True: both are the same finding."""
    text = "import subprocess\n\nsubprocess.run(\n    x,\n    shell=True,\n)\n"

    (finding,) = [f for f in examine(Bandit(), {"a.py": text}).findings if f.native_rule == "B602"]

    assert (finding.line, finding.end_line, finding.column) == (3, 6, None)


def test_a_finding_in_something_long_stays_at_its_line() -> None:
    """A whole dictionary or function says nothing about where to look."""
    text = "d = {\n" + "    'a': 1,\n" * 30 + "    'q': 'SELECT * FROM t WHERE a = ' + x,\n}\n"

    (finding,) = examine(Bandit(), {"a.py": text}).findings

    assert (finding.line, finding.end_line) == (32, 32)


def test_what_bandit_grades_low_is_low() -> None:
    """The same rule on a constant command and on one put together."""
    text = 'import subprocess\nsubprocess.call("ls", shell=True)\nsubprocess.call("ls %s" % x, shell=True)\n'

    report = examine(Bandit(), {"a.py": text})

    assert [(f.native_rule, f.severity) for f in report.findings] == [("B602", Severity.LOW), ("B602", Severity.HIGH)]


def test_what_bandit_is_unsure_of_has_low_confidence() -> None:
    """A string that looks like SQL, but is given to nobody who executes it."""
    (finding,) = examine(Bandit(), {"a.py": "q = \"SELECT * FROM t WHERE a = '%s'\" % x\n"}).findings

    assert (finding.native_rule, finding.confidence) == ("B608", Confidence.LOW)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python parses it")
def test_newer_syntax_than_the_running_interpreters_is_a_problem() -> None:
    """bandit parses with the Python it runs on, and skips such a file without an exit code."""
    report = examine(Bandit(), {"a.py": 'eval(f"{"a" + "b"}")\n', "b.py": "eval(x)\n"})

    assert [(problem.path, problem.reason) for problem in report.problems] == [("a.py", "unsupported")]
    assert report.examined == {"b.py"}


def test_deep_nesting_is_a_problem_of_its_file() -> None:
    """bandit catches what its parser or visitor raises, and says so in its errors."""
    report = examine(Bandit(), {"deep.py": "x = " + "-" * 5000 + "1\n", "b.py": "eval(x)\n"})

    assert [problem.path for problem in report.problems] == ["deep.py"]
    assert natives(report) == ["B307"]


def test_stubs_are_not_for_bandit() -> None:
    """Nothing in them runs."""
    from codereview.domain.sources import SourceFile

    assert not Bandit().applies_to(SourceFile(path="a.pyi", text=""))
    assert Bandit().applies_to(SourceFile(path="a.py", text=""))


def test_a_script_without_an_extension_is_examined() -> None:
    """The input recognised it by its first line."""
    report = examine(Bandit(), {"bin/tool": "#!/usr/bin/env python3\neval(x)\n"}, language="python")

    assert natives(report) == ["B307"]
