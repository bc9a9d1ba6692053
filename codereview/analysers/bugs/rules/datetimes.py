"""Dates and times."""

import ast
import re

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.model.declared import attribute_values
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on

IMPOSSIBLE = define(
    "impossible-date",
    "Date or time that does not exist",
    severity=HIGH,
    confidence=SURE,
    description="A month beyond 12, a day beyond 31, an hour beyond 23: the constructor refuses it.",
    scenario="ValueError whenever the line runs.",
    fix="Correct the value; use timedelta for arithmetic.",
    valid=("import datetime\n\ndatetime.date(2024, 2, 29)\n", "from datetime import time\n\ntime(23, 59)\n"),
    invalid=(
        "import datetime\n\ndatetime.date(2024, 13, 1)\n",
        "from datetime import datetime\n\ndatetime(2024, 1, 32)\n",
        "from datetime import time\n\ntime(24, 0)\n",
        "import datetime\n\ndatetime.datetime(2023, 2, 29)\n",
    ),
)
NAIVE_AWARE = define(
    "naive-and-aware-mixed",
    "Time with a zone compared with one without",
    severity=HIGH,
    confidence=SURE,
    description="One side has a time zone, the other has none; they can be neither compared nor subtracted.",
    scenario="TypeError: can't compare offset-naive and offset-aware datetimes.",
    fix="Give both a zone: datetime.now(timezone.utc).",
    valid=(
        ("from datetime import datetime, timezone\n\nx = datetime.now(timezone.utc) - datetime.now(timezone.utc)\n"),
        "from datetime import datetime\n\nx = datetime.now() - datetime.now()\n",
    ),
    invalid=(
        "from datetime import datetime, timezone\n\nx = datetime.now() - datetime.now(timezone.utc)\n",
        (
            "from datetime import datetime, timezone\n"
            "\n"
            "start = datetime.utcnow()\n"
            "if datetime.now(tz=timezone.utc) > start:\n"
            "    pass\n"
        ),
    ),
)
UTCNOW = define(
    "utcnow",
    "UTC time without a zone",
    severity=LOW,
    confidence=SURE,
    description=(
        "utcnow() and utcfromtimestamp() give a time without a zone, which everything else takes for local time."
    ),
    scenario="timestamp() and astimezone() of it are wrong by the offset of the server.",
    fix="Use datetime.now(timezone.utc).",
    family="utcnow",
    valid=("from datetime import datetime, timezone\n\ndatetime.now(timezone.utc)\n", "import time\n\ntime.time()\n"),
    invalid=(
        "from datetime import datetime\n\nx = datetime.utcnow().timestamp()\n",
        "import datetime\n\nx = datetime.datetime.utcfromtimestamp(0).astimezone()\n",
    ),
)
SECONDS = define(
    "timedelta-seconds",
    "Seconds of a difference without its days",
    severity=MEDIUM,
    confidence=LIKELY,
    description="timedelta.seconds is the rest below a day; total_seconds() is the whole difference.",
    scenario="A difference of a day and a second counts as one second; negative ones as nearly a day.",
    fix="Use total_seconds().",
    valid=(
        "from datetime import datetime\n\nx = (datetime.now() - start).total_seconds()\n",
        "x.days * 86400 + x.seconds\n",
    ),
    invalid=(
        "from datetime import datetime\n\nx = (datetime.now() - start).seconds\n",
        "from datetime import datetime\n\n\ndef f(a):\n    d = datetime.now() - a\n    return d.seconds\n",
        "def f(a, b):\n    return (a.created_at - b.created_at).seconds\n",
    ),
)
TWELVE_HOURS = define(
    "hour-without-half",
    "Twelve-hour clock without AM or PM",
    severity=MEDIUM,
    confidence=SURE,
    description=(
        "%I is the hour from 1 to 12; without %p nobody knows which half of the day, and %H with %p ignores it."
    ),
    scenario="15:00 is written as 03:00 and read back as three in the night.",
    fix="Use %H, or add %p.",
    valid=("x.strftime('%I:%M %p')\n", "x.strftime('%H:%M')\n"),
    invalid=("x.strftime('%I:%M')\n", "from datetime import datetime\n\ndatetime.strptime(x, '%H:%M %p')\n"),
)
BAD_DIRECTIVE = define(
    "bad-time-format",
    "Time format with the wrong directive",
    severity=MEDIUM,
    confidence=LIKELY,
    description=(
        "%m is the month and %M the minute; a format with the minute in a date, or the month in a time, mixes them up."
    ),
    scenario="2024-30-01 is written, or a date cannot be read.",
    fix="Swap %m and %M.",
    valid=("x.strftime('%Y-%m-%d %H:%M')\n", "x.strftime('%H:%M:%S')\n"),
    invalid=(
        "x.strftime('%Y-%M-%d')\n",
        "x.strftime('%H:%m:%S')\n",
        "x.strftime('%Y-%m-%d %H:%m')\n",
        "from datetime import datetime\n\ndatetime.strptime(x, '%Y-%m-%q')\n",
    ),
)
PYTZ = define(
    "pytz-in-constructor",
    "pytz zone given to a constructor",
    severity=MEDIUM,
    confidence=SURE,
    description="A pytz zone given as tzinfo stands for its first historical offset, the local mean time.",
    scenario="All times are wrong by some minutes.",
    fix="Use zoneinfo, or zone.localize(…).",
    valid=(
        "import pytz\n\npytz.timezone('Europe/Paris').localize(x)\n",
        "import datetime\nimport pytz\n\ndatetime.datetime(2024, 1, 1, tzinfo=pytz.utc)\n",
    ),
    invalid=(
        ("import datetime\nimport pytz\n\ndatetime.datetime(2024, 1, 1, tzinfo=pytz.timezone('Europe/Paris'))\n"),
        "import pytz\n\ny = x.replace(tzinfo=pytz.timezone('Europe/Paris'))\n",
    ),
)
_LIMITS = {
    "year": (1, 9999),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
    "microsecond": (0, 999999),
}
_PARTS = {
    "datetime.datetime": ("year", "month", "day", "hour", "minute", "second", "microsecond"),
    "datetime.date": ("year", "month", "day"),
    "datetime.time": ("hour", "minute", "second", "microsecond"),
}
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DIRECTIVES = frozenset("aAwdbBmyYHIMSpfzZjUWcxXGuV%-:eDFTRsnthklPCEgrEO^#_0123456789N")


