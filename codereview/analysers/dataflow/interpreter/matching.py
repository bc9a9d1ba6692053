"""Whether the conditions of a rule hold at a call, a write or an entry of a literal."""

import re
from collections.abc import Iterable
from typing import Any

from codereview.analysers.dataflow import ir
from codereview.analysers.dataflow.interpreter.base import CallSite, spelled
from codereview.analysers.dataflow.interpreter.state import FunctionRef
from codereview.analysers.dataflow.redos import is_exponential
from codereview.analysers.dataflow.rules.model import Condition, Selector, Test
from codereview.analysers.dataflow.values import UNKNOWN, Value, element_of, entry_of, join_all

_LITERALS = {"true": True, "false": False, "none": None, "null": None}


class Subject:
    """What a condition is about: a call, or a single value that is written somewhere."""

    def __init__(
        self,
        site: CallSite | None = None,
        value: Value | None = None,
        node: ir.Expr | None = None,
        target: str = "",
        context: Iterable[str] = (),
        within: ir.Function | None = None,
    ) -> None:
        self.site = site
        self.value = value
        self.node = node
        self.target = target
        self.context = tuple(context)
        #: The function it stands in.
        self.within = within

    def select(self, selector: Selector) -> tuple[Value | None, ir.Expr | None]:
        """The value meant and the expression it came from; None when the argument is not given."""
        value, node = self._head(selector)
        for name in selector.path:
            if value is None:
                return None, None
            key: Any = int(name) if name.lstrip("-").isdigit() else name
            value = element_of(value) if name == "[]" else entry_of(value, key)
            node = _inner(node, name)
        return value, node

    def _head(self, selector: Selector) -> tuple[Value | None, ir.Expr | None]:
        names = selector.names
        if names == ("value",) and self.site is None:
            return self.value, self.node
        if self.site is None:
            return None, None
        args = self.site.args
        if names == ("receiver",):
            func = self.site.node.func
            return self.site.receiver, func.obj if isinstance(func, ir.Attr) else None
        if names == ("*",):
            return join_all(args.all()) if args.all() else None, None
        for name in names:
            if name in args.keywords:
                return args.keywords[name], args.keyword_exprs.get(name)
        for position in selector.positions:
            if position < len(args.values):
                node = args.exprs[position] if position < len(args.exprs) else None
                return args.values[position], node
        return None, None

    @property
    def spread(self) -> bool:
        """Whether an argument that is not seen may be given all the same."""
        return self.site is not None and self.site.args.spread

    def names(self, selector: Selector) -> list[str]:
        """What a person calls the thing meant."""
        if selector.names == ("target",):
            return [self.target]
        if selector.names == ("context",):
            return list(self.context)
        if selector.names == ("receiver",) and self.site is not None:
            return [self.site.receiver_name]
        if selector.names == ("*",) and self.site is not None:
            return [name for expr in self.site.args.exprs for name in _all_names(expr)] + list(self.site.args.keywords)
        _value, node = self.select(selector)
        return _all_names(node) if node is not None else []


def holds(conditions: Iterable[Condition], subject: Subject) -> bool:
    """Whether all of them hold."""
    return all(any(_test(test, subject) for test in condition.alternatives) for condition in conditions)


def _test(test: Test, subject: Subject) -> bool:
    op = test.op
    if op in ("named", "unnamed"):
        found = any(test.regex is not None and test.regex.search(name) for name in subject.names(test.selector))
        return found is (op == "named")
    if op == "unmentioned":
        return test.regex is not None and not _mentions(test.regex, subject)
    value, node = subject.select(test.selector)
    if op == "absent":
        return value is None and not subject.spread
    if value is None:
        return op in ("isnt", "hasnt", "noref", "untainted", "carriesnt") and not (subject.spread and op == "isnt")
    if op == "present":
        return True
    if op in ("tainted", "untainted"):
        return bool(value.deep) is (op == "tainted")
    if op in ("ref", "noref"):
        return _refers(value, test.operand) is (op == "ref")
    if op in ("literal", "dynamic"):
        return _is_literal(value, node) is (op == "literal")
    if op in ("carries", "carriesnt"):
        return any(flow.origin.label == test.operand for flow in value.deep) is (op == "carries")
    if op == "omits":
        return _omits(value, test.operand)
    if op == "mixed":
        return value.parts is not None and any(part.texts() and not part.flows for part in value.parts)
    if op == "begins":
        first = value.parts[0] if value.parts else value
        return test.regex is not None and any(test.regex.search(text) for text in first.texts())
    if op == "zeroed":
        return entry_of(value, "zeroed") is not None
    if op == "returns":
        return _always_returns(value, _operand(test.operand))
    if op == "exponential":
        return any(is_exponential(text) for text in value.texts())
    if op == "bits":
        mask = int(test.operand, 0)
        return any(isinstance(const, int) and const & mask for const in value.consts or ())
    if op == "empty":
        return value.single in ("", b"", ()) or value.items == ()
    if op in ("has", "hasnt"):
        wanted = _operand(test.operand)
        found = any(_same(member, wanted) for member in _members(value))
        return found is (op == "has")
    return _compare(test, value)


def _compare(test: Test, value: Value) -> bool:
    consts = value.consts
    if consts is None:
        return test.op == "isnt" and False
    if test.regex is not None:
        texts = [
            text.decode("latin-1") if isinstance(text, bytes) else str(text) for text in consts if text is not None
        ]
        found = any(test.regex.search(text) for text in texts)
        return found if test.op == "matches" else bool(texts) and not found
    if test.op in ("is", "isnt", "in"):
        wanted = [_operand(part) for part in test.operand.split(",")] if test.op == "in" else [_operand(test.operand)]
        found = any(_same(const, want) for const in consts for want in wanted)
        return found if test.op != "isnt" else not found
    numbers = [const for const in consts if isinstance(const, int | float) and not isinstance(const, bool)]
    bound = float(test.operand)
    compare = {
        "<": lambda n: n < bound,
        "<=": lambda n: n <= bound,
        ">": lambda n: n > bound,
        ">=": lambda n: n >= bound,
    }
    return any(compare[test.op](number) for number in numbers)


