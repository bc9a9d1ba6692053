"""One review out of the reviews of its parts."""

from collections.abc import Iterable, Mapping, Sequence

from codereview.application.finalizing import gravest
from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason, gaps
from codereview.domain.gate import verdict
from codereview.domain.merging import merge
from codereview.domain.repositories import Manifest, Shard
from codereview.domain.reviews import AgentSummary, Outcome, Review, ReviewStatus
from codereview.domain.usage import Metrics, Usage

_REASONS = 5


def merged(manifest: Manifest, results: Mapping[int, Review], *, ended_at: int) -> Review:
    """The whole review. A shard without a result, and whatever a result does not cover, is a gap: never clean."""
    order = manifest.order
    missing = [shard for shard in manifest.shards if shard.number not in results]
    reviews = [results[number] for number in sorted(results)]
    useful = [review for review in reviews if review.status is ReviewStatus.COMPLETED]
    coverage = (*manifest.skipped, *(e for r in reviews for e in r.coverage), *_unseen(missing, order.options.agents))
    findings = merge(finding for review in reviews for finding in review.findings)
    listed = gravest(findings, order.options.max_findings)
    hidden = len(findings) - len(listed) + sum(review.findings_hidden for review in reviews)
    status = ReviewStatus.COMPLETED if useful else ReviewStatus.FAILED
    outcome = None
    if useful:
        whole = len(useful) == len(manifest.shards) and not gaps(coverage)
        outcome = Outcome.COMPLETE if whole else Outcome.PARTIAL
    return Review(
        id=manifest.review_id,
        owner=order.owner,
        status=status,
        outcome=outcome,
        verdict=verdict(status, outcome, findings, order.options.fail_on),
        created_at=manifest.started_at,
        started_at=min((review.started_at for review in reviews if review.started_at), default=None),
        completed_at=ended_at,
        source=manifest.source,
        options=order.options,
        agents=_agents(reviews),
        findings=tuple(listed),
        findings_hidden=hidden,
        coverage=coverage,
        metrics=_metrics(manifest, reviews, sum(finding.counts for finding in findings), ended_at),
        engine="static+claude" if any(review.model_ran for review in reviews) else "static",
        model_ran=any(review.model_ran for review in reviews),
        notices=_notices(manifest, reviews, missing),
    )


def _unseen(missing: Iterable[Shard], agents: Sequence[str]) -> list[CoverageEntry]:
    return [
        CoverageEntry(
            path=path,
            agent=agent,
            state=CoverageState.SKIPPED,
            reason=SkipReason.ERROR,
            detail=f"part {shard.number} of the repository was not reviewed",
        )
        for shard in missing
        for agent in agents
        for path in shard.paths
    ]


def _agents(reviews: Sequence[Review]) -> tuple[AgentSummary, ...]:
    by_agent: dict[str, list[AgentSummary]] = {}
    for review in reviews:
        for summary in review.agents:
            by_agent.setdefault(summary.agent, []).append(summary)
    return tuple(_agent(name, parts) for name, parts in by_agent.items())


def _agent(name: str, parts: Sequence[AgentSummary]) -> AgentSummary:
    states = {part.status for part in parts}
    return AgentSummary(
        agent=name,
        status=states.pop() if len(states) == 1 else "partial",
        units=sum(part.units for part in parts),
        units_done=sum(part.units_done for part in parts),
        finding_count=sum(part.finding_count for part in parts),
        engines=tuple(dict.fromkeys(engine for part in parts for engine in part.engines)),
        reasons=tuple(dict.fromkeys(reason for part in parts for reason in part.reasons))[:_REASONS],
    )


def _metrics(manifest: Manifest, reviews: Sequence[Review], finding_count: int, ended_at: int) -> Metrics:
    return Metrics(
        duration_ms=max(0, ended_at - manifest.started_at),
        queue_ms=min((review.metrics.queue_ms for review in reviews), default=0),
        files=manifest.source.files,
        lines=manifest.source.lines,
        finding_count=finding_count,
        units=sum(review.metrics.units for review in reviews),
        units_failed=sum(review.metrics.units_failed for review in reviews),
        attempts=sum(review.metrics.attempts for review in reviews),
        usage=sum((review.metrics.usage for review in reviews), Usage()),
    )


def _notices(manifest: Manifest, reviews: Sequence[Review], missing: Sequence[Shard]) -> tuple[str, ...]:
    notices = []
    if missing:
        files = sum(len(shard.paths) for shard in missing)
        notices.append(f"{len(missing)} of {len(manifest.shards)} parts ({files} files) were not reviewed.")
    notices += [notice for review in reviews for notice in review.notices]
    return tuple(dict.fromkeys(notices))
