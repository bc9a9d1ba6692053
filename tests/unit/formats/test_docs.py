"""docs/formats.md says what is so."""

import re
from pathlib import Path

import pytest
from support.builders import a_finding, a_fix, a_gap, a_review, a_traced_finding, covered

from codereview.domain import gate
from codereview.formats import FORMATS, render

_ROOT = Path(__file__).parents[3]
_DOCS = (_ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
_EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n~~~\w+\n(.*?)~~~\n", re.DOTALL)

_WHOLE = a_review(findings=(a_traced_finding(fix=a_fix()),))
_PARTIAL = a_review(findings=(a_finding(),), coverage=(covered(), covered(agent="bug"), a_gap()))
_REVIEWS = {"text": _WHOLE, "markdown": _PARTIAL, "github": _PARTIAL, "gitlab": _PARTIAL, "rdjson": _WHOLE}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_described(name: str) -> None:
    """In the table, with its media type, and in a section of its own."""
    media_type = FORMATS[name].media_type.partition(";")[0]
    assert re.search(rf"^\| \[`{name}`\]\(#{name}\) \| .+ \| `{re.escape(media_type)}` \|$", _DOCS, re.MULTILINE)
    assert f"\n## {name}\n" in _DOCS


@pytest.mark.parametrize("name", _REVIEWS)
def test_an_example_is_what_the_program_prints(name: str) -> None:
    """To the letter."""
    examples = {example[1]: example[2] for example in _EXAMPLE.finditer(_DOCS)}
    assert examples[name] == render(_REVIEWS[name], name)


@pytest.mark.parametrize("document", ["docs/formats.md", "README.md"])
def test_every_exit_code_is_documented(document: str) -> None:
    """And no other."""
    text = (_ROOT / document).read_text(encoding="utf-8")
    codes = {int(code) for code in re.findall(r"^\| (\d+) \| ", text, re.MULTILINE)}
    assert codes == {
        gate.EXIT_CLEAN,
        gate.EXIT_FINDINGS,
        gate.EXIT_USAGE,
        gate.EXIT_INCOMPLETE,
        gate.EXIT_INTERRUPTED,
    }


def test_the_readme_names_every_format() -> None:
    """Where people look first."""
    readme = (_ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in FORMATS)
