"""Which local names have a value where they are read."""

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from codereview.analysers.bugs.model.exits import NeverReturns, irrefutable, truth
from codereview.analysers.bugs.model.scopes import FUNCTIONS, Index, Scope
from codereview.analysers.bugs.model.walking import children, inside


class Lack(Enum):
    """How a name can be without a value."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    DELETED = "deleted"


Report = Callable[[ast.Name, Lack], None]


@dataclass(frozen=True, slots=True)
class _State:
    """Sets of names as bits: those that may have no value yet, those that may have one, those deleted for certain."""

    unset: int
    set: int
    deleted: int = 0

    def joined(self, other: "_State | None") -> "_State":
        if other is None:
            return self
        return _State(self.unset | other.unset, self.set | other.set, self.deleted & other.deleted)


def _join(states: Iterable[_State | None]) -> _State | None:
    result: _State | None = None
    for state in states:
        result = state if result is None else result.joined(state)
    return result


@dataclass(slots=True)
class _Loop:
    """States in which a loop is left, or begun again."""

    breaks: list[_State | None]
    continues: list[_State | None]


class Assignments:
    """Follows the local names of one scope through its body."""

    def __init__(self, scope: Scope, index: Index, never: NeverReturns, report: Report, names: Iterable[str]) -> None:
        self._bits = {name: 1 << position for position, name in enumerate(names)}
        self._scope = scope
        self._index = index
        self._never = never
        self._report = report
        self._loops: list[_Loop] = []
        self._silent = 0
        self._reported: set[ast.Name] = set()

    def run(self, body: Sequence[ast.stmt]) -> None:
        """Examine the whole body."""
        everything = (1 << len(self._bits)) - 1
        self._block(body, _State(everything, 0))

    # --- statements ---------------------------------------------------------------------------------------------

    def _block(self, body: Sequence[ast.stmt], state: _State | None) -> _State | None:
        for statement in body:
            if state is None:
                return None
            state = self._statement(statement, state)
        return state

    def _statement(self, node: ast.stmt, state: _State) -> _State | None:
        match node:
            case ast.If():
                return self._if(node, state)
            case ast.While():
                return self._while(node, state)
            case ast.For() | ast.AsyncFor():
                return self._for(node, state)
            case ast.Try() | ast.TryStar():
                return self._try(node, state)
            case ast.With() | ast.AsyncWith():
                return self._with(node, state)
            case ast.Match():
                return self._match(node, state)
            case ast.Return() | ast.Raise():
                self._evaluate(node, state)
                return None
            case ast.Break() | ast.Continue():
                if self._loops:
                    loop = self._loops[-1]
                    (loop.breaks if isinstance(node, ast.Break) else loop.continues).append(state)
                return None
            case ast.Assert(test=ast.Constant(value=value)) if not value:
                return None
            case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
                state = self._evaluate(node, state)
                return None if self._never(call) else state
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                for child in self._outside(node):
                    state = self._evaluate(child, state)
                return self._bound(node.name, state)
            case ast.Delete():
                return self._delete(node, state)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    state = self._bound(alias.asname or alias.name.partition(".")[0], state)
                return state
            case _:
                return self._evaluate(node, state)

    def _if(self, node: ast.If, state: _State) -> _State | None:
        ends: list[_State | None] = []
        while True:
            state = self._evaluate(node.test, state)
            constant = truth(node.test)
            ends.append(self._block(node.body, state) if constant is not False else None)
            if constant is True:
                return _join(ends)
            match node.orelse:
                case [ast.If() as chained]:
                    node = chained
                case orelse:
                    ends.append(self._block(orelse, state))
                    return _join(ends)

    def _while(self, node: ast.While, state: _State) -> _State | None:
        endless = truth(node.test) is True
        entry = self._with_bindings(node.body, state)
        loop = _Loop([], [])
        entry = self._evaluate(node.test, entry)
        self._loops.append(loop)
        end = self._block(node.body, entry)
        self._loops.pop()
        left = None if endless else self._block(node.orelse, _join([entry, end, *loop.continues]))
        return _join([left, *loop.breaks])

    def _for(self, node: ast.For | ast.AsyncFor, state: _State) -> _State | None:
        state = self._evaluate(node.iter, state)
        entry = self._evaluate(node.target, self._with_bindings(node.body, state))
        loop = _Loop([], [])
        self._loops.append(loop)
        end = self._block(node.body, entry)
        self._loops.pop()
        runs = _certainly_runs(node.iter)
        left = self._block(node.orelse, _join([None if runs else state, end, *loop.continues]))
        return _join([left, *loop.breaks])

    def _try(self, node: ast.Try | ast.TryStar, state: _State) -> _State | None:
        raised = self._with_bindings(node.body, state)
        normal = self._block(node.body, state)
        ends = [self._block(node.orelse, normal) if normal is not None else None]
        for handler in node.handlers:
            entry = self._evaluate(handler.type, raised) if handler.type is not None else raised
            if handler.name:
                entry = self._bound(handler.name, entry)
            end = self._block(handler.body, entry)
            # The name is deleted when the handler ends.
            ends.append(self._unbound(handler.name, end) if handler.name and end is not None else end)
        joined = _join(ends)
        if not node.finalbody:
            return joined
        # Also entered when anything above raised; without a handler that is so after any statement of the body.
        blocks = [*node.orelse, *(statement for handler in node.handlers for statement in handler.body)]
        exceptional = self._with_bindings(blocks, raised)
        if joined is None:
            self._block(node.finalbody, exceptional)
            return None
        self._block(node.finalbody, exceptional.joined(joined))
        self._silent += 1
        result = self._block(node.finalbody, joined)
        self._silent -= 1
        return result

    def _with(self, node: ast.With | ast.AsyncWith, state: _State) -> _State | None:
        swallows = False
        for item in node.items:
            state = self._evaluate(item.context_expr, state)
            if item.optional_vars is not None:
                state = self._evaluate(item.optional_vars, state)
            swallows |= _swallows(item.context_expr)
        end = self._block(node.body, state)
        return _join([end, self._with_bindings(node.body, state)]) if swallows else end

    def _match(self, node: ast.Match, state: _State) -> _State | None:
        state = self._evaluate(node.subject, state)
        ends: list[_State | None] = []
        exhaustive = False
        for case in node.cases:
            entry = self._evaluate(case.pattern, state)
            if case.guard is not None:
                entry = self._evaluate(case.guard, entry)
            ends.append(self._block(case.body, entry))
            exhaustive |= case.guard is None and irrefutable(case.pattern)
        return _join(ends if exhaustive else [*ends, state])

    def _delete(self, node: ast.Delete, state: _State) -> _State:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._read(target, state)
                state = self._unbound(target.id, state)
            else:
                state = self._evaluate(target, state)
        return state

    # --- names --------------------------------------------------------------------------------------------------

    def _bound(self, name: str, state: _State) -> _State:
        bit = self._bits.get(name, 0)
        return _State(state.unset & ~bit, state.set | bit, state.deleted & ~bit)

    def _unbound(self, name: str, state: _State) -> _State:
        bit = self._bits.get(name, 0)
        return _State(state.unset | bit, state.set & ~bit, state.deleted | bit)

    def _with_bindings(self, body: Sequence[ast.stmt], state: _State) -> _State:
        """The state with whatever the statements may have bound or deleted by the time one of them raises or ends."""
        gained = lost = 0
        for part in inside(body):
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
                bit = self._bits.get(part.id, 0)
                gained |= bit
                lost |= bit if isinstance(part.ctx, ast.Del) else 0
            elif isinstance(part, (*FUNCTIONS, ast.ClassDef)):
                gained |= self._bits.get(part.name, 0)
            elif isinstance(part, ast.alias):
                gained |= self._bits.get(part.asname or part.name.partition(".")[0], 0)
            elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
                gained |= self._bits.get(part.name, 0)
        return _State(state.unset | lost, state.set | gained, state.deleted & ~gained)

    def _read(self, node: ast.Name, state: _State) -> None:
        bit = self._bits.get(node.id, 0)
        if not bit or not state.unset & bit or self._silent or node in self._reported:
            return
        self._reported.add(node)
        if state.set & bit:
            self._report(node, Lack.SOMETIMES)
        else:
            self._report(node, Lack.DELETED if state.deleted & bit else Lack.ALWAYS)

    def _outside(self, node: ast.stmt) -> list[ast.AST]:
        """What a definition evaluates at once: decorators, defaults, bases; a class body counts as opaque."""
        match node:
            case ast.ClassDef():
                return [*node.decorator_list, *node.bases, *node.keywords]
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                defaults = [default for default in node.args.kw_defaults if default is not None]
                return [*node.decorator_list, *node.args.defaults, *defaults]
            case _:
                return []

    def _evaluate(self, node: ast.AST, state: _State) -> _State:
        """Reads and bindings of an expression or simple statement, in the order they happen."""
        stack: list[ast.AST] = [node]
        while stack:
            current = stack.pop()
            match current:
                case ast.Name():
                    if isinstance(current.ctx, ast.Load):
                        if self._index.scope_of_name.get(current) is self._scope:
                            self._read(current, state)
                            state = self._seen(current, state)
                    elif self._index.scope_of_name.get(current) is self._scope or isinstance(
                        self._index.parents.get(current), ast.NamedExpr
                    ):
                        state = self._bound(current.id, state)
                case ast.Lambda() | ast.GeneratorExp():
                    continue
                case ast.Assign() | ast.AugAssign() | ast.NamedExpr() | ast.AnnAssign():
                    stack.extend(reversed(self._assigning(current)))
                    if isinstance(current, ast.AugAssign) and isinstance(current.target, ast.Name):
                        self._read(current.target, state)
                case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                    state = self._bound(name, state)
                    stack.extend(children(current))
                case _:
                    stack.extend(reversed(list(children(current))))
        return state

    def _seen(self, node: ast.Name, state: _State) -> _State:
        """After a read the name counts as set: one report is enough."""
        bit = self._bits.get(node.id, 0)
        return _State(state.unset & ~bit, state.set | bit, state.deleted) if state.unset & bit else state

    @staticmethod
    def _assigning(node: ast.Assign | ast.AugAssign | ast.NamedExpr | ast.AnnAssign) -> list[ast.AST]:
        match node:
            case ast.Assign():
                return [node.value, *node.targets]
            case ast.AnnAssign():
                return [node.value, node.target] if node.value is not None else []
            case _:
                return [node.value, node.target]


def _certainly_runs(node: ast.expr) -> bool:
    match node:
        case ast.List(elts=[_, *_]) | ast.Tuple(elts=[_, *_]) | ast.Set(elts=[_, *_]) | ast.Dict(values=[_, *_]):
            return True
        case ast.Constant(value=str(text)):
            return bool(text)
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(count))]):
            return count > 0
        case ast.Call(func=ast.Attribute(value=ast.Name(id="itertools"), attr="count" | "cycle" | "repeat")):
            return True
        case ast.Call(func=ast.Name(id="count" | "iter")):
            return True
        case _:
            return False


def _swallows(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress")):
            return True
        case _:
            return False
