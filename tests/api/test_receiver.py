"""The library's server with our thread and our socket: a quick client is read when its handler is ready."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from simple_websocket import Server
from wsproto.connection import Connection as Frames
from wsproto.connection import ConnectionType
from wsproto.events import CloseConnection, TextMessage

from api.live.connections import Connection
from api.live.outbox import Outbox
from api.live.receiver import Receiver

SHAKE = {
    "HTTP_HOST": "codereview.test",
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_SEC_WEBSOCKET_KEY": "AAAAAAAAAAAAAAAAAAAAAA==",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
    "PATH_INFO": "/ws",
    "QUERY_STRING": "",
}


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's end of a TCP connection, and the client's: unlike a socket pair's, these can be reset."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname(), timeout=10)
        ours, _ = listener.accept()
    with ours, theirs:
        yield ours, theirs


def test_a_client_is_told_that_it_sent_too_much_before_its_handler_was_ready(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    """Read at once, it would be refused past the outbox, and the connection reset."""
    ours, theirs = ends
    server = Server({"werkzeug.socket": ours, **SHAKE}, max_message_size=10, receive_bytes=64, thread_class=Receiver)
    assert _handshake(theirs).startswith(b"HTTP/1.1 101")
    client = Frames(ConnectionType.CLIENT)
    theirs.sendall(client.send(TextMessage("x" * 20_000)))

    time.sleep(0.2)  # the handler is slow

    woken = threading.Event()
    server.sock = Outbox(ours, Connection(wake=woken.set))
    assert not server.thread.is_alive()
    server.thread.begin()

    assert _close_code(theirs, client) == 1009
    assert woken.wait(10), "the handler is told that there is nothing more to come"
    theirs.close()
    server.thread.join(10)
    assert not server.thread.is_alive()


def _handshake(sock: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += sock.recv(1)
    return answer


def _close_code(sock: socket.socket, client: Frames) -> int:
    """The code, answered as a client does. Raises ConnectionResetError unless the connection ends in peace."""
    code = 0
    while data := sock.recv(4096):
        client.receive_data(data)
        for event in client.events():
            if isinstance(event, CloseConnection):
                code = int(event.code)
                sock.sendall(client.send(event.response()))
    return code
