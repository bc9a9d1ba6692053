"""Starting a review: paste, drop, choose; the estimate before the button; then its page."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, Request, expect
from support.site import Site

PATCH = """--- a/app.py
+++ b/app.py
@@ -1,1 +1,3 @@
 import os
+def run(name):
+    os.system(name)
"""


@pytest.fixture
def sent(page: Page) -> list[dict[str, object]]:
    """What the page submits."""
    bodies: list[dict[str, object]] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/api/review"):
            bodies.append(json.loads(request.post_data or ""))

    page.on("request", note)
    return bodies


def test_pasted_code_is_estimated_then_reviewed_live_by_the_agents_that_were_chosen(
    site: Site, page: Page, wait_for_end: Callable[[Page], None]
) -> None:
    """With the real security agent."""
    page.goto(f"{site.url}/")
    button = page.get_by_role("button", name="Start review")
    expect(button).to_be_disabled()
    page.get_by_label("Code or patch").fill("import os\nos.system(input())\n")
    page.get_by_label("File name").fill("app.py")
    page.get_by_label("Bugs:").uncheck()
    expect(page.locator("#estimate")).to_contain_text("1 file, 3 lines")
    expect(page.locator("#estimate .cost")).to_contain_text("$0.00")
    button.click()
    page.wait_for_url("**/review/rv_*")
    wait_for_end(page)
    expect(page.get_by_role("list", name="Agents").locator("li")).to_have_count(1)
    expect(page.locator(".findings .row").first).to_contain_text("app.py:2")
    page.get_by_role("button", name="Run again").click()
    page.wait_for_url(lambda url, first=page.url: "/review/rv_" in url and url != first)


def test_without_an_agent_there_is_no_review(site: Site, page: Page, sent: list[dict[str, object]]) -> None:
    """The browser says what is missing."""
    page.goto(f"{site.url}/")
    page.get_by_label("Code or patch").fill("x = 1")
    for box in page.get_by_role("group", name="Agents").get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("button", name="Start review").click()
    expect(page.locator("input[name=agent]").first).to_be_focused()
    assert sent == []


def test_chosen_files_are_listed_can_be_removed_and_are_submitted_together(
    site: Site, page: Page, sent: list[dict[str, object]]
) -> None:
    """With their sizes before the button."""
    page.goto(f"{site.url}/")
    files = [FilePayload(name=f"{name}.py", mimeType="text/x-python", buffer=b"x = 1\n") for name in "abc"]
    page.locator("#files").set_input_files(files)
    page.get_by_role("button", name="Remove b.py").click()
    expect(page.locator("#estimate")).to_contain_text("2 files")
    page.get_by_role("button", name="Start review").click()
    page.wait_for_url("**/review/rv_*")
    assert [file["path"] for file in sent[0]["files"]] == ["a.py", "c.py"]  # type: ignore[attr-defined]


def test_a_dropped_patch_is_reviewed_as_a_patch(site: Site, page: Page, sent: list[dict[str, object]]) -> None:
    """Dropped anywhere on the form."""
    page.goto(f"{site.url}/")
    transfer = page.evaluate_handle(
        "text => { const t = new DataTransfer(); t.items.add(new File([text], 'fix.patch')); return t; }", PATCH
    )
    page.locator("form.start").dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.locator("#estimate")).to_contain_text("1 patch")
    page.get_by_role("button", name="Start review").click()
    page.wait_for_url("**/review/rv_*")
    assert sent[0]["diff"] == PATCH


def test_a_pasted_patch_is_seen_to_be_one(site: Site, page: Page, sent: list[dict[str, object]]) -> None:
    """Nobody says so."""
    page.goto(f"{site.url}/")
    page.get_by_label("Code or patch").fill(PATCH)
    expect(page.locator("#estimate .cost")).to_be_visible()
    page.get_by_role("button", name="Start review").click()
    page.wait_for_url("**/review/rv_*")
    assert sent[0]["diff"] == PATCH


def test_an_estimate_in_dollars_is_shown_as_the_service_gives_it(site: Site, page: Page) -> None:
    """What is expected, and what it cannot exceed."""
    tokens = {"inputTokens": 9000, "cachedTokens": 0, "outputTokens": 1000}
    money = {"costUsd": 0.042, "mostUsd": 0.31, "pricesAsOf": ""}
    work = {"model": "claude-sonnet-5-5", "modelConfigured": True, "files": 1, "chunks": 2, "calls": 7}
    said = {**work, **tokens, **money, "notes": ["A note."]}
    page.route("**/estimate", lambda route: route.fulfill(json=said))
    page.goto(f"{site.url}/")
    page.get_by_label("Code or patch").fill("x = 1")
    for words in (
        "about $0.04",
        "at most $0.31",
        "7 calls to claude-sonnet-5-5, 10,000 tokens in 2 batches",
        "A note.",
    ):
        expect(page.locator("#estimate")).to_contain_text(words)


def test_a_refusal_is_a_sentence_beside_the_button(site: Site, page: Page) -> None:
    """And the code is still there."""
    problem = {"type": "/problems/overloaded", "title": "Overloaded", "status": 429, "detail": "300 reviews wait."}
    media_type = "application/problem+json"
    page.route("**/api/review", lambda route: route.fulfill(status=429, content_type=media_type, json=problem))
    page.goto(f"{site.url}/")
    page.get_by_label("Code or patch").fill("x = 1")
    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_role("alert")).to_have_text("300 reviews wait.")
    expect(page.get_by_label("Code or patch")).to_have_value("x = 1")
