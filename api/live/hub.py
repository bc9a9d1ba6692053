"""The hub: follows every watched review over one subscription and hands its events to any number of readers."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from api.live.feed import LogFeed, Published, Subscribed, Tail
from api.live.frames import text_frame
from api.live.log import Reader, ReviewLog
from api.live.syncing import sync
from codereview.domain.reviews import ReviewStatus
from codereview.errors import BackendUnavailable

log = logging.getLogger(__name__)

#: Frames handed to a reader at once.
BATCH = 200
#: Pauses between tries to reach the feed.
_PAUSES_S = (0.05, 0.1, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class HubSettings:
    """How the hub behaves."""

    #: Seconds between looks for events whose message was lost.
    sweep_s: float = 2.0
    #: Seconds a log is kept, and its channel subscribed, after its last reader left.
    grace_s: float = 30.0
    #: Bytes of encoded events held over all reviews.
    budget: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """What a reader gets: frames of the events after its cursor, in order."""

    frames: tuple[bytes, ...] = ()
    #: Id of the event before the first frame.
    after: int = 0
    #: The log lost events the reader has seen; it goes on after this id.
    reset_to: int | None = None
    #: These are the last events there will ever be.
    over: bool = False
    #: Nothing is known of the review.
    gone: bool = False
    #: Events behind after this batch; 0 while it is still catching up for the first time.
    lag: int = 0


class Hub:
    """Subscribe, then read the log on the acknowledgement, then take messages; read again on a hole, and every
    ``sweep_s`` in case the last message was lost. Readers are cursors: a slow one costs no memory.

    Works with threads, and with greenlets once `threading` is patched. Its two threads start with the first reader.
    """

    def __init__(self, feed: LogFeed, settings: HubSettings = HubSettings()) -> None:
        self._feed = feed
        self._settings = settings
        self._logs: dict[str, ReviewLog] = {}
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._heard_at = 0.0
        self._missed_at: float | None = None

    def join(
        self,
        review_id: str,
        after: int,
        wake: Callable[[], None],
        deliver: Callable[[bytes], bool] | None = None,
    ) -> Reader:
        """Follow a review from the event ``after`` on; ``wake`` is called when there is something to `take`.

        ``deliver``, if given, is tried first with each new frame, and must not wait: see `Reader`.
        """
        after = max(0, after)
        with self._lock:
            known = self._logs.get(review_id)
            joined = known if known is not None and not known.gone else ReviewLog(review_id, base=after)
            self._logs[review_id] = joined
            reader = Reader(joined, after, wake, deliver)
            joined.readers.add(reader)
            joined.idle_since = None
            ahead = joined is known and after > joined.end
            if ahead:  # a reader that comes from another process may have seen what is not here yet
                joined.doubt()
            self._start()
        if joined is not known:
            self._feed.watch(review_id)
        elif ahead:
            self._sync(joined)
        wake()
        return reader

    def leave(self, reader: Reader) -> None:
        """Follow no longer."""
        with self._lock:
            reader.log.readers.discard(reader)
            if not reader.log.readers:
                reader.log.idle_since = time.monotonic()

    def take(self, reader: Reader) -> Batch:
        """The events after the reader's cursor that are there by now, some at a time. Raises BackendUnavailable."""
        with self._lock:
            known = reader.log
            if known.gone:
                return Batch(gone=True)
            if known.synced and reader.cursor > known.end:
                reader.reset_to = known.end
            if reader.reset_to is not None:
                reader.cursor, reader.reset_to = reader.reset_to, None
                return Batch(reset_to=reader.cursor)
            if reader.cursor >= known.base:
                return self._advance(reader, known, known.after(reader.cursor, BATCH))
        tail = self._feed.tail(known.review_id, reader.cursor, min(BATCH, known.base - reader.cursor))
        return self._from_feed(reader, tail)

    def status(self, reader: Reader) -> ReviewStatus:
        """Where the reader's review stands."""
        with self._lock:
            return reader.log.status

    @property
    def watched(self) -> frozenset[str]:
        """The reviews that have, or just had, readers."""
        with self._lock:
            return frozenset(self._logs)

    def stop(self) -> None:
        """End the threads and the connections."""
        self._stopped.set()
        self._feed.close()

    def _advance(self, reader: Reader, known: ReviewLog, frames: list[bytes]) -> Batch:
        after = reader.cursor
        reader.cursor += len(frames)
        at_end = known.synced and reader.cursor >= known.end
        reader.caught_up = reader.caught_up or at_end
        return Batch(
            frames=tuple(frames),
            after=after,
            over=at_end and known.ended is not None,
            lag=known.end - reader.cursor if reader.caught_up else 0,
        )

    def _from_feed(self, reader: Reader, tail: Tail | None) -> Batch:
        """Events before the window, for one reader alone."""
        if tail is None:
            return Batch(gone=True)
        with self._lock:
            if tail.payloads:
                return self._advance(reader, reader.log, [text_frame(payload) for payload in tail.payloads])
            # The log is shorter than the window begins: the next sweep sorts it out.
            return Batch()

    # --- the threads

    def _start(self) -> None:
        if not self._threads:
            self._threads = [
                threading.Thread(target=target, name=f"live-{name}", daemon=True)
                for name, target in (("listen", self._listen), ("sweep", self._sweep_regularly))
            ]
            for thread in self._threads:
                thread.start()

    def _listen(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                for signal in self._feed.signals():
                    failures = 0
                    self._heed(signal)
                    if self._stopped.is_set():
                        return
            except BackendUnavailable as error:
                pause = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
                failures += 1
                log.warning("live_feed_lost", extra={"error": str(error), "retry_in_s": pause})
                self._stopped.wait(pause)
            except Exception:  # the thread must outlive whatever was published; every socket depends on it
                log.exception("live_listener_failed")
                self._stopped.wait(_PAUSES_S[-1])

    def _heed(self, signal: Subscribed | Published | None) -> None:
        known = self._logs.get(signal.review_id) if signal is not None else None
        if signal is None or known is None:
            return
        self._heard_at = time.monotonic()
        if isinstance(signal, Subscribed):
            self._sync(known)
        else:
            self._hear(known, signal.payload)

    def _hear(self, known: ReviewLog, payload: bytes) -> None:
        with self._lock:
            before = known.end
            taken = known.offer(payload)
            if taken and known.end == before + 1:
                known.announce()
        if not taken:
            self._sync(known)

    def _sync(self, known: ReviewLog) -> bool:
        """Read what is missing. Whether anything was; False too when the feed is away: the next sweep tries again."""
        try:
            with self._syncing:
                return sync(known, self._feed, self._lock)
        except BackendUnavailable as error:
            known.doubt()
            log.warning("live_log_not_read", extra={"review_id": known.review_id, "error": str(error)})
            return False

    def _sweep_regularly(self) -> None:
        while not self._stopped.wait(self._settings.sweep_s):
            try:
                self._sweep()
            except BackendUnavailable as error:
                log.warning("live_sweep_failed", extra={"error": str(error)})
            except Exception:  # as above
                log.exception("live_sweeper_failed")

    def _sweep(self) -> None:
        """Find lost messages, let go of what nobody reads, and keep to the budget."""
        with self._lock:
            current = [known for known in self._logs.values() if not known.settled]
        lengths = self._feed.lengths([known.review_id for known in current]) if current else []
        missed = False
        for known, length in zip(current, lengths, strict=True):
            if length != known.end or not known.synced:
                missed = self._sync(known) or missed
        self._doubt(missed)
        self._let_go()
        self._trim()

    def _doubt(self, missed: bool) -> None:
        """Replace a connection that is dead and does not know it: since the last sweep found events that were not
        heard of, their messages have not come either."""
        if self._missed_at is not None and self._heard_at < self._missed_at:
            log.warning("live_feed_deaf")
            self._feed.reconnect()
            missed = False
        self._missed_at = time.monotonic() if missed else None

    def _let_go(self) -> None:
        now = time.monotonic()
        with self._lock:
            idle = [
                known
                for known in self._logs.values()
                if known.idle_since is not None and now - known.idle_since > self._settings.grace_s
            ]
            for known in idle:
                self._logs.pop(known.review_id)
        for known in idle:
            self._feed.unwatch(known.review_id)
            with self._lock:
                again = known.review_id in self._logs
            if again:  # somebody joined in between
                self._feed.watch(known.review_id)

    def _trim(self) -> None:
        with self._lock:
            total = sum(known.size for known in self._logs.values())
            for known in sorted(self._logs.values(), key=lambda known: -known.size):
                if total <= self._settings.budget:
                    return
                before = known.size
                known.trim(before // 2)
                total -= before - known.size
