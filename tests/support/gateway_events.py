"""Events as API Gateway makes them: REST (proxy integration, payload 1.0), and WebSocket."""

import base64
import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

#: The resources of the REST template.
RESOURCES = ("/api/review", "/api/review/{reviewId}", "/api/review/{reviewId}/{action}")
ROLE = "arn:aws:sts::123456789012:assumed-role/Developer/alice@example.com"
DOMAIN = "abc123.execute-api.us-east-1.amazonaws.com"


def rest_event(
    method: str,
    address: str,
    *,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    principal: str | None = None,
    claims: Mapping[str, str] | None = None,
    encoded: bool = False,
) -> dict[str, Any]:
    """A request for an address such as ``/api/review/rv_1?x=1``; by a principal of IAM, or by a user with claims."""
    parts = urlsplit(address)
    resource, arguments = _resource(parts.path)
    query = parse_qs(parts.query, keep_blank_values=True)
    given = dict(headers or {})
    text = base64.b64encode(body.encode()).decode() if encoded and body is not None else body
    return {
        "resource": resource,
        "path": parts.path,
        "httpMethod": method,
        "headers": given or None,
        "multiValueHeaders": {name: [value] for name, value in given.items()} or None,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": arguments or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": DOMAIN,
            "httpMethod": method,
            "identity": {"sourceIp": "192.0.2.1", "userArn": principal, "userAgent": "tests"},
            "path": f"/live{parts.path}",
            "protocol": "HTTP/1.1",
            "requestId": str(uuid.uuid4()),
            "resourcePath": resource,
            "stage": "live",
            **({"authorizer": {"claims": dict(claims)}} if claims else {}),
        },
        "body": text,
        "isBase64Encoded": encoded,
    }


def _resource(path: str) -> tuple[str, dict[str, str]]:
    for resource in RESOURCES:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource)
        if match := re.fullmatch(pattern, path):
            return resource, match.groupdict()
    return path, {}


def socket_event(
    route: str, connection_id: str = "c1", *, body: str | None = None, client: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A WebSocket event: ``route`` is $connect, $disconnect, $default or the name of an action."""
    kind = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}.get(route, "MESSAGE")
    context: dict[str, Any] = {
        "routeKey": route,
        "eventType": kind,
        "connectionId": connection_id,
        "connectedAt": 1_790_000_000_000,
        "requestId": str(uuid.uuid4()),
        "apiId": "ws1",
        "stage": "live",
        "domainName": "ws1.execute-api.us-east-1.amazonaws.com",
        "identity": {"sourceIp": "192.0.2.1"},
    }
    if client is not None:
        context["authorizer"] = dict(client)
    if kind == "DISCONNECT":
        context |= {"disconnectStatusCode": 1001, "disconnectReason": "away"}
    event: dict[str, Any] = {"requestContext": context, "isBase64Encoded": False}
    return event | ({"body": body} if body is not None else {})


def authorizer_event(*, ticket: str = "", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the authoriser of $connect is asked."""
    return {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:ws1/live/$connect",
        "headers": dict(headers or {}),
        "queryStringParameters": {"ticket": ticket} if ticket else None,
        "requestContext": socket_event("$connect")["requestContext"],
    }
