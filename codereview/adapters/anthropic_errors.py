"""What goes wrong in Anthropic's client, in the words of the port."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from codereview.domain.tokens import Tokens
from codereview.language_model import (
    ModelError,
    ModelRejected,
    ModelThrottled,
    ModelUnavailable,
    PromptTooLong,
    StreamBroken,
)

if TYPE_CHECKING:
    from anthropic import APIStatusError

_TOO_LONG = re.compile(r"prompt is too long|context (?:window|length|limit)|too many (?:input )?tokens", re.IGNORECASE)
#: Statuses of refusals that time may cure: request timeout and conflict.
_PASSING = frozenset({408, 409})
#: Types of an error that arrives inside a stream, where the status was 200: Anthropic's, and Bedrock's.
_IN_STREAM_REJECTIONS = frozenset(
    {"invalid_request_error", "authentication_error", "permission_error", "not_found_error", "billing_error"}
    | {"validationException", "accessDeniedException"}
)
_THROTTLINGS = frozenset({"rate_limit_error", "throttlingException"})


@contextmanager
def explained(billed: Callable[[], Tokens] = Tokens) -> Iterator[None]:
    """Within it, what Anthropic's client, its transport and its credentials raise is raised as a ModelError that
    carries what ``billed()`` says was used."""
    import anthropic  # noqa: PLC0415  it takes a second to import, which no review without a model pays
    import httpx2  # noqa: PLC0415  as anthropic

    try:
        yield
    except ModelError:
        raise
    except anthropic.APIStatusError as error:
        raise _of_status(error, billed()) from error
    except (anthropic.APIConnectionError, httpx2.TransportError) as error:
        tokens = billed()
        kind = StreamBroken if tokens.total else ModelUnavailable
        raise kind(f"the provider cannot be reached: {_line(error)}", tokens=tokens) from error
    except (anthropic.APIResponseValidationError, httpx2.HTTPError, httpx2.StreamError) as error:
        raise StreamBroken(f"the provider's answer cannot be read: {_line(error)}", tokens=billed()) from error
    except anthropic.AnthropicError as error:
        raise ModelRejected(f"the provider's client refused: {_line(error)}", tokens=billed()) from error
    except TypeError as error:
        # The client raises a bare TypeError for the one thing a person must be told: that there are no credentials.
        if "authentication" not in str(error):
            raise
        raise ModelRejected("there are no credentials for the provider") from error
    except ValueError as error:
        if billed().total:  # a frame of the stream was no JSON
            raise StreamBroken("the provider's answer cannot be read", tokens=billed()) from error
        raise ModelRejected(f"the provider's client refused: {_line(error)}") from error


def _of_status(error: "APIStatusError", tokens: Tokens) -> ModelError:
    status, said = error.status_code, _line(error)
    request_id = error.request_id or ""
    if status == 429 or error.type in _THROTTLINGS:
        return ModelThrottled(
            f"the provider's rate limit was reached: {said}",
            retry_after_s=_retry_after(error),
            tokens=tokens,
            request_id=request_id,
        )
    if status == 413 or (status == 400 and _TOO_LONG.search(said)):
        return PromptTooLong(said, tokens=tokens, request_id=request_id)
    if status < 400:  # the stream had begun when it failed
        kind = ModelRejected if error.type in _IN_STREAM_REJECTIONS else StreamBroken
        return kind(f"the answer failed: {said}", tokens=tokens, request_id=request_id)
    if status >= 500 or status in _PASSING or error.response.headers.get("x-should-retry") == "true":
        return ModelUnavailable(f"the provider failed ({status}): {said}", tokens=tokens, request_id=request_id)
    return ModelRejected(f"the provider refused ({status}): {said}", tokens=tokens, request_id=request_id)


def _retry_after(error: "APIStatusError") -> float | None:
    """Seconds, from either header; None when there is none or it is a date."""
    headers = error.response.headers
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers.get(name, "")) / scale)
        except ValueError:
            continue
    return None


def _line(error: Exception) -> str:
    """One line of what was said, without the repr of a whole body."""
    body = getattr(error, "body", None)
    inner = body.get("error") if isinstance(body, dict) else None
    message = inner.get("message") if isinstance(inner, dict) else None
    return re.sub(r"\s+", " ", str(message or error))[:300]
