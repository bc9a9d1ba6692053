"""The page: one document for every page; its script reads the address."""

import re
from functools import cache
from importlib import resources

from flask import Response

from api.answers import conditional
from api.operations import Routes

routes = Routes()

#: Where a relative address begins.
_ADDRESS = re.compile(r' (?:href|src)="(?!#)')


@routes.get("/", id="home_page", answers={}, secured=False, standalone=True, documented=False)
def get_home_page() -> Response:
    """A form to start a review."""
    return _page("")


@routes.get("/history", id="history_page", answers={}, secured=False, standalone=True, documented=False)
def get_history_page() -> Response:
    """Earlier reviews."""
    return _page("")


@routes.get("/compare", id="compare_page", answers={}, secured=False, standalone=True, documented=False)
def get_compare_page() -> Response:
    """Two reviews side by side."""
    return _page("")


@routes.get("/review/<review_id>", id="review_page", answers={}, secured=False, standalone=True, documented=False)
def get_review_page(review_id: str) -> Response:
    """One review, live."""
    return _page("../", report=f"api/review/{review_id}/report?format=html")


def _page(up: str, *, report: str = "api/reviews") -> Response:
    """The document, its relative addresses as they are seen from here; ``report`` is for readers without scripts."""
    html = _document().replace('"api/reviews" data-report', f'"{report}"')
    html = _ADDRESS.sub(rf"\g<0>{up}", html)
    return conditional(Response(html, mimetype="text/html"))


@cache
def _document() -> str:
    return (resources.files("api") / "static" / "index.html").read_text(encoding="utf-8")
