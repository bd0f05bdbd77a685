"""The interactive figures in a browser: what they show is what `unrolled` computes.

Each is put on a page of its own, opened from its file, and moved with the keyboard.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from chromium import CLEAN, SITE, WCAG, missing, started, watch
from unrolled import LSTM, RNN
from unrolled.train import truncated

SCRIPTS = Path(__file__).resolve().parent.parent / "book" / "site"
PAGE = """<!doctype html>
<html lang="en" data-theme="{theme}"><head><meta charset="utf-8"><title>{tag}</title>
<link rel="stylesheet" href="{site}/course.css">
<script src="{site}/explorer.js"></script><script src="{site}/{tag}.js"></script>
<style>:root {{ --pst-color-background: {ground} }}
body {{ background: {ground}; color: var(--pst-color-text-base) }}</style>
</head><body><main><h1>{tag}</h1>
<{tag} {attributes}>{still}</{tag}></main></body></html>
"""


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with started() as browser:
        yield browser


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


def assert_same_lines(page, tag, *names):
    """Compare the lines of the still picture with those that the explorer draws."""
    picture = (SCRIPTS / "images" / f"{tag}.svg").read_text("utf-8")
    for name in names:
        still = re.findall(rf'class="{name}" points="([^"]+)"', picture)
        drawn = page.eval_on_selector_all(
            f"{tag} .{name}", "all => all.map(e => e.getAttribute('points'))"
        )
        assert still and still == drawn


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


def test_the_still_picture_of_the_triangle_is_its_start(explore):
    live = explore(TRIANGLE)

    # The same squares, as dark.
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


def test_the_still_picture_of_the_flow_is_its_start(explore):
    assert_same_lines(explore(FLOW), FLOW, "flow-length", "flow-radius")


# --- the LSTM cell -------------------------------------------------------------------

CELL, TURNS = "lstm-cell", 20


def logit(p):
    """Return the a for which sigmoid(a) is p; far out at 0 and 1."""
    with np.errstate(divide="ignore"):
        return np.clip(np.log(p) - np.log1p(-p), -800, 800)


def constant_gates(f, i, o, g, past):
    """Run `unrolled`'s LSTM with biases alone; return c_0 … c_T and h_1 … h_T."""
    layer = LSTM(1, 1, rng=np.random.default_rng(0))
    for array in layer.params.values():
        array[...] = 0
    a_g = np.arctanh(np.clip(g, -1 + 1e-15, 1 - 1e-15))
    layer.params["b"][:] = logit(i), logit(f), a_g, logit(o)
    h, c = np.zeros((1, 1)), np.full((1, 1), past)
    cs, hs = [past], []
    for _ in range(TURNS):
        _, (h, c) = layer.forward(np.zeros((1, 1, 1)), (h, c))
        cs.append(c[0, 0])
        hs.append(h[0, 0])
    return np.array(cs), np.array(hs)


def spots(page, name, *attributes):
    """Read attributes, as numbers, of all that is drawn with a name."""
    return np.array(
        page.eval_on_selector_all(
            f"{CELL} .{name}",
            "(all, names) => all.map(e => names.map(n => +e.getAttribute(n)))",
            list(attributes),
        )
    ).T


def assert_cell_right(page):
    """Compare what the cell shows with what `unrolled` computes."""
    at = setting(page, CELL)
    shown = {k: float(v.replace("−", "-")) for k, v in numbers(page).items()}
    cs, hs = constant_gates(**at)
    share = at["f"] ** TURNS
    want = {"cell": cs[-1], "output": hs[-1], "share": share}
    assert shown == pytest.approx(want, abs=6e-4), at
    assert shown["share"] == pytest.approx(share, rel=6e-3)

    reach = next(r for r in (1, 2, 5, 10, 22) if r >= np.abs(cs).max() - 1e-9)
    curve = page.get_attribute(f"{CELL} .cell-state", "points").split()
    heights = np.array([float(point.split(",")[1]) for point in curve])
    assert heights == pytest.approx(212 - 50 * cs / reach, abs=0.06)
    left = page.get_attribute(f"{CELL} .cell-left", "points").split()
    heights = np.array([float(point.split(",")[1]) for point in left])
    past = at["past"] * at["f"] ** np.arange(TURNS + 1)
    assert heights == pytest.approx(212 - 50 * past / reach, abs=0.06)
    top, height = spots(page, "cell-output", "y", "height")
    assert height == pytest.approx(20 * np.abs(hs), abs=0.06)
    assert top == pytest.approx(308 - 20 * hs.clip(0), abs=0.06)

    # A line behind a gate is as wide as the gate is open, and dotted where it is shut.
    (widths,) = spots(page, "cell-pipe", "stroke-width")
    gates = [at[name] for name in "fio"]
    wide = [6.0] * 4 + [1 + 5 * gate for gate in gates if gate]
    assert sorted(widths) == pytest.approx(sorted(wide))
    assert page.locator(f"{CELL} .cell-shut").count() == gates.count(0)
    return at


