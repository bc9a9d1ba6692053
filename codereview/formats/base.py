"""What a format is, and what it may know besides the review."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from codereview.domain.reviews import Review
from codereview.domain.rules import Rule

#: Narrower than this a terminal cannot show a code frame; wider, nobody reads.
MIN_WIDTH, MAX_WIDTH = 40, 240


@dataclass(frozen=True, slots=True)
class Rendering:
    """How to write a review down. ``rules`` are described in SARIF; a rule not in it speaks through its findings."""

    color: bool = False
    width: int = 100
    rules: Mapping[str, Rule] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        """The width within reason."""
        return max(MIN_WIDTH, min(self.width, MAX_WIDTH))


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how it is written, and what a web server calls it."""

    write: Callable[[Review, Rendering], str]
    media_type: str
    suffix: str
    #: What it is for, in one line.
    purpose: str
    #: The Content-Security-Policy it is served under; "": the server's own.
    policy: str = ""
