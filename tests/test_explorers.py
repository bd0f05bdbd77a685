"""The interactive figures in a browser: what they show is what `unrolled` computes.

Each is put on a page of its own, opened from its file, and moved with the keyboard.
"""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Error, sync_playwright

from test_site import AXE_FILE_PATH, CLEAN, SITE, WCAG, launch, watch
from unrolled import RNN
from unrolled.train import truncated

SCRIPTS = Path(__file__).resolve().parent.parent / "book" / "site"
PAGE = """<!doctype html>
<html lang="en" data-theme="{theme}"><head><meta charset="utf-8"><title>{tag}</title>
<link rel="stylesheet" href="{site}/course.css">
<script src="{site}/explorer.js"></script><script src="{site}/{tag}.js"></script>
<style>body {{ background: {ground}; color: var(--pst-color-text-base) }}</style>
</head><body><main><h1>{tag}</h1>
<{tag} {attributes}>{still}</{tag}></main></body></html>
"""


def missing(what):
    """Skip, since there is nothing to look at; in CI fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except Error as error:
            missing(f"no Chromium and no Chrome: {error}")
        yield browser
        browser.close()


@pytest.fixture
def explore(browser, tmp_path):
    """Return a function that opens an explorer on a page of its own."""
    opened = []

    def explore(tag, attributes="", theme="light", width=800, scripts=True, still=None):
        site, path = SCRIPTS.as_uri(), tmp_path / "page.html"
        still = still or f'<img src="{site}/images/{tag}.svg" alt="The start.">'
        ground = {"light": "#ffffff", "dark": "#16191d"}[theme]
        path.write_text(PAGE.format(**locals()), "utf-8")
        view = {"width": width, "height": 900}
        context = browser.new_context(viewport=view, java_script_enabled=scripts)
        page = context.new_page()
        page.seen = watch(page)
        page.goto(path.as_uri())
        opened.append(context)
        return page

    yield explore
    for context in opened:
        context.close()


def numbers(page):
    """Read the numbers that an explorer shows, by name."""
    return page.eval_on_selector_all(
        "[data-number]",
        "all => Object.fromEntries(all.map(e => [e.dataset.number, e.textContent]))",
    )


def press(page, control, *keys):
    """Move a control with the keyboard."""
    page.locator(f"#{control}").focus()
    for key in keys:
        page.keyboard.press(key)


def setting(page, tag):
    """Read where the controls of an explorer stand."""
    return page.eval_on_selector_all(
        f"{tag} input",
        """all => Object.fromEntries(all.map(e => [e.id.split("-").at(-1),
            e.type === "checkbox" ? e.checked : Number(e.value)]))""",
    )


# --- the truncation triangle ---------------------------------------------------------

TRIANGLE, STEPS = "truncation-triangle", 12


def cut(k1, k2, decay, twice):
    """Compute what the triangle shows, with the layer that its script describes."""
    layer = RNN(1, 1, "identity", rng=np.random.default_rng(0))
    layer.params["W_x"][...], layer.params["W_h"][...] = 1, decay
    xs, dhs = np.full((1, STEPS, 1), 1 - decay), np.ones((1, STEPS, 1))
    one = np.ones((1, 1))
    truncated(layer, xs, dhs, k1, k2, one)
    got = float(layer.grads["W_h"][0, 0])
    if twice:
        got = 0.0
        for end in range(k1, STEPS + k1, k1):  # all states are one
            window = slice(max(0, end - k2), end)
            layer.forward(xs[:, window], one)
            layer.backward(dhs[:, window])
            got += float(layer.grads["W_h"][0, 0])
    layer.forward(xs, one)
    layer.backward(dhs)
    return got, float(layer.grads["W_h"][0, 0])


def entries(k1, k2, **_):
    """Count what a cut keeps, pass by pass."""
    kept = {
        (s, t)
        for end in range(k1, STEPS + k1, k1)
        for t in range(end - k1 + 1, min(end, STEPS) + 1)
        for s in range(max(1, end - k2 + 1), t + 1)
    }
    return len(kept)


def assert_right(page):
    """Compare what the triangle shows with what `unrolled` computes."""
    at, shown = setting(page, TRIANGLE), numbers(page)
    got, full = cut(**at)
    assert shown == {
        "kept": f"{entries(**at)} of {STEPS * (STEPS + 1) // 2}",
        "full": f"{full:.3f}",
        "cut": f"{got:.3f}",
        "share": f"{100 * got / full:.1f}",
    }, at
    filled = page.locator(f"{TRIANGLE} rect:not(.triangle-dropped)").count()
    assert filled == entries(**at)
    return at


def test_the_triangle_shows_what_truncated_computes(explore):
    page = explore(TRIANGLE)
    assert assert_right(page) == {"k1": 3, "k2": 6, "decay": 0.8, "twice": False}
    moves = [
        ("k1", "ArrowRight"),
        ("k1", "End"),
        ("k2", "Home"),
        ("k2", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"),
        ("decay", "ArrowRight", "ArrowRight"),
        ("decay", "Home"),
        ("twice", "Space"),
        ("decay", "End"),
        ("k1", "ArrowRight"),
        ("k2", "End"),
        ("twice", "Space"),
    ]
    seen = {name: set() for name in ("k1", "k2", "decay", "twice")}
    for name, *keys in moves:
        before = setting(page, TRIANGLE)[name]
        press(page, f"{TRIANGLE}-{name}", *keys)
        at = assert_right(page)
        assert at[name] != before and at["k1"] <= at["k2"]
        for control, value in at.items():
            seen[control].add(value)
    assert all(len(values) > 1 for values in seen.values())
    assert page.seen == CLEAN


def test_a_wrong_number_would_be_seen(explore, monkeypatch):
    page = explore(TRIANGLE)
    page.evaluate(
        """tag => {
            customElements.get(tag).prototype.count = (s, t, { k1, k2 }) =>
                Number(s > t - k2);  // a band, whatever k1 is
        }""",
        TRIANGLE,
    )
    press(page, f"{TRIANGLE}-k1", "ArrowLeft")
    with pytest.raises(AssertionError):
        assert_right(page)


def test_attributes_say_where_the_sliders_start(explore):
    page = explore(TRIANGLE, 'k1="2" k2="8" decay="0.5" twice')
    assert assert_right(page) == {"k1": 2, "k2": 8, "decay": 0.5, "twice": True}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [800, 390])
def test_everybody_can_use_it(explore, theme, width):
    page = explore(TRIANGLE, "twice", theme=theme, width=width)
    assert page.seen == CLEAN
    page.add_script_tag(path=AXE_FILE_PATH)
    rules = {"runOnly": {"type": "tag", "values": WCAG}}
    found = page.evaluate("rules => axe.run(document, rules)", rules)
    assert [rule["id"] for rule in found["violations"]] == []
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= width
    order = []
    for _ in range(4):  # the tab key reaches every control, in order
        page.keyboard.press("Tab")
        order.append(page.evaluate("() => document.activeElement.id"))
    assert order == [f"{TRIANGLE}-{name}" for name in ("k1", "k2", "decay", "twice")]


def test_without_scripts_a_still_picture_stays(explore):
    page = explore(TRIANGLE, scripts=False)
    assert page.locator("img").is_visible() and not page.locator("input").count()
    assert page.locator("img").bounding_box()["width"] > 200
    live = explore(TRIANGLE)
    assert not live.locator("img").count()

    # The picture is the explorer at its start: the same squares, as dark.
    picture = (SCRIPTS / "images" / f"{TRIANGLE}.svg").read_text("utf-8")
    still = re.findall(
        r'<rect x="(\d+)" y="(\d+)".*?class="triangle-(\w+)"(.*?)/>', picture
    )
    drawn = live.eval_on_selector_all(
        f"{TRIANGLE} rect",
        """all => all.map(e => [e.getAttribute("x"), e.getAttribute("y"),
            e.getAttribute("class").split("-")[1], e.getAttribute("fill-opacity")])""",
    )
    assert len(still) == len(drawn) == STEPS * (STEPS + 1) // 2
    for (x, y, kind, rest), (*place, shade) in zip(still, drawn, strict=True):
        assert [x, y, kind] == place
        opacity = re.search(r'fill-opacity="([\d.]+)"', rest)
        assert float(opacity[1] if opacity else 0) == pytest.approx(
            float(shade), abs=1e-3
        )


def test_on_its_page_it_takes_the_place_of_the_picture(browser):
    path = SITE / "book" / "04-truncated-bptt.html"
    if not path.exists():
        missing("the site is not built: run README.md's first command")
    for scripts in (False, True):
        context = browser.new_context(java_script_enabled=scripts)
        page = context.new_page()
        page.seen = watch(page)
        page.goto(path.as_uri())
        explorer = page.locator(TRIANGLE)
        assert explorer.locator("img").count() == (not scripts)
        assert explorer.locator("input").count() == (4 if scripts else 0)
        if scripts:
            assert_right(page)
            assert page.seen == CLEAN
        else:
            assert explorer.locator("img").bounding_box()["height"] > 200
        context.close()


# --- the gradient's flow -------------------------------------------------------------

FLOW = "gradient-flow"
NONLINEARITIES = ("identity", "tanh", "relu", "sigmoid")


def script_array(name):
    """Read an array of numbers out of the script."""
    text = (SCRIPTS / f"{FLOW}.js").read_text("utf-8")
    found = re.search(rf"static {name} = (\[.*?\]);", text, re.S)[1]
    return np.array(json.loads(re.sub(r",\s*\]", "]", found)))


def flow(radius, f, steps):
    """Compute the lengths of dh_T … dh_0 over the first with `unrolled`'s layer."""
    W_x, W_h = script_array("W_x"), script_array("W_h")
    layer = RNN(1, len(W_x), NONLINEARITIES[int(f)], rng=np.random.default_rng(0))
    layer.params["W_x"][:], layer.params["W_h"][:] = W_x, radius * W_h
    steps = int(steps)
    xs = np.sin(0.7 * np.arange(1, steps + 1))[None, :, None]
    hs = np.concatenate([np.zeros((1, 1, len(W_x))), layer.forward(xs)[0]], axis=1)
    lengths = [1.0]
    for s in reversed(range(steps)):  # start at h_s: what comes back is dh_s
        layer.forward(xs[:, s:], hs[:, s])
        _, dh = layer.backward(None, np.ones((1, len(W_x))))
        lengths.append(np.linalg.norm(dh) / np.sqrt(len(W_x)))
    return np.array(lengths)


