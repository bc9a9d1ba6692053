"""A review while it runs: what appears, and what does not move."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from support.site import Site

from bench import samples
from codereview.domain.events import AgentFailed, AgentProgress, AgentStarted, EventType, FindingEvent, UsageEvent
from codereview.domain.findings import Severity
from codereview.domain.usage import Usage


def _find(site: Site, review_id: str, number: int, severity: Severity = Severity.HIGH) -> str:
    found = samples.finding(1 + number % 30, f"Finding {number}", severity, agent="bug" if number % 2 else "security")
    site.emit(review_id, EventType.FINDING, FindingEvent(finding=found), found.agent)
    return found.fingerprint


def test_findings_that_arrive_do_not_move_what_is_read(site: Site, page: Page) -> None:
    """Also in an order in which the new ones belong above it."""
    review_id = site.hold()
    for number in range(20):
        _find(site, review_id, number, Severity.LOW)
    page.goto(f"{site.page_of(review_id)}?order=severity")
    rows = page.locator(".findings .row")
    expect(rows).to_have_count(20)
    read = page.locator(".row", has_text="Finding 11")
    read.scroll_into_view_if_needed()
    before = read.bounding_box()
    reason = "The worker was lost three times, and this is a long sentence about it that needs room. " * 3
    site.emit(review_id, EventType.AGENT_FAILED, AgentFailed(reason=reason), "security")
    for number in range(20, 30):
        _find(site, review_id, number, Severity.CRITICAL)
    expect(rows).to_have_count(30)
    expect(rows.first).to_contain_text("critical")
    after = read.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) <= 2


def test_each_agent_says_how_far_it_is_and_in_a_sentence_why_it_failed(site: Site, page: Page) -> None:
    """In words, not only as a bar."""
    review_id = site.hold()
    page.goto(site.page_of(review_id))
    security, bug = (page.locator(f"[data-agent={name}]") for name in ("security", "bug"))
    site.emit(review_id, EventType.AGENT_STARTED, AgentStarted(unit_id="bug-b001"), "bug")
    site.emit(
        review_id,
        EventType.AGENT_PROGRESS,
        AgentProgress(unit_id="bug-b001", step="ruff", units_done=3, units=4),
        "bug",
    )
    expect(bug).to_contain_text("3 of 4 units · ruff")
    expect(bug.get_by_role("progressbar")).to_have_attribute("value", "3")
    site.emit(review_id, EventType.AGENT_FAILED, AgentFailed(reason="The worker was lost three times."), "security")
    expect(security).to_contain_text("failed")
    expect(security).to_contain_text("The worker was lost three times.")
    expect(page.locator("#announcer")).to_contain_text("The security agent failed: The worker was lost three times.")


def test_tokens_and_money_are_counted_while_they_are_spent(site: Site, page: Page) -> None:
    """Beside the budget."""
    review_id = site.hold()
    page.goto(site.page_of(review_id))
    expect(page.locator("#connection")).to_have_text("Live")
    site.emit(review_id, EventType.USAGE, UsageEvent(usage=Usage(requests=2, input_tokens=1200, cost_usd=0.25)))
    expect(page.locator(".meter")).to_contain_text("$0.25")
    expect(page.locator(".meter")).to_contain_text("1,200 tokens · 2 requests · budget $0.50")


def test_a_screen_reader_hears_of_many_findings_in_few_words(site: Site, page: Page) -> None:
    """One announcement a second at most, not one per finding."""
    review_id = site.hold()
    page.goto(site.page_of(review_id))
    expect(page.locator("#connection")).to_have_text("Live")
    for number in range(12):
        _find(site, review_id, number)
    expect(page.locator("#announcer")).to_contain_text("and 10 more")
    expect(page.locator("#announcer")).to_have_attribute("aria-live", "polite")


def test_a_review_runs_from_start_to_end_before_the_readers_eyes(
    site: Site, page: Page, listed: Callable[[Page], list[str]], wait_for_end: Callable[[Page], None]
) -> None:
    """With real workers: the page ends with what is stored."""
    review_id = site.submit_slow(0.5)
    page.goto(site.page_of(review_id))
    wait_for_end(page)
    stored = site.ended(review_id)
    assert listed(page) == sorted(found.fingerprint for found in stored.findings if found.counts)
    expect(page.locator(".verdict-word")).to_contain_text("Blocks merge")
    expect(page.locator("#connection")).to_be_hidden()
