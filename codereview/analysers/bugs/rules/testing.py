"""Assertions that cannot fail, and tests that test nothing."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.walking import has_effect, same
from codereview.analysers.bugs.rule import LIKELY, LOW, MEDIUM, SURE, define, on

ALWAYS_TRUE = define(
    "assert-always-true",
    "Assertion that cannot fail",
    severity=MEDIUM,
    confidence=SURE,
    description=(
        "A non-empty tuple, text or other literal is always true: usually a parenthesis or a comparison is missing."
    ),
    scenario="The check never fails, whatever the code does.",
    fix="Assert the condition; put the message after a comma, without parentheses.",
    family="assert-on-tuple",
    valid=("assert x, 'message'\n", "assert x == 1\n", "assert False, 'never'\n"),
    invalid=(
        "assert (x, 'message')\n",
        "assert 'x is set'\n",
        "assert (x == 1, 'no')\n",
        "assert [x]\n",
        "assert lambda: x\n",
    ),
)
SIDE_EFFECT = define(
    "assert-with-effect",
    "Assertion that does the work",
    severity=LOW,
    confidence=LIKELY,
    description="With python -O assertions are not run at all, and with them what they call.",
    scenario="In an optimised run the element is not removed, the value not assigned.",
    fix="Do the work first, and assert its result.",
    valid=("x = items.pop()\nassert x\n", "assert len(x) == 1\n"),
    invalid=("assert items.pop() == 1\n", "assert (n := f()) > 1\n", "assert queue.get() is None\n"),
)
MESSAGE_ARGUMENT = define(
    "assert-true-with-two-values",
    "assertTrue() with two values",
    severity=MEDIUM,
    confidence=LIKELY,
    description="The second argument of assertTrue() and assertFalse() is the message; nothing is compared.",
    scenario="The test passes for every true first value.",
    fix="Use assertEqual().",
    valid=(
        (
            "import unittest\n"
            "\n"
            "\n"
            "class T(unittest.TestCase):\n"
            "    def test(self):\n"
            "        self.assertTrue(x, 'message')\n"
        ),
        ("import unittest\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(x, 1)\n"),
    ),
    invalid=(
        ("import unittest\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertTrue(x, 1)\n"),
        ("import unittest\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertTrue(len(x), 3)\n"),
    ),
)
MOCK_TYPO = define(
    "mock-assertion-not-made",
    "Assertion of a mock that is not made",
    severity=MEDIUM,
    confidence=SURE,
    description="Any attribute of a mock exists, so a misspelt or uncalled assertion passes silently.",
    scenario="The test passes although the call was never made.",
    fix="Call assert_called_once_with(…) and the like by their right names.",
    family="mock-assertion",
    valid=("mock.assert_called_once_with(1)\n", "assert mock.called\n"),
    invalid=(
        "mock.assert_called_once_with\n",
        "mock.called_once_with(1)\n",
        "assert mock.called_once_with(1)\n",
        "mock.asert_called_with(1)\n",
    ),
)
RAISES_TOO_MUCH = define(
    "raises-anything",
    "Test that any exception passes",
    severity=LOW,
    confidence=LIKELY,
    description="raises(Exception) and assertRaises(Exception) also pass for a NameError or a typing mistake.",
    scenario="The code fails for another reason than the one under test, and the test is green.",
    fix="Name the exception, or match its message.",
    family="raises-anything",
    valid=(
        "import pytest\n\nwith pytest.raises(ValueError):\n    f()\n",
        "import pytest\n\nwith pytest.raises(Exception, match='x'):\n    f()\n",
    ),
    invalid=(
        "import pytest\n\nwith pytest.raises(BaseException):\n    f()\n",
        (
            "import unittest\n"
            "\n"
            "\n"
            "class T(unittest.TestCase):\n"
            "    def test(self):\n"
            "        with self.assertRaises(BaseException):\n"
            "            f()\n"
        ),
    ),
)
AFTER_RAISE = define(
    "unreached-in-raises",
    "Assertion behind the call that raises",
    severity=MEDIUM,
    confidence=LIKELY,
    description=("The block of raises() ends where the exception comes; an assertion further down in it does not run."),
    scenario="The assertion is never made, and could as well be false.",
    fix="Move it behind the block.",
    valid=(
        "import pytest\n\nwith pytest.raises(ValueError) as e:\n    f()\nassert e.value\n",
        "import pytest\n\nwith pytest.raises(ValueError):\n    x = 1\n    f(x)\n",
    ),
    invalid=(
        ("import pytest\n\nwith pytest.raises(ValueError) as e:\n    f()\n    assert str(e.value) == 'x'\n"),
        (
            "import unittest\n"
            "\n"
            "\n"
            "class T(unittest.TestCase):\n"
            "    def test(self):\n"
            "        with self.assertRaises(ValueError):\n"
            "            f()\n"
            "            self.assertTrue(x)\n"
        ),
    ),
)
SAME_VALUES = define(
    "assert-same-values",
    "Comparison of a value with itself in a test",
    severity=MEDIUM,
    confidence=LIKELY,
    description="Both sides of the assertion are the same expression, so it cannot fail.",
    scenario="The test passes whatever the code does.",
    fix="Compare with the expected value.",
    family="identical-operands",
    valid=("self.assertEqual(a, b)\n", "assert x != x\n"),
    invalid=("self.assertEqual(a.x, a.x)\n", "assert a.x == a.x\n", "self.assertIs(a, a)\n"),
)
EXITED_IN_TRY = define(
    "assert-caught",
    "Assertion inside a try that catches it",
    severity=MEDIUM,
    confidence=SURE,
    description="AssertionError is an Exception: the handler around catches it.",
    scenario="The failing assertion is swallowed, and the test passes.",
    fix="Catch the exception that is expected, or assert outside of the try.",
    valid=(
        "def test_f():\n    try:\n        f()\n    except ValueError:\n        pass\n    assert x\n",
        "def test_f():\n    try:\n        assert f()\n    finally:\n        g()\n",
    ),
    invalid=(
        "def test_f():\n    try:\n        assert f()\n    except Exception:\n        pass\n",
        "def test_f():\n    try:\n        f()\n        assert False\n    except:\n        pass\n",
    ),
)
_TYPOS = frozenset(
    {
        "called_once",
        "called_with",
        "called_once_with",
        "has_calls",
        "any_call",
        "not_called",
        "asert_called",
        "asert_called_with",
        "asert_called_once",
        "asert_called_once_with",
        "assert_called_one_with",
        "assert_not_call",
        "assert_called_twice",
        "assret_called_with",
        "assret_called_once_with",
    }
)
_ASSERTIONS = frozenset(
    {
        "assert_called",
        "assert_called_once",
        "assert_called_with",
        "assert_called_once_with",
        "assert_any_call",
        "assert_has_calls",
        "assert_not_called",
        "assert_awaited",
        "assert_awaited_once",
        "assert_awaited_with",
        "assert_awaited_once_with",
    }
)
_EQUAL = frozenset(
    {
        "assertEqual",
        "assertEquals",
        "assertIs",
        "assertListEqual",
        "assertDictEqual",
        "assertAlmostEqual",
        "assertSequenceEqual",
    }
)


def _assert(node: ast.Assert, ctx: Context) -> None:
    test = node.test
    literal = isinstance(test, ast.Tuple | ast.List | ast.Dict | ast.Set) and bool(
        getattr(test, "elts", getattr(test, "keys", []))
    )
    text = isinstance(test, ast.Constant) and isinstance(test.value, str | bytes) and bool(test.value)
    if literal or text or isinstance(test, ast.Lambda | ast.GeneratorExp):
        ctx.report(ALWAYS_TRUE, node, "This is always true.")
    if (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq | ast.Is)
        and not has_effect(test.left)
    ):
        attribute = isinstance(test.left, ast.Attribute | ast.Subscript)
        if attribute and same(test.left, test.comparators[0]):
            ctx.report(SAME_VALUES, node, "Both sides are the same.")
    for part in ast.walk(test):
        if isinstance(part, ast.NamedExpr) or (
            isinstance(part, ast.Call)
            and isinstance(part.func, ast.Attribute)
            and part.func.attr in ("pop", "popitem", "popleft", "get_nowait", "append", "remove", "get")
            and not (part.func.attr == "get" and part.args)
        ):
            queue = (
                not (isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "get")
                or "queue" in ast.unparse(part.func).lower()
            )
            if not ctx.is_test and queue:
                ctx.report(SIDE_EFFECT, node, "With -O this does not happen.")
                break
    _caught(node, ctx)


def _caught(node: ast.Assert, ctx: Context) -> None:
    function = ctx.function_around(node)
    name = getattr(function, "name", "")
    current, child = ctx.parent(node), node
    if not name.startswith("test") or not isinstance(current, ast.Try) or not any(child is s for s in current.body):
        return
    for handler in current.handlers:
        general = handler.type is None or getattr(handler.type, "id", "") in (
            "Exception",
            "BaseException",
            "AssertionError",
        )
        if general and all(isinstance(s, ast.Pass) for s in handler.body):
            ctx.report(EXITED_IN_TRY, node, "The handler below swallows the failure.")


def _call(node: ast.Call, ctx: Context) -> None:
    if not isinstance(node.func, ast.Attribute):
        return
    attr = node.func.attr
    if attr in ("assertTrue", "assertFalse") and len(node.args) == 2:
        second = ctx.value(node.args[1])
        if second is not None and second.instance_of(
            "builtins.int",
            "builtins.list",
            "builtins.dict",
            "builtins.tuple",
            "builtins.bool",
            "builtins.set",
            "builtins.float",
        ):
            ctx.report(MESSAGE_ARGUMENT, node, "The second argument is only the message.")
    elif attr in _EQUAL and len(node.args) >= 2 and not has_effect(node.args[0]) and same(node.args[0], node.args[1]):
        if not isinstance(node.args[0], ast.Constant) and (
            isinstance(node.args[0], ast.Attribute)
            or attr == "assertIs"
            or (attr == "assertEqual" and isinstance(node.args[0], ast.Subscript))
        ):
            ctx.report(SAME_VALUES, node, "Both values are the same.")
    elif attr in _TYPOS and isinstance(ctx.parent(node), ast.Expr | ast.Assert):
        ctx.report(MOCK_TYPO, node, f"Mocks have no assertion '{attr}'; it passes always.")


def _expression(node: ast.Expr, ctx: Context) -> None:
    if isinstance(node.value, ast.Attribute) and node.value.attr in _ASSERTIONS:
        ctx.report(MOCK_TYPO, node, "The assertion is not called.")


def _with(node: ast.With, ctx: Context) -> None:
    for item in node.items:
        call = item.context_expr
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name not in ("raises", "assertRaises", "assertRaisesRegex"):
            continue
        broad = call.args and isinstance(call.args[0], ast.Name) and call.args[0].id == "BaseException"
        if (
            broad
            and not any(k.arg == "match" for k in call.keywords)
            and len(call.args) == 1
            and item.optional_vars is None
        ):
            ctx.report(RAISES_TOO_MUCH, node, "Any exception passes.")
        _unreached(node, item, ctx)


def _unreached(node: ast.With, item: ast.withitem, ctx: Context) -> None:
    if len(node.body) < 2 or not isinstance(node.body[0], ast.Expr | ast.Assign):
        return
    last = node.body[-1]
    uses = isinstance(item.optional_vars, ast.Name) and any(
        isinstance(p, ast.Name) and p.id == item.optional_vars.id for p in ast.walk(last)
    )
    asserts = isinstance(last, ast.Assert) or (
        isinstance(last, ast.Expr)
        and isinstance(last.value, ast.Call)
        and getattr(last.value.func, "attr", "").startswith("assert")
    )
    calls = any(isinstance(p, ast.Call) for p in ast.walk(last))
    plain = isinstance(last, ast.Assert) and not calls
    if asserts and (
        uses
        or plain
        or (
            isinstance(last, ast.Expr)
            and not any(isinstance(p, ast.Call) for a in getattr(last.value, "args", []) for p in ast.walk(a))
        )
    ):
        ctx.report(AFTER_RAISE, last, "When the exception comes this is skipped.")


RULES = (
    ALWAYS_TRUE,
    SIDE_EFFECT,
    MESSAGE_ARGUMENT,
    MOCK_TYPO,
    RAISES_TOO_MUCH,
    AFTER_RAISE,
    SAME_VALUES,
    EXITED_IN_TRY,
)
CHECKS = (on(ast.Assert, _assert), on(ast.Call, _call), on(ast.Expr, _expression), on(ast.With, _with))
