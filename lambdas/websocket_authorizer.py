"""Asked at $connect: lets in who has a ticket for a review, or an API key."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from codereview.adapters.dynamodb.keys import DynamoKeyStore
from codereview.application.keys import KeyRing
from codereview.errors import Unauthenticated
from codereview.web.callers import Caller, by_key, by_ticket
from codereview.web.problems import InvalidMessage, OriginRefused
from lambdas._settings import clients, settings
from lambdas._tickets import tickets

log = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  Lambda's signature
    """A policy that allows or denies the connection, and what the other functions have to know of the client.

    Raises InvalidMessage for an event that is none, BackendUnavailable when nobody can be known just now: the client
    is told to try again.
    """
    settings()
    resource = event.get("methodArn")
    if not isinstance(resource, str) or not resource:
        raise InvalidMessage("this is no event of an authoriser: it has no methodArn")
    try:
        caller = _caller(event)
    except (Unauthenticated, OriginRefused) as error:
        # The ticket itself is not told to the log.
        log.info("connection_refused", extra={"problem": error.slug, "reason": error.detail})
        return _policy("anonymous", "Deny", resource)
    client = {"owner": caller.owner, "keyId": caller.key_id}
    if caller.review_id is not None:
        client["ticketReview"] = caller.review_id
    return {**_policy(caller.key_id or "ticket", "Allow", resource), "context": client}


def _caller(event: Mapping[str, Any]) -> Caller:
    """Raises Unauthenticated, OriginRefused, BackendUnavailable."""
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    origin, allowed = headers.get("origin"), settings().allowed_origins
    if origin is not None and allowed and origin not in {each.rstrip("/") for each in allowed}:
        raise OriginRefused(f"pages of {origin[:100]} may not connect; see CODEREVIEW_ALLOWED_ORIGINS")
    ticket = (event.get("queryStringParameters") or {}).get("ticket", "")
    if ticket:
        return by_ticket(ticket, tickets())
    return by_key(headers.get("authorization", ""), headers.get("x-api-key", ""), _keys())


@cache
def _keys() -> KeyRing:
    return KeyRing(DynamoKeyStore(settings().keys_table, clients=clients()))


def _policy(principal: str, effect: str, resource: str) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
