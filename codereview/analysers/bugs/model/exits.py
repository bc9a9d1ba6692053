"""How control leaves a statement."""

import ast
from collections.abc import Callable, Sequence
from enum import Flag, auto


class Exit(Flag):
    """The ways a run of statements can end."""

    NONE = 0
    NEXT = auto()  # falls through to what follows
    RETURN = auto()
    RAISE = auto()  # by a raise statement, or a call that never returns
    BREAK = auto()
    CONTINUE = auto()


#: Tells of a call whether it never returns.
NeverReturns = Callable[[ast.Call], bool]


def of_block(body: Sequence[ast.stmt], never: NeverReturns) -> Exit:
    """How control can leave a run of statements, by what is written: conditions count as undecided unless constant."""
    result = Exit.NONE
    for statement in body:
        exits = of_statement(statement, never)
        result |= exits & ~Exit.NEXT
        if Exit.NEXT not in exits:
            return result
    return result | Exit.NEXT


def of_statement(node: ast.stmt, never: NeverReturns) -> Exit:
    """How control can leave one statement."""
    match node:
        case ast.Return():
            return Exit.RETURN
        case ast.Raise():
            return Exit.RAISE
        case ast.Break():
            return Exit.BREAK
        case ast.Continue():
            return Exit.CONTINUE
        case ast.Assert(test=ast.Constant(value=value)) if not value:
            return Exit.RAISE
        case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
            return Exit.RAISE if never(call) else Exit.NEXT
        case ast.If():
            return _of_if(node, never)
        case ast.While() | ast.For() | ast.AsyncFor():
            return _of_loop(node, never)
        case ast.With() | ast.AsyncWith():
            exits = of_block(node.body, never)
            # A context manager may swallow the exception.
            return exits | Exit.NEXT if Exit.RAISE in exits else exits
        case ast.Try() | ast.TryStar():
            return _of_try(node, never)
        case ast.Match():
            return _of_match(node, never)
        case _:
            return Exit.NEXT


def _of_if(node: ast.If, never: NeverReturns) -> Exit:
    """A chain of ``elif`` is followed by a loop."""
    result = Exit.NONE
    while True:
        constant = truth(node.test)
        if constant is not False:
            result |= of_block(node.body, never)
        if constant is True:
            return result
        match node.orelse:
            case [ast.If() as chained]:
                node = chained
            case orelse:
                return result | of_block(orelse, never)


def _of_loop(node: ast.While | ast.For | ast.AsyncFor, never: NeverReturns) -> Exit:
    exits = of_block(node.body, never)
    result = exits & (Exit.RETURN | Exit.RAISE)
    endless = isinstance(node, ast.While) and truth(node.test) is True
    if Exit.BREAK in exits:
        result |= Exit.NEXT
    if not endless:
        result |= of_block(node.orelse, never)
    return result


def _of_try(node: ast.Try | ast.TryStar, never: NeverReturns) -> Exit:
    exits = of_block(node.body, never)
    if Exit.NEXT in exits:
        exits = (exits & ~Exit.NEXT) | of_block(node.orelse, never)
    for handler in node.handlers:
        exits |= of_block(handler.body, never)
    final = of_block(node.finalbody, never)
    return exits | (final & ~Exit.NEXT) if Exit.NEXT in final else final


def _of_match(node: ast.Match, never: NeverReturns) -> Exit:
    result = Exit.NONE
    exhaustive = False
    for case in node.cases:
        result |= of_block(case.body, never)
        exhaustive |= case.guard is None and irrefutable(case.pattern)
    return result if exhaustive else result | Exit.NEXT


def irrefutable(pattern: ast.pattern) -> bool:
    """Whether a pattern matches whatever it is given."""
    match pattern:
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchAs(pattern=inner):
            return inner is not None and irrefutable(inner)
        case ast.MatchOr(patterns=patterns):
            return any(irrefutable(inner) for inner in patterns)
        case _:
            return False


def truth(node: ast.expr) -> bool | None:
    """What a literal counts as in a condition; None when it is not one."""
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = truth(operand)
            return None if inner is None else not inner
        case _:
            return None
