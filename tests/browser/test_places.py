"""Where the page is served from: under a path, from another origin than the API, behind keys, without scripts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.api_server import ApiServer
from support.site import PREFIX, Site

from bench import samples
from codereview.formats import render


def test_under_a_path_every_request_stays_under_it(site: Site, page: Page) -> None:
    """Files, API and socket; nothing is asked of another host."""
    review_id = site.hold()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url.replace("ws://", "http://")))
    page.goto(site.page_of(review_id))
    expect(page.locator("#connection")).to_have_text("Live")
    page.get_by_role("link", name="History").click()
    page.locator("tbody tr").first.wait_for()
    assert all(url.startswith(f"{site.url}/") for url in asked)
    assert f"{PREFIX}/history" in page.url


def test_the_policy_forbids_everything_the_page_does_not_need(site: Site, page: Page) -> None:
    """No inline script or style, no other host, no frame."""
    answer = page.goto(f"{site.url}/")
    assert answer is not None
    policy = answer.header_value("content-security-policy") or ""
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ):
        assert part in policy
    assert "unsafe" not in policy


def test_from_another_origin_the_page_finds_the_api_by_its_settings(site: Site, page: Page) -> None:
    """As on a file store with a content network before it: reviews are named in the query."""
    review_id = site.hold()
    page.goto(f"{site.other_origin}/?focus=no")
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Address of the API").fill(site.url)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="History").click()
    page.locator(f"a[href*='{review_id}']").click()
    page.wait_for_url(f"{site.other_origin}/?page=review%2F{review_id}")
    expect(page.locator("#connection")).to_have_text("Live")
    site.proxy.refuse |= {"socket"}
    site.proxy.cut()
    expect(page.locator("#connection")).to_have_text("Live (server-sent events), resumed")


@pytest.fixture(scope="module")
def guarded(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server over the same Redis that asks for keys."""
    server = ApiServer(site.redis.url, tmp_path_factory.mktemp("guarded"), auth="keys")
    yield server.start()
    server.stop()


def test_a_key_is_asked_for_once_and_kept_for_the_tab_only(guarded: ApiServer, make_page: Callable[..., Page]) -> None:
    """Unless the reader says otherwise."""
    page = make_page()
    page.goto(f"http://127.0.0.1:{guarded.port}/history")
    dialog = page.get_by_role("dialog", name="API key")
    dialog.get_by_label("Key", exact=True).fill("wrong")
    dialog.get_by_role("button").click()
    expect(dialog).to_contain_text("did not accept the key")
    dialog.get_by_label("Key", exact=True).fill(guarded.key("alice"))
    dialog.get_by_role("button").click()
    expect(page.get_by_text("No reviews yet.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("No reviews yet.")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == []


def test_the_theme_is_kept_and_reaches_other_tabs(site: Site, make_page: Callable[..., Page]) -> None:
    """And is there before the first paint."""
    page = make_page()
    other = make_page(page.context)
    for tab in (page, other):
        tab.goto(f"{site.url}/history")
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Theme").select_option("dark")
    for tab in (page, other):
        expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_without_scripts_a_review_is_a_static_report(site: Site, make_page: Callable[..., Page]) -> None:
    """The document leads there, and it needs none."""
    made = site.keep(samples.telling())
    page = make_page(java_script_enabled=False)
    page.goto(site.page_of(made.id))
    page.get_by_role("link", name="static report").click()
    expect(page.locator(".word")).to_contain_text("Findings")
    page.locator("summary", has_text="A shell runs").click()
    expect(page.get_by_text("The path is joined to a command that a shell reads.")).to_be_visible()
    assert page.locator(".verdict").evaluate("e => getComputedStyle(e).borderLeftWidth") != "0px"


def test_a_saved_report_opens_from_the_disk(site: Site, make_page: Callable[..., Page], downloads: Path) -> None:
    """One file, with its own style under its own policy."""
    made = site.keep(samples.telling())
    page = make_page()
    page.goto(site.page_of(made.id))
    page.locator("summary", has_text="Save report").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="HTML page").click()
    file = downloads / saved.value.suggested_filename
    saved.value.save_as(file)
    assert file.read_text() == render(site.service.service.get(made.id), "html")
    page.goto(file.as_uri())
    expect(page.locator(".findings > li")).to_have_count(4)
    assert page.locator(".verdict").evaluate("e => getComputedStyle(e).borderLeftStyle") == "solid"
