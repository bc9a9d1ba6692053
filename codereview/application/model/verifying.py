"""Disproof: every candidate of a chunk is attacked from several sides by calls that know nothing of each other."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from codereview.agents.lenses import DISPROVERS, Lens
from codereview.application.model.asking import (
    Answered,
    BudgetSpent,
    Conversation,
    NoModel,
    Question,
    State,
)
from codereview.application.model.checking import SOURCE, Checker, Rejected
from codereview.application.model.voting import Decision, Vote, decide
from codereview.domain.findings import Finding, Provenance
from codereview.planning.context import Context
from codereview.threads import ContextThreadPool

log = logging.getLogger(__name__)

#: Candidates one call judges. More, and the last ones get less thought.
_AT_ONCE = 8
_OUTPUT, _LEAST = 8_000, 1_500


@dataclass(frozen=True, slots=True)
class Verified:
    """The decision on one finding, and the votes as provenance."""

    finding: Finding
    decision: Decision
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True)
class Verifier:
    """Verifies candidates of one chunk."""

    conversation: Conversation
    checker: Checker
    context: Context
    effort: str
    cheap: bool = False
    lenses: Sequence[Lens] = DISPROVERS

    def verify(self, findings: Sequence[Finding], *, tools: frozenset[str] = frozenset()) -> list[Verified]:
        """A decision on each. ``tools`` are the fingerprints of analysers' findings, which only all verifiers
        together refute. Raises Stopped and ModelThrottled; a verifier that cannot be had is a missing vote."""
        votes: dict[str, list[Vote]] = defaultdict(list)
        rounds = [(lens, group) for group in _groups(findings) for lens in self.lenses]
        if not rounds:
            return []
        with ContextThreadPool(max_workers=len(self.lenses), thread_name_prefix="verify") as pool:
            for cast in pool.map(lambda pair: self._round(*pair), rounds):
                for fingerprint, vote in cast:
                    votes[fingerprint].append(vote)
        return [self._decided(finding, votes[finding.fingerprint], tools) for finding in findings]

    def _round(self, lens: Lens, group: Mapping[str, Finding]) -> list[tuple[str, Vote]]:
        prompt = self.checker.prompts.verify(self.checker.chunk, self.context, lens, group)
        question = Question(prompt, f"verify:{lens.name}", self.effort, self.cheap, _OUTPUT, _LEAST)
        cast: dict[str, Vote] = {}

        def hear(key: str, part: str, model: str) -> None:
            if key != "assessments":
                return
            try:
                told = self.checker.assessment(part)
            except Rejected:
                return
            finding = group.get(told.ref.strip())
            if finding is not None:
                evidence = self.checker.evidence(told)
                cast.setdefault(finding.fingerprint, Vote(lens.name, told.verdict, evidence, model))

        _asked(lambda: self.conversation.ask(question, hear), lens.name)
        return list(cast.items())

    def _decided(self, finding: Finding, votes: Sequence[Vote], tools: frozenset[str]) -> Verified:
        decision = decide(votes, len(self.lenses), unanimous=finding.fingerprint in tools)
        provenance = tuple(
            Provenance(
                source=SOURCE,
                rule=f"verify:{vote.lens}",
                version=vote.model,
                verdict={"stands": "confirmed", "refuted": "refuted", "unsure": "undecided"}[vote.verdict],
                evidence=vote.evidence,
            )
            for vote in votes
        )
        return Verified(finding, decision, provenance)


def _asked(ask: Callable[[], Answered], lens: str) -> None:
    """Ask; a verifier without an answer is a missing vote, which the decision shows."""
    try:
        answered = ask()
    except (BudgetSpent, NoModel) as reason:
        log.warning("verifier_missing", extra={"lens": lens, "reason": str(reason)})
    else:
        if answered.state is not State.WHOLE:
            log.warning("verifier_missing", extra={"lens": lens, "reason": str(answered.state)})


def _groups(findings: Iterable[Finding]) -> list[dict[str, Finding]]:
    named = [(f"C{number}", finding) for number, finding in enumerate(findings, start=1)]
    return [dict(named[start : start + _AT_ONCE]) for start in range(0, len(named), _AT_ONCE)]
