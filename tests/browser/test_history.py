"""Earlier reviews, and what became new, fixed or stayed between two of them."""

import secrets

import pytest
from playwright.sync_api import Page, expect
from support.site import Site

from bench import samples
from codereview.domain.sources import SourceSummary


@pytest.fixture
def two(site: Site) -> tuple[str, str]:
    """Two reviews of the same thing: one finding fixed, one new, two the same."""
    shell, shared, mean = samples.telling()[1:4]
    fresh = samples.telling()[0]
    source = SourceSummary(label=f"history {secrets.token_hex(3)}", files=1, lines=37)
    before = site.keep([shell, shared, mean], source=source)
    after = site.keep([shell, shared, fresh], source=source, created_at=before.created_at + 1000)
    return before.id, after.id


def test_the_history_lists_reviews_with_their_verdict_and_leads_to_them(
    site: Site, page: Page, two: tuple[str, str]
) -> None:
    """The newest first."""
    page.goto(f"{site.url}/")
    page.get_by_role("link", name="History").click()
    row = page.locator("tbody tr", has_text="history").first
    expect(row).to_contain_text("Blocks merge")
    row.get_by_role("link").click()
    page.wait_for_url(f"**/review/{two[1]}")


def test_two_reviews_are_compared_by_fingerprint(site: Site, page: Page, two: tuple[str, str]) -> None:
    """New, fixed, same; each finding leads to the review it is from."""
    page.goto(f"{site.url}/history")
    rows = page.locator("tbody tr", has_text="history")
    for number in range(2):
        rows.nth(number).get_by_role("checkbox").check()
    page.get_by_role("button", name="Compare the two chosen").click()
    expect(page.get_by_role("list", name="Difference").get_by_role("listitem")).to_have_text(
        ["1 + new", "1 ✓ fixed", "2 = same"]
    )
    expect(page.locator("[data-kind=fresh] .row")).to_contain_text("SQL injection through the product name")
    expect(page.locator("[data-kind=fixed] .row")).to_contain_text("The mean of no prices divides by zero")
    assert f"base={two[0]}" in page.url
    assert f"head={two[1]}" in page.url
    page.locator("[data-kind=fixed] .row a").click()
    page.wait_for_url(f"**/review/{two[0]}#*")


def test_a_comparison_with_an_incomplete_review_warns(site: Site, page: Page, two: tuple[str, str]) -> None:
    """What was not looked for is not fixed."""
    partial = samples.incomplete("rv_partly")
    samples.keep(site.service, partial)
    page.goto(f"{site.url}/compare?base={two[0]}&head={partial.id}")
    expect(page.get_by_role("note")).to_contain_text("may not have been looked for")


def test_the_page_of_a_review_offers_the_comparison_with_the_one_before(
    site: Site, page: Page, two: tuple[str, str]
) -> None:
    """Of the same thing."""
    page.goto(site.page_of(two[1]))
    page.get_by_role("link", name="Compare with").click()
    expect(page.get_by_label("Before")).to_have_value(two[0])
