"""Claude, or another model, behind a SageMaker endpoint whose container takes and streams the Messages format."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError
from urllib3.exceptions import HTTPError as TransportError

from codereview.adapters.aws import AwsClients, error_code
from codereview.adapters.messages_stream import MessageStream
from codereview.domain.estimating import estimate_tokens
from codereview.domain.tokens import Tokens
from codereview.language_model import (
    Block,
    ModelCall,
    ModelError,
    ModelRejected,
    ModelReply,
    ModelThrottled,
    ModelUnavailable,
    PromptTooLong,
    StreamBroken,
)

_TOO_LONG = re.compile(r"prompt is too long|context (?:window|length|limit)|too many (?:input )?tokens", re.IGNORECASE)
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})
#: Endpoints that scale from nothing, and SageMaker's own failures.
_PASSING = frozenset(
    {
        "InternalDependencyException",
        "InternalFailure",
        "InternalStreamFailure",
        "ModelNotReadyException",
        "ServiceUnavailable",
    }
)
#: Largest body SageMaker takes.
_BODY_BYTES = 6_000_000


class SageMakerModel:
    """One endpoint. Its clients are made when first used, and anew in a forked child.

    The container gets the call in the Messages format, with ``stream`` true. What it reports of its usage is billed;
    what it does not report is estimated, and the reply says so.
    """

    def __init__(self, clients: AwsClients, *, endpoint: str, estimate: Callable[[str], int] = estimate_tokens) -> None:
        self._clients = clients
        self._endpoint = endpoint
        self._estimate = estimate

    @property
    def name(self) -> str:
        """The provider."""
        return "sagemaker"

    def complete(self, call: ModelCall, on_text: Callable[[str], None] = lambda _: None) -> ModelReply:
        """Ask once, streaming: see `codereview.language_model.LanguageModel.complete`."""
        body = json.dumps(params(call)).encode()
        if len(body) > _BODY_BYTES:
            raise PromptTooLong(f"SageMaker takes {_BODY_BYTES:,} bytes, the call has {len(body):,}")
        stream = MessageStream(call, on_text, estimate=self._estimate)
        with _explained(stream.tokens), self._invoke(body) as chunks:
            stream.read(chunks)
        return stream.reply()

    def count_tokens(self, call: ModelCall) -> int | None:  # noqa: ARG002  the port's
        """None: an endpoint has no such call."""
        return None

    def describe(self, model: str) -> Mapping[str, str]:
        """The state of the endpoint. Raises ModelError when it is not in service, or may not be asked."""
        with _explained(Tokens):
            found = self._clients.sagemaker().describe_endpoint(EndpointName=self._endpoint)
        if found["EndpointStatus"] != "InService":
            raise ModelUnavailable(f"the endpoint {self._endpoint} is {found['EndpointStatus']}")
        return {"id": model, "endpoint": self._endpoint, "lifecycle": "in service"}

    @contextmanager
    def _invoke(self, body: bytes) -> Iterator[Iterator[bytes]]:
        response = self._clients.sagemaker_runtime().invoke_endpoint_with_response_stream(
            EndpointName=self._endpoint, Body=body, ContentType="application/json", Accept="text/event-stream"
        )
        events = response["Body"]
        try:
            yield (event["PayloadPart"]["Bytes"] for event in events if "PayloadPart" in event)
        finally:
            events.close()


def params(call: ModelCall) -> dict[str, Any]:
    """The call in the words of the Messages API."""
    return {
        "model": call.model,
        "max_tokens": call.max_output_tokens,
        "system": [_block(block) for block in call.system],
        "messages": [{"role": "user", "content": [_block(block) for block in call.content]}],
        "output_config": {"effort": call.effort, "format": {"type": "json_schema", "schema": dict(call.schema)}},
        "stream": True,
    }


def _block(block: Block) -> dict[str, Any]:
    param: dict[str, Any] = {"type": "text", "text": block.text}
    if block.cached:
        param["cache_control"] = {"type": "ephemeral", "ttl": "1h"} if block.long_lived else {"type": "ephemeral"}
    return param


@contextmanager
def _explained(billed: Callable[[], Tokens]) -> Iterator[None]:
    """Within it, what botocore and its transport raise is raised as a ModelError that carries what was used."""
    try:
        yield
    except EventStreamError as error:
        raise _of_code(error, billed(), begun=True) from error
    except ClientError as error:
        raise _of_code(error, billed(), begun=False) from error
    except (TransportError, ParserError) as error:  # while the answer streamed
        raise StreamBroken(f"the answer broke off: {type(error).__name__}", tokens=billed()) from error
    except (BotoConnectionError, HTTPClientError) as error:
        tokens = billed()
        kind = StreamBroken if tokens.total else ModelUnavailable
        raise kind(f"the endpoint cannot be reached: {error}", tokens=tokens) from error
    except BotoCoreError as error:  # no credentials, no region, a bad name
        raise ModelRejected(f"the endpoint cannot be called: {error}") from error


def _of_code(error: ClientError, tokens: Tokens, *, begun: bool) -> ModelError:
    code = error_code(error)
    response: Mapping[str, Any] = error.response
    meta = response.get("ResponseMetadata", {})
    request_id, status = meta.get("RequestId", ""), meta.get("HTTPStatusCode", 0)
    said = f"{code}: {response.get('Error', {}).get('Message', '')}"[:400]
    if code in _PASSING:  # ModelNotReadyException has the status 429 too
        return _passing(said, tokens, request_id, begun=begun)
    if code == "ModelError":  # what the container answered
        status = response.get("OriginalStatusCode") or status
        said = f"the container answered {status}: {response.get('OriginalMessage', said)}"[:400]
    if code in _THROTTLED or status == 429:
        return ModelThrottled(said, retry_after_s=_retry_after(meta), tokens=tokens, request_id=request_id)
    if status == 413 or (status in (400, 422) and _TOO_LONG.search(said)):
        return PromptTooLong(said, tokens=tokens, request_id=request_id)
    if begun or status >= 500 or code == "ModelStreamError":
        return _passing(said, tokens, request_id, begun=begun)
    return ModelRejected(said, tokens=tokens, request_id=request_id)


def _passing(said: str, tokens: Tokens, request_id: str, *, begun: bool) -> ModelError:
    kind = StreamBroken if begun else ModelUnavailable
    return kind(said, tokens=tokens, request_id=request_id)


def _retry_after(meta: Mapping[str, Any]) -> float | None:
    try:
        return max(0.0, float(meta.get("HTTPHeaders", {}).get("retry-after", "")))
    except ValueError:
        return None