def assert_flow_right(page):
    """Compare the numbers and the curve with what `unrolled` computes."""
    at, shown = setting(page, FLOW), numbers(page)
    lengths = flow(**at)
    want = {
        "last": lengths[-1],
        "factor": lengths[-1] ** (1 / at["steps"]),
        "largest": lengths.max(),
        "horizon": np.flatnonzero(lengths >= 0.01).max(),
    }
    assert shown.keys() == want.keys()
    for name, value in want.items():
        assert float(shown[name]) == pytest.approx(value, rel=1e-3, abs=6e-4), at
    points = page.get_attribute(f"{FLOW} .flow-length", "points").split()
    heights = np.array([float(point.split(",")[1]) for point in points])
    with np.errstate(divide="ignore"):
        powers = np.log10(lengths).clip(-12, 12)
    assert heights == pytest.approx(10 + 190 * (12 - powers) / 24, abs=0.06)
    return at


def test_the_flow_shows_what_the_layer_computes(explore):
    radius = np.abs(np.linalg.eigvals(script_array("W_h"))).max()
    assert radius == pytest.approx(1, abs=1e-3)
    page = explore(FLOW)
    assert assert_flow_right(page) == {"radius": 1, "f": 1, "steps": 50}
    moves = [
        ("steps", "ArrowRight"),
        ("radius", "PageUp"),
        ("f", "ArrowRight"),
        ("f", "End"),
        ("radius", "End"),
        ("f", "Home"),
        ("steps", "Home"),
        ("steps", "End"),
        ("f", "ArrowRight"),
        ("radius", "Home"),
        ("radius", "ArrowRight"),
    ]
    for name, *keys in moves:
        before = setting(page, FLOW)[name]
        press(page, f"{FLOW}-{name}", *keys)
        assert assert_flow_right(page)[name] != before
    assert page.locator(f"#{FLOW}-f").get_attribute("aria-valuetext") == "tanh"
    assert page.seen == CLEAN


