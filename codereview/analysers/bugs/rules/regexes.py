"""Regular expressions that fail, or match something else than they seem to."""

import ast
import re
import warnings

from codereview.analysers.bugs.context import Context
from codereview.analysers.bugs.rule import HIGH, LIKELY, LOW, MEDIUM, SURE, define, on

INVALID = define(
    "invalid-regex",
    "Invalid regular expression",
    severity=HIGH,
    confidence=SURE,
    description=("The pattern has a syntax error: an unbalanced bracket, a bad range, a reference to a missing group."),
    scenario="re.error as soon as the pattern is compiled.",
    fix="Correct the pattern, or escape the special characters.",
    family="invalid-regex",
    valid=("import re\n\nre.compile(r'(a|b)+')\n", "import re\n\nre.match(r'[a-z]', x)\n"),
    invalid=(
        "import re\n\nre.compile(r'(a')\n",
        "import re\n\nre.match('[z-a]', x)\n",
        "import re\n\nre.search(r'*a', x)\n",
        "import re\n\nre.sub(r'(a)', r'\\2', x)\n",
    ),
)
NEVER_MATCHES = define(
    "regex-never-matches",
    "Regular expression that can never match",
    severity=MEDIUM,
    confidence=LIKELY,
    description="Something has to stand before the beginning, behind the end, or contradict a lookahead.",
    scenario="The search finds nothing, whatever the text.",
    fix="Move the anchor, or correct the pattern.",
    valid=("import re\n\nre.search(r'^a$', x)\n", "import re\n\nre.search(r'a|^b', x)\n"),
    invalid=(
        "import re\n\nre.search(r'a^b', x)\n",
        "import re\n\nre.search(r'$a', x)\n",
        "import re\n\nre.search(r'(?=a)b', x)\n",
    ),
)
BACKSPACE = define(
    "regex-backspace",
    "Backspace in a pattern where a word boundary was meant",
    severity=MEDIUM,
    confidence=SURE,
    description="Without the r prefix '\\b' is the backspace character.",
    scenario="The pattern matches only text with backspaces in it: never.",
    fix="Use a raw string.",
    family="regex-never-matches",
    valid=("import re\n\nre.search(r'\\bword\\b', x)\n", "import re\n\nre.search('word', x)\n"),
    invalid=("import re\n\nre.search('\\bword\\b', x)\n", "import re\n\nre.compile('\\b(a|b)')\n"),
)
FLAGS_AS_COUNT = define(
    "regex-flags-as-count",
    "Flags given in the place of another argument",
    severity=HIGH,
    confidence=SURE,
    description=("The fourth argument of re.sub() is count, the third of re.split() maxsplit; flags come after it."),
    scenario="The flag is not applied, and only so many replacements are made as its number says.",
    fix="Pass it by name, as flags=re.I.",
    family="regex-flag-position",
    valid=("import re\n\nre.sub('a', 'b', x, flags=re.I)\n", "import re\n\nre.sub('a', 'b', x, 1, re.I)\n"),
    invalid=(
        "import re\n\nre.sub('a', 'b', x, re.I)\n",
        "import re\n\nre.split('a', x, re.IGNORECASE)\n",
        "import re\n\np = re.compile('a')\np.search(x, re.I)\n",
    ),
)
WIDE_RANGE = define(
    "regex-range-too-wide",
    "Character range that takes in more than letters",
    severity=MEDIUM,
    confidence=SURE,
    description="Between Z and a stand [ \\ ] ^ _ and `, so A-z matches them too.",
    scenario="Characters that were to be refused pass the check.",
    fix="Write A-Za-z.",
    valid=("import re\n\nre.match('[A-Za-z]', x)\n", "import re\n\nre.match('[a-z]', x)\n"),
    invalid=("import re\n\nre.match('[A-z]', x)\n", "import re\n\nre.match('[a-zA-z0-9]', x)\n"),
)
EMPTY_ALTERNATIVE = define(
    "regex-empty-alternative",
    "Empty alternative in a regular expression",
    severity=LOW,
    confidence=LIKELY,
    description="A | at an end of the pattern or group, or two in a row, also matches the empty string.",
    scenario="The pattern matches everywhere.",
    fix="Remove the |, or write ? to make the group optional.",
    valid=("import re\n\nre.search('(a|b)', x)\n", "import re\n\nre.search(r'a\\|', x)\n"),
    invalid=(
        "import re\n\nre.search('a|b|', x)\n",
        "import re\n\nre.search('|a', x)\n",
        "import re\n\nre.search('a||b', x)\n",
    ),
)
DUPLICATE_IN_CLASS = define(
    "regex-duplicate-character",
    "Word or alternative written as a character class",
    severity=LOW,
    confidence=LIKELY,
    description=(
        "[...] matches one of its characters; a character in it twice, or a | in it, hints at a group that was meant."
    ),
    scenario="Single letters match where a whole word was expected.",
    fix="Use (?:…|…) for words; name each character once.",
    family="regex-duplicate-character",
    valid=("import re\n\nre.search('[abc]', x)\n", "import re\n\nre.search('[a-z_]', x)\n"),
    invalid=("import re\n\nre.search('[jpg|png]', x)\n", "import re\n\nre.search('[aab]', x)\n"),
)
ANCHOR_ALTERNATIVE = define(
    "regex-anchor-alternative",
    "Anchors that belong to one alternative only",
    severity=LOW,
    confidence=LIKELY,
    description="`^a|b$` is (^a)|(b$): the anchors do not hold for both alternatives.",
    scenario="Text that only begins or only ends right passes the check.",
    fix="Write ^(?:a|b)$.",
    valid=("import re\n\nre.search('^(a|b)$', x)\n", "import re\n\nre.search('^a$|^b$', x)\n"),
    invalid=("import re\n\nre.search('^a|b$', x)\n", "import re\n\nre.search('^a|b|c$', x)\n"),
)
UNKNOWN_GROUP = define(
    "regex-unknown-group",
    "Group that the pattern does not have",
    severity=HIGH,
    confidence=SURE,
    description="group(n), group('name') or m['name'] asks for a group that is not in the pattern.",
    scenario="IndexError: no such group, whenever the text matches.",
    fix="Use a group of the pattern.",
    valid=(
        "import re\n\nm = re.match('(a)', x)\nif m:\n    m.group(1)\n",
        "import re\n\nm = re.match('(?P<n>a)', x)\nif m:\n    m['n']\n",
    ),
    invalid=(
        "import re\n\nm = re.match('(a)', x)\nif m:\n    m.group(2)\n",
        "import re\n\nm = re.search('(?P<n>a)', x)\nif m:\n    m.group('k')\n",
    ),
)
UNCHECKED = define(
    "match-not-checked",
    "Result of a search used without a check",
    severity=MEDIUM,
    confidence=LIKELY,
    description="re.match(), search() and fullmatch() give None when nothing matches.",
    scenario=("AttributeError: 'NoneType' object has no attribute 'group', for the first text that does not match."),
    fix="Check the match first.",
    family="none-dereference",
    valid=(
        "import re\n\nm = re.match('a', x)\nif m:\n    m.group()\n",
        "import re\n\ny = [m.group() for m in re.finditer('a', x)]\n",
    ),
    invalid=(
        "import re\n\ny = re.match('(a)', x).group(1)\n",
        "import re\n\ny = re.search('a', x)[0]\n",
        "import re\n\n\ndef f(x):\n    m = re.match('a(b)', x)\n    return m.group(1)\n",
        "import re\n\ny = re.compile('a').match(x).start()\n",
    ),
)
_PATTERN_FIRST = frozenset(
    {
        f"re.{n}"
        for n in ("compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer", "template")
    }
)
_FLAG_PLACE = {"re.sub": 3, "re.subn": 3, "re.split": 2}
_MATCHERS = ("match", "search", "fullmatch")
_CLASS = re.compile(r"\[(\^?)((?:\\.|[^\]\\])+)\]")


