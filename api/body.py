"""Reading request bodies."""

from typing import TypeVar

from flask import request
from pydantic import BaseModel

from codereview.errors import TooLarge
from codereview.web.decoding import check_json, decode

M = TypeVar("M", bound=BaseModel)


def read_json(model: type[M]) -> tuple[M, bytes]:
    """The body as the model, and as it came.

    Raises UnsupportedMediaType, TooLarge (by way of Flask, which stops reading at its limit), and what `decode` does.
    """
    check_json(request.content_type or "", request.content_encoding or "")
    body = request.get_data(cache=False)
    limit = request.max_content_length
    if limit is not None and request.content_length is None and len(body) >= limit:
        # Of a chunked body, Werkzeug reads up to the limit and says nothing of the rest.
        raise TooLarge(f"the body is larger than {limit} bytes", limit=limit)
    return decode(model, body), body
