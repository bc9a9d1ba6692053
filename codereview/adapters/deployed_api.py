"""A deployed API as a stranger meets it: by its URLs alone, with an API key, a signature of AWS, or neither."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import websocket

from codereview.errors import BackendUnavailable

_TIMEOUT_S = 20.0

#: Makes headers for a request: method, URL, headers so far, body.
Sign = Callable[[str, str, Mapping[str, str], bytes], Mapping[str, str]]


class DeployedApi:
    """The REST API below ``base_url``, and the WebSockets it names."""

    def __init__(self, base_url: str, *, api_key: str = "", sign: Sign | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._sign = sign

    def call(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """The status and the JSON document, of refusals too. Raises BackendUnavailable when there is no answer."""
        url = self._base_url + path
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", "User-Agent": "codereview"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        if self._sign is not None:
            headers = dict(self._sign(method, url, headers, data))
        request = urllib.request.Request(url, data=data or None, headers=headers, method=method)  # noqa: S310  ours
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return answer.status, _document(answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, _document(refusal.read())
        except OSError as error:
            raise BackendUnavailable(f"{url} cannot be reached: {error}") from error

    def listen(self, url: str, review_id: str, *, seconds: float) -> Iterator[dict[str, Any]]:
        """The events of a review from a WebSocket until its terminal one. Raises BackendUnavailable when the
        connection fails, ends early, or lasts longer than ``seconds``."""
        ends = time.monotonic() + seconds
        try:
            socket = websocket.create_connection(url, timeout=_TIMEOUT_S)
            try:
                socket.send(json.dumps({"action": "subscribe", "reviewId": review_id, "lastEventId": 0}))
                while (left := ends - time.monotonic()) > 0:
                    socket.settimeout(left)
                    document = _document(socket.recv())
                    if "id" in document:
                        yield document
                        if document["type"] in ("review_completed", "review_failed", "review_cancelled"):
                            return
            finally:
                socket.close()
        except (OSError, websocket.WebSocketException) as error:
            raise BackendUnavailable(f"the WebSocket failed: {error}") from error
        raise BackendUnavailable(f"the review had not ended after {seconds:.0f} s")


def aws_signature(region: str) -> Sign:
    """Signs requests to API Gateway with the credentials of this process."""
    import boto3.session  # noqa: PLC0415  only where requests are signed
    from botocore.auth import SigV4Auth  # noqa: PLC0415
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415

    def sign(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        credentials = boto3.session.Session().get_credentials()
        if credentials is None:
            raise BackendUnavailable("there are no AWS credentials to sign with")
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
        SigV4Auth(credentials, "execute-api", region).add_auth(request)
        return dict(request.headers.items())

    return sign


def _document(text: bytes | str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {"detail": str(text[:200])}
    return document if isinstance(document, dict) else {"detail": str(document)[:200]}
