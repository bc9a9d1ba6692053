"""Putting the agents together, for those who work on units: the workers and the command line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import codereview.analysers.registry as analysers
from codereview.agents.base import Agent
from codereview.analysers.process import Bounds
from codereview.analysers.workspace import open_workspace
from codereview.application.reviewing import BatchReviewer, Patience
from codereview.bootstrap_model import model_reviewer
from codereview.config import Settings
from codereview.ports import EventBus, ReviewLedger, SourceStore
from codereview.spending import SpendLedger
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
    bounds = Bounds(wall_s=settings.tool_timeout_s)
    built = {name: Agent(name, analysers.analysers_for(name, bounds) if tools else ()) for name in agents}
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