def _call(node: ast.Call, ctx: Context) -> None:
    name = ctx.qualified(node.func)
    if name in _PATTERN_FIRST and node.args:
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            _pattern(node, node.args[0], node.args[0].value, name, ctx)
        place = _FLAG_PLACE.get(name)
        if place is not None and len(node.args) == place + 1 and _is_flag(node.args[place], ctx):
            ctx.report(FLAGS_AS_COUNT, node, "The flag is taken for a number of replacements.")
    elif (
        isinstance(node.func, ast.Attribute)
        and node.func.attr in ("search", "match", "fullmatch", "findall", "finditer")
        and len(node.args) == 2
    ):
        value = ctx.value(node.func.value)
        compiled = (value is not None and value.instance_of("re.Pattern")) or _compiled(node.func.value, ctx)
        if compiled and _is_flag(node.args[1], ctx):
            ctx.report(FLAGS_AS_COUNT, node, "The flag is taken for the position to start from.")
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "group":
        _groups(node, node.func.value, node.args, ctx)


def _compiled(node: ast.expr, ctx: Context) -> bool:
    origin = _origin(node, ctx)
    return origin is not None and ctx.calls(origin, "re.compile")


def _origin(node: ast.expr, ctx: Context) -> ast.expr | None:
    """The expression a name was given, when there is only one."""
    if not isinstance(node, ast.Name):
        return node
    found = ctx.index.scope_of_name[node].resolve(node.id)
    return found[1][0].value if found is not None and len(found[1]) == 1 else None


