"""What the engine follows and what it knows to be impossible, one property a test."""

import pytest

from codereview.analysers.dataflow.analyser import DataflowAnalyser
from codereview.domain.findings import FindingStatus, Severity
from codereview.domain.sources import SourceFile
from codereview.ports import RawFinding
from codereview.syntax.languages import language_of

_HEAD = "import os\nfrom flask import request\n\n"


def _examine(files: dict[str, str]) -> list[RawFinding]:
    sources = [SourceFile(path=path, text=text, language=language_of(path)) for path, text in files.items()]
    return list(DataflowAnalyser().examine(sources).findings)


def _commands(body: str) -> list[RawFinding]:
    """Command injections in a Python file that imports os and request."""
    found = _examine({"app/a.py": _HEAD + body})
    return [finding for finding in found if finding.native_rule == "command-injection"]


_FOLLOWED = {
    "a function's result": "def f(x):\n    return x + '!'\ndef g():\n    os.system(f(request.args['a']))\n",
    "a method and the instance's state": (
        "class A:\n    def __init__(self, x):\n        self.x = x\n    def run(self):\n        os.system(self.x)\n"
        "def g():\n    A(request.args['a']).run()\n"
    ),
    "a closure": "def f():\n    x = request.args['a']\n    def g():\n        os.system(x)\n    g()\n",
    "a list's element": "def f():\n    x = ['ls', request.args['a']]\n    os.system(x[1])\n",
    "a dictionary's entry": "def f():\n    x = {}\n    x['a'] = request.args['a']\n    os.system(x.get('a'))\n",
    "a format": "def f():\n    os.system('ls {}'.format(request.args['a']))\n",
    "a percent format": "def f():\n    os.system('ls %s' % request.args['a'])\n",
    "a comprehension": "def f():\n    os.system(' '.join([x for x in request.args.getlist('a')]))\n",
    "a match": "def f():\n    match request.args['k']:\n        case str() as k:\n            os.system(k)\n",
    "a handler of an exception": (
        "def f():\n    x = request.args['a']\n    try:\n        g()\n    except E:\n        os.system(x)\n"
    ),
    "a finally": (
        "def f():\n    x = request.args['a']\n    try:\n        return 1\n    finally:\n        os.system(x)\n"
    ),
    "a global": "X = ''\ndef f():\n    global X\n    X = request.args['a']\n    g()\ndef g():\n    os.system(X)\n",
    "a generator": "def f():\n    yield request.args['a']\ndef g():\n    for x in f():\n        os.system(x)\n",
    "an argument changed in place": (
        "def f(l):\n    l.append(request.args['a'])\ndef g():\n    l = []\n    f(l)\n    os.system(l[0])\n"
    ),
    "a walrus": "def f():\n    if x := request.args.get('a'):\n        os.system(x)\n",
    "a property": (
        "class A:\n    @property\n    def x(self):\n        return request.args['a']\ndef g():\n    os.system(A().x)\n"
    ),
    "an encoding and its decoding": (
        "import base64\ndef f():\n    x = base64.b64decode(base64.b64encode(request.args['a']))\n    os.system(x)\n"
    ),
}


@pytest.mark.parametrize("name", _FOLLOWED)
def test_data_is_followed_through(name: str) -> None:
    """A flow that a reader sees is seen."""
    assert _commands(_FOLLOWED[name])


