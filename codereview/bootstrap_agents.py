"""Putting the agents together, for those who work on units: the workers and the command line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import codereview.analysers.registry as analysers
from codereview.adapters.file_answers import FileAnswerCache
from codereview.adapters.redis.calling import RedisAnswerCache
from codereview.adapters.redis.keys import ANALYSES
from codereview.agents.base import Agent
from codereview.analysers.caching import cached
from codereview.analysers.process import Bounds
from codereview.analysers.workspace import open_workspace
from codereview.application.reviewing import BatchReviewer, Patience
from codereview.bootstrap_model import model_reviewer
from codereview.config import Settings
from codereview.ports import Analyser, EventBus, ReviewLedger, SourceStore
from codereview.spending import AnswerCache, SpendLedger
from codereview.telemetry import Telemetry

if TYPE_CHECKING:
    from redis import Redis


def reviewer_of(
    settings: Settings,
    *,
    agents: Sequence[str],
    ledger: ReviewLedger,
    bus: EventBus,
    sources: SourceStore,
    interruptions: tuple[type[Exception], ...],
    telemetry: Telemetry,
    client: "Redis | None",
    bills: SpendLedger,
    tools: bool = True,
) -> BatchReviewer:
    """Who works on units for these agents; without ``tools`` the model alone."""
    built = {name: Agent(name, _analysers(name, settings, client) if tools else ()) for name in agents}
    return BatchReviewer(
        agents=built,
        ledger=ledger,
        bus=bus,
        sources=sources,
        open_workspace=open_workspace,
        patience=Patience(lease_ms=int(settings.lease_s * 1000), max_attempts=settings.max_attempts),
        interruptions=interruptions,
        telemetry=telemetry,
        model=model_reviewer(settings, client, bills, telemetry),
        bill=bills.spent,
    )


def _analysers(agent: str, settings: Settings, client: "Redis | None") -> tuple[Analyser, ...]:
    chosen = analysers.analysers_for(agent, Bounds(wall_s=settings.tool_timeout_s))
    if not settings.analysis_cache:
        return chosen
    kept: AnswerCache = FileAnswerCache(settings.data_dir / "analyses")
    if client is not None:
        kept = RedisAnswerCache(client, names=ANALYSES)
    return tuple(cached(analyser, kept) for analyser in chosen)
