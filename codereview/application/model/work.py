"""What one unit's model half works with: the unit's findings, and the way to change them."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from codereview.agents.base import Agent
from codereview.domain.coverage import SkipReason
from codereview.domain.findings import Finding
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import SourceFile
from codereview.domain.tokens import Spend
from codereview.ports import AnalyserProblem, RawFinding


@dataclass
class Account:
    """What was examined and what was not, kept by several threads."""

    problems: list[AnalyserProblem] = field(default_factory=list)
    #: Files of which something was not looked at at all.
    unseen: set[str] = field(default_factory=set)
    rejected: int = 0
    models: set[str] = field(default_factory=set)
    spend: Spend = field(default_factory=Spend)
    _chunks_left: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def problem(self, paths: Sequence[str], message: str, reason: SkipReason) -> None:
        """Say that these files were examined, but not wholly."""
        with self._lock:
            for path in paths:
                problem = AnalyserProblem(message=message, path=path, reason=str(reason))
                if problem not in self.problems:
                    self.problems.append(problem)

    def skip(self, paths: Sequence[str], message: str, reason: SkipReason) -> None:
        """Say that something of these files was not looked at."""
        with self._lock:
            self.unseen.update(paths)
        self.problem(paths, message, reason)

    def overlook(self, paths: Sequence[str]) -> None:
        """Nobody looked at something of these files; why is told already."""
        with self._lock:
            self.unseen.update(paths)

    def remark(self, paths: Sequence[str], message: str) -> None:
        """Say something of these files that a person may want to know and that is no gap."""
        self.problem(paths, message, SkipReason.CONTEXT)

    def expect(self, paths: Sequence[str]) -> None:
        """A chunk with lines of these files is to be looked at."""
        with self._lock:
            self._chunks_left.update(paths)

    def done(self, paths: Sequence[str]) -> None:
        """It was."""
        with self._lock:
            self._chunks_left.subtract(paths)

    @property
    def waiting(self) -> list[str]:
        """Files with chunks nobody has looked at."""
        with self._lock:
            return sorted(path for path, left in self._chunks_left.items() if left > 0)

    @property
    def examined(self) -> frozenset[str]:
        """Files whose every chunk was looked at."""
        with self._lock:
            return frozenset(p for p, left in self._chunks_left.items() if left <= 0) - self.unseen

    def pay(self, spend: Spend) -> None:
        """Add to the unit's bill."""
        with self._lock:
            self.spend += spend

    def reject(self) -> None:
        """Count a part of an answer that did not pass the checks."""
        with self._lock:
            self.rejected += 1

    def heard(self, model: str) -> None:
        """Note who answered."""
        if model:
            with self._lock:
                self.models.add(model)


@dataclass(frozen=True)
class UnitWork:
    """One unit as its model half sees it. The callables may be called from any thread, one at a time or not."""

    review_id: str
    agent: Agent
    options: ReviewOptions
    files: Sequence[SourceFile]
    context: Sequence[SourceFile]
    stop: threading.Event
    #: The unit's findings so far.
    findings: Callable[[], list[Finding]]
    #: Adds what passed the checks, said by this model; what became of it, or None when it is not shown.
    add: Callable[[RawFinding, str], Finding | None]
    #: Gives a finding new values: fingerprint, why, what. The finding as it is now.
    revise: Callable[..., Finding | None]
    #: Tells the review's bill.
    spent: Callable[[], None]
    #: Tells whoever watches something in a sentence.
    note: Callable[[str], None] = lambda sentence: None  # noqa: ARG005
    account: Account = field(default_factory=Account)
