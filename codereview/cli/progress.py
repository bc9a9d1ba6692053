"""Progress on standard error: one line that is rewritten on a terminal, nothing elsewhere."""

import sys
from collections import Counter

from codereview.domain.events import Event, EventType

_CLEAR = "\r\x1b[K"


class Progress:
    """What a review in progress looks like to the person who waits for it."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._shown = sys.stderr.isatty() and not quiet
        self._units = 0
        self._done: Counter[str] = Counter()
        self._findings = 0

    def take(self, event: Event) -> None:
        """Update the line for an event."""
        match event.type:
            case EventType.REVIEW_QUEUED:
                units = event.data.get("units")
                self._units = units if isinstance(units, int) else 0
            case EventType.AGENT_PROGRESS if event.data.get("step") == "done":
                self._done[event.agent] += 1
            case EventType.FINDING:
                self._findings += 1
        if self._shown:
            done = sum(self._done.values())
            sys.stderr.write(f"{_CLEAR}reviewing: {done} of {self._units} units, {self._findings} findings")
            sys.stderr.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
