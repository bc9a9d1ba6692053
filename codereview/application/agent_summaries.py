"""Each agent's part of a review, told from its units."""

from collections.abc import Iterable

from codereview.domain.events import AgentCompleted, AgentFailed, EventType, draft
from codereview.domain.reviews import AgentSummary
from codereview.domain.units import OutcomeStatus, UnitState, UnitStatus
from codereview.ports import EventBus, LiveReview

_REASONS = 5


def summaries(live: LiveReview) -> tuple[AgentSummary, ...]:
    """One summary per agent, in the order in which the units were planned."""
    agents = dict.fromkeys(unit.spec.agent for unit in live.units.values())
    return tuple(_summary(name, [u for u in live.units.values() if u.spec.agent == name]) for name in agents)


def announce_ended_agents(bus: EventBus, live: LiveReview) -> None:
    """State the end of each agent whose units all ended; said once, however often this is called."""
    for summary in summaries(live):
        if summary.units_done < summary.units:
            continue
        if summary.status == "failed":
            reason = summary.reasons[0] if summary.reasons else "the agent did not finish"
            event = draft(
                live.review_id,
                EventType.AGENT_FAILED,
                AgentFailed(reason=reason, summary=summary),
                agent=summary.agent,
                dedupe=f"ended:{summary.agent}",
            )
        else:
            event = draft(
                live.review_id,
                EventType.AGENT_COMPLETED,
                AgentCompleted(summary=summary),
                agent=summary.agent,
                dedupe=f"ended:{summary.agent}",
            )
        bus.emit(event)


def _summary(agent: str, units: list[UnitState]) -> AgentSummary:
    outcomes = [unit.outcome for unit in units if unit.outcome is not None]
    return AgentSummary(
        agent=agent,
        status=_status(units),
        units=len(units),
        units_done=sum(unit.status.terminal for unit in units),
        finding_count=sum(outcome.finding_count for outcome in outcomes),
        engines=tuple(dict.fromkeys(engine for outcome in outcomes for engine in outcome.engines)),
        reasons=tuple(dict.fromkeys(reason for outcome in outcomes for reason in outcome.reasons))[:_REASONS],
    )


def _status(units: Iterable[UnitState]) -> str:
    states = list(units)
    if all(unit.status is UnitStatus.QUEUED for unit in states):
        return "pending"
    if any(not unit.status.terminal for unit in states):
        return "running"
    if any(unit.status is UnitStatus.CANCELLED for unit in states):
        return "cancelled"
    results = {unit.outcome.status if unit.outcome is not None else OutcomeStatus.FAILED for unit in states}
    if results == {OutcomeStatus.OK}:
        return "ok"
    return "failed" if results == {OutcomeStatus.FAILED} else "partial"