def test_the_cell_shows_what_the_layer_computes(explore):
    page = explore(CELL)
    start = {"f": 0.9, "i": 0.3, "o": 0.8, "g": 0.5, "past": -1}
    assert assert_cell_right(page) == start
    moves = [
        ("f", "ArrowRight"),
        ("i", "Home"),
        ("past", "End"),
        ("f", "End"),
        ("o", "Home"),
        ("i", "End"),
        ("o", "End"),
        ("g", "End"),
        ("g", "Home"),
        ("past", "Home"),
        ("f", "PageDown"),
        ("g", "PageUp"),
        ("o", "ArrowLeft"),
        ("past", "PageUp", "ArrowRight"),
        ("f", "Home"),
    ]
    for name, *keys in moves:
        before = setting(page, CELL)[name]
        press(page, f"{CELL}-{name}", *keys)
        assert assert_cell_right(page)[name] != before
    assert {name for name, *_ in moves} == start.keys()
    assert page.seen == CLEAN


def test_a_wrong_cell_would_be_seen(explore):
    page = explore(CELL)
    page.evaluate(
        """tag => {
            const cell = customElements.get(tag).prototype, run = cell.run;
            cell.run = function (values) {  // coupled gates
                return run.call(this, { ...values, i: 1 - values.f });
            };
        }""",
        CELL,
    )
    press(page, f"{CELL}-o", "ArrowLeft")
    with pytest.raises(AssertionError):
        assert_cell_right(page)


def test_the_still_picture_of_the_cell_is_its_start(explore):
    assert_same_lines(explore(CELL), CELL, "cell-state", "cell-left", "cell-pipe")


# --- all of them ---------------------------------------------------------------------

# Each explorer: its page, its controls in order, and the comparison of what it shows.
EXPLORERS = {
    TRIANGLE: ("04-truncated-bptt", ("k1", "k2", "decay", "twice"), assert_right),
    FLOW: ("05-gradient-flow", ("radius", "f", "steps"), assert_flow_right),
    CELL: ("07-lstm", ("f", "i", "o", "g", "past"), assert_cell_right),
}
each_explorer = pytest.mark.parametrize("tag", EXPLORERS)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [800, 390])
@each_explorer
def test_everybody_can_use_it(explore, tag, theme, width):
    page = explore(tag, "twice", theme=theme, width=width)
    assert page.seen == CLEAN
    page.add_script_tag(path=AXE_FILE_PATH)
    rules = {"runOnly": {"type": "tag", "values": WCAG}}
    found = page.evaluate("rules => axe.run(document, rules)", rules)
    assert [rule["id"] for rule in found["violations"]] == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    names, order = EXPLORERS[tag][1], []
    for _ in names:  # the tab key reaches every control, in order
        page.keyboard.press("Tab")
        order.append(page.evaluate("() => document.activeElement.id"))
    assert order == [f"{tag}-{name}" for name in names]


@each_explorer
def test_without_scripts_a_still_picture_stays(explore, tag):
    page = explore(tag, scripts=False)
    assert page.locator("img").is_visible() and not page.locator("input").count()
    assert page.locator("img").bounding_box()["width"] > 200
    assert not explore(tag).locator("img").count()


@each_explorer
def test_on_its_page_it_takes_the_place_of_the_picture(browser, tag):
    name, controls, assert_shown = EXPLORERS[tag]
    path = SITE / "book" / f"{name}.html"
    if not path.exists():
        missing("the site is not built: run README.md's first command")
    for scripts in (False, True):
        context = browser.new_context(java_script_enabled=scripts)
        page = context.new_page()
        page.seen = watch(page)
        page.goto(path.as_uri())
        explorer = page.locator(tag)
        assert explorer.locator("img").count() == (not scripts)
        assert explorer.locator("input").count() == (len(controls) if scripts else 0)
        if scripts:
            assert_shown(page)
            assert page.seen == CLEAN
        else:
            assert explorer.locator("img").bounding_box()["height"] > 200
        context.close()
