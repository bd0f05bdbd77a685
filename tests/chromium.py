"""Chromium or Chrome for the tests of the site: started, watched, opened on a page."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Error, sync_playwright

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = 1280, 390
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
CLEAN = {"requests": [], "console": [], "script": []}


def missing(what):
    """Skip, since there is nothing to look at; in CI fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@contextmanager
def started():
    """Start Debian's Chromium, or else the Chrome that is installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    where = {"executable_path": path} if path else {"channel": "chrome"}
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(args=FLAGS, **where)
        except Error as error:
            missing(f"no Chromium and no Chrome: {error}")
        yield browser
        browser.close()


def watch(page):
    """Record what a page asks of the network, and what goes wrong in it."""
    seen = {"requests": [], "console": [], "script": []}

    def request(sent):
        if not sent.url.startswith(("file:", "data:", "blob:")):
            seen["requests"].append(sent.url)

    def console(message):
        if message.type == "error":
            seen["console"].append(message.text)

    page.on("request", request)
    page.on("console", console)
    page.on("pageerror", lambda error: seen["script"].append(str(error)))
    return seen


def settle(page):
    """Wait until the theme has seen a change: it looks 300 ms after the last one.

    The wait is the page's own, so that a slow machine slows both.
    """
    page.evaluate(
        """() => new Promise(done => requestAnimationFrame(
            () => requestAnimationFrame(() => setTimeout(done, 400))))"""
    )


def open_page(browser, url, scheme="light", width=WIDE):
    """Open a page in a view of its own and wait until it is still."""
    context = browser.new_context(
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.seen = watch(page)
    page.goto(url)
    page.wait_for_load_state("load")
    settle(page)
    return page
