"""The bug rules as an analyser: what it examines, what it says it did not, and what it sees across files."""

import time

import pytest

from codereview.analysers.bugs.analyser import BugAnalyser, rules
from codereview.domain.findings import Severity
from codereview.domain.sources import SourceFile

BROKEN = "def f(:\n    pass\n\n\ndef g():\n    return [1, 2, 3][7]\n"


def found(report, rule: str) -> list[int | None]:
    return [finding.line for finding in report.findings if finding.native_rule == rule]


@pytest.mark.parametrize(
    ("path", "language", "applies"),
    [("a.py", "python", True), ("bin/tool", "python", True), ("a.pyi", "python", False), ("a.js", "javascript", False)],
)
def test_it_applies_to_python_that_runs(path: str, language: str, applies: bool):
    """Nothing in a stub file runs, so nothing in it fails."""
    assert BugAnalyser().applies_to(SourceFile(path=path, text="", language=language)) is applies


def test_it_has_nothing_to_say_to_the_security_agent(examine):
    """Its rules all belong to the bug agent."""
    file = SourceFile(path="a.py", text="x = [1][7]\n", language="python")
    report = BugAnalyser().run(type("W", (), {"files": [file], "context": ()})(), [file], agent="security")
    assert report.findings == ()


def test_what_cannot_be_parsed_is_said_and_the_rest_is_examined(examine):
    """A gap is never a clean result."""
    report = examine(BROKEN)
    assert [(p.path, p.reason) for p in report.problems] == [("example.py", "syntax error")]
    assert "line 1" in report.problems[0].message
    assert found(report, "index-past-end") == [6]


def test_newer_syntax_than_the_interpreter_has_is_parsed(examine):
    """The reviewed code's Python is not ours: type parameters, nested quotes in f-strings, bracketless except."""
    code = (
        "type Pair[T] = tuple[T, T]\n\n\n"
        "def first[T](items: list[T]) -> T:\n    return items[0]\n\n\n"
        'def show(d):\n    return f"{d["key"]}"\n\n\n'
        "try:\n    show({})\nexcept KeyError, ValueError:\n    first(1, 2)\n"
    )
    report = examine(code)
    assert report.problems == ()
    assert [(f.native_rule, f.line) for f in report.findings] == [("call-arguments", 15)]


def test_signatures_are_known_across_the_files_of_a_batch(examine):
    """A call in one file is checked against the definition in another, whichever is under review."""
    library = "def area(width, height):\n    return width * height\n"
    use = "from shapes import area\n\narea(1)\n"
    assert found(examine(**{"shapes.py": library, "use.py": use}), "call-arguments") == [3]
    assert found(examine(**{"use.py": use}, context={"shapes.py": library}), "call-arguments") == [3]


def test_relative_imports_lead_to_the_right_module(examine):
    """Two modules of one name in two packages are two modules."""
    report = examine(
        **{
            "a/__init__.py": "",
            "a/shapes.py": "def area(width):\n    return width\n",
            "b/__init__.py": "",
            "b/shapes.py": "def area(width, height):\n    return width\n",
            "b/use.py": "from .shapes import area\n\narea(1)\n",
        }
    )
    assert [(f.path, f.line) for f in report.findings] == [("b/use.py", 3)]


def test_a_module_of_the_batch_does_not_shadow_the_standard_library(examine):
    """A package's own collections.py is not what ``import collections`` means."""
    report = examine(
        **{
            "pkg/__init__.py": "",
            "pkg/collections.py": "X = 1\n",
            "use.py": "from collections import deque\n\ndeque()\n",
        }
    )
    assert report.findings == ()


def test_columns_are_counted_in_characters(examine):
    """Text before a finding may take more bytes than characters."""
    (finding,) = examine("é = 'ü'; x = [1][7]\n").findings
    assert (finding.line, finding.column, finding.end_column) == (1, 14, 20)


def test_the_same_input_gives_the_same_findings(examine):
    """Caches and baselines rely on it."""
    code = "\n".join(example.code for rule in rules()[:60] for example in rule.invalid)
    assert examine(code).findings == examine(code).findings