def _operand(text: str) -> Any:
    stripped = text.strip()
    if stripped in _LITERALS:
        return _LITERALS[stripped]
    if re.fullmatch(r"-?\d+", stripped):
        return int(stripped)
    if re.fullmatch(r"0o[0-7]+|0x[0-9a-fA-F]+", stripped):
        return int(stripped, 0)
    return stripped.strip("'\"")


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return type(value) is type(wanted) and bool(value == wanted)


def _members(value: Value) -> list[Any]:
    inner = (
        list(value.items or ()) + list((value.fields or {}).values()) + ([value.rest] if value.rest is not None else [])
    )
    found = [const for item in inner for const in item.consts or ()]
    return found + list(value.consts or ()) + list(value.fields or {})


def _refers(value: Value, operand: str) -> bool:
    refs = (
        [value.ref]
        + [inner.ref for inner in (value.items or ())]
        + ([value.rest.ref] if value.rest is not None else [])
    )
    for wanted in operand.split(","):
        name = wanted.strip()
        for ref in refs:
            if ref and (ref == name or (name.startswith("*.") and f".{ref}".endswith(name[1:]))):
                return True
    return False


def _always_returns(value: Value, wanted: Any) -> bool:
    """Whether it is a function that does nothing but return this."""
    if not isinstance(value.target, FunctionRef):
        return False
    body = value.target.code.body
    if wanted == "nothing":
        return not body or (len(body) == 1 and isinstance(body[0], ir.Return) and body[0].value is None)
    if len(body) != 1 or not isinstance(body[0], ir.Return):
        return False
    return isinstance(body[0].value, ir.Const) and _same(body[0].value.value, wanted)


def _mentions(names: re.Pattern[str], subject: Subject) -> bool:
    """Whether the function names any of these, elsewhere than in the call itself."""
    if subject.within is None:
        return False
    own = {id(node) for node in ir.walk([subject.site.node])} if subject.site is not None else set()
    for node in ir.walk([subject.within.body]):
        if id(node) in own:
            continue
        found = [str(getattr(node, "name", "") or ""), str(getattr(node, "id", "") or "")]
        if isinstance(node, ir.Call):
            found += [name for name, _ in node.keywords]
        if any(names.search(name) for name in found):
            return True
    return False


def _omits(value: Value, name: str) -> bool:
    """Whether it is a function that nowhere reads this of what it is given, nor hands that on to another one."""
    if not isinstance(value.target, FunctionRef):
        return False
    code = value.target.code
    given = code.params[0].name if code.params else ""
    for node in ir.walk(code.body):
        if name in (getattr(node, "name", ""), getattr(node, "id", "")):
            return False
        if isinstance(node, ir.Call) and any(isinstance(arg, ir.Name) and arg.id == given for arg in node.args):
            return False
        if isinstance(node, ir.Const) and node.value == name:
            return False
    return bool(given)


def _is_literal(value: Value, _node: ir.Expr | None) -> bool:
    if value.consts is not None:
        return any(const is not None for const in value.consts)
    if value.items is not None and value.rest is None:
        return bool(value.items) and all(item.consts is not None for item in value.items)
    return False


def _inner(node: ir.Expr | None, name: str) -> ir.Expr | None:
    if isinstance(node, ir.Mapping):
        for key, item in node.items:
            if isinstance(key, ir.Const) and key.value == name:
                return item
    return None


def _all_names(node: ir.Expr) -> list[str]:
    """The identifiers in an expression that say what it is about."""
    found: list[str] = []
    stack: list[tuple[ir.Expr, int]] = [(node, 0)]
    while stack and len(found) < 24:
        current, depth = stack.pop()
        name = spelled(current)
        if name:
            found.append(name)
        if depth > 5:
            continue
        stack.extend((child, depth + 1) for child in _children(current))
    return found


def _children(node: ir.Expr) -> list[ir.Expr]:
    if isinstance(node, ir.Call):
        return [node.func, *node.args]
    if isinstance(node, ir.Attr | ir.Index):
        return [node.obj]
    if isinstance(node, ir.Format | ir.Opaque):
        return list(node.parts)
    if isinstance(node, ir.Chain):
        return [node.first, *(operand for _op, operand in node.rest)]
    if isinstance(node, ir.Star | ir.Cast):
        return [node.value]
    if isinstance(node, ir.Sequence):
        return list(node.items)
    return []


def selected(selectors: Iterable[Selector], subject: Subject) -> list[tuple[Value, ir.Expr | None]]:
    """The arguments meant by any of the selectors."""
    found: list[tuple[Value, ir.Expr | None]] = []
    for selector in selectors:
        if selector.names == ("*",) and not selector.path and subject.site is not None:
            args = subject.site.args
            found += [(v, args.exprs[i] if i < len(args.exprs) else None) for i, v in enumerate(args.values)]
            found += [(v, args.keyword_exprs.get(k)) for k, v in args.keywords.items()]
            continue
        if selector.names and selector.names[-1] == "rest" and subject.site is not None:
            values = (
                subject.site.args.values[selector.positions[0] :] if selector.positions else subject.site.args.values
            )
            found += [(value, None) for value in values]
            continue
        value, node = subject.select(selector)
        if value is not None and value is not UNKNOWN:
            found.append((value, node))
    return found
