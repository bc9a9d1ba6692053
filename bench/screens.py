"""``python -m bench.screens DIR``: pictures of the page's main states, in both themes and on a phone."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click
from playwright.sync_api import Browser, Page

from bench import samples
from bench.browser import chromium
from codereview.adapters.api_client import ApiClient
from codereview.adapters.embedded.stack import Stack
from codereview.bootstrap import Service, build
from codereview.config import load_settings
from codereview.domain.events import (
    AgentFailed,
    AgentProgress,
    AgentStarted,
    EventType,
    FindingEvent,
    ReviewQueued,
    draft,
)
from codereview.domain.model import Model
from codereview.domain.reviews import AgentSummary, ReviewStatus
from codereview.domain.units import UnitSpec

VIEWS: dict[str, tuple[int, int, Literal["light", "dark"]]] = {
    "light": (1440, 1000, "light"),
    "dark": (1440, 1000, "dark"),
    "phone": (360, 780, "light"),
    "phone-dark": (360, 780, "dark"),
}


@dataclass(frozen=True)
class State:
    """One state: where it is, and what to do there first."""

    name: str
    path: str
    prepare: Callable[[Page], object] = lambda page: None  # noqa: ARG005


@contextmanager
def service_with_samples() -> Iterator[tuple[str, Service]]:
    """A running stack and the parts to put reviews into it."""
    with tempfile.TemporaryDirectory() as directory:
        settings = load_settings(data_dir=Path(directory), port=0, host="127.0.0.1")
        with Stack(settings) as stack:
            client = ApiClient(stack.url)
            while not client.ready():
                time.sleep(0.2)
            service = build(load_settings(data_dir=Path(directory), redis_url=stack.redis_url))
            try:
                yield stack.url, service
            finally:
                service.redis.close()


def running(service: Service, *, failed: bool) -> str:
    """A review in the middle: one agent is done in part, the other has begun or failed."""
    name = f"rv_running{'_failed' if failed else ''}"
    pending = tuple(AgentSummary(agent=agent, units=4) for agent in ("security", "bug"))
    made = samples.review(
        name, (), status=ReviewStatus.PENDING, outcome=None, completed_at=None, agents=pending, coverage=()
    )
    service.store.put(made)
    units = [UnitSpec(id=f"{a}-b00{n}", agent=a, batch_id=f"b00{n}") for a in ("security", "bug") for n in range(1, 5)]
    samples.hold(service, made, units)

    def emit(type_: EventType, payload: Model, agent: str, key: str) -> None:
        service.bus.emit(draft(name, type_, payload, agent=agent, dedupe=key))

    emit(EventType.REVIEW_QUEUED, ReviewQueued(source=made.source, agents=pending, units=8), "", "queued")
    for agent in ("security", "bug"):
        emit(EventType.AGENT_STARTED, AgentStarted(unit_id=f"{agent}-b001"), agent, f"started:{agent}")
    for number, found in enumerate(samples.telling()[:4]):
        emit(EventType.FINDING, FindingEvent(finding=found), found.agent, f"finding:{number}")
    progress = AgentProgress(unit_id="bug-b002", step="ruff", units_done=2, units=4)
    emit(EventType.AGENT_PROGRESS, progress, "bug", "progress")
    if failed:
        reason = "The worker was lost three times while it worked on shop/orders.py."
        emit(EventType.AGENT_FAILED, AgentFailed(unit_id="security-b001", reason=reason), "security", "failed")
    return name


def states(service: Service) -> list[State]:
    """What there is to see."""
    sample = samples.sample_file()
    whole = samples.keep(service, samples.review("rv_blocks", samples.telling()), sample)
    before = samples.keep(service, samples.review("rv_before", samples.telling()[1:3]), sample)
    clean = samples.keep(service, samples.review("rv_pass", (), label="docs"))
    partial = samples.keep(service, samples.incomplete("rv_incomplete"), sample)
    many = samples.keep(service, samples.review("rv_many", samples.many(500), label="monorepo"))
    live, failing = running(service, failed=False), running(service, failed=True)

    def fill(page: Page) -> None:
        page.get_by_label("Code or patch").fill(samples.CODE)
        page.locator("#estimate .cost").wait_for()

    def open_first(page: Page) -> None:
        page.locator(".row-head").first.wait_for()
        if page.locator(".detail-body").count() == 0:
            page.locator(".row-head").first.click()
        page.locator(".code .line").first.wait_for()
        page.locator(".detail-body .why").scroll_into_view_if_needed()

    return [
        State("start", "", fill),
        State("live", f"review/{live}", lambda page: page.get_by_text("Live", exact=True).wait_for()),
        State("live-agent-failed", f"review/{failing}", lambda page: page.get_by_text("Live", exact=True).wait_for()),
        State("blocks-merge", f"review/{whole}"),
        State("finding", f"review/{whole}", open_first),
        State("incomplete", f"review/{partial}", lambda page: page.locator(".verdict-word").wait_for()),
        State("pass", f"review/{clean}", lambda page: page.locator(".verdict-word").wait_for()),
        State("500-findings", f"review/{many}", lambda page: page.locator(".row").nth(20).wait_for()),
        State("history", "history", lambda page: page.locator("tbody tr").first.wait_for()),
        State("compare", f"compare?base={before}&head={whole}", lambda page: page.locator(".tally").wait_for()),
        State("settings", "", lambda page: page.get_by_role("button", name="Settings").click()),
        State("not-found", "review/rv_nothing", lambda page: page.locator(".error").wait_for()),
        State("report", f"api/review/{whole}/report?format=html"),
    ]


def shoot(browser: Browser, url: str, wanted: list[State], directory: Path, *, only: str = "") -> int:
    """Take the pictures; how many."""
    taken = 0
    for view, (width, height, theme) in VIEWS.items():
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
        )
        for state in wanted:
            if only and only not in f"{state.name}-{view}":
                continue
            page = context.new_page()
            page.goto(f"{url}/{state.path}")
            page.locator("main h1").first.wait_for()
            state.prepare(page)
            page.wait_for_timeout(150)
            page.screenshot(path=directory / f"{state.name}-{view}.png")
            page.close()
            taken += 1
        context.close()
    return taken


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--only", default="", help="A part of the pictures' names.")
def main(directory: Path, only: str) -> None:
    """Pictures of the page's main states: light, dark, and 360 px wide."""
    directory.mkdir(parents=True, exist_ok=True)
    with service_with_samples() as (url, service), chromium() as browser:
        taken = shoot(browser, url, states(service), directory, only=only)
    click.echo(f"{taken} pictures in {directory}", file=sys.stderr)


if __name__ == "__main__":
    main()
