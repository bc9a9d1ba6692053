"""The page: one document for the list and for a review; its script reads the address."""

from functools import cache
from importlib import resources

from flask import Response

from api.answers import conditional
from api.operations import Routes

routes = Routes()


@routes.get("/", id="home_page", answers={}, secured=False, standalone=True, documented=False)
def get_home_page() -> Response:
    """Recent reviews, and a form to start one."""
    return _page()


@routes.get("/review/<review_id>", id="review_page", answers={}, secured=False, standalone=True, documented=False)
def get_review_page(review_id: str) -> Response:  # noqa: ARG001  the script reads it
    """One review, live."""
    return _page()


def _page() -> Response:
    return conditional(Response(_document(), mimetype="text/html"))


@cache
def _document() -> bytes:
    return (resources.files("api") / "static" / "index.html").read_bytes()
