"""The WebSocket at /ws."""

import base64
import binascii
import logging
import socket
from contextlib import suppress

from flask import Blueprint, Flask, g, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server

from api.auth import authenticate
from api.config import ApiConfig
from api.live.closing import CloseCode
from api.live.connections import Connection
from api.live.doorbell import Doorbell
from api.live.outbox import Outbox
from api.live.receiver import Receiver
from api.live.session import Closing, Session
from api.origins import check_origin
from api.request_log import summary
from api.schemas import SocketQuery
from api.state import state
from codereview.web.decoding import parse_query
from codereview.web.problems import TooManyConnections, UpgradeRequired

log = logging.getLogger("codereview.api")

#: Seconds to wait for the client's half of the closing handshake.
_FAREWELL_S = 2.0


def install(app: Flask, config: ApiConfig) -> None:
    """Serve the WebSocket in an application."""
    app.config["SOCK_SERVER_OPTIONS"] = {
        "max_message_size": config.max_request_bytes,
        "event_class": Doorbell,
        "thread_class": Receiver,
    }
    blueprint = Blueprint("live", __name__)
    blueprint.before_request(_admit)
    Sock().route("/ws", bp=blueprint)(_serve)
    app.register_blueprint(blueprint)


def _admit() -> None:
    """Refuse while refusing is still plain HTTP: everything here raises a CodeReviewError."""
    here = state()
    query = parse_query(SocketQuery, dict(request.args.lists()))
    check_origin(request, here.config, upgrade=True)
    _check_handshake()
    authenticate(request, here, ticket=query.ticket if query is not None else "")
    here.connections.check_room()


def _check_handshake() -> None:
    """The headers of RFC 6455 §4.2.1, which decide whether the library can shake hands."""
    try:
        key = base64.b64decode(request.headers.get("Sec-WebSocket-Key", ""), validate=True)
    except binascii.Error:
        key = b""
    if request.headers.get("Sec-WebSocket-Version") != "13" or len(key) != 16:
        raise UpgradeRequired("this is not a WebSocket handshake of version 13")


def _serve(server: Server) -> None:
    here, bell = state(), server.event
    peer: socket.socket = server.sock
    connection = Connection(wake=bell.ring, peer=peer)
    server.sock = Outbox(peer, connection)
    bell.watch(server.input_buffer)
    server.thread.begin()
    session = Session(server, here, g.caller, connection, bell)
    closing: Closing | None = Closing(CloseCode.INTERNAL, "something failed here")
    try:
        here.connections.add(connection)
        closing = session.run()
    except TooManyConnections:  # others came since we looked
        closing = Closing(CloseCode.TRY_AGAIN, "too many live connections: come back after a pause")
    except Exception:  # the end of the line: nothing above could still answer over HTTP
        log.exception("live_socket_failed")
    finally:
        bell.retire()
        here.connections.remove(connection)
        _close(server, closing)
        _log(session, closing)


def _close(server: Server, closing: Closing | None) -> None:
    """Say why, and let the client answer, so that it reads everything before the connection is gone."""
    if closing is not None and server.connected:
        with suppress(ConnectionClosed, OSError):
            server.close(int(closing.code), closing.reason)
    # Whoever gets the connection back would close it under the thread that still reads it to its end.
    server.thread.join(_FAREWELL_S)


def _log(session: Session, closing: Closing | None) -> None:
    aborted = session.connection.aborted
    fields = summary(request, g.began) | {
        "close_code": int(closing.code) if closing is not None else session.socket.close_reason,
        "close_reason": "stuck" if aborted else closing.reason if closing is not None else "left",
        "messages": session.tally.messages,
        "refused": session.tally.refused,
        "events": session.tally.events,
        "bytes_out": session.tally.bytes_out,
    }
    log.info("live_socket", extra=fields)
