"""ruff: what is its own, beyond what every tool keeps to (tests/contract/test_analysers.py)."""

import pytest
from support.analysing import examine, natives, quoted

from codereview.analysers.ruff import Ruff
from codereview.domain.findings import Confidence, Severity


def test_columns_count_characters() -> None:
    """Letters of several bytes stand before the name."""
    text = 'naïve = "𝒳é"; print(missing)\n'

    (finding,) = examine(Ruff(), {"a.py": text}, agent="bug").findings

    assert quoted(finding, text) == "missing"


def test_a_finding_on_a_bug_says_what_exactly_is_wrong() -> None:
    """ruff names the name; the catalogue cannot."""
    (finding,) = examine(Ruff(), {"a.py": "print(missing)\n"}, agent="bug").findings

    assert "`missing`" in finding.message


def test_a_finding_on_security_speaks_with_our_words() -> None:
    """They are the same for bandit's finding of the same call."""
    (finding,) = examine(Ruff(), {"a.py": "eval(x)\n"}).findings

    assert finding.message == "An expression is built at run time and evaluated with eval()."


@pytest.mark.parametrize(
    "text",
    [
        'x = f"{"a" + "b"}"\n',  # 3.12
        "def first[T](items: list[T]) -> T: return items[0]\n",  # 3.12
        "try:\n    pass\nexcept ValueError, TypeError:\n    pass\n",  # 3.14
        "type Pair = tuple[int, int]\n",  # 3.12
    ],
)
def test_newer_syntax_than_the_running_interpreters_is_read(text: str) -> None:
    """The project decides which Python it is for."""
    report = examine(Ruff(), {"a.py": text + "eval(y)\n"})

    assert natives(report) == ["S307"]
    assert report.problems == ()


def test_a_file_that_is_not_python_is_one_finding_and_one_problem() -> None:
    """It will not load; ruff's further complaints follow from the first."""
    report = examine(Ruff(), {"a.py": "print 'x'\nexcept Foo, e:\n  def (\n"}, agent="bug")

    assert [(finding.native_rule, finding.line) for finding in report.findings] == [("invalid-syntax", 1)]
    assert [problem.reason for problem in report.problems] == ["syntax error"]
    assert report.problems[0].message.startswith("line 1: ")


def test_the_hunks_of_a_diff_are_not_called_a_syntax_error() -> None:
    """With lines missing, no file need parse; the problem says so, but no finding."""
    report = examine(Ruff(), {"a.py": "\n\n    return missing\n"}, agent="bug", sparse=True)

    assert report.findings == ()


@pytest.mark.parametrize("call", ['os.system("ls")', 'subprocess.run("ls -l", shell=True)'])
def test_a_constant_command_in_a_shell_is_low(call: str) -> None:
    """Nobody can influence it; today."""
    (finding,) = examine(Ruff(), {"a.py": f"import os, subprocess\n{call}\n"}).findings

    assert finding.severity is Severity.LOW


def test_a_command_in_a_shell_that_is_put_together_is_high() -> None:
    """A part of it may be somebody's."""
    (finding,) = examine(Ruff(), {"a.py": 'import os\nos.system("ls " + where)\n'}).findings

    assert (finding.native_rule, finding.severity, finding.cwe) == ("S605", Severity.HIGH, 78)


def test_a_debugger_that_is_only_imported_is_low() -> None:
    """`import pdb` stops nothing; breakpoint() does."""
    report = examine(Ruff(), {"a.py": "import pdb\nbreakpoint()\n"}, agent="bug")

    assert [finding.severity for finding in report.findings] == [Severity.LOW, Severity.MEDIUM]


def test_names_of_python_2_are_doubtful() -> None:
    """Code that runs on both asks for the version first."""
    report = examine(Ruff(), {"a.py": "text = unicode\nprint(undefined)\n"}, agent="bug")

    assert [(f.severity, f.confidence) for f in report.findings] == [
        (Severity.LOW, Confidence.LOW),
        (Severity.HIGH, Confidence.HIGH),
    ]


def test_a_rule_in_preview_is_found_where_the_catalogue_names_it() -> None:
    """Changing a list while going over it is too common a bug to wait for."""
    text = "def f(items):\n    for item in items:\n        if item:\n            items.remove(item)\n"

    assert natives(examine(Ruff(), {"a.py": text}, agent="bug")) == ["B909"]


def test_a_script_without_an_extension_is_examined() -> None:
    """The input recognised it by its first line."""
    report = examine(Ruff(), {"bin/tool": "#!/usr/bin/env python3\neval(x)\n"}, language="python")

    assert natives(report) == ["S307"]


def test_what_is_not_utf_8_is_a_problem() -> None:
    """ruff reports it like a finding."""
    report = examine(Ruff(), {"a.py": "eval('\ud800')\n", "b.py": "eval(x)\n"})

    assert [(problem.path, problem.reason) for problem in report.problems] == [("a.py", "encoding")]
    assert report.examined == {"b.py"}
    assert natives(report) == ["S307"]


def test_deep_nesting_kills_ruff_and_costs_only_its_own_file() -> None:
    """Nobody can hide a finding by adding a file that ruff cannot survive."""
    deep = "x = " + "not " * 30_000 + "1\n"
    files = {f"f{number}.py": "eval(x)\n" for number in range(4)} | {"deep.py": deep}

    report = examine(Ruff(), files)

    assert [problem.path for problem in report.problems] == ["deep.py"]
    assert natives(report) == ["S307"] * 4
