"""Suppression comments: what they cover, and what they do not."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.domain.sources import SourceFile
from codereview.planning.suppression import InlineSuppression, inline_suppressions
from codereview.syntax.languages import language_of


def found(text: str, path: str = "a.py") -> list[InlineSuppression]:
    return list(inline_suppressions(SourceFile(path=path, text=text, language=language_of(path))))


def one(text: str, path: str = "a.py") -> InlineSuppression:
    (suppression,) = found(text, path)
    return suppression


# --- where


def test_behind_code_a_comment_covers_its_own_line() -> None:
    suppression = one("x = 1\nrun(command)  # codereview: ignore[bandit/B602] the command is ours\n")
    assert suppression == InlineSuppression(2, 2, ("bandit/B602",), "the command is ours")
    assert suppression.covers("bandit/B602", 2)
    assert not suppression.covers("bandit/B602", 1)
    assert not suppression.covers("bandit/B602", 3)


def test_alone_on_a_line_a_comment_covers_the_next_line_of_code() -> None:
    text = (
        "    # codereview: ignore[B602] the command is ours\n\n    # and always was\n    run(command)\nrun(command)\n"
    )
    suppression = one(text)
    assert (suppression.line, suppression.covered_line) == (1, 4)
    assert not suppression.covers("bandit/B602", 1)


def test_several_comments_above_a_line_all_cover_it() -> None:
    text = "# codereview: ignore[B602] one\n# codereview: ignore[B603] two\nrun(command)\n"
    assert [(each.covered_line, each.rules) for each in found(text)] == [(3, ("B602",)), (3, ("B603",))]


def test_at_the_end_of_a_file_a_comment_covers_nothing_else() -> None:
    assert one("x = 1\n# codereview: ignore[B602] why\n").covered_line == 2


@pytest.mark.parametrize(
    ("path", "line", "alone"),
    [
        ("a.py", "# codereview: ignore[r] why", True),
        ("a.py", "x = 1 #codereview:ignore[r] why", False),
        ("a.js", "// codereview: ignore[r] why", True),
        ("a.js", "/* codereview: ignore[r] why */", True),
        ("a.js", "/* codereview: ignore[r] why */ f()", False),
        ("a.js", "f() // codereview: ignore[r] why", False),
        ("a.tsx", "const a = <p>\n{/* codereview: ignore[r] why */}\n</p>", True),
        ("a.go", "f() // codereview: ignore[r] why", False),
        ("A.java", "/* codereview: ignore[r] why */", True),
        ("a.sql", "SELECT 1; -- codereview: ignore[r] why", False),
        ("a.sql", "-- codereview: ignore[r] why", True),
        ("a.html", "<!-- codereview: ignore[r] why -->", True),
        ("a.html", "<p> <!-- codereview: ignore[r] why --> </p>", False),
        ("a.yml", "run: x # codereview: ignore[r] why", False),
        ("a.css", "/* codereview: ignore[r] why */", True),
        ("a.ini", "; codereview: ignore[r] why", True),
        ("Dockerfile", "# codereview: ignore[r] why", True),
        ("unknown", "# codereview: ignore[r] why", True),
        ("a.php", "# codereview: ignore[r] why", True),
    ],
)
def test_every_language_has_its_comments(path: str, line: str, alone: bool) -> None:
    suppression = one(f"{line}\nnext\n", path)
    assert (suppression.rules, suppression.reason) == (("r",), "why")
    assert (suppression.covered_line > suppression.line) is alone


def test_code_that_begins_like_a_comment_of_another_language_is_code() -> None:
    """``#include`` is no comment in C, ``--i`` none in JavaScript."""
    assert one("// codereview: ignore[r] why\n#include <x.h>\n", "a.c").covered_line == 2
    assert one("// codereview: ignore[r] why\n--i;\n", "a.js").covered_line == 2


# --- what


