"""``python -m bench page``: how soon a stored review of 500 findings is seen, and what holds up the reader's input."""

import statistics
from dataclasses import dataclass
from typing import Any

import click
from playwright.sync_api import Browser, Page

from bench import samples
from bench.browser import chromium
from bench.screens import service_with_samples

FINDINGS, LINES = 500, 5000
#: What the page is held to.
FIRST_PAINT_MS, TASK_MS = 1000, 100

_OBSERVE = """
globalThis.tasks = [];
new PerformanceObserver(list => tasks.push(...list.getEntries().map(e => e.duration)))
  .observe({type: "longtask", buffered: true});
globalThis.firstFinding = new Promise(seen => new MutationObserver((_, observer) => {
  if (!document.querySelector(".findings .row")) return;
  observer.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => seen(performance.now())));
}).observe(document, {childList: true, subtree: true}));
"""


@dataclass(frozen=True)
class Seen:
    """One visit. Milliseconds; ``tasks`` are those over 50 ms, which is what a browser reports."""

    paint: float
    finding: float
    all_findings: float
    tasks: list[float]


def visit(browser: Browser, url: str) -> Seen:
    """Open the review in a new profile, with nothing cached, read it, filter it and open a long file."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.add_init_script(_OBSERVE)
    page.goto(url)
    finding = float(page.evaluate("firstFinding"))
    page.locator(".findings .row").nth(FINDINGS - 1).wait_for(state="attached")
    everything = float(page.evaluate("performance.now()"))
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    _use(page)
    tasks: Any = page.evaluate("tasks")
    context.close()
    return Seen(float(paint), finding, everything, [float(task) for task in tasks])


def _use(page: Page) -> None:
    """What a reader does: walk, filter, sort, look at a whole file."""
    for key in "jjjkj":
        page.keyboard.press(key)
    page.get_by_role("button", name="Whole file").click()
    page.locator(f".code .line[data-line='{LINES}']").wait_for(state="attached")
    page.get_by_label("Search the findings").type("sql 42")
    page.get_by_label("Search the findings").fill("")
    page.get_by_label("Order").select_option("file")
    page.locator(".findings .row").nth(FINDINGS - 1).wait_for(state="attached")


@click.command()
@click.option("--rounds", default=5, show_default=True)
def page(rounds: int) -> None:
    """A stored review of 500 findings in the browser: first paint, first finding, longest task."""
    files = [samples.long_file(f"shop/module_{number}.py", LINES) for number in range(12)]
    with service_with_samples() as (url, service), chromium() as browser:
        review = samples.keep(service, samples.review("rv_bench", samples.many(FINDINGS, LINES)), *files)
        empty = samples.keep(service, samples.review("rv_empty", samples.many(1, LINES)))
        visit_small = [_paint(browser, f"{url}/review/{empty}") for _ in range(rounds)]
        seen = [visit(browser, f"{url}/review/{review}") for _ in range(rounds)]
    _report("first paint, 1 finding (baseline)", visit_small)
    _report(f"first paint, {FINDINGS} findings", [each.paint for each in seen])
    _report("first finding seen", [each.finding for each in seen])
    _report("all findings in the page", [each.all_findings for each in seen])
    longest = [max(each.tasks, default=0.0) for each in seen]
    _report(f"longest task ({LINES}-line file, filters; 0: < 50)", longest)
    kept = statistics.median(each.finding for each in seen) <= FIRST_PAINT_MS and statistics.median(longest) <= TASK_MS
    held = f"first finding <= {FIRST_PAINT_MS} ms, longest task <= {TASK_MS} ms (medians of the visits)"
    click.echo(f"{'kept' if kept else 'NOT KEPT'}: {held}")


def _paint(browser: Browser, url: str) -> float:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(url)
    tab.locator(".findings .row").first.wait_for()
    paint = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    context.close()
    return float(paint)


def _report(name: str, taken: list[float]) -> None:
    click.echo(f"{name:<50} median {statistics.median(taken):7.0f} ms  worst {max(taken):7.0f} ms")