def _is_flag(node: ast.expr, ctx: Context) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_flag(node.left, ctx)
    name = ctx.qualified(node)
    return name.startswith("re.") and name.removeprefix("re.").isupper()


def _pattern(node: ast.Call, literal: ast.Constant, text: str, name: str, ctx: Context) -> None:
    flags = [k.value for k in node.keywords if k.arg == "flags"] + [a for a in node.args[1:] if _is_flag(a, ctx)]
    verbose = any("VERBOSE" in ast.unparse(f) or ast.unparse(f).endswith(".X") for f in flags) or "(?x" in text
    multiline = (
        any("M" in ast.unparse(f).rpartition(".")[2][:1] or "MULTILINE" in ast.unparse(f) for f in flags)
        or "(?m" in text
    )
    if "\x08" in text and "[" not in text:
        ctx.report(BACKSPACE, literal, "'\\b' is a backspace here; a raw string makes it a word boundary.")
    compiled = _compile(literal, text, verbose=verbose, ctx=ctx)
    if compiled is None or verbose or len(text) > 2000:
        return
    if (
        name in ("re.sub", "re.subn")
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    ):
        _template(node.args[1], node.args[1].value, compiled, ctx)
    for character_class in _CLASS.finditer(text):
        _character_class(literal, character_class[2], ctx)
    bare = _CLASS.sub("x", re.sub(r"\\.", "x", text))
    if (
        not multiline and re.search(r"[A-Za-z0-9x]\^(?:[A-Za-z0-9x]|$)|(?<![|(])\$(?!\))[A-Za-z0-9x]", bare)
    ) or re.match(r"\$[A-Za-z0-9]", bare):
        ctx.report(NEVER_MATCHES, literal, "Something would have to stand before the beginning, or behind the end.")
    ahead = re.search(r"\(\?=([A-Za-z0-9])\)([A-Za-z0-9])(?![*?{])", bare)
    if ahead and ahead[1] != ahead[2]:
        ctx.report(NEVER_MATCHES, literal, "The lookahead contradicts what follows.")
    _alternatives(literal, bare, ctx)


def _compile(literal: ast.Constant, text: str, *, verbose: bool, ctx: Context) -> re.Pattern[str] | None:
    if len(text) > 4000:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(text, re.VERBOSE if verbose else 0)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        # Possessive quantifiers and the like are newer than some interpreters that run this.
        newer = isinstance(error, re.error) and any(word in text[1:] for word in ("\\z", "(?>", "++", "*+", "?+"))
        if not newer and not ctx.in_try(literal, "error", "PatternError") and not ctx.expects_error(literal):
            ctx.report(INVALID, literal, f"The pattern is invalid: {error}.")
        return None


def _template(node: ast.Constant, text: str, pattern: re.Pattern[str], ctx: Context) -> None:
    for reference in re.finditer(r"(?<!\\)(?:\\\\)*\\(?:g<(\w+)>|([1-9]\d?))", text):
        wanted = reference[1] or reference[2]
        known = int(wanted) <= pattern.groups if wanted.isdigit() else wanted in pattern.groupindex
        if not known:
            ctx.report(INVALID, node, f"The pattern has no group '{wanted}'.")
            return


def _character_class(literal: ast.Constant, inner: str, ctx: Context) -> None:
    if "A-z" in inner:
        ctx.report(WIDE_RANGE, literal, "A-z also takes in [, \\, ], ^, _ and `.")
    plain = re.sub(r"\\.|.-.", "", inner)
    letters = [c for c in plain if c.isalnum()]
    words = len(letters) >= 4 and "|" in plain
    if words or (len(letters) != len(set(letters)) and len(plain) < 40):
        ctx.report(DUPLICATE_IN_CLASS, literal, "A character class matches one character, not a word.")


def _alternatives(literal: ast.Constant, bare: str, ctx: Context) -> None:
    if re.search(r"\|\||^\||\(\)", bare) or bare.endswith("|"):
        ctx.report(EMPTY_ALTERNATIVE, literal, "The empty alternative matches everywhere.")
    depth, parts = 0, [""]
    for character in bare:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    if len(parts) > 1 and "(" not in bare and len(set(parts)) < len(parts) and "x" not in parts:
        ctx.report(DUPLICATE_IN_CLASS, literal, "An alternative stands twice.")
    if len(parts) > 1:
        first, last = parts[0].startswith("^"), parts[-1].endswith("$")
        if (
            first
            and last
            and not any(p.startswith("^") for p in parts[1:])
            and not any(p.endswith("$") for p in parts[:-1])
        ):
            ctx.report(ANCHOR_ALTERNATIVE, literal, "The anchors hold for the first and last alternative only.")


