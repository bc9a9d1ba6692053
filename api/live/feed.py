"""Where the hub gets events from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Subscribed:
    """From here on nothing published about the review is missed; what was before is in its log."""

    review_id: str


@dataclass(frozen=True, slots=True)
class Published:
    """An event, as it was appended to the log of the review."""

    review_id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Tail:
    """The log after some event: ``length`` of the whole log, whether the review ended, and the events asked for."""

    length: int
    over: bool
    payloads: Sequence[bytes]


class LogFeed(Protocol):
    """The event logs of reviews, as encoded JSON. Every method but `close` may raise BackendUnavailable."""

    def watch(self, review_id: str) -> None:
        """Have `signals` tell of a review: first that it is Subscribed, then what is Published. Never blocks long."""
        ...

    def unwatch(self, review_id: str) -> None:
        """No longer."""
        ...

    def signals(self) -> Iterator[Subscribed | Published | None]:
        """What happens in the watched logs, over one connection; None at least once a second.

        A lost connection raises. When it is called again every watched review is Subscribed anew.
        """
        ...

    def reconnect(self) -> None:
        """Give up the connection of `signals`, which seems to be deaf."""
        ...

    def tail(self, review_id: str, after: int, limit: int) -> Tail | None:
        """At most ``limit`` events with id > ``after``, or None when nothing is known of the review."""
        ...

    def lengths(self, review_ids: Sequence[str]) -> list[int]:
        """The length of each log, 0 for an unknown one."""
        ...

    def close(self) -> None:
        """Close the connections; `signals` ends."""
        ...
