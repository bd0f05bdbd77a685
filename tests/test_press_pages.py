"""Every page is light and holds still: at most 300 kB on a first visit, and no shifts.

tests/benchmarks/pages.py prints the same numbers as a table, and where they come from.
"""

import os
import random
from types import SimpleNamespace

import pytest

from chromium import SITE, missing, started
from press import pages
from weight import VIEWS, measured, served

KILOBYTES = 300  # gzip, all that comes before a reader scrolls
SHIFT = 0.05  # all of a visit, to the end of the page

PAGES = [f"book/{path.name}" for path in sorted((SITE / "book").glob("*.html"))]


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with started() as browser:
        yield browser


@pytest.fixture(scope="module")
def site():
    """The built site on a server."""
    if not (SITE / "index.html").exists():
        missing("the site is not built: run README.md's first command")
    with served(SITE) as url:
        yield url


def faults(browser, url, view):
    """Return what is too much about a page."""
    sent, shifts = measured(browser, url, view)
    found = {}
    if sent.total() > 1000 * KILOBYTES:
        found["bytes"] = dict(sent)
    if sum(value for value, _ in shifts) >= SHIFT:
        found["shift"] = shifts
    return found


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", [*PAGES, "search.html"])
def test_a_page_is_light_and_holds_still(browser, site, name, view):
    assert faults(browser, f"{site}/{name}", view) == {}


NOISE = random.Random(0).randbytes(300_000).hex()  # which gzip halves, nearly
TEXT = f"<p>{300 * 'Text below. '}</p>"
LAZY = "<img src=image.svg alt='' loading=lazy>"
LATE = """<script>setTimeout(() => {
    document.querySelector("img").src = "image.svg"; }, 300)</script>"""


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (TEXT, set()),
        ("<script src=script.js></script>", {"bytes"}),
        (f"<img alt=''>{TEXT}{LATE}", {"shift"}),
        (f"<img alt='' width=300 height=400>{TEXT}{LATE}", set()),
        (f"<p style='height: 9000px'></p>{LAZY}{TEXT}", set()),
    ],
)
@pytest.mark.parametrize("view", VIEWS)
def test_the_measures_see_planted_faults(browser, tmp_path, view, body, found):
    (tmp_path / "script.js").write_text(f"// {NOISE}\n", "utf-8")
    image = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="400"/>'
    (tmp_path / "image.svg").write_text(image, "utf-8")
    page = f"<!doctype html><meta name=viewport content='width=device-width'>{body}"
    (tmp_path / "page.html").write_text(page, "utf-8")
    with served(tmp_path) as url:
        assert set(faults(browser, f"{url}/page.html", view)) == found


def test_a_page_is_sent_as_gzip_packs_it(browser, tmp_path):
    (tmp_path / "page.html").write_text("<!doctype html>" + 9000 * "text ", "utf-8")
    with served(tmp_path) as url:
        sent, _ = measured(browser, f"{url}/page.html")
    assert sent.keys() == {"document"} and 100 < sent["document"] < 1000


def test_only_what_a_build_has_written_is_rewritten(tmp_path, monkeypatch):
    for name in ("old.html", "new.html", "_static/theirs.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a page", "utf-8")
    monkeypatch.setattr(pages, "STARTED", (tmp_path / "new.html").stat().st_mtime)
    os.utime(tmp_path / "old.html", (0, 0))
    app = SimpleNamespace(outdir=tmp_path)
    pages.rewrite(app, lambda text, path: f"{text}, {path.stem}")
    assert (tmp_path / "new.html").read_text("utf-8") == "a page, new"
    assert (tmp_path / "old.html").read_text("utf-8") == "a page"
    assert (tmp_path / "_static/theirs.html").read_text("utf-8") == "a page"
