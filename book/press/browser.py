"""Chromium or Chrome, for the PDF and for the tests of the site."""

import shutil
from contextlib import contextmanager

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def started():
    """Start Debian's Chromium, or else the Chrome that is installed.

    Yields
    ------
    playwright.sync_api.Browser
        The browser; `LookupError` if there is none.
    """
    from playwright.sync_api import Error, sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    where = {"executable_path": path} if path else {"channel": "chrome"}
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(args=FLAGS, **where)
        except Error as error:
            raise LookupError(f"no Chromium and no Chrome: {error}") from error
        yield browser
        browser.close()
