"""Turning what a client sent into models, and saying exactly what is wrong with it."""

import re
import types
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from email.message import EmailMessage
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from codereview.errors import CodeReviewError, InvalidSubmission
from codereview.web.problems import (
    BadRequest,
    InvalidParameter,
    MalformedJson,
    UnknownField,
    UnknownParameter,
    UnsupportedMediaType,
)

M = TypeVar("M", bound=BaseModel)

#: Mistakes told at once; a client corrects a few at a time anyway.
_SHOWN = 10
_PLACE = re.compile(r" at line (\d+) column (\d+)$")


def check_json(content_type: str, content_encoding: str) -> None:
    """Raise UnsupportedMediaType for a body whose headers do not say that it is JSON as it stands."""
    said = EmailMessage()
    said["Content-Type"] = content_type.replace("\r", "").replace("\n", "")
    charset = str(said.get_param("charset", "utf-8")).lower()
    if content_type.partition(";")[0].strip().lower() != "application/json" or charset not in ("utf-8", "utf8"):
        seen = f"this is {content_type[:100]!r}" if content_type else "there is no Content-Type"
        raise UnsupportedMediaType(f"send JSON as Content-Type: application/json; {seen}")
    if content_encoding not in ("", "identity"):
        raise UnsupportedMediaType("send the body without Content-Encoding")


def decode(model: type[M], body: bytes, *, invalid: type[CodeReviewError] = InvalidSubmission) -> M:
    """The body as the model: wire names only, JSON types taken strictly.

    Raises MalformedJson with line and column; UnknownField naming the nearest right one; else ``invalid``. The last
    two list every mistake with a JSON pointer.
    """
    try:
        from_json(body, allow_inf_nan=False)
        return model.model_validate_json(body, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _invalid(model, error, invalid) from None  # its cause would quote the code
    except ValueError as error:
        raise _malformed(str(error)) from None


def parse_query(model: type[M] | None, arguments: Mapping[str, Sequence[str]]) -> M | None:
    """The query string as the model. Raises UnknownParameter, InvalidParameter."""
    names = [] if model is None else [field.alias or name for name, field in model.model_fields.items()]
    for name, values in arguments.items():
        if name not in names:
            raise UnknownParameter(f"there is no parameter {name!r} here{_hint(name, names)}", parameter=name)
        if len(values) > 1:
            raise InvalidParameter(f"{name} was given {len(values)} times; give it once", parameter=name)
    if model is None:
        return None
    try:
        return model.model_validate({name: values[0] for name, values in arguments.items()})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        raise InvalidParameter(f"{name}: {_sentence(first)}", parameter=name) from None


def _malformed(message: str) -> CodeReviewError:
    match = _PLACE.search(message)
    if match is None:
        return BadRequest(f"the body cannot be read: {message}")
    line, column = int(match[1]), int(match[2])
    what = message[: match.start()]
    return MalformedJson(f"{what} at line {line}, column {column}", line=line, column=column)


def _invalid(model: type[BaseModel], error: ValidationError, invalid: type[CodeReviewError]) -> CodeReviewError:
    errors = error.errors(include_input=False, include_url=False)
    described = [_describe(model, details) for details in errors[:_SHOWN]]
    unknown = next((i for i, details in enumerate(errors[:_SHOWN]) if details["type"] == "extra_forbidden"), None)
    kind, first = (invalid, 0) if unknown is None else (UnknownField, unknown)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    where = described[first]["pointer"]
    said = described[first]["detail"]
    return kind(f"{where}: {said}{more}" if where else f"{said}{more}", errors=described)


def _describe(model: type[BaseModel], details: ErrorDetails) -> dict[str, str]:
    said = _sentence(details)
    if details["type"] == "extra_forbidden":
        *path, name = details["loc"]
        said = f"there is no field {str(name)!r} here{_hint(str(name), _fields_at(model, path))}"
    return {"pointer": _pointer(details["loc"]), "detail": said}


def _sentence(details: ErrorDetails) -> str:
    message = details["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _pointer(location: Iterable[int | str]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _hint(name: str, names: Iterable[str]) -> str:
    names = sorted(names)
    folded = {known.replace("_", "").lower(): known for known in names}
    near = get_close_matches(name.replace("_", "").lower(), folded, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {folded[near[0]]!r}?"
    return f"; there are {', '.join(names)}" if names else ""


def _fields_at(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """The wire names of the fields of the model that ``path`` leads to."""
    current: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, str) and current is not None:
            found = next((f for n, f in current.model_fields.items() if part in (n, f.alias)), None)
            current = _model_in(found.annotation) if found is not None else None
    return [] if current is None else [field.alias or name for name, field in current.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model an annotation like ``tuple[Model, ...] | None`` is about."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    if get_origin(annotation) in (Union, types.UnionType, tuple, list):
        return next((m for m in map(_model_in, get_args(annotation)) if m is not None), None)
    return None
