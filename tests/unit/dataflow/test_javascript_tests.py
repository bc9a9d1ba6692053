"""What JavaScript's tests, `promisify` and content types tell of data."""

import pytest

from codereview.analysers.dataflow.analyser import DataflowAnalyser
from codereview.domain.sources import SourceFile

_ROUTE = "const app = require('express')();\napp.get('/', async (req, res) => {{\n{body}\n}});\n"


def _rules(body: str) -> set[str]:
    text = _ROUTE.format(body=body)
    found = DataflowAnalyser().examine([SourceFile(path="a.js", text=text, language="javascript")]).findings
    return {finding.native_rule for finding in found}


_GUARD = "if (!['https://a.example.org/'].includes(req.query.a)) return;\n"


def test_what_was_tested_is_harmless_where_it_is_read_again() -> None:
    """Handlers seldom copy a parameter before they test it."""
    assert "server-side-request-forgery" not in _rules(_GUARD + "fetch(req.query.a);")


def test_another_parameter_than_the_one_tested_is_not_harmless() -> None:
    """A test tells of what it looks at only."""
    assert "server-side-request-forgery" in _rules(_GUARD + "fetch(req.query.b);")


@pytest.mark.parametrize(
    ("kind", "harmful"), [("string", {"sql-injection"}), ("number", set()), ("object", {"sql-injection"})]
)
def test_typeof_tells_no_more_than_the_type(kind: str, harmful: set[str]) -> None:
    """A text can still be SQL, a number cannot."""
    body = f"const n = req.body.n;\nif (typeof n !== '{kind}') return;\ndb.query('SELECT * FROM a WHERE b = ' + n);"
    assert _rules(body) & {"sql-injection"} == harmful


@pytest.mark.parametrize(("kind", "harmful"), [("string", False), ("object", True)])
def test_a_text_brings_no_operators_into_a_query_document(kind: str, harmful: bool) -> None:
    """`{ $ne: null }` is an object."""
    body = f"const n = req.body.n;\nif (typeof n !== '{kind}') return;\nUser.findOne({{ name: n }});"
    assert ("nosql-injection" in _rules(body)) is harmful


def test_a_promisified_function_is_the_function() -> None:
    """`util.promisify` changes how the result comes, not what is run."""
    body = "const run = require('util').promisify(require('child_process').exec);\nawait run('ls ' + req.query.a);"
    assert "command-injection" in _rules(body)


@pytest.mark.parametrize(("kind", "harmful"), [("text/plain", False), ("text/html", True)])
def test_only_what_is_shown_as_a_page_can_carry_scripts(kind: str, harmful: bool) -> None:
    """Browsers do not run scripts in plain text."""
    body = f"res.setHeader('Content-Type', '{kind}');\nres.send('<p>' + req.query.a);"
    assert ("cross-site-scripting" in _rules(body)) is harmful
