"""A review service on memory adapters whose units run when the test says so."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from codereview.adapters.memory import MemoryEventBus, MemoryLedger, MemoryReviewStore, MemorySourceStore
from codereview.agents.base import Agent
from codereview.application.finalizing import Finalizer
from codereview.application.model.estimate import Estimator
from codereview.application.model.reviewing import ModelReviewer
from codereview.application.review_service import Admission, ReviewService
from codereview.application.reviewing import BatchReviewer, Patience
from codereview.application.sweeping import Sweeper, SweepSettings
from codereview.domain.events import Event
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import Batch, SourceFile, Sources
from codereview.domain.submission import Job, Submission
from codereview.domain.tokens import Spend
from codereview.domain.units import UnitSpec
from codereview.errors import BackendUnavailable
from codereview.ports import Analyser
from codereview.telemetry import SILENT, Telemetry
from codereview.testing import ManualClock, PatternAnalyser


@dataclass
class ManualDispatcher:
    """Keeps what was launched; ``run`` works on it, as workers would."""

    launched: list[tuple[str, UnitSpec]] = field(default_factory=list)
    relaunched: list[tuple[str, str]] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    waiting: int = 0
    broken: bool = False

    def launch(self, review_id: str, units: Sequence[UnitSpec]) -> None:
        if self.broken:
            raise BackendUnavailable("the task queue cannot be reached")
        self.launched += [(review_id, unit) for unit in units]

    def relaunch(self, review_id: str, unit: UnitSpec) -> None:
        self.relaunched.append((review_id, unit.id))
        self.launched.append((review_id, unit))

    def finalize(self, review_id: str) -> None:
        raise AssertionError("not used")

    def backlog(self, agent: str) -> int:
        return self.waiting

    def revoke(self, review_id: str) -> None:
        self.revoked.append(review_id)


@dataclass(frozen=True)
class Files:
    """A workspace that is nowhere: for analysers that read the text they are given."""

    batch: Batch
    root: str = "/nowhere"

    @property
    def files(self) -> Sequence[SourceFile]:
        return self.batch.files

    @property
    def context(self) -> Sequence[SourceFile]:
        return self.batch.context


def _read(submission: Submission) -> Sources:
    """The code of a submission, taken as Python; reading submissions has tests of its own."""
    file = SourceFile(path=submission.filename or "snippet.py", text=submission.code or "", language="python")
    return Sources(files=(file,) if file.text else ())


class Assembly:
    """The service and everything it stands on, in reach of a test."""

    def __init__(
        self,
        security: Sequence[Analyser] | None = None,
        bug: Sequence[Analyser] | None = None,
        *,
        admission: Admission = Admission(),
        lease_ms: int = 12_000,
        deadline_ms: int = 900_000,
        telemetry: Telemetry = SILENT,
        model: ModelReviewer | None = None,
    ) -> None:
        if model is not None:
            # A model's repairs are proved by the same analysers, over files that are nowhere.
            model = replace(model, open_workspace=lambda batch: nullcontext(Files(batch)))
        bill = model.desk.ledger.spent if model is not None else lambda _: Spend()
        self.clock = ManualClock()
        self.ledger = MemoryLedger(self.clock)
        self.bus = MemoryEventBus(self.ledger)
        self.sources, self.store, self.dispatcher = (
            MemorySourceStore(self.clock),
            MemoryReviewStore(),
            ManualDispatcher(),
        )
        agents = {
            "security": Agent("security", tuple(security if security is not None else [PatternAnalyser()])),
            "bug": Agent("bug", tuple(bug if bug is not None else [PatternAnalyser(name="smell", pattern="oops")])),
        }
        finalizer = Finalizer(
            ledger=self.ledger, bus=self.bus, sources=self.sources, store=self.store, telemetry=telemetry, bill=bill
        )
        self.service = ReviewService(
            ledger=self.ledger,
            bus=self.bus,
            sources=self.sources,
            store=self.store,
            dispatcher=self.dispatcher,
            reviewer=BatchReviewer(
                agents=agents,
                ledger=self.ledger,
                bus=self.bus,
                sources=self.sources,
                open_workspace=lambda batch: nullcontext(Files(batch)),
                patience=Patience(lease_ms=lease_ms),
                interruptions=(TimeoutError,),
                telemetry=telemetry,
                model=model,
                bill=bill,
            ),
            finalizer=finalizer,
            sweeper=Sweeper(
                ledger=self.ledger,
                store=self.store,
                dispatcher=self.dispatcher,
                finalizer=finalizer,
                clock=self.clock,
                settings=SweepSettings(interval_ms=1, unclaimed_after_ms=10_000, deadline_ms=deadline_ms),
                telemetry=telemetry,
            ),
            clock=self.clock,
            read=_read,
            admission=Admission(admission.max_waiting, admission.max_waiting_per_owner, deadline_ms),
            estimator=lambda: Estimator(model),
            telemetry=telemetry,
        )

    def submit(self, text: str = "danger\n", *, owner: str = "", path: str = "app.py", **options: object) -> str:
        """Submit one Python file; the review's id."""
        return self.submit_files({path: text}, owner=owner, **options)

    def submit_files(self, files: dict[str, str], *, owner: str = "", **options: object) -> str:
        """Submit files as they are; the review's id."""
        taken = tuple(SourceFile(path=path, text=text, language="python") for path, text in files.items())
        job = Job(sources=Sources(files=taken), options=ReviewOptions.model_validate(options))
        return self.service.submit(job, owner=owner).id

    def run(self, review_id: str) -> None:
        """Work on every launched unit of the review, then finalize, as a chord does."""
        mine = [(r, u) for r, u in self.dispatcher.launched if r == review_id]
        for known, unit in mine:
            self.dispatcher.launched.remove((known, unit))
            self.service.review_unit(known, unit.id, worker="test")
        self.service.finalize(review_id)

    def events(self, review_id: str) -> list[Event]:
        """The log so far."""
        return self.bus.read(review_id)

    def types(self, review_id: str) -> list[str]:
        """The types of the events so far."""
        return [str(event.type) for event in self.events(review_id)]
