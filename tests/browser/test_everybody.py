"""For everybody: by keyboard, with a screen reader, in both themes, without motion, on a phone and on a wall."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from support.site import Site

from bench import samples
from codereview.domain.events import AgentFailed, EventType, FindingEvent
from codereview.domain.reviews import Review

_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def whole(site: Site) -> Review:
    """A review with everything."""
    return site.keep(samples.telling())


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options=_RULES).response["violations"]
    return [f"{v['id']}: {node['html'][:150]} {node['failureSummary']}" for v in found for node in v["nodes"]]


def _start(site: Site, page: Page, _: Review) -> None:
    page.goto(f"{site.url}/")
    page.get_by_label("Code or patch").fill("x = 1")
    page.locator("#estimate .cost").wait_for()


def _live(site: Site, page: Page, _: Review) -> None:
    review_id = site.hold()
    page.goto(site.page_of(review_id))
    site.emit(review_id, EventType.FINDING, FindingEvent(finding=samples.telling()[0]), "security")
    site.emit(review_id, EventType.AGENT_FAILED, AgentFailed(reason="The worker was lost."), "bug")
    page.locator(".row-head").click()
    page.locator(".reason").wait_for()


def _ended(site: Site, page: Page, whole: Review) -> None:
    page.goto(f"{site.page_of(whole.id)}?aside=yes#{whole.findings[0].id}")
    page.locator(".diff .line").first.wait_for()
    page.locator(".coverage summary").first.click()
    page.locator(".provenance summary").click()


def _incomplete(site: Site, page: Page, _: Review) -> None:
    partial = samples.incomplete("rv_for_everybody")
    samples.keep(site.service, partial)
    page.goto(site.page_of(partial.id))
    page.locator(".coverage[data-kind=gap] tbody tr").first.wait_for()


def _history(site: Site, page: Page, _: Review) -> None:
    page.goto(f"{site.url}/history")
    page.locator("tbody tr").first.wait_for()


def _compare(site: Site, page: Page, whole: Review) -> None:
    page.goto(f"{site.url}/compare?base={whole.id}&head={whole.id}")
    page.locator(".difference").last.locator("summary").click()


def _settings(site: Site, page: Page, _: Review) -> None:
    page.goto(f"{site.url}/history")
    page.get_by_role("button", name="Settings").click()


def _report(site: Site, page: Page, whole: Review) -> None:
    page.goto(f"{site.url}/api/review/{whole.id}/report?format=html")


STATES: dict[str, Callable[[Site, Page, Review], None]] = {
    "start": _start,
    "live": _live,
    "ended": _ended,
    "incomplete": _incomplete,
    "history": _history,
    "compare": _compare,
    "settings": _settings,
    "report": _report,
}


#: Those that differ on a phone.
_NARROW = ["start", "live", "ended", "settings"]


@pytest.mark.parametrize(("width", "theme", "states"), [(1280, "light", list(STATES)), (360, "dark", _NARROW)])
def test_no_state_breaks_a_rule_of_accessibility(
    site: Site, make_page: Callable[..., Page], whole: Review, theme: str, width: int, states: list[str]
) -> None:
    """axe-core, with the contrast of AA; nothing is wider than the screen."""
    page = make_page(
        viewport={"width": width, "height": 800}, color_scheme=theme, reduced_motion="reduce", bypass_csp=True
    )
    broken = {}
    for name in states:
        STATES[name](site, page, whole)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        broken[name] = [*_violations(page), *([f"{wider} px wider than the screen"] if wider > 0 else [])]
    assert {name: found for name, found in broken.items() if found} == {}


def test_everything_is_reached_by_keyboard(site: Site, page: Page, whole: Review) -> None:
    """j and k walk the findings, / searches, ? lists the keys, Escape closes; typing is typing."""
    page.goto(site.page_of(whole.id))
    page.locator(".detail-body").wait_for()
    page.keyboard.press("j")
    title = page.locator("#detail-title")
    expect(title).to_have_text("A shell runs what the caller names")
    expect(page.locator(".row-head[aria-expanded=true]")).to_be_focused()
    page.keyboard.press("k")
    expect(title).to_have_text("SQL injection through the product name")
    page.keyboard.press("/")
    page.keyboard.type("jk?")
    expect(page.get_by_label("Search the findings")).to_have_value("jk?")
    page.locator("h1").click()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Next step of the data flow")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_the_first_stop_of_the_tab_key_leads_past_the_header(site: Site, page: Page, whole: Review) -> None:
    """For those who hear the header on every page."""
    page.goto(site.page_of(whole.id))
    page.locator(".verdict-word").wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_nothing_moves_for_those_who_ask_for_it(site: Site, make_page: Callable[..., Page], whole: Review) -> None:
    """No animation, no transition."""
    page = make_page(reduced_motion="reduce")
    page.goto(site.page_of(whole.id))
    page.locator(".row").first.wait_for()
    moving = """[...document.querySelectorAll('*')].map(e => getComputedStyle(e))
        .filter(s => s.animationName !== 'none' || s.transitionDuration !== '0s').length"""
    assert page.evaluate(moving) == 0


@pytest.mark.parametrize(("width", "height"), [(360, 640), (768, 1024), (3840, 2160)])
def test_a_finding_is_read_on_every_screen(
    site: Site, make_page: Callable[..., Page], whole: Review, width: int, height: int
) -> None:
    """Below its row on a small one, beside the list on a large one."""
    page = make_page(viewport={"width": width, "height": height})
    page.goto(f"{site.page_of(whole.id)}#{whole.findings[0].id}")
    code = page.locator(".code .line[data-focus]")
    code.scroll_into_view_if_needed()
    expect(code).to_be_in_viewport()
    beside = page.locator("#pane .detail-body").count() == 1
    assert beside == (width >= 1024)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_check_of_accessibility_finds_what_is_wrong(page: Page) -> None:
    """A check that finds nothing anywhere proves nothing."""
    page.set_content("<main><h1>x</h1><p style='color: #ccc; background: #fff'>pale</p><button></button></main>")
    found = {violation.partition(":")[0] for violation in _violations(page)}
    assert {"color-contrast", "button-name"} <= found
