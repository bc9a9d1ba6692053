"""The environment of the process."""

import ast

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.rule import HIGH, MEDIUM, SURE, define, on

ENVIRONMENT = define(
    "environment-not-text",
    "Environment variable that is not text",
    severity=HIGH,
    confidence=SURE,
    description="Names and values of environment variables are strings.",
    scenario="TypeError: str expected, not int; for the default of getenv(), a value of two different types.",
    fix="Convert it to text.",
    family="invalid-envvar",
    valid=(
        "import os\n\nos.environ['A'] = '1'\n",
        "import os\n\nos.getenv('A', '1')\n",
        "import os\n\nos.getenv('A', None)\n",
    ),
    invalid=(
        "import os\n\nos.environ['A'] = 1\n",
        "import os\n\nos.getenv(1)\n",
        "import os\n\nos.putenv('A', 1)\n",
        "import os\n\nos.environ['A'] = None\n",
    ),
)


ENVIRON_COPY = define(
    "environ-shallow-copy",
    "copy.copy() of os.environ",
    severity=MEDIUM,
    confidence=SURE,
    description=("copy.copy() keeps the connection to the process: changes to the copy still go to the environment."),
    scenario="Variables meant for one child process leak into all others.",
    fix="Use os.environ.copy().",
    family="shallow-copy-environ",
    valid=("import os\n\nx = os.environ.copy()\n", "import copy\n\nx = copy.copy({})\n"),
    invalid=(
        "import copy\nimport os\n\nx = copy.copy(os.environ)\n",
        "from copy import copy\nimport os\n\nx = copy(x=os.environ)\n",
    ),
)


def _copied(node: ast.Call, ctx: Context) -> None:
    if ctx.qualified(node.func) == "copy.copy":
        values = [*node.args, *(k.value for k in node.keywords if k.arg in ("x", None))]
        flat = [v for value in values for v in (value.values if isinstance(value, ast.Dict) else [value])]
        if any(ctx.qualified(v) == "os.environ" for v in flat):
            ctx.report(ENVIRON_COPY, node, "The copy still changes the environment of the process.")


def _environment(node: ast.Call, ctx: Context) -> None:
    name = ctx.qualified(node.func)
    if name not in (
        "os.getenv",
        "os.putenv",
        "os.environ.get",
        "os.environ.setdefault",
        "os.unsetenv",
    ) or ctx.expects_error(node):
        return
    wanted = node.args if name in ("os.putenv", "os.environ.setdefault") else node.args[:1]
    for argument in wanted:
        value = ctx.value(argument)
        if value is not None and value.instance_of(
            "builtins.int", "builtins.float", "builtins.bool", "types.NoneType", "builtins.list"
        ):
            ctx.report(ENVIRONMENT, node, "Environment variables are text.")
            return


def _store(node: ast.Assign, ctx: Context) -> None:
    for target in node.targets:
        if (
            isinstance(target, ast.Subscript)
            and ctx.qualified(target.value) == "os.environ"
            and not ctx.expects_error(node)
        ):
            value = ctx.value(node.value)
            if value is not None and value.instance_of(
                "builtins.int", "builtins.float", "builtins.bool", "types.NoneType", "builtins.list"
            ):
                ctx.report(ENVIRONMENT, node, "Environment variables are text.")


RULES = (
    ENVIRONMENT,
    ENVIRON_COPY,
)
CHECKS = (
    on(ast.Call, _environment),
    on(ast.Call, _copied),
    on(ast.Assign, _store),
)
