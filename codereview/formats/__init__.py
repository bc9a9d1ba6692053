"""How a review is written down: one module per format, each a pure function of the review."""

from collections.abc import Mapping

from codereview.domain.reviews import Review
from codereview.domain.rules import Rule
from codereview.formats import as_json, github, gitlab, html, markdown, rdjson, sarif, text
from codereview.formats.base import Format, Rendering

#: Every format by the name that ``--format`` and ``?format=`` take. To add one, write a module and a line here.
FORMATS: dict[str, Format] = {
    "text": Format(text.write, "text/plain; charset=utf-8", ".txt", "for a person at a terminal"),
    "json": Format(as_json.write, "application/json", ".json", "everything, for programs"),
    "sarif": Format(sarif.write, "application/sarif+json", ".sarif", "SARIF 2.1.0, for code scanning"),
    "markdown": Format(
        markdown.write, "text/markdown; charset=utf-8", ".md", "for a pull request's comment or a job's summary"
    ),
    "html": Format(
        html.write, "text/html; charset=utf-8", ".html", "one page for people, without scripts", html.POLICY
    ),
    "github": Format(github.write, "text/plain; charset=utf-8", ".txt", "annotations in GitHub Actions"),
    "gitlab": Format(gitlab.write, "application/json", ".json", "GitLab Code Quality"),
    "rdjson": Format(rdjson.write, "application/json", ".json", "reviewdog, for any code host"),
}


def render(
    review: Review,
    format: str,  # noqa: A002  the name that callers and the command line use
    *,
    color: bool = False,
    width: int = 100,
    rules: Mapping[str, Rule] | None = None,
) -> str:
    """The review in a format of `FORMATS`. Raises KeyError for a format that is none.

    ``color`` and ``width`` matter to ``text`` alone, ``rules`` (by id) to ``sarif``.
    """
    return FORMATS[format].write(review, Rendering(color=color, width=width, rules=rules or {}))


__all__ = ["FORMATS", "Format", "Rendering", "render"]
