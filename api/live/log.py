"""The events of one review in this process: a contiguous window of its log, encoded, with readers as cursors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from api.live.frames import payload_of, read_head, text_frame
from codereview.domain.reviews import ReviewStatus


@dataclass(eq=False, slots=True)
class Reader:
    """Somebody who follows a review: ``cursor`` is the id of the last event handed over."""

    log: "ReviewLog"
    cursor: int
    #: Called when there may be something to take.
    wake: Callable[[], None]
    #: Takes a frame there and then, or says that it cannot; spares one who is waiting from waking up for it.
    deliver: Callable[[bytes], bool] | None = None
    #: Set when the log lost events the reader has seen: it goes on after this one.
    reset_to: int | None = None
    #: Whether it ever had everything; before that it is catching up, not slow.
    caught_up: bool = False


@dataclass(eq=False, slots=True)
class ReviewLog:
    """Events ``base`` + 1 … ``end`` of a review, each as a WebSocket frame. Not synchronised: the hub has a lock."""

    review_id: str
    #: Events before the window; they are in the feed only.
    base: int = 0
    frames: list[bytes] = field(default_factory=list)
    size: int = 0
    readers: set[Reader] = field(default_factory=set)
    #: Whether the window reached the end of the log and no hole was seen since.
    synced: bool = False
    #: How often that was doubted: reading that began before the last doubt does not settle it.
    doubts: int = 0
    #: The status the review ended with, once its terminal event is in the window.
    ended: ReviewStatus | None = None
    #: Nothing (any more) is known of the review.
    gone: bool = False
    #: When the last reader left (monotonic seconds).
    idle_since: float | None = None

    @property
    def end(self) -> int:
        """Id of the last event here."""
        return self.base + len(self.frames)

    @property
    def status(self) -> ReviewStatus:
        """Where the review stands, as far as its log tells: the first event says it was queued."""
        if self.ended is not None:
            return self.ended
        return ReviewStatus.RUNNING if self.end > 1 else ReviewStatus.PENDING

    @property
    def settled(self) -> bool:
        """Whether no event will follow."""
        return self.gone or (self.ended is not None and self.synced)

    def offer(self, payload: bytes) -> bool:
        """Take a published event if it is the next one. False when the log must be read: there is a hole, or the
        event differs from what was here under its id."""
        event_id, told = read_head(payload)
        if not self.synced or event_id > self.end + 1:
            self.doubt()
            return False
        if event_id == self.end + 1:
            self._append(payload, told)
            return True
        return event_id <= self.base or self.holds(event_id, payload)

    def doubt(self) -> None:
        """There may be more in the log than here."""
        self.synced = False
        self.doubts += 1

    def holds(self, event_id: int, payload: bytes) -> bool:
        """Whether this very event is in the window."""
        return self.base < event_id <= self.end and payload_of(self.frames[event_id - self.base - 1]) == payload

    def extend(self, payloads: Sequence[bytes]) -> None:
        """Append events read from the log, the first of which is the next one."""
        for payload in payloads:
            self._append(payload, read_head(payload)[1])

    def cut(self, length: int) -> None:
        """Forget the events after ``length``: the log lost them. Readers beyond are sent back."""
        keep = max(0, length - self.base)
        self.base = min(self.base, length)
        del self.frames[keep:]
        self.size = sum(map(len, self.frames))
        self.ended, self.synced = None, False
        for reader in self.readers:
            if reader.cursor > length:
                reader.reset_to = length

    def trim(self, size: int) -> None:
        """Forget the oldest events until at most ``size`` bytes are held; readers fetch those from the feed."""
        dropped = 0
        while self.size > size and dropped < len(self.frames):
            self.size -= len(self.frames[dropped])
            dropped += 1
        del self.frames[:dropped]
        self.base += dropped

    def after(self, cursor: int, limit: int) -> list[bytes]:
        """At most ``limit`` frames of events with id > cursor, which is not before the window."""
        first = cursor - self.base
        return self.frames[first : first + limit]

    def announce(self) -> None:
        """Hand the newest event to the readers who have every other and take it at once; wake the rest."""
        frame, before = self.frames[-1], self.end - 1
        direct = self.synced and self.ended is None
        for reader in self.readers:
            if direct and reader.deliver and reader.cursor == before and reader.caught_up and reader.deliver(frame):
                reader.cursor = self.end
            else:
                reader.wake()

    def wake(self) -> None:
        """Wake every reader."""
        for reader in self.readers:
            reader.wake()

    def _append(self, payload: bytes, told: ReviewStatus | None) -> None:
        frame = text_frame(payload)
        self.frames.append(frame)
        self.size += len(frame)
        self.ended = told or self.ended
