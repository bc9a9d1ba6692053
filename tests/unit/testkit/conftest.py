"""A messages server and the real client of the service it stands for."""

from collections.abc import Callable, Iterator

import anthropic
import pytest

from codereview.adapters.model_catalogue import load_catalogue
from codereview.testkit.exchange import Asked, Reply
from codereview.testkit.messages_server import MessagesServer

#: Makes a server that gives a reply, or what a rule decides, with the server's own options.
Serve = Callable[..., MessagesServer]
#: Makes a client of it.
Connect = Callable[..., anthropic.Anthropic]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[MessagesServer] = []

    def start(reply: Reply | Callable[[Asked], Reply], **options: object) -> MessagesServer:
        rule = reply if callable(reply) else lambda _: reply
        servers.append(MessagesServer(rule, load_catalogue(), **options))  # type: ignore[arg-type]
        return servers[-1].__enter__()

    yield start
    for server in servers:
        server.__exit__()


@pytest.fixture
def connect() -> Iterator[Connect]:
    clients: list[anthropic.Anthropic] = []

    def to(server: MessagesServer, key: str = "key", max_retries: int = 0, **options: object) -> anthropic.Anthropic:
        client = anthropic.Anthropic(api_key=key, base_url=server.url, max_retries=max_retries, **options)  # type: ignore[arg-type]
        clients.append(client)
        return client

    yield to
    for client in clients:
        client.close()
