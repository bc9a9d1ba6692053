"""Reading request bodies."""

from typing import TypeVar

from flask import request
from pydantic import BaseModel

from api.decoding import decode
from api.problems import UnsupportedMediaType
from codereview.errors import TooLarge

M = TypeVar("M", bound=BaseModel)


def read_json(model: type[M]) -> tuple[M, bytes]:
    """The body as the model, and as it came.

    Raises UnsupportedMediaType, TooLarge (by way of Flask, which stops reading at its limit), and what `decode` does.
    """
    given = request.mimetype
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if given != "application/json" or charset not in ("utf-8", "utf8"):
        said = f"this is {request.content_type[:100]!r}" if request.content_type else "there is no Content-Type"
        raise UnsupportedMediaType(f"send JSON as Content-Type: application/json; {said}")
    if request.content_encoding not in (None, "", "identity"):
        raise UnsupportedMediaType("send the body without Content-Encoding")
    body = request.get_data(cache=False)
    limit = request.max_content_length
    if limit is not None and request.content_length is None and len(body) >= limit:
        # Of a chunked body, Werkzeug reads up to the limit and says nothing of the rest.
        raise TooLarge(f"the body is larger than {limit} bytes", limit=limit)
    return decode(model, body), body
