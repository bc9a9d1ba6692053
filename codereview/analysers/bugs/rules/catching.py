"""Catching."""

import ast
from collections.abc import Iterator

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.model.walking import inside
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on
from codereview.analysers.bugs.rules.shared.exceptions import exception_class, is_exception

CATCHING_NON_EXCEPTION = define(
    "catching-non-exception",
    "except with something that is not an exception class",
    severity=HIGH,
    confidence=SURE,
    description=("What an except clause names must derive from BaseException; an instance or other value does not."),
    scenario="TypeError while the exception is being handled, which hides the real one.",
    fix="Name exception classes.",
    family="catching-non-exception",
    valid=(
        "try:\n    f()\nexcept (ValueError, OSError):\n    pass\n",
        "import re\n\ntry:\n    f()\nexcept re.error:\n    pass\n",
    ),
    invalid=(
        "try:\n    f()\nexcept 'ValueError':\n    pass\n",
        "class E:\n    pass\n\n\ntry:\n    f()\nexcept E:\n    pass\n",
        "def problem():\n    pass\n\n\ntry:\n    f()\nexcept problem:\n    pass\n",
        "try:\n    f()\nexcept ValueError or OSError:\n    pass\n",
    ),
)


EXCEPT_ORDER = define(
    "except-order",
    "except clause behind a more general one",
    severity=MEDIUM,
    confidence=SURE,
    description="An earlier clause catches a base class of this exception, so this clause is never entered.",
    scenario="The specific handling never happens; the general handler gets the exception instead.",
    fix="Put the more specific clause first.",
    family="except-order",
    valid=(
        "try:\n    f()\nexcept KeyError:\n    a()\nexcept LookupError:\n    b()\n",
        "try:\n    f()\nexcept ValueError:\n    a()\nexcept KeyError:\n    b()\n",
    ),
    invalid=(
        "try:\n    f()\nexcept Exception:\n    a()\nexcept ValueError:\n    b()\n",
        "try:\n    f()\nexcept OSError:\n    a()\nexcept FileNotFoundError:\n    b()\n",
        "try:\n    f()\nexcept ValueError:\n    a()\nexcept ValueError:\n    b()\n",
        "try:\n    f()\nexcept:\n    a()\nexcept ValueError:\n    b()\n",
    ),
)


OVERLAPPING = define(
    "overlapping-exceptions",
    "Exceptions in one clause that include each other",
    severity=LOW,
    confidence=SURE,
    description="One of the classes is the same as, or derives from, another one of the tuple.",
    scenario="Harmless as it stands, but often another class was meant, which is then not caught.",
    fix="Remove the class that is included, or name the one that was meant.",
    family="overlapping-exceptions",
    valid=(
        "try:\n    f()\nexcept (KeyError, ValueError):\n    pass\n",
        "try:\n    f()\nexcept (OSError, EOFError):\n    pass\n",
    ),
    invalid=(
        "try:\n    f()\nexcept (OSError, IOError):\n    pass\n",
        "try:\n    f()\nexcept (Exception, TypeError):\n    pass\n",
        "class A(ValueError):\n    pass\n\n\ntry:\n    f()\nexcept (A, ValueError):\n    pass\n",
    ),
)


RERAISED_ONLY = define(
    "except-only-reraises",
    "except clause that only raises again",
    severity=LOW,
    confidence=SURE,
    description="The last clause of the try does nothing but raise the same exception.",
    scenario="The handling that was planned is missing; clauses behind it are skipped.",
    fix="Handle the exception, or remove the clause.",
    family="except-only-reraises",
    valid=(
        "try:\n    f()\nexcept KeyError:\n    raise\nexcept Exception:\n    g()\n",
        "try:\n    f()\nexcept KeyError:\n    g()\n    raise\n",
    ),
    invalid=("try:\n    f()\nexcept KeyError:\n    raise\n", "try:\n    f()\nexcept KeyError as e:\n    raise e\n"),
)


SWALLOWED = define(
    "swallowed-exception",
    "Every exception swallowed",
    severity=LOW,
    confidence=LIKELY,
    description=(
        "A bare or most general except does nothing: no log, no fallback, no raise. Even a typing error vanishes."
    ),
    scenario="A failure leaves no trace; the program goes on with half the work done.",
    fix="Catch what is expected, and log the rest.",
    family="swallowed-exception",
    valid=("try:\n    f()\nexcept ValueError:\n    pass\n", "try:\n    f()\nexcept Exception as e:\n    log(e)\n"),
    invalid=(
        "try:\n    f()\nexcept:\n    pass\n",
        "for x in y:\n    try:\n        f(x)\n    except BaseException:\n        continue\n",
    ),
)