def _call(node: ast.Call, ctx: Context) -> None:
    name = ctx.qualified(node.func)
    if name in _PARTS:
        _constructor(node, _PARTS[name], ctx)
    if name in ("datetime.datetime.utcnow", "datetime.datetime.utcfromtimestamp"):
        parent = ctx.parent(node)
        if isinstance(parent, ast.Attribute) and parent.attr in ("timestamp", "astimezone", "timetuple"):
            ctx.report(UTCNOW, node, "Without a zone this is taken for local time.")
    for keyword in node.keywords:
        if keyword.arg == "tzinfo" and ctx.calls(keyword.value, "pytz.timezone") and _not_utc(keyword.value):
            ctx.report(PYTZ, node, "A pytz zone has to be applied by localize().")
    attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    place = {"strftime": 0, "strptime": 1}.get(attribute)
    if place is not None:
        candidates = [a for a in node.args[: place + 1] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if candidates:
            _format(candidates[-1], str(candidates[-1].value), attribute, ctx)


def _not_utc(node: ast.expr) -> bool:
    return not (
        isinstance(node, ast.Call)
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and str(node.args[0].value).upper() == "UTC"
    )


def _constructor(node: ast.Call, parts: tuple[str, ...], ctx: Context) -> None:
    given: dict[str, int] = {}
    for name, argument in [*zip(parts, node.args, strict=False), *((k.arg or "", k.value) for k in node.keywords)]:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, int):
            given[name] = argument.value
    bad = [n for n, v in given.items() if n in _LIMITS and not _LIMITS[n][0] <= v <= _LIMITS[n][1]]
    if not bad and {"month", "day"} <= given.keys():
        last = _DAYS[given["month"] - 1]
        year = given.get("year", 4)
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        if given["day"] > (28 if given["month"] == 2 and not leap else last):
            bad = ["day"]
    if bad and not ctx.in_try(node, "ValueError") and not ctx.expects_error(node):
        ctx.report(IMPOSSIBLE, node, f"There is no such {bad[0]}: {given[bad[0]]}.")


