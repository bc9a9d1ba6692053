"""Who is calling: an API key, a ticket, or, where no keys are asked for, anybody."""

from flask import Request, g

from api.state import State
from codereview.application.keys import KeyRing
from codereview.errors import Unauthenticated
from codereview.web.callers import Caller

_HOW = "send the API key as `Authorization: Bearer KEY` or `X-Api-Key: KEY`"


def authenticate(request: Request, state: State, *, ticket: str = "") -> Caller:
    """The caller. A ticket, where the route takes one and one was given, counts before a key.

    Raises Unauthenticated (InvalidTicket for a ticket), BackendUnavailable.
    """
    if ticket:
        accepted = state.surface.tickets.check(ticket)
        caller = Caller(owner=accepted.owner, review_id=accepted.review_id)
    elif not state.config.keys_required:
        caller = Caller()
    else:
        caller = _key_holder(request, state.product.keys)
    g.caller = caller
    return caller


def _key_holder(request: Request, keys: KeyRing | None) -> Caller:
    if keys is None:
        raise Unauthenticated("this service asks for API keys but was started without a store of them")
    key = keys.authenticate(_secret(request))
    return Caller(owner=key.owner, key_id=key.id)


def _secret(request: Request) -> str:
    header = request.headers.get("Authorization", "")
    scheme, _, value = header.partition(" ")
    if header and scheme.lower() != "bearer":
        raise Unauthenticated(f"Authorization has the scheme {scheme[:20]!r}; {_HOW}")
    secret = value.strip() or request.headers.get("X-Api-Key", "").strip()
    if not secret:
        raise Unauthenticated(f"an API key is needed: {_HOW}")
    return secret