BASE_EXCEPTION = define(
    "base-exception-kept",
    "Interrupts caught and not raised again",
    severity=LOW,
    confidence=LIKELY,
    description=(
        "A bare except or BaseException also catches KeyboardInterrupt, SystemExit and "
        "cancellation; it must raise again."
    ),
    scenario="Ctrl-C, sys.exit() or task cancellation has no effect while this code runs.",
    fix="Catch Exception, or end the clause with raise.",
    family="base-exception-kept",
    valid=("try:\n    f()\nexcept BaseException:\n    g()\n    raise\n", "try:\n    f()\nexcept Exception:\n    g()\n"),
    invalid=(
        "try:\n    f()\nexcept BaseException:\n    g()\n",
        "try:\n    f()\nexcept BaseException as e:\n    raise ValueError('x')\n",
    ),
)


NOTE_LOST = define(
    "exception-note-lost",
    "Note added to an exception that is then dropped",
    severity=LOW,
    confidence=LIKELY,
    description="add_note() is called, but the exception is neither raised nor used afterwards.",
    scenario="The information in the note never reaches anyone.",
    fix="Raise or log the exception after adding the note.",
    family="exception-note-lost",
    valid=(
        "try:\n    f()\nexcept Exception as e:\n    e.add_note('x')\n    raise\n",
        "try:\n    f()\nexcept Exception as e:\n    e.add_note('x')\n    log(e)\n",
    ),
    invalid=(
        "try:\n    f()\nexcept Exception as e:\n    e.add_note('x')\n",
        "try:\n    f()\nexcept OSError as e:\n    e.add_note('x')\n    raise ValueError('y')\n",
    ),
)


WRONG_OPERATION = define(
    "except-operator",
    "Exceptions combined with an operator",
    severity=HIGH,
    confidence=SURE,
    description="`except A or B` catches only A; `A and B` only B; other operators fail. A tuple catches both.",
    scenario="The second exception is not caught and ends the program.",
    fix="Write except (A, B).",
    family="catching-non-exception",
    valid=("try:\n    f()\nexcept (KeyError, ValueError):\n    pass\n", "try:\n    f()\nexcept KeyError:\n    pass\n"),
    invalid=(
        "try:\n    f()\nexcept KeyError or ValueError:\n    pass\n",
        "try:\n    f()\nexcept KeyError | ValueError:\n    pass\n",
    ),
)


_GENERAL = ("Exception", "BaseException")


Try = ast.Try | ast.TryStar


def _handlers(node: Try, ctx: Context) -> None:
    seen: list[tuple[Class, ast.ExceptHandler]] = []
    bare: ast.ExceptHandler | None = None
    for handler in node.handlers:
        if bare is not None:
            ctx.report(EXCEPT_ORDER, handler, "A bare except stands before this clause.")
            return
        if handler.type is None:
            bare = handler
            continue
        kinds = list(_kinds(handler.type))
        classes = [(kind, cls) for kind in kinds if (cls := exception_class(kind, ctx)) is not None]
        _overlap(handler, classes, ctx)
        caught = [cls for _, cls in classes if any(earlier in cls.ancestors for earlier, _ in seen)]
        if caught and len(caught) == len(kinds):
            ctx.report(EXCEPT_ORDER, handler, f"{caught[0].name} is already caught by an earlier clause.")
        elif caught:
            ctx.report(OVERLAPPING, handler, f"{caught[0].name} is already caught by an earlier clause.")
        seen += [(cls, handler) for _, cls in classes]


def _kinds(node: ast.expr) -> Iterator[ast.expr]:
    yield from node.elts if isinstance(node, ast.Tuple) else [node]


def _overlap(handler: ast.ExceptHandler, classes: list[tuple[ast.expr, Class]], ctx: Context) -> None:
    for position, (kind, cls) in enumerate(classes):
        for other_position, (_, other) in enumerate(classes):
            included = other in cls.ancestors and (cls is not other or other_position < position)
            if included and position != other_position:
                ctx.report(OVERLAPPING, handler, f"{ast.unparse(kind)} is included in {other.name}.")
                return


