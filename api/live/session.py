"""One WebSocket: its messages, its subscriptions, and the loop that serves them."""

import logging
import time
from dataclasses import dataclass, field

from simple_websocket import Server

from api.links import addresses
from api.live.closing import CloseCode
from api.live.connections import Connection
from api.live.doorbell import Doorbell
from api.live.frames import text_frame
from api.live.hub import Batch
from api.live.log import Reader
from api.state import State
from codereview.domain.model import Model
from codereview.errors import BackendUnavailable, CodeReviewError
from codereview.web.actions import Actions
from codereview.web.callers import Caller
from codereview.web.messages import Beat, Refused, Reset, action_of, read_message
from codereview.web.problems import EventsExpired, problem_document

log = logging.getLogger(__name__)

#: Reviews one socket may follow at once.
MAX_SUBSCRIPTIONS = 16
#: Events a reader may be behind once it has caught up.
MAX_LAG = 5_000
#: Refused messages after which a client is taken for broken.
MAX_REFUSALS = 20
#: Seconds a socket may stay without following anything.
IDLE_S = 300.0
_RETRY_S = 1.0


class Closing(Exception):
    """The session ends, by us."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass
class Tally:
    """What the log line of a socket says."""

    messages: int = 0
    refused: int = 0
    events: int = 0
    bytes_out: int = 0


@dataclass
class Session:
    """Runs in the socket's own thread; only `_deliver` runs in the hub's."""

    socket: Server
    state: State
    caller: Caller
    connection: Connection
    bell: Doorbell
    tally: Tally = field(default_factory=Tally)
    readers: dict[str, Reader] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._actions = Actions(self.state.surface, addresses(self.state), self.caller, self, room=MAX_SUBSCRIPTIONS)
        self._waiting = False
        self._last_beat = self._last_used = time.monotonic()

    def run(self) -> Closing | None:
        """Serve until there is a reason to close; None when the client left. Raises nothing the client caused."""
        try:
            while self.socket.connected:
                self.bell.clear()
                self._answer_messages()
                busy = self._push_all()
                self._check_reasons_to_close()
                if not busy:
                    self._wait()
                    self._beat()
        except Closing as closing:
            return closing
        except OSError:
            return None  # the client is gone, or was cut off
        finally:
            for reader in self.readers.values():
                self.state.hub.leave(reader)
        return None

    def follow(self, review_id: str, after: int) -> None:
        """Subscribe, or go on from another event."""
        self.unfollow(review_id)
        self.readers[review_id] = self.state.hub.join(review_id, after, self.bell.ring, self._deliver)

    def unfollow(self, review_id: str) -> bool:
        """Unsubscribe; whether there was something to."""
        reader = self.readers.pop(review_id, None)
        if reader is not None:
            self.state.hub.leave(reader)
        return reader is not None

    def followed(self) -> tuple[str, ...]:
        """The reviews subscribed to."""
        return tuple(self.readers)

    # --- in

    def _answer_messages(self) -> None:
        while self.socket.input_buffer and self.socket.connected:
            text = self.socket.input_buffer.pop(0)
            self.bell.make_room()
            self._last_used = time.monotonic()
            self.tally.messages += 1
            try:
                self._send(self._actions.answer(read_message(text)))
            except CodeReviewError as error:
                self._refuse(error, action=action_of(text))

    def _refuse(self, error: CodeReviewError, *, action: str = "", review_id: str = "") -> None:
        self.tally.refused += 1
        problem = problem_document(error, instance="/ws")
        self._send(Refused(action=action, review_id=review_id, problem=problem))
        if self.tally.refused >= MAX_REFUSALS:
            raise Closing(CloseCode.POLICY, "too many refused messages")

    # --- out

    def _wait(self) -> None:
        """Wait until somebody rings or a heartbeat is due. Meanwhile, and only then, the hub may send by itself."""
        self._waiting = True
        self.bell.wait(self._until_beat())
        self._waiting = False
        if self.socket.sock.unfinished:
            self.socket.sock.send(b"")

    def _deliver(self, frame: bytes) -> bool:
        """Send a frame from the hub's thread, if nothing that comes before it can still be on its way."""
        if not self._waiting or not self.socket.connected or not self.socket.sock.offer(frame):
            return False
        self.tally.events += 1
        self.tally.bytes_out += len(frame)
        if self.socket.sock.unfinished:
            self.bell.ring()
        return True

    def _push_all(self) -> bool:
        """Send what there is for each subscription; whether there was anything."""
        return sum(self._push(review_id, reader) for review_id, reader in tuple(self.readers.items())) > 0

    def _push(self, review_id: str, reader: Reader) -> bool:
        try:
            batch = self.state.hub.take(reader)
        except BackendUnavailable:
            time.sleep(_RETRY_S)  # events before the window cannot be read now
            return True
        if batch.reset_to is not None:
            self._send(Reset(review_id=review_id, last_event_id=batch.reset_to))
        if batch.gone:
            self.unfollow(review_id)
            self._refuse(EventsExpired(reviewId=review_id), review_id=review_id)
        self._push_frames(batch)
        if batch.over:
            self.unfollow(review_id)
            if not self.readers:
                raise Closing(CloseCode.DONE, "the review has ended")
        if batch.lag > MAX_LAG:
            raise Closing(CloseCode.TRY_AGAIN, "too slow: subscribe again with the last event id")
        return bool(batch.frames) or batch.reset_to is not None

    def _push_frames(self, batch: Batch) -> None:
        if batch.frames:
            data = b"".join(batch.frames)
            self.socket.sock.send(data)
            self.tally.events += len(batch.frames)
            self.tally.bytes_out += len(data)

    def _beat(self) -> None:
        if self._until_beat() > 0:
            return
        self._last_beat = time.monotonic()
        at = int(time.time() * 1000)
        for review_id, reader in self.readers.items():
            self._send(Beat(review_id=review_id, at=at, data={"status": str(self.state.hub.status(reader))}))
        if not self.readers:
            self._send(Beat(at=at))

    def _until_beat(self) -> float:
        return max(0.0, self._last_beat + self.state.config.heartbeat_s - time.monotonic())

    def _check_reasons_to_close(self) -> None:
        if self.state.connections.draining:
            raise Closing(CloseCode.GOING_AWAY, "the service restarts: come back and subscribe again")
        if not self.readers and time.monotonic() - self._last_used > IDLE_S:
            raise Closing(CloseCode.POLICY, "nothing is followed: subscribe, or leave")

    def _send(self, message: Model) -> None:
        data = text_frame(message.to_json().encode())
        self.socket.sock.send(data)
        self.tally.bytes_out += len(data)
