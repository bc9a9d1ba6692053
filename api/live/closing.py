"""Why the server closes a WebSocket (RFC 6455 §7.4.1): whether and how to come back."""

from enum import IntEnum


class CloseCode(IntEnum):
    """The code of the close frame; a client that lost the connection without one should act as on 1013."""

    #: Every review followed has ended and all its events were sent. Do not come back for them.
    DONE = 1000
    #: The process stops. Come back at once and subscribe with the last event id.
    GOING_AWAY = 1001
    #: Too many refused messages. Correct the client.
    POLICY = 1008
    #: A message was larger than a request may be.
    TOO_BIG = 1009
    #: Something failed here. Come back after a pause.
    INTERNAL = 1011
    #: The client reads too slowly. Come back after a pause and subscribe with the last event id.
    TRY_AGAIN = 1013
