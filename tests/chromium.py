"""Chromium or Chrome for the tests of the site: started, watched, opened on a page."""

import os
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import press.browser

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
WIDE, NARROW = 1280, 390
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
CLEAN = {"requests": [], "console": [], "script": []}


def missing(what):
    """Skip, since there is nothing to look at; in CI fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@contextmanager
def started():
    """Start the browser that also prints the book."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(press.browser.started())
        except LookupError as error:
            missing(str(error))
        yield browser


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
    """Open a page in a view of its own and wait until it is still.

    A key is pressed, since course.js sees only then what the keyboard has to reach.
    """
    context = browser.new_context(
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.seen = watch(page)
    page.goto(url)
    page.wait_for_load_state("load")
    page.keyboard.press("Shift")
    settle(page)
    return page
