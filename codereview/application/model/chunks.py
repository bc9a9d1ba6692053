"""One chunk: every lens over it, what the tools said weighed, candidates attacked, the confirmed repaired."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from codereview.agents.answers import Assessment
from codereview.agents.lenses import DISPROVERS, Lens
from codereview.agents.prompting import Prompts
from codereview.application.model.asking import Conversation, NoModel, Question, State
from codereview.application.model.checking import SOURCE, Checker, Rejected, addressed_finding
from codereview.application.model.fixing import Fixer, OpenWorkspace
from codereview.application.model.injection import addressing_lines, addressing_path
from codereview.application.model.verifying import Verified, Verifier
from codereview.application.model.work import Account, UnitWork
from codereview.domain.coverage import SkipReason
from codereview.domain.findings import Confidence, Finding, FindingStatus, Provenance, Severity
from codereview.planning.chunks import Chunk, Segment, text_of
from codereview.planning.context import Context
from codereview.threads import ContextThreadPool

log = logging.getLogger(__name__)

#: Findings of tools shown as evidence, and repairs asked for, of one chunk: the gravest.
_MAX_EVIDENCE, _MAX_FIXES = 40, 6
#: How often a chunk that is too long is halved.
_MAX_HALVINGS = 4
_STATES = {
    State.TOO_LONG: ("too long for the model even in small pieces", SkipReason.TOO_LARGE),
    State.REFUSED: ("the model refused", SkipReason.REFUSAL),
    State.MALFORMED: ("the model's answer could not be read", SkipReason.ERROR),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a chunk is looked at: one call for each group of lenses."""

    lenses: tuple[tuple[Lens, ...], ...]
    cheap: bool
    effort: str
    verifiers: int
    fixes: bool
    context_tokens: int