def _format(node: ast.Constant, text: str, attribute: str, ctx: Context) -> None:
    directives = re.findall(r"%[-#]?(.)", text)
    if (
        ("I" in directives) != ("p" in directives)
        and ("I" in directives or "H" in directives)
        and "c" not in directives
    ):
        ctx.report(TWELVE_HOURS, node, "%I belongs together with %p.")
    mixed = re.search(r"%Y[-/.]?%M|%M[-/.]%d|%d[-/.]%M|%H:?%m|%m:%S", text)
    unknown = attribute == "strptime" and any(d not in _DIRECTIVES for d in directives)
    if mixed or unknown:
        ctx.report(BAD_DIRECTIVE, node, "%m is the month, %M the minute." if mixed else "A directive is not known.")


def _aware(node: ast.expr, ctx: Context, depth: int = 0) -> bool | None:
    """Whether the time has a zone; None when unknown."""
    if isinstance(node, ast.Name) and depth < 3:
        found = ctx.index.scope_of_name[node].resolve(node.id)
        value = found[1][0].value if found is not None and len(found[1]) == 1 else None
        return _aware(value, ctx, depth + 1) if value is not None else None
    if isinstance(node, ast.Attribute) and depth < 3:
        owner = ctx.value(node.value)
        values = (
            attribute_values(owner.cls, node.attr, ctx.module) if owner is not None and owner.cls is not None else []
        )
        return _aware(values[0], ctx, depth + 1) if len(values) == 1 else None
    if not isinstance(node, ast.Call):
        return None
    name = ctx.qualified(node.func)
    if name in ("datetime.datetime.utcnow", "datetime.datetime.today", "datetime.datetime.utcfromtimestamp"):
        return False
    if name in ("datetime.datetime.now", "datetime.datetime.fromtimestamp"):
        wanted = 0 if name.endswith("now") else 1
        given = len(node.args) > wanted or any(k.arg == "tz" for k in node.keywords)
        zone = next(
            (k.value for k in node.keywords if k.arg == "tz"), node.args[wanted] if len(node.args) > wanted else None
        )
        if given and isinstance(zone, ast.Attribute | ast.Call):
            return True
        return None if given else False
    if name == "datetime.datetime" and not any(k.arg is None for k in node.keywords) and len(node.args) < 8:
        return any(
            k.arg == "tzinfo" and not (isinstance(k.value, ast.Constant) and k.value.value is None)
            for k in node.keywords
        )
    return None


def _mixed(left: ast.expr, right: ast.expr, node: ast.AST, ctx: Context) -> None:
    a, b = _aware(left, ctx), _aware(right, ctx)
    if (
        a is not None
        and b is not None
        and a is not b
        and not ctx.in_try(node, "TypeError")
        and not ctx.expects_error(node)
    ):
        ctx.report(NAIVE_AWARE, node, "One side has a time zone, the other has none.")


def _compare(node: ast.Compare, ctx: Context) -> None:
    if len(node.ops) == 1 and isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
        _mixed(node.left, node.comparators[0], node, ctx)


def _subtract(node: ast.BinOp, ctx: Context) -> None:
    if isinstance(node.op, ast.Sub):
        _mixed(node.left, node.right, node, ctx)


def _of_clock(node: ast.expr, ctx: Context) -> bool:
    """Whether a difference has the present time on one side."""
    now = ("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "django.utils.timezone.now")
    return isinstance(node, ast.BinOp) and any(ctx.calls(side, *now) for side in (node.left, node.right))


def _seconds(node: ast.Attribute, ctx: Context) -> None:
    difference = node.value
    if node.attr == "seconds" and isinstance(difference, ast.Name):
        bindings = ctx.index.scope_of_name[difference].bindings.get(difference.id, [])
        value = bindings[0].value if len(bindings) == 1 else None
        difference = value if value is not None and _of_clock(value, ctx) else difference
    if node.attr == "seconds" and isinstance(difference, ast.BinOp) and isinstance(difference.op, ast.Sub):
        function = ctx.function_around(node)
        around = function if isinstance(node.value, ast.Name) and function is not None else ctx.statement(node)
        whole = around is not None and any(
            isinstance(p, ast.Attribute) and p.attr in ("days", "microseconds") for p in ast.walk(around)
        )
        if not whole:
            ctx.report(SECONDS, node, "Whole days are left out.")


RULES = (IMPOSSIBLE, NAIVE_AWARE, UTCNOW, SECONDS, TWELVE_HOURS, BAD_DIRECTIVE, PYTZ)
CHECKS = (on(ast.Call, _call), on(ast.Compare, _compare), on(ast.BinOp, _subtract), on(ast.Attribute, _seconds))
