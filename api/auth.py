"""Who is calling: an API key, a ticket, or, where no keys are asked for, anybody."""

from flask import Request, g

from api.state import State
from codereview.errors import Unauthenticated
from codereview.web.callers import Caller, by_key, by_ticket


def authenticate(request: Request, state: State, *, ticket: str = "") -> Caller:
    """The caller. A ticket, where the route takes one and one was given, counts before a key.

    Raises Unauthenticated (InvalidTicket for a ticket), BackendUnavailable.
    """
    if ticket:
        caller = by_ticket(ticket, state.surface.tickets)
    elif not state.config.keys_required:
        caller = Caller()
    elif state.product.keys is None:
        raise Unauthenticated("this service asks for API keys but was started without a store of them")
    else:
        given = request.headers
        caller = by_key(given.get("Authorization", ""), given.get("X-Api-Key", ""), state.product.keys)
    g.caller = caller
    return caller