_IMPOSSIBLE = {
    "a branch that is never taken": "def f():\n    x = request.args['a']\n    if 7 * 6 > 50:\n        os.system(x)\n",
    "the other element of a list": "def f():\n    x = ['ls', request.args['a']]\n    x.pop(1)\n    os.system(x[0])\n",
    "the other entry of a dictionary": "def f():\n    x = {'a': request.args['a'], 'b': 'ls'}\n    os.system(x['b'])\n",
    "a conditional with a constant": "def f():\n    os.system('ls' if 2 > 1 else request.args['a'])\n",
    "a case that does not fit": (
        "def f():\n"
        "    x = 'ls'\n"
        "    match 'AB'[0]:\n"
        "        case 'B':\n"
        "            x = request.args['a']\n"
        "    os.system(x)\n"
    ),
    "a value overwritten": "def f():\n    x = request.args['a']\n    x = 'ls'\n    os.system(x)\n",
    "code after a return": "def f():\n    return 1\n    os.system(request.args['a'])\n",
    "a configuration's other option": (
        "import configparser\ndef f():\n    c = configparser.ConfigParser()\n    c.set('s', 'a', 'ls')\n"
        "    c.set('s', 'b', request.args['a'])\n    os.system(c.get('s', 'a'))\n"
    ),
    "a helper that drops its argument": "def f(x):\n    return 'ls'\ndef g():\n    os.system(f(request.args['a']))\n",
}


@pytest.mark.parametrize("name", _IMPOSSIBLE)
def test_what_cannot_happen_is_not_reported(name: str) -> None:
    """A path or element that constants rule out carries nothing."""
    assert not _commands(_IMPOSSIBLE[name])


_GUARDED = {
    "membership": (
        "def f():\n    x = request.args['a']\n    if x not in ('ls', 'df'):\n        return\n    os.system(x)\n"
    ),
    "an allowed alternative": (
        "def f():\n    x = request.args['a']\n    x = x if x in ALLOWED else 'ls'\n    os.system(x)\n"
    ),
    "a whole match": (
        "import re\ndef f():\n    x = request.args['a']\n    if re.fullmatch('[a-z]+', x):\n        os.system(x)\n"
    ),
    "a function that tests": (
        "import re\ndef ok(x):\n    return re.match('^[a-z]+$', x) is not None\n"
        "def f():\n    x = request.args['a']\n    if not ok(x):\n        return\n    os.system(x)\n"
    ),
    "a function that raises": (
        "def check(x):\n    if not x.isalnum():\n        raise ValueError\n"
        "def f():\n    x = request.args['a']\n    check(x)\n    os.system(x)\n"
    ),
    "a conversion": "def f():\n    os.system('kill %s' % int(request.args['a']))\n",
    "quoting": "import shlex\ndef f():\n    os.system('ls ' + shlex.quote(request.args['a']))\n",
    "a test of each character": (
        "def clean(s):\n    r = ''\n    for c in s:\n        if c.isalnum():\n            r += c\n    return r\n"
        "def f():\n    os.system(clean(request.args['a']))\n"
    ),
}


@pytest.mark.parametrize("name", _GUARDED)
def test_data_shown_to_be_harmless_is_not_reported(name: str) -> None:
    """Sanitisers and tests, here or in a function that is called, are respected."""
    assert not _commands(_GUARDED[name])


def test_a_helper_that_tests_nothing_does_not_help() -> None:
    """A function is judged by what it does when it is in the batch, not by its name."""
    body = (
        "def is_valid(x):\n"
        "    return True\n"
        "def f():\n"
        "    x = request.args['a']\n"
        "    if is_valid(x):\n"
        "        os.system(x)\n"
    )
    assert _commands(body)


def test_a_sanitiser_of_another_kind_does_not_help() -> None:
    """What is harmless in a page is not harmless in a shell."""
    assert _commands("import html\ndef f():\n    os.system(html.escape(request.args['a']))\n")


def test_data_is_followed_into_another_module() -> None:
    """Imports are resolved within the batch, whatever the root is called."""
    found = _examine(
        {
            "src/app/views.py": (
                "from flask import request\nfrom . import tools\n\ndef f():\n    tools.run(request.args['a'])\n"
            ),
            "src/app/tools.py": "import os\n\ndef run(x):\n    os.system(x)\n",
        }
    )
    [finding] = [f for f in found if f.severity is Severity.CRITICAL]
    assert (finding.path, finding.line) == ("src/app/tools.py", 4)
    assert [(step.path, step.line) for step in finding.trace] == [
        ("src/app/views.py", 5),
        ("src/app/tools.py", 4),
    ]


