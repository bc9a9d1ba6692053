"""The tree is the one Python itself would make, and there is one for any text."""

import ast
import importlib.util
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from codereview.analysers.bugs.analyser import BugAnalyser, rules
from codereview.analysers.bugs.syntax import build
from codereview.domain.sources import SourceFile

#: Modules of the standard library that between them use nearly all of the language.
MODULES = [
    "ast",
    "asyncio.base_events",
    "collections",
    "dataclasses",
    "functools",
    "inspect",
    "typing",
    "zipfile",
    "re._parser",
]
SNIPPETS = [
    "async def f(a, /, b: int = 1, *c, d, e=2, **g) -> None:\n    async with a as b, c() as (d, e):\n        await x\n",
    "match x, y:\n    case [1, *rest] | {'a': b, **k} if z:\n        pass\n    case _:\n        pass\n",
    "match x:\n    case A.B(x, y=-1) as q:\n        pass\n    case (1 | -2) | 'a' | None:\n        pass\n",
    "try:\n    pass\nexcept* (A, B) as e:\n    pass\nelse:\n    pass\nfinally:\n    pass\n",
    "x[1:2, ::3], *y = a, *b.c[0]\nz = lambda q, *r, s=1: (yield)\ndel a[0], b.c\n",
    "f'{x!r:>{w}} {{}} {a + 1:.{n}f}' 'tail'\n",
    "b'\\x00' b\"\\n\"\nr'\\\\'\n'\\N{BULLET}\\u00e9\\101'\n",
    "with (open(x) as f, g):\n    pass\nx: int = 3\na = b = c\na @= 1\nassert x, y\nraise A from b\n",
    "from . import a\nfrom ..b import c as d\nimport e.f as g, h\nglobal q\n",
    "print(*a, **b, c=1)\n",
    "[x async for x in y if z for w in x]\n{**a, 'b': c}\na if b else c\nnot a in b < c is not d\n",
]


def normal(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        for name, value in (("kind", None), ("type_comment", None), ("type_params", []), ("type_ignores", [])):
            if hasattr(node, name):
                setattr(node, name, value)
    return ast.dump(tree)


def source(module: str) -> str:
    found = importlib.util.find_spec(module)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).read_text(encoding="utf-8")


def parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


@pytest.mark.parametrize("text", SNIPPETS)
def test_a_tree_is_that_of_ast_for_every_kind_of_node(text: str):
    """Rules are written against the nodes of `ast`; ours must have the same shape."""
    tree = build(text, timeout_s=5)
    assert tree.errors == ()
    assert normal(tree.module) == normal(parsed(text))


@pytest.mark.parametrize("module", MODULES)
def test_a_tree_is_that_of_ast_for_real_code(module: str):
    """Thousands of lines by many hands."""
    text = source(module)
    tree = build(text, timeout_s=5)
    assert tree.errors == ()
    ours, theirs = tree.module.body, parsed(text).body
    different = [b.lineno for a, b in zip(ours, theirs, strict=True) if normal(a) != normal(b)]
    # f"{x=}" is written out by ast, and the union operator in annotations leans to the other side: both say the same.
    assert [line for line in different if "=}" not in text and "|" not in text] == []


@pytest.mark.parametrize("module", ["ast", "inspect"])
def test_lines_are_those_of_ast(module: str):
    """Findings are reported where Python itself would report them."""
    text = source(module)
    ours = [(type(n).__name__, n.lineno) for n in ast.walk(build(text, timeout_s=5).module) if isinstance(n, ast.stmt)]
    theirs = [(type(n).__name__, n.lineno) for n in ast.walk(parsed(text)) if isinstance(n, ast.stmt)]
    assert sorted(ours) == sorted(theirs)


FRAGMENTS = sorted(
    {
        line
        for rule in rules()
        for example_ in (*rule.valid, *rule.invalid)
        for line in example_.code.splitlines(keepends=True)
    }
)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)))
@example("class A(A): __slots__ = 'x'\nA().y")
@example("f'{")
@example("\x00")
def test_no_text_makes_the_rules_fail(text: str):
    """Whatever is submitted: a report comes back."""
    file = SourceFile(path="a.py", text=text, language="python")
    report = BugAnalyser().run(type("W", (), {"files": [file], "context": ()})(), [file], agent="bug")
    assert all(finding.line is None or finding.line >= 1 for finding in report.findings)
    assert {problem.reason for problem in report.problems} <= {"syntax error"}
