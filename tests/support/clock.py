"""A clock that stands still until it is told to move."""


class FixedClock:
    """Milliseconds since the epoch, moved by hand."""

    def __init__(self, now: int = 1_790_000_000_000) -> None:
        self.now = now

    def now_ms(self) -> int:
        """The time."""
        return self.now

    def advance(self, *, days: float = 0, ms: int = 0) -> None:
        """Move on."""
        self.now += int(days * 86_400_000) + ms
