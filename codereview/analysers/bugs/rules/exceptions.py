"""Raising and catching."""

import ast
from collections.abc import Iterator

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.definitions import Class
from codereview.analysers.bugs.model.scopes import FUNCTIONS
from codereview.analysers.bugs.model.walking import inside, own_nodes
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, UNSURE, define, on
from codereview.analysers.bugs.rules.calls import _expects_error as expects_error

RAISING_NON_EXCEPTION = define(
    "raising-non-exception",
    "Raise of something that is not an exception",
    severity=HIGH,
    confidence=SURE,
    description="Only classes and instances that derive from BaseException can be raised; so can only they be a cause.",
    scenario="TypeError: exceptions must derive from BaseException, in place of the error that was meant.",
    fix="Raise an exception; for abstract methods NotImplementedError, not NotImplemented.",
    family="raising-non-exception",
    valid=("raise ValueError\n", "class E(Exception):\n    pass\n\n\nraise E('x') from None\n"),
    invalid=(
        "raise 'oops'\n",
        "raise NotImplemented\n",
        "class E:\n    pass\n\n\nraise E()\n",
        "raise ValueError from 'x'\n",
        "raise (ValueError, 'x')\n",
    ),
)
CATCHING_NON_EXCEPTION = define(
    "catching-non-exception",
    "except with something that is not an exception class",
    severity=HIGH,
    confidence=SURE,
    description="What an except clause names must derive from BaseException; an instance or other value does not.",
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
    description="A bare or most general except does nothing: no log, no fallback, no raise. Even a typing error vanishes.",
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
    description="A bare except or BaseException also catches KeyboardInterrupt, SystemExit and cancellation; it must raise again.",
    scenario="Ctrl-C, sys.exit() or task cancellation has no effect while this code runs.",
    fix="Catch Exception, or end the clause with raise.",
    family="base-exception-kept",
    valid=("try:\n    f()\nexcept BaseException:\n    g()\n    raise\n", "try:\n    f()\nexcept Exception:\n    g()\n"),
    invalid=(
        "try:\n    f()\nexcept BaseException:\n    g()\n",
        "try:\n    f()\nexcept BaseException as e:\n    raise ValueError('x')\n",
    ),
)
NOT_RAISED = define(
    "exception-not-raised",
    "Exception made and not raised",
    severity=MEDIUM,
    confidence=SURE,
    description="The statement creates an exception and drops it: the raise is missing.",
    scenario="The check finds the error, says nothing, and execution goes on.",
    fix="Write raise before it.",
    family="exception-not-raised",
    valid=("raise ValueError('x')\n", "e = ValueError('x')\n"),
    invalid=("if x < 0:\n    ValueError('negative')\n", "class E(Exception):\n    pass\n\n\nE('x')\n"),
)
RAISE_OUTSIDE = define(
    "raise-without-exception",
    "Bare raise where no exception is active",
    severity=HIGH,
    confidence=LIKELY,
    description="`raise` without an exception works only while one is being handled.",
    scenario="RuntimeError: No active exception to re-raise.",
    fix="Name the exception to raise.",
    family="raise-without-exception",
    valid=("try:\n    f()\nexcept ValueError:\n    raise\n", "def f():\n    raise ValueError\n"),
    invalid=("def f(x):\n    if x:\n        raise\n", "try:\n    f()\nfinally:\n    raise\n"),
)
STOP_ITERATION = define(
    "stop-iteration-in-generator",
    "StopIteration in a generator",
    severity=MEDIUM,
    confidence=SURE,
    description="A generator ends by return; a StopIteration raised in it, or let through from next(), is an error.",
    scenario="RuntimeError: generator raised StopIteration, when the inner iterator ends first.",
    fix="Use return, give next() a default, or catch StopIteration.",
    family="stop-iteration-in-generator",
    valid=(
        "def f(it):\n    while True:\n        try:\n            yield next(it)\n        except StopIteration:\n            return\n",
        "def f(it):\n    yield next(it, None)\n",
    ),
    invalid=(
        "def f():\n    yield 1\n    raise StopIteration\n",
        "def f(it):\n    it = iter(it)\n    while True:\n        yield next(it)\n",
    ),
)
UNPICKLABLE = define(
    "exception-loses-arguments",
    "Exception that cannot be copied or pickled",
    severity=LOW,
    confidence=LIKELY,
    description="An exception is rebuilt from `args`, which are what super().__init__() was given; here that differs from __init__.",
    scenario="Across processes (multiprocessing, Celery) the error turns into a TypeError while it is unpickled.",
    fix="Pass all parameters to super().__init__(), or define __reduce__.",
    family="exception-loses-arguments",
    valid=(
        "class E(Exception):\n    def __init__(self, code, text):\n        super().__init__(code, text)\n",
        "class E(Exception):\n    pass\n",
    ),
    invalid=(
        "class E(Exception):\n    def __init__(self, code, text):\n        super().__init__(text)\n        self.code = code\n",
        "class E(Exception):\n    def __init__(self, *, code):\n        self.code = code\n",
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


def _exception_class(node: ast.expr, ctx: Context) -> Class | None:
    value = ctx.value(node)
    return value.cls if value is not None and value.kind == "class" else None


def _is_exception(cls: Class) -> bool:
    return not cls.known or cls.is_a("builtins.BaseException")


def _raise(node: ast.Raise, ctx: Context) -> None:
    if node.exc is None:
        _bare_raise(node, ctx)
        return
    if expects_error(node, ctx):
        return
    if (
        isinstance(node.exc, ast.Tuple)
        or ctx.qualified(_called(node.exc)) == "builtins.NotImplemented"
        or _not_raisable(node.exc, ctx)
    ):
        ctx.report(RAISING_NON_EXCEPTION, node, "What is raised here is not an exception.")
    elif node.cause is not None and not _is_none(node.cause) and _not_raisable(node.cause, ctx):
        ctx.report(RAISING_NON_EXCEPTION, node, "The cause is not an exception.")


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _not_raisable(node: ast.expr, ctx: Context) -> bool:
    value = ctx.value(node)
    if value is None:
        return False
    if value.kind in ("function", "module"):
        return value.kind == "module" or (value.function is not None and value.function.node is not None)
    return value.cls is not None and value.name not in ("self", "cls") and not _is_exception(value.cls)


def _bare_raise(node: ast.Raise, ctx: Context) -> None:
    child: ast.AST = node
    current = ctx.parent(node)
    while current is not None and not isinstance(current, (*FUNCTIONS, ast.Lambda, ast.Module, ast.ClassDef)):
        if isinstance(current, ast.ExceptHandler):
            return
        if isinstance(current, ast.Try) and any(child is s for s in current.finalbody):
            ctx.report(RAISE_OUTSIDE, node, "In finally there may be no exception to raise again.")
            return
        child, current = current, ctx.parent(current)
    # A helper called from a handler may rely on the caller's exception: its name says so.
    name = getattr(current, "name", "")
    helper = isinstance(current, FUNCTIONS) and any(
        word in name.lower() for word in ("handle", "raise", "exc", "error", "exit")
    )
    if not helper:
        ctx.report(RAISE_OUTSIDE, node, "No exception is being handled here.")


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
        classes = [(kind, cls) for kind in kinds if (cls := _exception_class(kind, ctx)) is not None]
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
        value.kind == "class" and value.cls is not None and not _is_exception(value.cls)
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


def _expression(node: ast.Expr, ctx: Context) -> None:
    if not isinstance(node.value, ast.Call) or expects_error(node, ctx):
        return
    value = ctx.value(node.value.func)
    made = (
        value is not None
        and value.kind == "class"
        and value.cls is not None
        and value.cls.is_a("builtins.BaseException")
    )
    if made and value is not None and value.name not in ("cls", "self"):
        ctx.report(NOT_RAISED, node, "The exception is made, but not raised.")


def _generator(node: ast.FunctionDef, ctx: Context) -> None:
    if ctx.method(node).returns != "types.GeneratorType":
        return
    for part in own_nodes(node):
        if isinstance(part, ast.Raise) and part.exc is not None and not ctx.in_try(part, "StopIteration"):
            cls = _exception_class(_called(part.exc), ctx)
            if cls is not None and cls.is_a("builtins.StopIteration"):
                ctx.report(STOP_ITERATION, part, "In a generator this becomes a RuntimeError; use return.")
        elif (
            isinstance(part, ast.Call)
            and isinstance(part.func, ast.Name)
            and part.func.id == "next"
            and len(part.args) == 1
        ) and (
            not ctx.in_try(part, "StopIteration")
            and not _endless(part.args[0], ctx)
            and ctx.qualified(part.func) == "builtins.next"
        ):
            in_loop = ctx.enclosing(part, ast.While, ast.For) is not None and isinstance(
                ctx.enclosing(part, ast.While, ast.For, ast.FunctionDef), ast.While | ast.For
            )
            if in_loop or isinstance(ctx.parent(part), ast.Yield):
                ctx.report(STOP_ITERATION, part, "When the iterator ends first, this becomes a RuntimeError.")


def _endless(node: ast.expr, ctx: Context) -> bool:
    """Whether the iterator has no end, or is known not to be empty."""
    name = node
    if isinstance(node, ast.Name):
        found = ctx.index.scope_of_name[node].resolve(node.id)
        values = [b.value for b in found[1] if b.value is not None] if found is not None else []
        name = values[0] if len(values) == 1 else node
    return ctx.calls(name, "itertools.count", "itertools.cycle", "itertools.repeat")


def _class(node: ast.ClassDef, ctx: Context) -> None:
    cls = ctx.project.class_at(node, ctx.module)
    init = next((m for m in node.body if isinstance(m, ast.FunctionDef) and m.name == "__init__"), None)
    if init is None or not cls.is_a("builtins.BaseException") or ctx.is_test:
        return
    if any(
        name in c.members
        for c in cls.ancestors
        if c.node is not None
        for name in ("__reduce__", "__reduce_ex__", "__getnewargs__", "__copy__", "__new__")
    ):
        return
    if len(cls.bases) != 1 or cls.bases[0] is None or cls.bases[0].node is not None:
        return  # what the base class does with the arguments is its own affair
    arguments = init.args
    required = [a.arg for a in (*arguments.posonlyargs, *arguments.args)][1:]
    optional = len(arguments.defaults)
    mandatory = required[: len(required) - optional] if optional else required
    keyword_only = [a for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=False) if d is None]
    passed = _passed(init)
    if keyword_only or (
        passed is not None
        and len(mandatory) != passed
        and not (passed and passed >= len(mandatory) and passed <= len(required))
    ):
        ctx.report(UNPICKLABLE, init, "args will not fit __init__ when the exception is rebuilt.")


def _passed(init: ast.FunctionDef) -> int | None:
    """How many arguments super().__init__() is given; None when that is not certain."""
    for part in own_nodes(init):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "__init__":
            own = isinstance(part.func.value, ast.Call)
            if any(isinstance(a, ast.Starred) for a in part.args) or part.keywords:
                return None
            return len(part.args) - (0 if own else 1)
        if isinstance(part, ast.Attribute) and part.attr == "args":
            return None
    return None


RULES = (
    *(
        RAISING_NON_EXCEPTION,
        CATCHING_NON_EXCEPTION,
        EXCEPT_ORDER,
        OVERLAPPING,
        RERAISED_ONLY,
        SWALLOWED,
        BASE_EXCEPTION,
    ),
    *(NOT_RAISED, RAISE_OUTSIDE, STOP_ITERATION, UNPICKLABLE, NOTE_LOST, WRONG_OPERATION),
)
CHECKS = (
    on(ast.Raise, _raise),
    on(ast.Try, _handlers),
    on(ast.TryStar, _handlers),
    on(ast.Try, _reraised),
    on(ast.ExceptHandler, _handler),
    on(ast.Expr, _expression),
    on(ast.FunctionDef, _generator),
    on(ast.ClassDef, _class),
)
_ = UNSURE
