"""Whatever happens to the connection, the page ends with exactly the findings of the stored review."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from support.site import Site

from bench import samples
from codereview.domain.events import EventType, FindingEvent
from codereview.web.tickets import TicketOffice

Listed = Callable[[Page], list[str]]
WaitForEnd = Callable[[Page], None]


def _stored(site: Site, review_id: str) -> list[str]:
    return sorted(found.fingerprint for found in site.ended(review_id).findings if found.counts)


def test_a_cut_socket_resumes_after_the_last_event_and_says_so(
    site: Site, page: Page, listed: Listed, wait_for_end: WaitForEnd
) -> None:
    """Mid-review, with findings before and after the cut."""
    review_id = site.submit_slow()
    asked: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: asked.append(str(frame))))
    page.goto(site.page_of(review_id))
    page.locator(".findings .row").first.wait_for()
    expect(page.locator("#connection")).to_have_text("Live")
    assert site.proxy.cut() >= 1
    expect(page.locator("#connection")).to_contain_text("going on after event")
    expect(page.locator("#connection")).to_have_text("Live, resumed")
    while len(asked) < 2:  # Playwright tells of frames when it gets to it
        page.wait_for_timeout(50)
    assert '"lastEventId":0' in asked[0]
    assert '"lastEventId":0' not in asked[-1]
    wait_for_end(page)
    assert listed(page) == _stored(site, review_id)
    assert site.proxy.opened == ["socket", "socket"]


def test_a_server_restart_mid_review_loses_nothing(
    site: Site, page: Page, listed: Listed, wait_for_end: WaitForEnd
) -> None:
    """The workers go on meanwhile; the page comes back by itself."""
    review_id = site.submit_slow(seconds=3)
    page.goto(site.page_of(review_id))
    page.locator(".findings .row").first.wait_for()
    site.restart()
    wait_for_end(page)
    assert listed(page) == _stored(site, review_id)
    assert len(listed(page)) > 2


def test_a_reload_mid_review_shows_the_same_review(
    site: Site, page: Page, listed: Listed, wait_for_end: WaitForEnd
) -> None:
    """Nothing is kept in the page."""
    review_id = site.submit_slow()
    page.goto(site.page_of(review_id))
    page.locator(".findings .row").first.wait_for()
    page.reload()
    wait_for_end(page)
    assert listed(page) == _stored(site, review_id)


def test_an_expired_ticket_is_replaced(site: Site, page: Page) -> None:
    """A laptop that slept has an old one."""
    review_id = site.hold()
    old, _ = TicketOffice("of-these-tests", ttl_s=-10).issue(review_id, "")
    given: list[Route] = []

    def expired_first(route: Route) -> None:
        given.append(route)
        if len(given) > 1:
            route.continue_()
            return
        body = {"ticket": old, "webSocketUrl": f"ws://127.0.0.1:{site.proxy.port}/ws?ticket={old}", "expiresAt": 1}
        route.fulfill(status=201, json=body)

    page.route("**/ticket", expired_first)
    page.goto(site.page_of(review_id))
    expect(page.locator("#connection")).to_have_text("Live")
    assert len(given) == 2


@pytest.mark.parametrize(
    ("refused", "said"), [({"socket"}, "Live (server-sent events)"), ({"socket", "sse"}, "Live (asking every 2 s)")]
)
def test_where_no_socket_gets_through_the_page_falls_back(
    site: Site, page: Page, listed: Listed, refused: set[str], said: str
) -> None:
    """To server-sent events, then to asking; findings arrive all the same."""
    review_id = site.hold()
    site.proxy.refuse |= refused
    page.goto(site.page_of(review_id))
    first, second = samples.telling()[:2]
    site.emit(review_id, EventType.FINDING, FindingEvent(finding=first), "security")
    expect(page.locator("#connection")).to_have_text(said)
    site.emit(review_id, EventType.FINDING, FindingEvent(finding=second), "security")
    expect(page.locator(".findings .row")).to_have_count(2)
    assert listed(page) == sorted([first.fingerprint, second.fingerprint])


def test_a_cut_stream_of_server_sent_events_resumes_too(site: Site, page: Page, listed: Listed) -> None:
    """With a new ticket, after the last event."""
    review_id = site.hold()
    site.proxy.refuse |= {"socket"}
    page.goto(site.page_of(review_id))
    first, second = samples.telling()[:2]
    site.emit(review_id, EventType.FINDING, FindingEvent(finding=first), "security")
    expect(page.locator(".findings .row")).to_have_count(1)
    assert site.proxy.cut() >= 1
    site.emit(review_id, EventType.FINDING, FindingEvent(finding=second), "security")
    expect(page.locator(".findings .row")).to_have_count(2)
    expect(page.locator("#connection")).to_have_text("Live (server-sent events), resumed")


def test_two_tabs_show_the_same_review_and_a_cancel_reaches_both(
    site: Site, make_page: Callable[..., Page], wait_for_end: WaitForEnd
) -> None:
    """Neither knows of the other."""
    review_id = site.hold()
    one = make_page()
    other = make_page(one.context)
    for tab in (one, other):
        tab.goto(site.page_of(review_id))
        expect(tab.locator("#connection")).to_have_text("Live")
    site.emit(review_id, EventType.FINDING, FindingEvent(finding=samples.telling()[0]), "security")
    expect(other.locator(".findings .row")).to_have_count(1)
    one.get_by_role("button", name="Cancel review").click()
    for tab in (one, other):
        wait_for_end(tab)
        expect(tab.locator(".verdict-word")).to_contain_text("Cancelled")
