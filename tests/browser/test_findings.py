"""Reading a review: the answer, the findings, their code, their way through it, their fix."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.site import Site

from bench import samples
from codereview.domain.reviews import Review


@pytest.fixture(scope="module")
def whole(site: Site) -> Review:
    """A review with everything a finding can have, stored once."""
    return site.keep(samples.telling())


def test_incomplete_is_as_visible_as_blocks_merge_and_says_why(site: Site, page: Page, whole: Review) -> None:
    """The same place, the same size, as much contrast; in words and shape."""
    sizes = []
    partial = samples.incomplete("rv_partial")
    samples.keep(site.service, partial)
    for review_id, words, shape in ((whole.id, "Blocks merge", "✕"), (partial.id, "Incomplete", "◐")):
        page.goto(site.page_of(review_id))
        word = page.locator(".verdict-word")
        expect(word).to_contain_text(words)
        expect(word).to_contain_text(shape)
        sizes.append(word.evaluate("e => getComputedStyle(e).fontSize"))
        assert word.bounding_box()["y"] < 300  # type: ignore[index]
    assert sizes[0] == sizes[1]
    expect(page.locator(".verdict")).to_contain_text("Security agent failed; 2 files were not fully examined.")
    expect(page.locator(".coverage[data-kind=gap]")).to_contain_text("only partly: timeout (after 60 s)")
    assert "Incomplete" in page.title()


def test_the_data_flow_is_walked_step_by_step_in_the_code(site: Site, page: Page, whole: Review) -> None:
    """By buttons and by keys."""
    page.goto(f"{site.page_of(whole.id)}#{whole.findings[0].id}")
    focused = page.locator(".code .line[data-focus]")
    expect(focused).to_contain_text("reaches the database")
    expect(focused).to_have_attribute("data-line", "26")
    page.get_by_role("button", name="Previous step").click()
    expect(focused).to_have_attribute("data-line", "24")
    page.keyboard.press("[")
    expect(focused).to_have_attribute("data-line", "18")
    expect(page.get_by_text("Step 2 of 4")).to_be_visible()
    page.get_by_role("button", name="read from the request").click()
    expect(focused).to_contain_text('return request.args["product"]')
    page.keyboard.press("]")
    expect(focused).to_have_attribute("data-line", "18")


def test_a_fix_shows_what_was_proved_of_it(site: Site, page: Page, whole: Review, downloads: Path) -> None:
    """A proved one can be saved as a patch; any other is text."""
    page.goto(f"{site.page_of(whole.id)}#{whole.findings[0].id}")
    fix = page.get_by_role("region", name="Fix", exact=True)
    expect(fix.get_by_role("listitem")).to_have_text(["✓ applies", "✓ parses", "✓ clears the finding", "✓ adds none"])
    expect(fix.locator("[data-sign='−']")).to_contain_text('"SELECT * FROM orders WHERE " + where')
    expect(fix.locator("[data-sign='+']")).to_contain_text("WHERE name = ?")
    with page.expect_download() as saved:
        fix.get_by_role("button", name="Download patch").click()
    saved.value.save_as(downloads / "fix.patch")
    assert "@@ -23,7 +23,7 @@" in (downloads / "fix.patch").read_text()
    page.locator(".row-head", has_text="A shell runs").click()
    expect(fix).to_contain_text("Suggestion, not proved")
    expect(fix.get_by_role("listitem")).to_contain_text(["applies", "parses", "clears the finding: failed", "not run"])
    expect(fix.get_by_role("button", name="Download patch")).to_have_count(0)


def test_who_says_so_is_one_sentence(site: Site, page: Page, whole: Review) -> None:
    """Agent, analyser with its rule, votes."""
    page.goto(f"{site.page_of(whole.id)}#{whole.findings[0].id}")
    expect(page.locator(".provenance")).to_contain_text("security agent, bandit B608, confirmed 3 of 3")


def test_filters_are_kept_in_the_address(site: Site, page: Page, whole: Review) -> None:
    """A link to what is shown."""
    page.goto(site.page_of(whole.id))
    expect(page.locator(".row")).to_have_count(4)
    page.get_by_role("button", name=re.compile("critical")).first.click()
    page.get_by_label("Search the findings").fill("product")
    expect(page.locator(".row")).to_have_count(1)
    assert "severity=critical" in page.url
    page.reload()
    expect(page.locator(".row")).to_have_count(1)
    expect(page.get_by_label("Search the findings")).to_have_value("product")
    page.goto(f"{site.page_of(whole.id)}?aside=yes")
    expect(page.locator(".row", has_text="ignored")).to_have_count(1)


def test_ignoring_needs_a_reason_and_gives_what_to_write_down(site: Site, page: Page, whole: Review) -> None:
    """In the project's own configuration."""
    page.goto(f"{site.page_of(whole.id)}#{whole.findings[0].id}")
    page.get_by_role("button", name="Ignore with a reason").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Copy")).to_be_disabled()
    dialog.get_by_label("Why is it no problem?").fill('an "internal" tool')
    expect(dialog.locator("pre")).to_contain_text(f'fingerprint = "{whole.findings[0].fingerprint}"')
    expect(dialog.locator("pre")).to_contain_text(r'reason = "an \"internal\" tool"')


def test_five_hundred_findings_in_files_of_five_thousand_lines(site: Site, page: Page) -> None:
    """All are there, and the place of each is found in its file."""
    made = samples.review("rv_many", samples.many(500))
    samples.keep(site.service, made, *(samples.long_file(f"shop/module_{number}.py") for number in range(12)))
    page.goto(site.page_of(made.id))
    expect(page.locator(".row")).to_have_count(500)
    page.goto(f"{site.page_of(made.id)}#{made.findings[130].id}")
    line = made.findings[130].start_line
    page.get_by_role("button", name="Whole file").click()
    focused = page.locator(".code .line[data-focus]")
    expect(focused).to_have_attribute("data-line", str(line))
    expect(focused).to_be_in_viewport()
    expect(page.locator(".code .line")).to_have_count(5000)


def test_code_that_is_no_longer_kept_is_quoted(site: Site, page: Page) -> None:
    """After a day only the findings have it."""
    made = site.keep(samples.telling()[1:2], code=False)
    page.goto(f"{site.page_of(made.id)}#{made.findings[0].id}")
    expect(page.locator(".code .line")).to_have_count(1)
    expect(page.locator(".code")).to_contain_text('subprocess.run("tar czf backup.tgz "')
    expect(page.get_by_text("no longer keeps this file")).to_be_visible()


def test_what_a_review_says_is_text_and_never_markup(site: Site, page: Page) -> None:
    """Hostile names and messages; what hides in them is made visible."""
    evil = "<img src=x onerror=alert(1)>\u202e"
    made = site.keep([samples.finding(3, evil, samples.Severity.HIGH, message=evil, path=f"{evil}.py", symbol=evil)])
    page.goto(f"{site.page_of(made.id)}#{made.findings[0].id}")
    expect(page.locator("#detail-title")).to_have_text("<img src=x onerror=alert(1)>\\u202e")
    assert page.locator("main img").count() == 0
