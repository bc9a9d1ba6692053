"""A browser, and the whole deployment before it, started once for all tests of the page."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.api_server import ApiServer
from support.page_proxy import PageProxy
from support.redis_process import RedisProcess
from support.site import PREFIX, Site
from support.static_site import StaticSite
from support.workers import WorkerProcess

from bench.browser import chromium, executable

expect.set_options(timeout=30_000)

#: Workers look for lost work often, so that a restart costs a test little.
_PATIENCE = {"CODEREVIEW_REAPER_INTERVAL_S": "0.5"}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if executable() is None:
        pytest.skip("no Chromium is installed (apt-get install chromium): the page is not tested")
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """gunicorn behind a proxy under a path, one worker per queue, Redis."""
    directory = tmp_path_factory.mktemp("site")
    redis = RedisProcess(directory, persistent=False)
    redis.start()
    static = StaticSite()
    server = ApiServer(redis.url, directory, allowed_origins=static.url, CODEREVIEW_SECRET_KEY="of-these-tests")
    env = {"CODEREVIEW_REDIS_URL": redis.url, "CODEREVIEW_DATA_DIR": str(directory / "data"), **_PATIENCE}
    workers = [
        WorkerProcess(queue, env, directory / f"{queue}.log", scripted=queue == "bug")
        for queue in ("security", "bug", "coordinator")
    ]
    for worker in workers:
        worker.launch()
    server.start()
    with ThreadPoolExecutor() as pool:
        list(pool.map(WorkerProcess.await_ready, workers))
    with PageProxy(server.port, PREFIX) as proxy:
        static.allow(f"127.0.0.1:{proxy.port}")
        yield Site(server, proxy, redis, workers, static.url)
    _stop(server, workers, redis, static)


def _stop(server: ApiServer, workers: list[WorkerProcess], redis: RedisProcess, static: StaticSite) -> None:
    for worker in workers:
        worker.ask_to_stop()
    server.stop()
    for worker in workers:
        worker.stop()
    redis.stop()
    static.stop()


@pytest.fixture
def make_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open tabs, each in a browser profile of its own unless ``context`` is given.

    No test may leave an uncaught error or a breach of the page's policy behind.
    """
    contexts: list[BrowserContext] = []
    pages: list[Page] = []
    mistakes: list[str] = []

    def make(context: BrowserContext | None = None, **options: object) -> Page:
        if context is None:
            context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
            contexts.append(context)
        page = context.new_page()
        pages.append(page)
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on(
            "console",
            lambda message: mistakes.append(message.text) if "Content Security Policy" in message.text else None,
        )
        return page

    yield make
    for each in (*pages, *contexts):
        each.close()
    assert mistakes == []


@pytest.fixture(scope="session")
def profile(browser: Browser) -> BrowserContext:
    """One browser profile for the tests that leave nothing behind in it: it has the page's files cached."""
    return browser.new_context(viewport={"width": 1280, "height": 900})


@pytest.fixture
def page(make_page: Callable[..., Page], profile: BrowserContext) -> Page:
    """A tab."""
    return make_page(profile)


@pytest.fixture(autouse=True)
def everything_passes(request: pytest.FixtureRequest) -> None:
    """The proxy lets everything through at the start of each test."""
    if "site" in request.fixturenames:
        site: Site = request.getfixturevalue("site")
        site.proxy.refuse.clear()
        site.proxy.opened.clear()


@pytest.fixture
def listed() -> Callable[[Page], list[str]]:
    """The fingerprints of the findings a page lists, sorted."""
    return lambda page: sorted(
        row.get_attribute("data-fingerprint") or "" for row in page.locator(".findings .row").all()
    )


@pytest.fixture
def wait_for_end() -> Callable[[Page], None]:
    """Wait until a page shows the end of its review."""
    return lambda page: expect(page.locator(".facts-line")).to_have_text(re.compile("^(Completed|Failed|Cancelled)"))


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """Where a test keeps what it saved."""
    return tmp_path
