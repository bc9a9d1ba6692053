"""Debian's Chromium, driven by Playwright; the driver's own browsers are never used."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import click
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """The browser that is installed; None when there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window. Raises click.UsageError when none is installed."""
    found = executable()
    if found is None:
        raise click.UsageError("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as driver:
        # Its sandbox does not work for root, as which containers run.
        browser = driver.chromium.launch(executable_path=found, chromium_sandbox=os.geteuid() != 0)
        try:
            yield browser
        finally:
            browser.close()