@dataclass
class ChunkReview:
    """The review of one chunk."""

    work: UnitWork
    conversation: Conversation
    prompts: Prompts
    chunk: Chunk
    plan: Plan
    account: Account
    open_workspace: OpenWorkspace
    _candidates: dict[str, None] = field(default_factory=dict)
    _disputed: dict[str, list[Assessment]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    #: Set by the first lens that got a whole answer.
    _seen: bool = False

    def run(self) -> None:
        """Find, verify, repair. Raises BudgetSpent, Stopped, ModelThrottled."""
        self._report_addressing_text()
        try:
            self._find()
        finally:
            # What was found is verified as far as money and time go, whatever ended the search.
            confirmed = self._verify() if not self.work.stop.is_set() else []
        if self.plan.fixes and confirmed:
            self._fix(confirmed)

    # --- finding

    def _find(self) -> None:
        context = self._context(self.chunk)
        evidence = self._evidence()
        if context.left_out:
            detail = f"{context.left_out} definitions and callers did not fit beside the code"
            self.account.remark(self.chunk.paths, detail)
        with ContextThreadPool(max_workers=len(self.plan.lenses), thread_name_prefix="lens") as pool:
            futures = [pool.submit(self._look, self.chunk, context, lenses, evidence, 0) for lenses in self.plan.lenses]
        for future in futures:
            future.result()
        if not self._seen:
            self.account.overlook(self.chunk.paths)

    def _look(
        self, chunk: Chunk, context: Context, lenses: Sequence[Lens], evidence: dict[str, Finding], halvings: int
    ) -> None:
        checker = Checker(self.prompts, chunk, self.work.agent.name)
        name = lenses[0].name if len(lenses) == 1 else "all"
        prompt = self.prompts.find(chunk, context, lenses, evidence)
        question = Question(prompt, f"find:{name}", self.plan.effort, self.plan.cheap)
        try:
            answered = self.conversation.ask(
                question, lambda key, part, model: self._heard(checker, evidence, key, part, model)
            )
        except NoModel as reason:
            self.account.skip(chunk.paths, reason.detail, SkipReason.ERROR)
            return
        self.account.heard(answered.model)
        if answered.state is State.TOO_LONG and halvings < _MAX_HALVINGS:
            halves = chunk.halves(self._size)
            for half in halves:
                self._look(half, self._context(half), lenses, evidence, halvings + 1)
            if halves:
                return
        if answered.state is State.WHOLE:
            self._seen = True
        else:
            sentence, skip = _STATES[answered.state]
            self.account.problem(chunk.paths, f"{name}: {sentence} ({answered.detail})", skip)

    def _heard(self, checker: Checker, evidence: dict[str, Finding], key: str, part: str, model: str) -> None:
        """One part of a finder's answer, the moment it is complete."""
        try:
            match key:
                case "findings":
                    known = [*evidence.values()]
                    self._add(self.work.add(checker.finding(part, known), model))
                case "addressed_to_reviewer":
                    self.work.add(checker.addressed(part), model)
                case "assessments":
                    self._assess(checker, evidence, checker.assessment(part), model)
                case _:
                    self.account.reject()  # edits, which nobody asked for
        except Rejected as reason:
            self.account.reject()
            log.info("part_rejected", extra={"reviewId": self.work.review_id, "part": key, "reason": str(reason)})

    def _add(self, finding: Finding | None) -> None:
        if finding is not None and finding.status is FindingStatus.CANDIDATE:
            with self._lock:
                self._candidates[finding.fingerprint] = None

    def _assess(self, checker: Checker, evidence: dict[str, Finding], told: Assessment, model: str) -> None:
        """A tool's finding that the finder confirms gains confidence; one it disputes goes to the verifiers."""
        finding = evidence.get(told.ref.strip())
        if finding is None:
            raise Rejected("it assesses nothing it was shown")
        if told.verdict == "refuted":
            with self._lock:
                self._disputed.setdefault(finding.fingerprint, []).append(told)
        elif told.verdict == "stands":
            vote = Provenance(
                source=SOURCE, rule="assess", version=model, verdict="confirmed", evidence=checker.evidence(told)
            )
            more = Confidence.HIGH if finding.confidence is not Confidence.LOW else Confidence.MEDIUM
            self._revise(finding, "confirmed by the model", confidence=more, provenance=(vote,))

    def _report_addressing_text(self) -> None:
        for path in filter(addressing_path, self.chunk.paths):
            self.work.add(addressed_finding(path, 1, 1, "codereview"), "")
        for segment in self.chunk.segments:
            lines = text_of(segment, self.prompts.project.files[segment.path]).split("\n")
            for number in addressing_lines(lines):
                line = segment.first + number - 1
                self.work.add(addressed_finding(segment.path, line, line, "codereview"), "")

    # --- verifying

    def _verify(self) -> list[Finding]:
        """Verify the candidates and what was disputed; those confirmed, the gravest first."""
        current = {finding.fingerprint: finding for finding in self.work.findings()}
        disputed = [current[p] for p in self._disputed if p in current and current[p].counts]
        candidates = [
            current[p] for p in self._candidates if p in current and current[p].status is FindingStatus.CANDIDATE
        ]
        checker = Checker(self.prompts, self.chunk, self.work.agent.name)
        verifier = Verifier(
            self.conversation,
            checker,
            self._context(self.chunk),
            self.plan.effort,
            self.plan.cheap,
            DISPROVERS[-self.plan.verifiers :],
        )
        tools = frozenset(finding.fingerprint for finding in disputed)
        confirmed = [
            finding
            for verified in verifier.verify([*candidates, *disputed], tools=tools)
            if (finding := self._decided(verified, verified.finding.fingerprint in tools)) is not None
        ]
        return sorted(confirmed, key=lambda f: -f.severity.rank)

    def _decided(self, verified: Verified, is_tools: bool) -> Finding | None:
        finding, decision = verified.finding, verified.decision
        if not decision.complete:
            detail = f"verification of “{finding.title}” is incomplete ({decision.tally})"
            self.account.problem([finding.path], detail, SkipReason.ERROR)
        if is_tools and decision.status is not FindingStatus.REFUTED:
            self._revise(finding, decision.tally, provenance=verified.provenance)
            return None
        revised = self._revise(
            finding,
            decision.tally,
            status=decision.status,
            confidence=min(self._claimed(finding), decision.most),
            provenance=verified.provenance,
        )
        return revised if revised is not None and revised.status is FindingStatus.CONFIRMED else None

    def _claimed(self, finding: Finding) -> Confidence:
        """The confidence a finding may rise to: all verifiers agreeing is worth more than the finder's modesty."""
        return Confidence.HIGH if finding.confidence is not Confidence.LOW else Confidence.MEDIUM

    # --- repairing

    def _fix(self, confirmed: Sequence[Finding]) -> None:
        worth = [finding for finding in confirmed if finding.severity >= Severity.LOW][:_MAX_FIXES]
        fixer = Fixer(
            conversation=self.conversation,
            checker=Checker(self.prompts, self.chunk, self.work.agent.name),
            context=self._context(self.chunk),
            agent=self.work.agent,
            files=self.work.files,
            context_files=self.work.context,
            open_workspace=self.open_workspace,
            effort=self.plan.effort,
        )
        for finding, fix in fixer.fixes(worth):
            self.work.revise(finding.fingerprint, "a fix is proposed", fix=fix)

    # --- how

    def _revise(self, finding: Finding, reason: str, **changed: object) -> Finding | None:
        added = changed.pop("provenance", ())
        assert isinstance(added, tuple)  # noqa: S101  for the type checker
        provenance = tuple(dict.fromkeys((*finding.provenance, *added)))
        return self.work.revise(finding.fingerprint, reason, provenance=provenance, **changed)

    def _evidence(self) -> dict[str, Finding]:
        here = [
            f
            for f in self.work.findings()
            if f.counts
            and f.status is FindingStatus.CONFIRMED
            and f.start_line is not None
            and self.chunk.contains(f.path, f.start_line)
        ]
        grave = sorted(here, key=lambda f: (-f.severity.rank, f.sort_key))[:_MAX_EVIDENCE]
        return {f"E{number}": finding for number, finding in enumerate(grave, start=1)}

    def _context(self, chunk: Chunk) -> Context:
        project = self.prompts.project
        return project.around(chunk, tokens=self.plan.context_tokens, estimate=self.conversation.desk.estimate)

    def _size(self, segment: Segment) -> int:
        file = self.prompts.project.files[segment.path]
        return self.conversation.desk.estimate(text_of(segment, file))
