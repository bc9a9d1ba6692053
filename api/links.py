"""The addresses the API tells its clients."""

from flask import request

from api.state import State
from codereview.web.addresses import Addresses


def base_url(state: State) -> str:
    """The address of the service, as configured or as asked for, without a trailing slash."""
    return state.config.public_url or request.host_url.rstrip("/")


def addresses(state: State) -> Addresses:
    """Everything below it."""
    return Addresses.of_server(base_url(state))
