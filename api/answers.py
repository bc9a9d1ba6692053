"""Making responses."""

import json
from collections.abc import Mapping

from flask import Response, request
from pydantic import BaseModel

PROBLEM = "application/problem+json"


def answer(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A model as JSON. Not to be kept: what a review says changes, and is the owner's."""
    response = Response(model.model_dump_json(by_alias=True), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


def conditional(response: Response) -> Response:
    """Give the answer an ETag, and turn it into 304 when the client has that one already."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def problem_response(document: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    """A problem document as the answer."""
    body = json.dumps(document, ensure_ascii=False, default=str)
    response = Response(body, int(str(document["status"])), content_type=PROBLEM)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response
