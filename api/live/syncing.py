"""Bringing a window up to the end of its log."""

import threading
from collections.abc import Sequence
from itertools import takewhile

from api.live.feed import LogFeed, Tail
from api.live.log import ReviewLog

#: Events read at a time.
PAGE = 500


def sync(known: ReviewLog, feed: LogFeed, lock: threading.Lock) -> bool:
    """Read the events after the window until there are no more; whether there were any.

    The last event of the window is read again: a Redis that lost the end of its log in a crash has another one there,
    or none. ``lock`` guards the window and is never held while the feed is asked. One call at a time. Raises
    BackendUnavailable.
    """
    found = False
    while True:
        overlap = 1 if known.frames else 0
        first, doubts = known.end - overlap, known.doubts
        tail = feed.tail(known.review_id, first, PAGE)
        if tail is None:
            with lock:
                known.gone = True
                known.wake()
            return found
        if tail.length < first + overlap or (overlap and not known.holds(first + 1, tail.payloads[0])):
            _reconcile(known, feed, lock, tail.length)
            continue
        with lock:
            added = _fill(known, first, tail, doubts)
        found = found or added > 0
        if known.synced:
            return found


def _fill(known: ReviewLog, first: int, tail: Tail, doubts: int) -> int:
    """Append what the window does not have yet (a message may have brought some meanwhile); how many that were."""
    new = tail.payloads[known.end - first :]
    known.extend(new)
    if first + len(tail.payloads) >= tail.length and doubts == known.doubts:
        known.synced = True
    if new or known.synced:
        known.wake()
    return len(new)


def _reconcile(known: ReviewLog, feed: LogFeed, lock: threading.Lock, length: int) -> None:
    """Cut the window back to what the log still agrees with."""
    kept = min(known.base, length)
    while kept >= known.base and kept < min(known.end, length):
        tail = feed.tail(known.review_id, kept, PAGE)
        same = _same(known, kept, tail.payloads) if tail is not None else 0
        kept += same
        if tail is None or same < len(tail.payloads) or not same:
            break
    with lock:
        known.cut(kept)
        known.wake()


def _same(known: ReviewLog, after: int, payloads: Sequence[bytes]) -> int:
    """How many of these events, the first of which has the id ``after`` + 1, are in the window."""
    numbered = enumerate(payloads, start=after + 1)
    return sum(1 for _ in takewhile(lambda item: known.holds(*item), numbered))