def _handler(node: ast.ExceptHandler, ctx: Context) -> None:
    if node.type is not None:
        for kind in _kinds(node.type):
            _caught(kind, node, ctx)
    general = node.type is None or getattr(node.type, "id", "") in _GENERAL
    strongest = node.type is None or getattr(node.type, "id", "") == "BaseException"
    empty = all(
        isinstance(s, ast.Pass | ast.Continue) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        for s in node.body
    )
    if empty and general and strongest and not ctx.is_test and not _best_effort(node, ctx):
        ctx.report(SWALLOWED, node, "Whatever fails in the block leaves no trace.")
    elif strongest and not empty and not ctx.is_test and node.type is not None and not _keeps(node):
        ctx.report(BASE_EXCEPTION, node, "This also keeps KeyboardInterrupt and SystemExit.")
    _note(node, ctx)


def _best_effort(node: ast.ExceptHandler, ctx: Context) -> bool:
    """Clean-up code: what fails there must not hide anything else."""
    function = ctx.function_around(node)
    name = getattr(function, "name", "")
    return name in ("__del__", "__exit__", "close") or any(
        w in name for w in ("cleanup", "shutdown", "atexit", "teardown")
    )


def _keeps(node: ast.ExceptHandler) -> bool:
    """Whether the exception goes on, or is handed on as a value."""
    for part in inside(node.body):
        if isinstance(part, ast.Raise) and (
            part.exc is None or (isinstance(part.exc, ast.Name) and part.exc.id == node.name)
        ):
            return True
        if node.name and isinstance(part, ast.Name) and part.id == node.name and isinstance(part.ctx, ast.Load):
            return not any(isinstance(p, ast.Raise) for p in inside(node.body))
        if isinstance(part, ast.Call) and getattr(part.func, "attr", getattr(part.func, "id", "")) in (
            "exit",
            "_exit",
            "exc_info",
            "reraise",
            "format_exc",
            "exception",
        ):
            return True
    return False


def _caught(kind: ast.expr, node: ast.ExceptHandler, ctx: Context) -> None:
    if isinstance(kind, ast.BoolOp | ast.BinOp | ast.Compare):
        if not (isinstance(kind, ast.BinOp) and isinstance(kind.op, ast.Add)):
            ctx.report(WRONG_OPERATION, node, "An operator does not combine exceptions: use a tuple.")
        if isinstance(kind, ast.BoolOp):
            ctx.report(CATCHING_NON_EXCEPTION, node, "Only one of the operands is caught.")
        return
    value = ctx.value(kind)
    if value is None or (isinstance(kind, ast.Name) and value.instance_of("builtins.tuple")):
        return
    wrong = value.kind in ("function", "module") or (
        value.kind == "class" and value.cls is not None and not is_exception(value.cls)
    )
    if value.kind == "instance" and value.cls is not None and value.cls.known:
        wrong = not isinstance(kind, ast.Starred) and not value.instance_of("builtins.tuple", "builtins.list")
    if wrong:
        ctx.report(CATCHING_NON_EXCEPTION, node, "This except clause does not name an exception class.")


def _note(node: ast.ExceptHandler, ctx: Context) -> None:
    if node.name is None:
        return
    uses = [
        p for p in inside(node.body) if isinstance(p, ast.Name) and p.id == node.name and isinstance(p.ctx, ast.Load)
    ]
    notes = [u for u in uses if isinstance(parent := ctx.parent(u), ast.Attribute) and parent.attr == "add_note"]
    if not notes or len(notes) < len(uses):
        return
    if not any(isinstance(p, ast.Raise) and p.exc is None for p in inside(node.body)):
        ctx.report(NOTE_LOST, node, "The exception with the note is neither raised nor used.")


def _reraised(node: Try, ctx: Context) -> None:
    if not node.handlers:
        return
    last = node.handlers[-1]
    match last.body:
        case [ast.Raise(exc=None, cause=None)]:
            again = True
        case [ast.Raise(exc=ast.Name(id=name), cause=None)]:
            again = name == last.name
        case _:
            again = False
    if again and (len(node.handlers) == 1 or last.type is not None):
        ctx.report(RERAISED_ONLY, last, "This clause only raises what it catches.")


RULES = (
    CATCHING_NON_EXCEPTION,
    EXCEPT_ORDER,
    OVERLAPPING,
    RERAISED_ONLY,
    SWALLOWED,
    BASE_EXCEPTION,
    NOTE_LOST,
    WRONG_OPERATION,
)
CHECKS = (
    on(ast.Try, _handlers),
    on(ast.TryStar, _handlers),
    on(ast.Try, _reraised),
    on(ast.ExceptHandler, _handler),
)
