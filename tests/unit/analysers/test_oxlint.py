"""oxlint: what is its own, beyond what every tool keeps to (tests/contract/test_analysers.py)."""

import pytest
from support.analysing import examine, natives, quoted

from codereview.analysers.oxlint import Oxlint
from codereview.domain.sources import SourceFile


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_columns_count_characters(mark: str) -> None:
    """oxlint counts bytes."""
    text = f'{mark}const é = "𝒳é"; eval(x);\n'

    (finding,) = examine(Oxlint(), {"a.js": text}).findings

    assert quoted(finding, text) == "eval"


@pytest.mark.parametrize(
    ("path", "text", "native"),
    [
        ("a.mjs", "const a = 1; a = 2;", "no-const-assign"),
        ("a.cts", "enum A { a = 1, b = 1 }", "typescript/no-duplicate-enum-values"),
        ("a.js", "'a'.matchAll(/a/);", "oxc/bad-match-all-arg"),
        ("a.ts", "window.postMessage('x');", "unicorn/require-post-message-target-origin"),
        ("a.js", "new Promise.all([]);", "promise/no-new-statics"),
        ("a.cjs", "exports = {};", "node/no-exports-assign"),
        ("a.tsx", "export function A(p) { if (p.x) { useState(1); } return <a/>; }", "react/rules-of-hooks"),
        (
            "a.jsx",
            '"use client"\nexport default async function A() { return <p/>; }',
            "nextjs/no-async-client-component",
        ),
        ("a.vue", "<script>\nexport default { data: { a: 1 } }\n</script>\n", "vue/no-shared-component-data"),
        ("a.test.js", "describe.only('x', () => {});", "jest/no-focused-tests"),
        ("a.svelte", "<script>\nif (x == NaN) {}\n</script>\n", "use-isnan"),
        ("a.astro", "---\nif (x == NaN) {}\n---\n<p/>", "use-isnan"),
        ("a.js", "setTimeout('run()', 10);", "no-implied-eval"),
    ],
)
def test_the_rules_of_every_plugin_are_recognised(path: str, text: str, native: str) -> None:
    """Each plugin has its own way to name rules in the output."""
    found = {name for agent in ("security", "bug") for name in natives(examine(Oxlint(), {path: text}, agent=agent))}

    assert native in found


def test_a_finding_inside_a_component_stands_at_the_files_line() -> None:
    """The script is only a part of the file."""
    text = "<template>\n  <p/>\n</template>\n<script>\nif (x == NaN) {}\n</script>\n"

    (finding,) = examine(Oxlint(), {"a.vue": text}, agent="bug").findings

    assert finding.line == 5


def test_a_variable_called_like_a_built_in_is_no_finding() -> None:
    """Only a variable declared twice is."""
    report = examine(Oxlint(), {"a.js": "var name = 1; var self = this; var a = 1; var a = 2;"}, agent="bug")

    assert natives(report) == ["no-redeclare"]


@pytest.mark.parametrize("path", ["a.min.js", "lib/a-min.js"])
def test_minified_code_is_not_for_oxlint(path: str) -> None:
    """It leaves such files out without a word, whatever it is told."""
    assert not Oxlint().applies_to(SourceFile(path=path, text=""))


def test_a_file_oxlint_leaves_out_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """It only prints how many it examined; the one that is missing is found by halving."""
    files = {f"f{number}.js": "eval(x)" for number in range(5)} | {"left.min.js": "eval(x)"}

    report = examine(Oxlint(), files)

    assert [(problem.path, problem.reason) for problem in report.problems] == [("left.min.js", "error")]
    assert "left" in report.problems[0].message
    assert report.examined == set(files) - {"left.min.js"}


def test_flow_types_are_a_problem_not_a_clean_file() -> None:
    """oxlint is silent about what it cannot parse in a file marked for Flow: anybody could hide code like that."""
    report = examine(Oxlint(), {"a.js": "// @flow\ntype A = {| a: ?number |};\neval(x)\n", "b.js": "eval(x)\n"})

    assert [(problem.path, problem.reason) for problem in report.problems] == [("a.js", "unsupported")]
    assert report.examined == {"b.js"}


def test_a_mark_for_flow_in_a_file_oxlint_does_parse_changes_nothing() -> None:
    """It is JavaScript all the same."""
    report = examine(Oxlint(), {"a.js": "// @flow\neval(x)\n"})

    assert natives(report) == ["no-eval"]
    assert report.examined == {"a.js"}


def test_what_is_not_utf_8_is_a_problem() -> None:
    """The path is only in the text of its message."""
    report = examine(Oxlint(), {"a.js": "eval('\ud800')", "b.js": "eval(x)"})

    assert [(problem.path, problem.reason) for problem in report.problems] == [("a.js", "encoding")]
    assert report.examined == {"b.js"}


def test_deep_nesting_kills_oxlint_and_costs_only_its_own_file() -> None:
    """Nobody can hide a finding by adding a file that oxlint cannot survive."""
    files = {f"f{number}.js": "eval(x)\n" for number in range(4)} | {"deep.js": "x = " + "[" * 30_000 + "]" * 30_000}

    report = examine(Oxlint(), files)

    assert [problem.path for problem in report.problems] == ["deep.js"]
    assert natives(report) == ["no-eval"] * 4
