"""The model half of a unit: chunks, lenses, candidates, disproof, fixes; and an account of what was not done."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import dataclass

from codereview.agents.lenses import Lens, finders
from codereview.agents.prompting import Prompts, fence_of
from codereview.application.model.asking import BudgetSpent, Conversation, Desk, Stopped
from codereview.application.model.checking import SOURCE
from codereview.application.model.chunks import ChunkReview, Plan
from codereview.application.model.fixing import OpenWorkspace
from codereview.application.model.work import Account, UnitWork
from codereview.domain.coverage import SkipReason
from codereview.domain.findings import Severity
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import SourceFile
from codereview.domain.tokens import Spend
from codereview.language_model import ModelThrottled
from codereview.planning.chunks import Chunk, Cut, Tier, cut, readable
from codereview.planning.context import Project
from codereview.ports import AnalysisReport
from codereview.spending import Caps
from codereview.threads import ContextThreadPool

log = logging.getLogger(__name__)

#: Seconds calls under way get to end when all is over.
_GRACE_S = 5.0
#: How the option ``effort`` reads to the provider.
_EFFORT = {"quick": "low", "standard": "medium", "thorough": "high"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much one call is shown, in tokens: code under review, context around it, outline of the project."""

    chunk: int = 12_000
    context: int = 3_000
    outline: int = 4_000


@dataclass(frozen=True)
class ModelReviewer:
    """Reviews units with a model. One instance serves a process."""

    desk: Desk
    caps: Callable[[ReviewOptions], Caps]
    open_workspace: OpenWorkspace
    sizes: Sizes = Sizes()
    concurrency: int = 4

    @property
    def name(self) -> str:
        """Its name in coverage and provenance."""
        return SOURCE

    def applies_to(self, agent: str, file: SourceFile) -> bool:
        """Whether the model is asked about the file."""
        return bool(finders(agent)) and readable(file)

    def review(self, work: UnitWork) -> AnalysisReport:
        """Look at the unit; findings go through ``work`` as they come. The report says what was examined.

        Raises Stopped when ``work.stop`` is set, ModelThrottled when the provider asks to wait for longer than one
        does in place, BackendUnavailable.
        """
        files = [file for file in work.files if self.applies_to(work.agent.name, file)]
        if not files:
            return AnalysisReport(analyser=SOURCE)
        project, account = Project.of(work.files, work.context), work.account
        pieces = self.cut(files, hot=_hot(work))
        for chunk in pieces.chunks:
            account.expect(chunk.paths)
        for segment in pieces.too_large:
            where = f"lines {segment.first}-{segment.last} are too long for one call"
            account.problem([segment.path], where, SkipReason.TOO_LARGE)
        prompts = Prompts(project, project.outline(tokens=self.sizes.outline, estimate=self.desk.estimate))
        conversation = Conversation(
            desk=self.desk,
            review_id=work.review_id,
            fence=fence_of(work.review_id, (file.text for file in project.files.values())),
            caps=self.caps(work.options),
            stop=work.stop,
            spent=lambda spend: self._paid(work, spend),
            note=work.note,
        )
        self._run(work, pieces.chunks, conversation, prompts, account)
        return self.report(account)

    def report(self, account: Account) -> AnalysisReport:
        """What was examined, and what was not and why."""
        return AnalysisReport(
            analyser=SOURCE,
            version=", ".join(sorted(account.models)) or self.desk.choice.main,
            problems=tuple(account.problems),
            examined=account.examined,
        )

    def cut_short(self, work: UnitWork, reason: str, skip: SkipReason) -> AnalysisReport:
        """The report when the unit must end: what nobody has looked at is told."""
        begun = work.account.waiting
        if not work.account.examined and not begun:
            begun = [file.path for file in work.files if self.applies_to(work.agent.name, file)]
        work.account.skip(begun, reason, skip)
        return self.report(work.account)

    def cut(self, files: Sequence[SourceFile], *, hot: Callable[[str], bool] = lambda _: False) -> Cut:
        """The chunks of the files."""
        return cut(files, tokens=self.sizes.chunk, estimate=self.desk.estimate, hot=hot)

    def plan(self, agent: str, chunk: Chunk, options: ReviewOptions) -> Plan:
        """How a chunk is looked at: a trivial one in one cheap call, others under every lens; with little effort
        asked for, all in one cheap call, proved by one verifier, and no fixes."""
        lenses = finders(agent)
        quick = options.effort == "quick"
        together = quick or (chunk.tier is Tier.TRIVIAL and options.effort != "thorough")
        groups: tuple[tuple[Lens, ...], ...] = (lenses,) if together else tuple((lens,) for lens in lenses)
        return Plan(
            lenses=groups,
            cheap=together,
            effort=_EFFORT[options.effort],
            verifiers=1 if quick else 3,
            fixes=not quick,
            context_tokens=self.sizes.context,
        )

    def _paid(self, work: UnitWork, spend: Spend) -> None:
        work.account.pay(spend)
        work.spent()

    def _run(
        self,
        work: UnitWork,
        chunks: Sequence[Chunk],
        conversation: Conversation,
        prompts: Prompts,
        account: Account,
    ) -> None:
        """All chunks, several at a time; the first failure that concerns them all ends the rest."""
        over = _Over()

        def one(chunk: Chunk) -> None:
            if reason := over.reason:
                account.skip(chunk.paths, reason, SkipReason.BUDGET)
                account.done(chunk.paths)
                return
            plan = self.plan(work.agent.name, chunk, work.options)
            review = ChunkReview(work, conversation, prompts, chunk, plan, account, self.open_workspace)
            try:
                review.run()
            except BudgetSpent as spent:
                over.reason = spent.detail
                account.skip(chunk.paths, spent.detail, SkipReason.BUDGET)
            account.done(chunk.paths)

        pool = ContextThreadPool(max_workers=self.concurrency, thread_name_prefix="chunk")
        futures = [pool.submit(one, chunk) for chunk in chunks]
        try:
            _wait(futures, work.stop)
        except BaseException:
            # The time is up, or nothing can be asked: no chunk begins any more, and streams end where they are. One
            # that is silent is not waited for; what it still says goes nowhere.
            work.stop.set()
            wait(futures, timeout=_GRACE_S)
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if account.rejected:
            log.info("parts_rejected", extra={"reviewId": work.review_id, "count": account.rejected})


class _Over:
    """Why the rest is not asked about; "" while it is."""

    reason = ""


def _wait(futures: "Sequence[Future[None]]", stop: threading.Event) -> None:
    """Wait for all; raises the first exception, and Stopped when ``stop`` is set meanwhile."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.5, return_when=FIRST_EXCEPTION)
        failed = [error for future in done if (error := future.exception()) is not None]
        # Being throttled is the news; that the others were stopped for it is not.
        for error in sorted(failed, key=lambda error: not isinstance(error, ModelThrottled)):
            raise error
        if stop.is_set() and pending:
            raise Stopped


def _hot(work: UnitWork) -> Callable[[str], bool]:
    grave = {f.path for f in work.findings() if f.counts and f.severity >= Severity.MEDIUM}
    return grave.__contains__