@pytest.mark.parametrize(
    ("named", "rule_id", "covered"),
    [
        ("bandit/B602", "bandit/B602", True),
        ("B602", "bandit/B602", True),
        ("bandit", "bandit/B602", True),
        ("dataflow", "bandit/B602", False),
        ("B60", "bandit/B602", False),
        ("602", "bandit/B602", False),
        ("bandit/B603", "bandit/B602", False),
        ("dataflow/sql-injection", "dataflow/sql-injection", True),
        ("sql-injection", "dataflow/sql-injection", True),
        ("oxlint/eslint(no-eval)", "oxlint/eslint(no-eval)", True),
        ("B601, bandit/B602", "bandit/B602", True),
        (" B601 ,B602 ", "bandit/B602", True),
    ],
)
def test_rules_are_named_by_id_native_name_or_analyser(named: str, rule_id: str, covered: bool) -> None:
    assert one(f"x  # codereview: ignore[{named}] why\n").covers(rule_id, 1) is covered


@pytest.mark.parametrize("reason", ["why", ": why", " - why", " — why", "why, as agreed with [ops] in #42", "warum, é"])
def test_the_reason_is_what_stands_behind(reason: str) -> None:
    assert one(f"x  # codereview: ignore[B602]{reason}\n").reason == reason.strip(" :-—")


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ("# codereview: ignore[B602]", "it gives no reason"),
        ("# codereview: ignore[B602]   ", "it gives no reason"),
        ("# codereview: ignore[B602] --", "it gives no reason"),
        ("# codereview: ignore[B602]:", "it gives no reason"),
        ("# codereview: ignore[] why", "it names no rule"),
        ("# codereview: ignore[ , ] why", "it names no rule"),
        ("# codereview: ignore why", "it names no rule"),
        ("# codereview: ignore", "it names no rule"),
        ("# codereview: ignore[B602 why", "it names no rule"),
    ],
)
def test_without_rule_or_reason_a_comment_suppresses_nothing_and_says_why(comment: str, problem: str) -> None:
    """It is still found, so that the report can tell the person who wrote it."""
    suppression = one(f"x  {comment}\n")
    assert (suppression.is_valid, suppression.problem) == (False, problem)
    assert not suppression.covers("bandit/B602", 1)


def test_a_block_comment_without_a_reason_has_none() -> None:
    assert one("f() /* codereview: ignore[r] */ + g()\n", "a.js").problem == "it gives no reason"


# --- what is none


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'text = "# codereview: ignore[B602] why"\n'),
        ("a.py", '"""\n# codereview: ignore[B602] why\n"""\n'),
        ("a.js", "const a = `// codereview: ignore[r] why`\n"),
        ("a.go", 'package a\nvar s = "// codereview: ignore[r] why"\n'),
        ("A.java", 'class A { String s = "/* codereview: ignore[r] why */"; }\n'),
        ("a.py", "codereview: ignore[B602] why\n"),
        ("a.py", "# see codereview: ignore[B602] why\n"),
        ("a.py", "# codereview: ignored[B602] why\n"),
        ("a.py", "# CODEREVIEW: IGNORE[B602] why\n"),
        ("a.py", "# noqa\n"),
    ],
)
def test_what_only_speaks_of_suppressions_is_none(path: str, text: str) -> None:
    assert found(text, path) == []


def test_in_code_that_does_not_parse_comments_still_count() -> None:
    assert one("def f(:\n    run(x)  # codereview: ignore[B602] why\n").covers("bandit/B602", 2)


@given(st.text(), st.sampled_from(["a.py", "a.js", "a.html", "x"]))
def test_any_text_is_read(text: str, path: str) -> None:
    for suppression in found(f"# codereview: ignore{text}", path):
        assert suppression.covered_line >= suppression.line >= 1


@pytest.mark.parametrize(
    "line",
    [
        "# codereview: ignore[a] b" + " " * 300_000 + "c",
        "#" * 300_000 + " codereview: ignore",
        "# codereview: ignore[" + "," * 300_000,
        "# codereview: ignore[a] */ -->" * 10_000,
    ],
    ids=range(4),
)
def test_a_hostile_line_takes_little_time(line: str) -> None:
    started = process_time()
    found(f"{line}\n", "a.yml")
    assert process_time() - started < 2


def test_many_suppressions_parse_the_file_once() -> None:
    started = process_time()
    assert len(found("x = f(1)  # codereview: ignore[B602] why\n" * 5000)) == 5000
    assert process_time() - started < 5
