"""The live stream as server-sent events: the WebSocket's twin, for clients that only listen."""

import threading
import time
from collections.abc import Iterator

from flask import Response, request

from api.live.connections import Connection
from api.live.frames import payload_of, sse_event
from api.live.hub import Batch
from api.live.log import Reader
from api.live.session import MAX_LAG
from api.state import State
from codereview.errors import BackendUnavailable
from codereview.web.messages import Beat, Refused, Reset
from codereview.web.problems import EventsExpired, problem_document

#: Milliseconds after which a browser connects again.
_RETRY_MS = 1000


def stream_events(state: State, review_id: str, after: int) -> Response:
    """Events with id > ``after`` as they come. 204 when there will never be one: a browser then stops asking.

    Raises TooManyConnections, and EventsExpired when the log is not kept any more.
    """
    bus = state.product.bus
    length = bus.last_id(review_id)
    if length == 0:
        raise EventsExpired(reviewId=review_id)
    if after >= length and any(event.type.terminal for event in bus.read(review_id, after=length - 1, limit=1)):
        return Response(status=204)
    bell = threading.Event()
    connection = Connection(wake=bell.set, peer=request.environ.get("gunicorn.socket"))
    state.connections.add(connection)
    try:
        reader = state.hub.join(review_id, after, bell.set)
    except BaseException:
        state.connections.remove(connection)
        raise
    stream = _Stream(state, reader, connection, bell)
    response = Response(stream.chunks(), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(stream.close)
    return response


class _Stream:
    def __init__(self, state: State, reader: Reader, connection: Connection, bell: threading.Event) -> None:
        self._state = state
        self._reader = reader
        self._connection = connection
        self._bell = bell
        self._review_id = reader.log.review_id

    def chunks(self) -> Iterator[bytes]:
        """What the server writes. It ends with the review, with the process, and for a reader too slow: a browser
        comes back by itself with the last id."""
        yield b"retry: %d\n\n" % _RETRY_MS
        beat_at = time.monotonic() + self._state.config.heartbeat_s
        while not self._state.connections.draining:
            self._bell.clear()
            batch = self._take()
            if chunk := self._encode(batch):
                with self._connection.writing():
                    yield chunk
            if batch.over or batch.gone or batch.lag > MAX_LAG:
                return
            if not chunk:
                self._bell.wait(max(0.0, beat_at - time.monotonic()))
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + self._state.config.heartbeat_s
                with self._connection.writing():
                    yield self._heartbeat()

    def close(self) -> None:
        """The client is gone, or everything was said."""
        self._state.hub.leave(self._reader)
        self._state.connections.remove(self._connection)

    def _take(self) -> Batch:
        try:
            return self._state.hub.take(self._reader)
        except BackendUnavailable:
            time.sleep(1.0)  # events before the window cannot be read now
            return Batch()

    def _encode(self, batch: Batch) -> bytes:
        if batch.gone:
            problem = problem_document(EventsExpired(reviewId=self._review_id))
            return sse_event(Refused(review_id=self._review_id, problem=problem).to_json().encode())
        if batch.reset_to is not None:
            reset = Reset(review_id=self._review_id, last_event_id=batch.reset_to)
            return sse_event(reset.to_json().encode(), batch.reset_to)
        numbered = enumerate(batch.frames, start=batch.after + 1)
        return b"".join(sse_event(payload_of(frame), event_id) for event_id, frame in numbered)

    def _heartbeat(self) -> bytes:
        status = self._state.hub.status(self._reader)
        beat = Beat(review_id=self._review_id, at=int(time.time() * 1000), data={"status": str(status)})
        return sse_event(beat.to_json().encode())