def _groups(node: ast.Call, owner: ast.expr, arguments: list[ast.expr], ctx: Context) -> None:
    origin = _origin(owner, ctx)
    if isinstance(origin, ast.Call) and isinstance(origin.func, ast.Attribute) and origin.func.attr in _MATCHERS:
        compiled_by = _origin(origin.func.value, ctx)
        if isinstance(compiled_by, ast.Call) and ctx.calls(compiled_by, "re.compile"):
            origin = compiled_by
    if (
        not isinstance(origin, ast.Call)
        or ctx.qualified(origin.func) not in ("re.match", "re.search", "re.fullmatch", "re.compile")
        or not origin.args
    ):
        return
    pattern = origin.args[0]
    if not isinstance(pattern, ast.Constant) or not isinstance(pattern.value, str) or len(origin.args) > 2:
        return
    try:
        compiled = re.compile(pattern.value)
    except (re.error, OverflowError, RecursionError):
        return
    for argument in arguments:
        if isinstance(argument, ast.Constant):
            wanted = argument.value
            missing = wanted > compiled.groups if isinstance(wanted, int) else wanted not in compiled.groupindex
            if missing:
                ctx.report(UNKNOWN_GROUP, node, f"The pattern has no group {wanted!r}.")


def _dereferenced(node: ast.Attribute | ast.Subscript, ctx: Context) -> None:
    call = node.value
    if (
        not isinstance(call, ast.Call)
        or not isinstance(call.func, ast.Attribute)
        or call.func.attr not in _MATCHERS
        or ctx.is_test
    ):
        return
    direct = ctx.qualified(call.func) in tuple(f"re.{n}" for n in _MATCHERS)
    if not direct and not (_compiled(call.func.value, ctx) and len(call.args) == 1):
        return
    if not ctx.in_try(node, "AttributeError", "TypeError") and not _always(call, ctx):
        ctx.report(UNCHECKED, node, "When nothing matches this is None.")


def _match_used(node: ast.Attribute | ast.Subscript, ctx: Context) -> None:
    """``m = re.match(…)`` and ``m.group()``, with nothing in the function that asks whether there is a match."""
    name = node.value
    if not isinstance(name, ast.Name) or ctx.is_test or not isinstance(node.ctx, ast.Load):
        return
    scope = ctx.index.scope_of_name[name]
    bindings = scope.bindings.get(name.id, [])
    call = bindings[0].value if len(bindings) == 1 and scope.is_function else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in _MATCHERS:
        return
    # A pattern kept under a name of its own is often one that its callers have matched already.
    if ctx.qualified(call.func) not in tuple(f"re.{n}" for n in _MATCHERS) or isinstance(
        ctx.parent(call), ast.NamedExpr
    ):
        return
    uses = [load for load in scope.loads if load.id == name.id]
    plain = all(isinstance(ctx.parent(use), ast.Attribute | ast.Subscript) for use in uses)
    if plain and uses[0] is name and not ctx.in_try(node, "AttributeError", "TypeError") and not _always(call, ctx):
        ctx.report(UNCHECKED, node, "When nothing matches this is None.")


def _always(call: ast.Call, ctx: Context) -> bool:
    """Whether the pattern matches any text, the empty one too."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    origin = call if ctx.qualified(call.func).startswith("re.") else _origin(owner, ctx) if owner is not None else None
    if not isinstance(origin, ast.Call) or not origin.args or not isinstance(origin.args[0], ast.Constant):
        return True
    try:
        return isinstance(origin.args[0].value, str) and re.compile(origin.args[0].value).match("") is not None
    except (re.error, OverflowError, RecursionError):
        return True


RULES = (
    *(INVALID, NEVER_MATCHES, BACKSPACE, FLAGS_AS_COUNT, WIDE_RANGE, EMPTY_ALTERNATIVE, DUPLICATE_IN_CLASS),
    *(ANCHOR_ALTERNATIVE, UNKNOWN_GROUP, UNCHECKED),
)
CHECKS = (
    on(ast.Call, _call),
    on(ast.Attribute, _dereferenced),
    on(ast.Subscript, _dereferenced),
    on(ast.Attribute, _match_used),
    on(ast.Subscript, _match_used),
)