def test_a_wrong_slope_would_be_seen(explore):
    page = explore(FLOW)
    page.evaluate(
        "tag => { customElements.get(tag).functions[1].slope = (h) => 1 - h }", FLOW
    )
    press(page, f"{FLOW}-steps", "ArrowLeft")
    with pytest.raises(AssertionError):
        assert_flow_right(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [800, 390])
def test_everybody_can_use_the_flow(explore, theme, width):
    page = explore(FLOW, theme=theme, width=width)
    assert page.seen == CLEAN
    page.add_script_tag(path=AXE_FILE_PATH)
    rules = {"runOnly": {"type": "tag", "values": WCAG}}
    found = page.evaluate("rules => axe.run(document, rules)", rules)
    assert [rule["id"] for rule in found["violations"]] == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    order = []
    for _ in range(3):
        page.keyboard.press("Tab")
        order.append(page.evaluate("() => document.activeElement.id"))
    assert order == [f"{FLOW}-{name}" for name in ("radius", "f", "steps")]


def test_the_still_picture_of_the_flow_is_its_start(explore):
    page = explore(FLOW, scripts=False)
    assert page.locator("img").is_visible() and not page.locator("input").count()
    assert page.locator("img").bounding_box()["width"] > 200
    live = explore(FLOW)
    assert not live.locator("img").count()
    picture = (SCRIPTS / "images" / f"{FLOW}.svg").read_text("utf-8")
    for name in ("flow-length", "flow-radius"):
        still = re.search(rf'class="{name}" points="([^"]+)"', picture)[1]
        assert still == live.get_attribute(f"{FLOW} .{name}", "points")