def test_the_trace_leads_from_the_source_to_the_sink() -> None:
    """Source line, the steps between, sink line."""
    [finding] = _commands("def f():\n    a = request.args['a']\n    b = 'ls ' + a\n    os.system(b)\n")
    assert [step.line for step in finding.trace] == [5, 6, 7]
    assert "line 5" in finding.failure_scenario


def test_a_public_functions_parameter_is_a_weak_source() -> None:
    """Nobody is known to call it with an attacker's data: it is told, quietly."""
    [finding] = _commands("def run(name):\n    os.system('ls ' + name)\n")
    assert finding.severity is Severity.LOW
    assert not _commands("def _run(name):\n    os.system('ls ' + name)\n")


def test_test_code_faces_no_attacker() -> None:
    """A finding in a test is never graver than low."""
    found = _examine({"tests/test_a.py": _HEAD + "def test_x():\n    os.system(request.args['a'])\n"})
    assert {finding.severity for finding in found} == {Severity.LOW}


def test_a_line_waived_by_its_author_is_told_and_does_not_count() -> None:
    """``# nosec`` is how Python and Go say that a line was looked at. Who reads the report sees that it was said."""
    [finding] = _commands("def f():\n    os.system(request.args['a'])  # nosec\n")
    assert finding.status is FindingStatus.SUPPRESSED
    assert "nosec" in finding.suppression_reason
    [finding] = _commands("def f():\n    os.system(request.args['a'])\n")
    assert finding.status is FindingStatus.CONFIRMED


def test_the_same_input_gives_the_same_findings() -> None:
    """Nothing depends on the order of sets or on earlier runs."""
    files = {"a.py": _HEAD + "".join(_FOLLOWED.values())}
    assert _examine(files) == _examine(files)


def test_context_files_are_followed_but_not_reported_on() -> None:
    """A context file's own findings belong to another batch."""
    user = SourceFile(path="a.py", text="import b\nb.f()\n", language="python")
    helper = SourceFile(path="b.py", text="import os, sys\ndef f():\n    os.system(sys.argv[1])\n", language="python")
    report = DataflowAnalyser().examine([user], [helper])
    assert report.findings == ()
    assert report.examined == {"a.py"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "a.js",
            (
                "const cp = require('child_process');\n"
                "function run(x) { cp.exec(x); }\n"
                "app.get('/', (req) => run(req.query.a));\n"
            ),
        ),
        (
            "a.ts",
            (
                "import { exec } from 'child_process';\n"
                "class A { run({ a }: any) { exec(a); } }\n"
                "app.get('/', (req) => new A().run(req.body));\n"
            ),
        ),
        (
            "a.go",
            (
                "package main\n"
                "\n"
                "import (\n"
                '\t"net/http"\n'
                '\t"os/exec"\n'
                ")\n"
                "\n"
                'func run(c string) { exec.Command("sh", "-c", c).Run() }\n'
                "\n"
                'func h(w http.ResponseWriter, r *http.Request) { run(r.FormValue("a")) }\n'
            ),
        ),
        (
            "A.java",
            (
                "public class A extends HttpServlet {\n"
                "  private void run(String c) throws Exception { Runtime.getRuntime().exec(c); }\n"
                "  public void doGet(HttpServletRequest request, HttpServletResponse response) "
                'throws Exception { run(request.getParameter("a")); }\n'
                "}\n"
            ),
        ),
    ],
)
def test_every_language_is_followed_across_functions(path: str, text: str) -> None:
    """One intermediate form, one interpreter: what works in one language works in all."""
    found = [f for f in _examine({path: text}) if f.native_rule == "command-injection"]
    assert Severity.CRITICAL in {finding.severity for finding in found}