def test_a_certain_error_is_grave_and_a_smell_is_not():
    """Severity follows certainty and harm; nothing here is critical."""
    by_name = {rule.native: rule.severity for rule in rules()}
    assert by_name["call-arguments"] is Severity.HIGH
    assert by_name["identical-branches"] is Severity.LOW
    assert Severity.CRITICAL not in by_name.values()


@pytest.mark.parametrize(
    "code",
    [
        "(" * 5000 + ")" * 5000,
        "x = " + "[" * 3000,
        "x = " + " + ".join(["a"] * 20000),
        "x = a" + ".b" * 5000,
        "x = a" + "()" * 5000,
        "x = {" + ", ".join(f"{n}: [{n}]" for n in range(20000)) + "}",
        "\n".join("    " * n + "if x:" for n in range(300)) + "\n" + "    " * 300 + "pass",
        "if x:\n    pass\n" + "elif y:\n    pass\n" * 3000,
        "class A(A):\n    pass\n\n\nclass B(C):\n    pass\n\n\nclass C(B):\n    pass\n\n\nB().x\n",
        "def f():\n    return g()\n\n\ndef g():\n    return f()\n\n\nx = f() + g()\n",
        "from a import *\nfrom b import *\n" * 500,
        "x = '" + "a" * 100_000 + "'\n",
        "import re\nre.compile('" + "(a+)+" * 2000 + "')\n",
        "\x00\ud800\ufeff\x0c\r\r\n\t\x85",
        "lambda: " * 2000 + "1",
        "not " * 5000 + "x",
        "- " * 5000 + "1",
    ],
    ids=lambda code: repr(code[:20]),
)
def test_hostile_code_ends_in_time(code: str, examine):
    """Deep nesting, endless chains and cycles cost a bounded time, and never an exception."""
    started = time.process_time()
    examine(code)
    assert time.process_time() - started < 20


def test_code_nested_too_deep_is_said(examine):
    """What stands deeper than the rules look is a gap."""
    problems = examine("x = " + "[" * 300 + "]" * 300 + "\n").problems
    assert [problem.reason for problem in problems] == ["syntax error"]


def test_a_file_that_takes_too_long_is_a_problem():
    """The time of one file is bounded."""
    file = SourceFile(path="a.py", text="x = 1\n" * 20000, language="python")
    batch = type("W", (), {"files": [file], "context": ()})()
    report = BugAnalyser(file_timeout_s=0.0).run(batch, [file], agent="bug")
    assert [(p.path, p.reason) for p in report.problems] == [("a.py", "timeout")]
    assert report.examined == frozenset()


def test_brackets_that_are_never_closed_are_said(examine):
    """No statement can be had of such a text; silence would look like a clean file."""
    assert [problem.reason for problem in examine("([{" * 300).problems] == ["syntax error"]


def test_a_hierarchy_that_doubles_with_every_class_ends(examine):
    """Every class of sixty pairs has two paths to each of the pairs above."""
    pairs = "".join(
        f"class A{n}(A{n - 1}, B{n - 1}): x{n} = 1\nclass B{n}(A{n - 1}, B{n - 1}): pass\n" for n in range(1, 60)
    )
    report = examine(f"class A0: pass\nclass B0: pass\n{pairs}A59().x3.real\nclass C(A1, A2): pass\n")
    assert [f.line for f in report.findings if "order" in f.message] == [122]
    assert report.problems == ()


def test_a_flood_of_findings_is_counted_not_listed(examine):
    """The five hundredth undefined name says nothing that the first did not, and the list must not fill the memory."""
    report = examine("".join(f"print(unknown_{n})\n" for n in range(600)))
    assert len(found(report, "undefined-name")) == 500
    assert [(p.reason, p.message) for p in report.problems] == [
        ("too large", "has more than 500 findings of one rule; 100 are not listed")
    ]
    assert report.examined


def test_one_rule_may_not_take_longer_than_the_file_may():
    """The clock is looked at while a rule works through a file, not only behind it."""
    text = "x = " + " and ".join(f"a{n} or b{n}" for n in range(40_000)) + "\n"
    file = SourceFile(path="a.py", text=text, language="python")
    began = time.process_time()
    report = BugAnalyser(file_timeout_s=1.0).run(type("W", (), {"files": [file], "context": ()})(), [file], agent="bug")
    assert time.process_time() - began < 5
    assert "timeout" in {str(problem.reason) for problem in report.problems}
