"""The interactive figures in a browser: what they show is what `unrolled` computes.

Each is put on a page of its own, opened from its file, and moved with the keyboard.
"""

import gzip
import json
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from chromium import CLEAN, SITE, WCAG, missing, started, watch
from unrolled import LSTM, RNN, Linear, data, figures, losses
from unrolled.train import truncated

sys.path.append(str(Path(__file__).parent / "benchmarks"))
bench = import_module("bench")
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
        if still is None:
            still = f'<img src="{site}/images/{tag}.svg" alt="The start.">'
            still += told()["page"].data if tag == FORECAST else ""
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
        f"{tag} input:not([type=radio]:not(:checked))",
        """all => Object.fromEntries(all.map(e => e.type === "radio"
            ? [e.name.split("-").at(-1), e.value] : [e.id.split("-").at(-1),
            e.type === "checkbox" ? e.checked : Number(e.value)]))""",
    )


def click(page, tag, *names):
    """Press buttons with the keyboard."""
    for name in names:
        press(page, f"{tag}-{name}", "Enter")


def spots(page, tag, name, *attributes):
    """Read attributes, as numbers, of all that is drawn with a name."""
    return np.array(
        page.eval_on_selector_all(
            f"{tag} .{name}",
            "(all, names) => all.map(e => names.map(n => +e.getAttribute(n)))",
            list(attributes),
        )
    ).T


def assert_same_lines(page, tag, *names):
    """Compare the lines of the still picture with those that the explorer draws."""
    picture = (SCRIPTS / "images" / f"{tag}.svg").read_text("utf-8")
    for name in names:
        still = re.findall(rf'class="{name}" points="([^"]+)"', picture)
        drawn = page.eval_on_selector_all(
            f"{tag} .{name}", "all => all.map(e => e.getAttribute('points'))"
        )
        assert still and still == drawn


def assert_same_drawing(page, tag):
    """Compare all of the still picture with what the explorer draws."""

    def flat(text):
        for element in list(ElementTree.fromstring(text).iter())[1:]:
            if element.tag.endswith("style") or element.get("width") == "100%":
                continue
            yield element.tag, element.attrib, (element.text or "").strip()

    drawn = page.evaluate(
        """tag => new XMLSerializer().serializeToString(
            document.querySelector(`${tag} svg`))""",
        tag,
    )
    still = list(flat((SCRIPTS / "images" / f"{tag}.svg").read_text("utf-8")))
    assert len(still) > 20 and still == list(flat(drawn))


def assert_moves(page, tag, assert_shown, moves):
    """Press the keys of each move: its control changes, and what is shown is right.

    A control is named as it is set, and a choice of several "name-choice".
    """
    for control, *keys in moves:
        name = control.partition("-")[0]
        before = setting(page, tag)[name]
        press(page, f"{tag}-{control}", *keys)
        assert assert_shown(page)[name] != before


# --- the latch -----------------------------------------------------------------------

LATCH, SIGNS = "latch-stepper", "+--+---+----"


def tanh_unit(w_x, w_h):
    """Return `unrolled`'s layer with one unit and no bias."""
    layer = RNN(1, 1, rng=np.random.default_rng(0))
    for name, value in {"W_x": w_x, "W_h": w_h, "b": 0}.items():
        layer.params[name][...] = value
    return layer


def latched(signs, w_x, w_h):
    """Run the latch; return h_1 … h_T and dh_T / dx_1."""
    layer = tanh_unit(w_x, w_h)
    hs, _ = layer.forward(np.array(signs, dtype=float)[None, :, None])
    dxs, _ = layer.backward(None, np.ones((1, 1)))
    return hs[0, :, 0], dxs[0, 0, 0]


def heights(page, name):
    """Read how high the points of a line lie, first to last."""
    points = page.get_attribute(name, "points").split()
    return np.array([float(point.split(",")[1]) for point in points])


def assert_latch_right(page):
    """Compare what the latch shows with what `unrolled` computes."""
    at, shown = setting(page, LATCH), numbers(page)
    t, k, w_x, w_h = (at[name] for name in ("t", "k", "w_x", "w_h"))
    first = -1 if at["flip"] else 1
    rest = [{"+": 1, "-": -1}[sign] for sign in SIGNS[1:]]
    xs = [first, *(rest if at["signs"] == "mixed" else [-first] * 11)][:t]
    hs, slope = latched(xs, w_x, w_h)
    assert float(shown["state"].replace("−", "-")) == pytest.approx(hs[-1], abs=6e-4)
    assert float(shown["slope"].replace("−", "-")) == pytest.approx(slope, rel=6e-3)

    say = {1: "+", -1: "−"}
    wrong = [s for s, h in enumerate(hs, 1) if h * first < 0]
    answer = f"{say[np.sign(hs[-1])]}, {'wrong' if t in wrong else 'right'}"
    assert shown["answer"] == answer + (f"; turned at step {wrong[0]}" if wrong else "")
    assert shown["window"] == " ".join(say[x] for x in xs[-k:])
    seen = f"{say[first]}, right" if t <= k else "not among them"
    assert shown["inside"] == seen

    held, pull = w_h * np.tanh(w_x), 2 * w_x
    against, _ = latched([1] + [-1] * 1000, w_x, w_h)
    run = int(np.argmax(against < 0))  # 0: it is never turned
    safe = held >= pull  # then none turns it; if not, some run may or may not
    assert not (safe and run)
    kept = f"turned by {run} in a row" if run else "no run turns it"
    kept = kept if safe or run else f"yet {kept}"
    assert shown["safe"] == f"{held:.2f} {'≥' if safe else '<'} {pull:.2f}: {kept}", at

    other, _ = latched([-first, *xs[1:]], w_x, w_h)
    for name, states in {"state": hs, "other": other}.items():
        drawn = heights(page, f"{LATCH} .latch-{name}")
        assert drawn == pytest.approx(120 - 46 * states, abs=0.06)
    before = hs[-2] if t > 1 else 0
    for name, value in {"held": w_h * before, "pull": w_x * xs[-1]}.items():
        (x, width), *_ = spots(page, LATCH, f"latch-{name}", "x", "width").T
        assert width == pytest.approx(32 * abs(value), abs=0.06)
        assert x == pytest.approx(236 + 32 * min(0, value), abs=0.06)
    (x, width), *_ = spots(page, LATCH, "latch-window", "x", "width").T
    assert width == 28 * min(t, k) - 2 and x + width == 62 + 28 * (t - 1) + 13
    marks = page.locator(f"{LATCH} .latch-mark").all_text_contents()
    assert marks[: int(t)] == [say[x] for x in xs] and len(marks) == len(SIGNS)
    assert page.locator(f"{LATCH} .latch-read").count() == t
    return at


def test_the_latch_shows_what_the_layer_computes(explore):
    page = explore(LATCH)
    start = {"t": 6, "flip": False, "signs": "mixed", "w_h": 3, "w_x": 1, "k": 4}
    assert assert_latch_right(page) == start
    click(page, LATCH, "first")
    assert assert_latch_right(page)["t"] == 1
    for t in range(2, 14):  # sign by sign, and no further than the last
        click(page, LATCH, "next")
        assert assert_latch_right(page)["t"] == min(t, 12)
    moves = [
        ("flip", "Space"),
        ("signs-mixed", "ArrowRight"),
        ("w_h", *["ArrowLeft"] * 7),  # 2.65: the first that no run turns
        ("w_h", "ArrowLeft"),  # 2.60: a run of eleven
        ("flip", "Space"),
        ("k", "End"),
        ("t", "ArrowLeft"),
        ("w_h", "Home"),
        ("signs-against", "ArrowLeft"),
        ("w_h", "End"),
        ("w_x", "End"),
        ("w_x", "Home"),
        ("k", "Home"),
        ("t", "Home"),
    ]
    assert_moves(page, LATCH, assert_latch_right, moves)
    assert {control.partition("-")[0] for control, *_ in moves} == start.keys()
    assert page.seen == CLEAN


def test_attributes_say_where_the_latch_starts(explore):
    page = explore(LATCH, 't="9" w_h="2.5" signs="against" flip')
    at = assert_latch_right(page)
    assert [at[name] for name in ("t", "w_h", "signs", "flip")] == [
        9,
        2.5,
        "against",
        1,
    ]
    assert numbers(page)["answer"] == "+, wrong; turned at step 7"


def test_a_wrong_latch_would_be_seen(explore):
    page = explore(LATCH)
    page.evaluate(
        """tag => {
            customElements.get(tag).prototype.step = (h, x, { w_h, w_x }) =>
                Math.max(-1, Math.min(1, w_h * h + w_x * x));  // not a tanh
        }""",
        LATCH,
    )
    click(page, LATCH, "next")
    with pytest.raises(AssertionError):
        assert_latch_right(page)


def test_the_still_picture_of_the_latch_is_its_start(explore):
    assert_same_drawing(explore(LATCH), LATCH)


# --- hello ---------------------------------------------------------------------------

HELLO = "hello-rnn"
WEIGHTS = {
    **{f"x_{letter}{j}": 0.0 for letter in "ehlo" for j in (1, 2)},
    **{f"h_{i}{j}": 0.0 for i in (1, 2) for j in (1, 2)},
    **{"x_e2": 1.0, "x_h1": 2.0, "x_h2": -2.0, "x_l1": -2.0, "x_l2": 1.0, "h_12": 3.0},
}


def spelled(at):
    """Run the network of chapter 2; return its a_t, h_t and p_t, and the loss."""
    rng = np.random.default_rng(0)
    layer, head = RNN(4, 2, rng=rng), Linear(2, 4, rng=rng)
    values = list(at.values())
    layer.params["W_x"][:] = np.reshape(values[:8], (4, 2))
    layer.params["W_h"][:] = np.reshape(values[8:], (2, 2))
    layer.params["b"][:] = 0
    head.params["W_y"][:] = [[5, 0, 0, -3], [-3, 1, 5, -2]]
    head.params["b_y"][:] = [0, -3, 3, 1]
    xs, labels, _ = data.hello()
    hs, _ = layer.forward(xs)
    ys = head.forward(hs)
    p = np.exp(ys - ys.max(axis=-1, keepdims=True))
    loss, _ = losses.cross_entropy(ys, labels)
    return np.arctanh(hs[0]), hs[0], (p / p.sum(axis=-1, keepdims=True))[0], loss


def assert_hello_right(page):
    """Compare what the network of "hello" shows with what `unrolled` computes."""
    at, shown = setting(page, HELLO), numbers(page)
    assert list(at) == list(WEIGHTS)
    a, hs, p, loss = spelled(at)
    assert float(shown["loss"]) == pytest.approx(loss, abs=6e-5)
    for t, (row, due) in enumerate(zip(p, "ello", strict=True), 1):
        said = "ehlo"[row.argmax()]
        words, probability = shown[f"step{t}"].split(", ", 1)[1], row.max()
        got = re.match(r"(.) with ([\d.]+), ", shown[f"step{t}"])
        assert got[1] == said and float(got[2]) == pytest.approx(probability, abs=6e-4)
        assert words == ("right" if said == due else f"wrong, {due} is due")

    y, height = spots(page, HELLO, "hello-state", "y", "height")
    assert height == pytest.approx(32 * np.abs(hs).ravel(), abs=0.06)
    assert y == pytest.approx(116 - 32 * hs.ravel().clip(0), abs=0.06)
    (width,) = spots(page, HELLO, "hello-p", "width")
    assert width == pytest.approx(63 * p.ravel(), abs=0.06)
    small = page.locator(f"{HELLO} .hello-value").all_text_contents()
    assert np.array(small, dtype=float) == pytest.approx(p.ravel(), abs=6e-4)
    due = page.locator(f"{HELLO} .hello-due").all_text_contents()
    assert due == list("ello")
    sums = page.locator(f"{HELLO} .plot-label", has_text="(").all_text_contents()
    sums = [json.loads(f"[{text.strip('()').replace('−', '-')}]") for text in sums]
    moderate = np.abs(a) < 10  # beyond, arctanh has lost its digits
    assert np.array(sums)[moderate] == pytest.approx(a[moderate], abs=0.06)
    return at


def test_hello_shows_what_the_layer_computes(explore):
    page = explore(HELLO)
    assert assert_hello_right(page) == WEIGHTS
    assert numbers(page)["loss"] == "0.0034"
    cases = [("none", 1.116), ("again", 0.003), ("less", 0.109)]
    cases += [("against", 2.871), ("again", 0.003), ("silent", 0.586)]
    for button, loss in cases:
        click(page, HELLO, button)
        assert_hello_right(page)
        assert float(numbers(page)["loss"]) == pytest.approx(loss, abs=6e-4)
    click(page, HELLO, "again")
    for i, name in enumerate(WEIGHTS):
        before = setting(page, HELLO)[name]
        press(page, f"{HELLO}-{name}", *["ArrowUp", "ArrowDown"][i % 2 :][:1])
        assert abs(assert_hello_right(page)[name] - before) == 0.5
    assert page.seen == CLEAN


def test_a_number_is_typed_as_one_types(explore):
    page = explore(HELLO)
    field = page.locator(f"#{HELLO}-h_12")
    field.press("Control+a")
    for key, value in [("-", 3), ("1", -1), (".", -1), ("5", -1.5)]:
        field.press(key)  # what is not yet a number changes nothing
        loss = spelled(WEIGHTS | {"h_12": value})[-1]
        assert float(numbers(page)["loss"]) == pytest.approx(loss, abs=6e-5), key
    field.press("Tab")
    assert field.input_value() == "-1.5"
    field.fill("99")  # too much: as far as it goes
    field.press("Tab")
    assert assert_hello_right(page)["h_12"] == 9
    field.fill("")
    field.press("Tab")
    assert assert_hello_right(page)["h_12"] == 9


def test_a_wrong_hello_would_be_seen(explore):
    page = explore(HELLO)
    page.evaluate(
        """tag => {
            const { prototype } = customElements.get(tag), run = prototype.run;
            prototype.run = function (values) {  // the weights of the state, transposed
                const { h_12, h_21 } = values;
                return run.call(this, { ...values, h_12: h_21, h_21: h_12 });
            };
        }""",
        HELLO,
    )
    press(page, f"{HELLO}-x_o1", "ArrowUp")
    with pytest.raises(AssertionError):
        assert_hello_right(page)


def test_the_still_picture_of_hello_is_its_start(explore):
    assert_same_drawing(explore(HELLO), HELLO)


# --- the boxed backward pass ---------------------------------------------------------

GRAPH = "bptt-graph"
LINES = ["all", "dh", "da", "dx", "dW_x", "dW_h", "db", "dW_y", "db_y", "dh_0"]


@pytest.fixture(scope="module")
def gradients():
    """Return all that the boxed lines name, by name and step, from `unrolled`."""
    rng, B, H = np.random.default_rng(3), 2, 3
    layer, head = RNN(H, H, rng=rng), Linear(H, 4, rng=rng)  # W_x can be inverted
    xs, dys = rng.standard_normal((B, 3, H)), rng.standard_normal((B, 3, 4))
    h_0, da_4 = rng.standard_normal((2, B, H))
    dh_T = da_4 @ layer.params["W_h"].T
    hs, _ = layer.forward(xs, h_0)
    head.forward(hs)
    dhs = head.backward(dys)
    states = [h_0, *hs.swapaxes(0, 1)]
    dh = {3: dhs[:, 2] + dh_T}
    for s in (2, 1):  # what the steps after s send back, and the output above s
        layer.forward(xs[:, s:], states[s])
        dh[s] = dhs[:, s - 1] + layer.backward(dhs[:, s:], dh_T)[1]
    layer.forward(xs, h_0)
    dxs, dh_0 = layer.backward(dhs, dh_T)
    das = dxs @ np.linalg.inv(layer.params["W_x"].T)
    steps = {
        "x": dict(enumerate(xs.swapaxes(0, 1), 1)),
        "h": dict(enumerate(states)),
        "dy": dict(enumerate(dys.swapaxes(0, 1), 1)),
        "dx": dict(enumerate(dxs.swapaxes(0, 1), 1)),
        "da": {**dict(enumerate(das.swapaxes(0, 1), 1)), 4: da_4},
        "dh": dh,
    }
    grads = {f"d{name}": grad for name, grad in (layer.grads | head.grads).items()}
    return steps | layer.params | head.params | grads | {"dh_0": dh_0}


def as_python(markup):
    """Turn a term as the page shows it into Python."""
    for pattern, code in [
        (r"Σ<sub>r</sub> \((.*)\)<sub>r</sub>", r"\1.sum(axis=0)"),
        (r"<sub>(\d)</sub>", r"[\1]"),
        (r"<sub>(\w)</sub>", r"_\1"),
        (r"<sup>⊤</sup>", ".T"),
        (r"<sup>(\d)</sup>", r"**\1"),
        ("−", "-"),
        ("⊙", "*"),
        (r"(?<=[\w\]]) (?=\w)", " @ "),
    ]:
        markup = re.sub(pattern, code, markup)
    return markup


# The place of a term on the graph, from what it is made of.
PLACES = [
    (r"dy\[(\d)\]$", "L_{0} y_{0}"),
    (r"dy\[(\d)\] @ W_y\.T$", "y_{0} h_{0}"),
    (r"da\[(\d)\] @ W_h\.T$", "h_{0} h_{1}"),
    (r"da\[(\d)\] @ W_x\.T$", "h_{0} x_{0}"),
    (r"x\[\d\]\.T @ da\[(\d)\]$", "x_{0} h_{0}"),
    (r"h\[\d\]\.T @ da\[(\d)\]$", "h_{1} h_{0}"),
    (r"h\[\d\]\.T @ dy\[(\d)\]$", "h_{0} y_{0}"),
    (r"da\[(\d)\]\.sum", "h_{0}"),
    (r"dy\[(\d)\]\.sum", "y_{0}"),
    (r"dh\[(\d)\] \*", "h_{0}"),
]


def place(term):
    """Return the two ends of the arrow that a term belongs to, or its node."""
    for pattern, ends in PLACES:
        if found := re.match(pattern, term):
            t = int(found[1])
            return tuple(ends.format(t, t - 1).split())
    raise AssertionError(term)


def assert_graph_right(page, gradients):
    """Add up the terms shown, compare with the gradients, and look at the arrows."""
    line = setting(page, GRAPH)["line"]
    terms = page.eval_on_selector_all(
        f"{GRAPH} [data-number]", "all => all.map(e => e.innerHTML)"
    )
    terms = [as_python(term) for term in terms]
    places = [place(term) for term in terms]
    values = [eval(term, {}, gradients) for term in terms]
    said = page.locator(f"{GRAPH} dt").all_text_contents()
    numbered = {}
    for i, ends in enumerate(places):
        words = {"h4": "what follows"}
        names = [words.get(n, n) for n in (end.replace("_", "") for end in ends)]
        assert re.split(": (?:between |at )?| to | and ", said[i]) == [
            str(i + 1),
            *names,
        ]
        numbered[ends] = i + 1
    steps = [int(re.search(r"\[(\d)\][^\[]*$", term)[1]) for term in terms]
    arriving = {"all", "dh"} & {line}

    # What the terms come to.
    want = gradients
    if line == "all":
        terms_of = {ends: v for ends, v in zip(places, values, strict=True)}
        assert len(terms_of) == 13
        for t in (1, 2, 3):
            got = terms_of[f"y_{t}", f"h_{t}"] + terms_of[f"h_{t + 1}", f"h_{t}"]
            np.testing.assert_allclose(got, want["dh"][t], rtol=1e-10)
            np.testing.assert_allclose(terms_of[f"h_{t}", f"x_{t}"], want["dx"][t])
            assert terms_of[f"L_{t}", f"y_{t}"] is want["dy"][t]
        np.testing.assert_allclose(terms_of["h_1", "h_0"], want["dh_0"], rtol=1e-10)
    elif line in ("dh", "da", "dx"):
        for t in (1, 2, 3):
            index = 1 if line == "dh" else 0
            got = [
                value
                for ends, value in zip(places, values, strict=True)
                if ends[index] == f"h_{t}"
            ]
            assert len(got) == (2 if line == "dh" else 1)
            np.testing.assert_allclose(sum(got), want[line][t], rtol=1e-10)
    else:
        assert len(values) == (1 if line == "dh_0" else 3)
        np.testing.assert_allclose(sum(values), want[line], rtol=1e-10)
    if not arriving:
        assert steps == sorted(steps, reverse=True)  # the last step first

    # What is lit, and the numbers on it.
    lit = page.eval_on_selector_all(
        f"{GRAPH} .graph-lit", "all => all.map(e => [e.dataset.from, e.dataset.to])"
    )
    arrows = [ends for ends in places if len(ends) == 2]
    assert sorted(map(tuple, lit)) == sorted(arrows)
    kind = "graph-forward" if line.startswith("dW") else "graph-back"
    assert page.locator(f"{GRAPH} .graph-lit.{kind}").count() == len(lit)
    nodes = page.eval_on_selector_all(
        f"{GRAPH} .graph-node.graph-on", "all => all.map(e => e.dataset.node)"
    )
    rings = [f"h_{t}" for t in (1, 2, 3)] if line == "dh" else []
    assert sorted(nodes) == sorted(rings + [e[0] for e in places if len(e) == 1])
    badges = page.locator(f"{GRAPH} .graph-number").all_text_contents()
    assert sorted(map(int, badges)) == list(range(1, len(terms) + 1))
    weights = page.locator(f"{GRAPH} .graph-weight.graph-on").count()
    assert weights == (3 if line.startswith("dW") else 0)
    assert len(page.locator(f"{GRAPH} .explorer-sentence").text_content()) > 30
    return line


def test_the_graph_lights_the_terms_of_each_line(explore, gradients):
    page = explore(GRAPH)
    assert assert_graph_right(page, gradients) == "all"
    seen, sentences = ["all"], set()
    for line in LINES[1:]:
        press(page, f"{GRAPH}-line-{seen[-1]}", "ArrowDown")
        seen.append(assert_graph_right(page, gradients))
        assert seen[-1] == line
        sentences.add(page.locator(f"{GRAPH} .explorer-sentence").text_content())
    assert len(sentences) == len(LINES) - 1
    assert page.seen == CLEAN


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("dW_h", "copies = t => [[`h_${t}`, `h_${t}`, `h_{${t}}^{⊤} da_{${t}}`]]"),
        ("dh", "back = t => [[`y_${t}`, `h_${t}`, `dy_{${t}} W_{y}^{⊤}`]]"),
        ("dx", "back = t => [[`h_${t}`, `x_${t}`, `da_{${t}} W_{x}`]]"),
        ("dh_0", "back = t => t > 1 ? [] : [['h_1', 'x_1', 'da_{1} W_{h}^{⊤}']]"),
    ],
)
def test_a_wrong_line_would_be_seen(explore, gradients, line, wrong):
    page = explore(GRAPH)
    page.evaluate(f"tag => {{ customElements.get(tag).lines.{line}.{wrong} }}", GRAPH)
    page.locator(f"#{GRAPH}-line-{line}").check()
    with pytest.raises(AssertionError):
        assert_graph_right(page, gradients)


def test_the_still_picture_of_the_graph_is_its_start(explore):
    assert_same_drawing(explore(GRAPH), GRAPH)


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
    page = explore(
        TRIANGLE, 'k1="5" k2="12"'
    )  # the last pass comes after the last step
    assert_right(page)
    assert numbers(page)["kept"] == "72 of 78"


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
    assert_moves(page, FLOW, assert_flow_right, moves)
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
    top, height = spots(page, CELL, "cell-output", "y", "height")
    assert height == pytest.approx(20 * np.abs(hs), abs=0.06)
    assert top == pytest.approx(308 - 20 * hs.clip(0), abs=0.06)

    # A line behind a gate is as wide as the gate is open, and dotted where it is shut.
    (widths,) = spots(page, CELL, "cell-pipe", "stroke-width")
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
    assert_moves(page, CELL, assert_cell_right, moves)
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


# --- what is left of an LSTM's gradient ----------------------------------------------

MEMORY = "lstm-flow"


def memory_layer(page, bias, closed, scale):
    """Return `unrolled`'s layer with the weights of the script."""
    script = f"customElements.get('{MEMORY}')"
    W_x, W_h = (page.evaluate(f"{script}.{name}") for name in ("W_x", "W_h"))
    layer = LSTM(1, len(W_x["i"]), rng=np.random.default_rng(0), forget_bias=bias)
    layer.params["W_x"][:] = np.hstack([W_x[gate] for gate in "ifgo"])
    layer.params["W_h"][:] = scale * np.hstack([W_h[gate] for gate in "ifgo"])
    layer.params["b"][layer.columns("i")] = -bias if closed else 0
    return layer


def memory(page, bias, closed, scale, steps):
    """Return the norms of product and carousel for k = 0 … T, and mean |c_T|.

    The Jacobian of a step is its backward pass, given each entry of (dh, dc) alone.
    """
    layer = memory_layer(page, bias, closed, scale)
    H = layer.hidden_size
    h, c = np.zeros((2, 1, H))
    product, carousel, norms = np.eye(2 * H), np.ones(H), [(1.0, 1.0)]
    for t in range(1, int(steps) + 1):
        x, every = np.full((2 * H, 1, 1), np.sin(0.7 * t)), np.ones((2 * H, 1))
        _, (hs, cs) = layer.forward(x, (every * h, every * c))
        _, back = layer.backward(None, tuple(np.hsplit(np.eye(2 * H), 2)))
        J = np.hstack(back).T
        product, carousel = product @ J, carousel * np.diag(J[H:, H:])
        norms.append((np.linalg.norm(product, 2), carousel.max()))
        h, c = hs[:1], cs[:1]
    return *np.array(norms).T, np.abs(c).mean()


def assert_memory_right(page):
    """Compare the numbers, the lines and their names with what `unrolled` computes."""
    at, shown = setting(page, MEMORY), numbers(page)
    full, cell, size = memory(page, **at)
    factor = full[-1] / full[int(at["steps"]) // 2]
    word = "vanishes" if factor < 0.5 else "grows" if factor > 2 else "stays"
    half = np.log(2) / np.log1p(np.exp(-at["bias"]))
    times, said = re.fullmatch(r"times (\S+): (\w+)", shown.pop("word")).groups()
    assert said == word, at
    found = {name: float(v.replace("−", "-")) for name, v in shown.items()}
    found["factor"] = float(times.replace("−", "-"))
    want = {"all": full[-1], "cell": cell[-1], "half": half, "size": size}
    assert found == pytest.approx(want | {"factor": factor}, rel=6e-3, abs=0), at
    spoken = page.get_attribute(f"{MEMORY} svg", "aria-label")
    assert shown["all"] in spoken and shown["cell"] in spoken and word in spoken

    alone = (1 / (1 + np.exp(-at["bias"]))) ** np.arange(len(full))
    ends = {"flow-length": full, "flow-cell": cell, "flow-bias": alone}
    for name, norms in ends.items():
        drawn = heights(page, f"{MEMORY} .{name}")
        powers = np.log10(norms)
        assert drawn == pytest.approx(24 + 8 * (10 - powers), abs=0.06), (name, at)
        words = page.locator(f"{MEMORY} .{name}-name").text_content()
        low, high = powers[-1] < -16.2, powers[-1] > 10.2
        assert low == words.endswith("↓") and high == words.endswith("↑"), at
    names = spots(page, MEMORY, "flow-name", "y")[0]
    assert np.diff(names).min() > 12.8 and 24 < names.min() < names.max() < 237
    return at


def test_the_memory_shows_what_the_layer_computes(explore):
    page = explore(MEMORY)
    layer = memory_layer(page, bias=1, closed=False, scale=1)
    drawn = LSTM(1, 6, rng=np.random.default_rng(414), forget_bias=1.0)
    for name, values in drawn.params.items():
        assert (layer.params[name] == values.round(3)).all()
    start = {"bias": 1, "closed": False, "scale": 1, "steps": 100}
    assert assert_memory_right(page) == start
    moves = [
        ("bias", "ArrowRight"),
        ("steps", "End"),
        ("bias", "End"),
        ("closed", "Space"),
        ("scale", "PageUp"),
        ("bias", "Home"),
        ("closed", "Space"),
        ("scale", "Home"),
        ("steps", "Home"),
        ("steps", "ArrowRight"),
        ("bias", "PageUp"),
        ("scale", "End"),
        ("steps", "PageUp", "PageUp", "PageUp"),
        ("closed", "Space"),
        ("scale", "PageDown", "PageDown"),
        ("bias", "End"),
    ]
    assert_moves(page, MEMORY, assert_memory_right, moves)
    assert {name for name, *_ in moves} == start.keys()
    assert page.seen == CLEAN


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ('bias="0"', "vanishes"),
        ('bias="5" steps="12"', "grows"),  # and then
        ('bias="5"', "stays"),
        ('bias="5" closed', "stays"),
        ('scale="8" steps="200"', "grows"),
        ('scale="0"', "vanishes"),
    ],
)
def test_bias_and_matrix_decide_what_is_left(explore, attributes, word):
    page = explore(MEMORY, attributes)
    assert_memory_right(page)
    assert numbers(page)["word"].endswith(word)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(1 - out[j] ** 2) * dc[j]", "dc[j]"),
        ("c_prev[j] * f[j] * (1", "c[j] * f[j] * (1"),
        ("out[j] * o[j] * (1 - o[j]) * da_o[j]", "0"),
        ("closed ? -bias : 0", "0"),
        ("kept[j] * f[j]", "f[j]"),
        ("norm(rows.map((row) => row.flat()))", "Math.hypot(...rows.flat(2))"),
    ],
)
def test_a_wrong_memory_would_be_seen(explore, right, wrong):
    page = explore(MEMORY, "closed")
    assert_memory_right(page)
    page.evaluate(
        """([tag, right, wrong]) => {
            const { prototype } = customElements.get(tag), run = String(prototype.run);
            if (run.split(right).length !== 2) throw Error(right);
            prototype.run = eval(`({ ${run.replace(right, wrong)} }).run`);
        }""",
        [MEMORY, right, wrong],
    )
    press(page, f"{MEMORY}-bias", "ArrowRight")
    with pytest.raises(AssertionError):
        assert_memory_right(page)


def test_the_still_picture_of_the_memory_is_its_start(explore):
    assert_same_drawing(explore(MEMORY), MEMORY)


# --- window, horizon, model ----------------------------------------------------------

FORECAST, MODELS = "forecast-window", ("persistence", "seasonal", "linear", "gru")
LENGTHS, CUT, DRAWN = (1, 2, 4, 8, 16, 32), 220, 55
NAMES = dict(
    zip(MODELS, ("persistence", "seasonal naive", "linear", "GRU"), strict=True)
)


@cache
def told():
    """Return all that the chapter's cells define: `said`, `page` and the rest."""
    years, spots = data.sunspots()
    assert years[CUT] == 1920
    names = bench.chapter("15-forecasting", "forecaster")
    names |= {"years": years, "spots": spots, "spot_cut": CUT}
    return bench.chapter("15-forecasting", FORECAST, **names)


@cache
def said(model, k, T):
    """Return what was said k years before each test year, from the series itself."""
    _, spots = data.sunspots()
    tests, o = np.arange(CUT, len(spots)), np.arange(T, CUT - 22 + 1)
    if model == "persistence":
        return spots[tests - k]
    if model == "seasonal":
        return spots[tests - (11 if k <= 11 else 22)]
    if model == "gru":
        return told()["said"]["gru"][LENGTHS.index(T)][k - 1]
    seen = np.arange(1, T + 1)
    X, mean = spots[o[:, None] - seen], spots[o + k - 1].mean()
    w = np.linalg.pinv(X - X.mean(axis=0)) @ (spots[o + k - 1] - mean)
    return mean + (spots[tests[:, None] - k + 1 - seen] - X.mean(axis=0)) @ w


def miss(model, k, T):
    """Return the mean absolute error of a forecaster."""
    return np.abs(said(model, k, T) - data.sunspots()[1][CUT:]).mean()


def assert_forecast_right(page):
    """Compare numbers, curves and sentences with what the series itself gives."""
    at, shown = setting(page, FORECAST), numbers(page)
    model, k, T = at["model"], int(at["k"]), LENGTHS[int(at["T"])]
    true = data.sunspots()[1]
    errors = {name: miss(name, k, T) for name in MODELS}
    least = round(min(errors.values()), 2)
    scale = np.abs(np.diff(true[:CUT])).mean()
    for name, error in errors.items():
        got = re.fullmatch(r"([\d.]+) \(([\d.]+)\)(, least)?", shown[name])
        assert float(got[1]) == pytest.approx(error, abs=0.06), (name, at)
        assert float(got[2]) == pytest.approx(error / scale, abs=6e-3), (name, at)
        assert bool(got[3]) == (round(error, 2) == least), (name, at)
    ys = said(model, k, T)[-DRAWN:]
    swing = 100 * ys.std() / true[-DRAWN:].std()
    assert int(shown["swing"].split()[0]) == pytest.approx(swing, abs=1)

    def height(s):
        return 24 + (200 - s) / 2

    drawn = heights(page, f"{FORECAST} .forecast-spots")
    assert drawn == pytest.approx(height(true[-DRAWN:]), abs=0.06)
    drawn = heights(page, f"{FORECAST} .forecast-said.forecast-{model}")
    assert drawn == pytest.approx(height(ys), abs=0.31), at  # whole numbers
    for name in MODELS:
        lines = page.eval_on_selector_all(
            f"{FORECAST} .forecast-line.forecast-{name}",
            "all => all.map(e => e.getAttribute('points'))",
        )
        over = [miss(name, n, T) for n in range(1, 23)]
        across = [miss(name, k, n) for n in LENGTHS]
        for line, want in zip(lines, (over, across), strict=True):
            got = [float(point.split(",")[1]) for point in line.split()]
            want = 300 - 104 / 90 * np.array(want)
            assert got == pytest.approx(want, abs=0.08), (name, at)
    cx, cy = spots(page, FORECAST, "forecast-point", "cx", "cy")
    assert cy == pytest.approx(300 - 104 / 90 * errors[model], abs=0.08)
    want = [34 + 172 * (k - 1) / 21, 228 + 76 * at["T"] / 5]
    assert cx == pytest.approx(want, abs=0.06)
    assert (spots(page, FORECAST, "forecast-here", "x1")[0] == cx).all()
    labels = page.locator(f"{FORECAST} .forecast-on-name").all_text_contents()
    assert labels == [NAMES[model]]

    spoken = page.get_attribute(f"{FORECAST} svg", "aria-label")
    assert f"its error is {shown[model].split()[0]}" in spoken
    best = [NAMES[name] for name in MODELS if "least" in shown[name]]
    assert spoken.endswith(f": {' and '.join(best)}.")
    sentence = page.locator(f"{FORECAST} .explorer-sentence").text_content()
    assert f"k = {k} and T = {T}," in sentence
    return at


def test_the_forecasts_are_those_of_the_series(explore):
    assert len(gzip.compress(told()["page"].data.encode())) < 30_000
    page = explore(FORECAST)
    assert assert_forecast_right(page) == {"model": "persistence", "k": 5, "T": 3}
    moves = [
        ("k", "End"),  # two periods: persistence and the seasonal naive are one
        ("model-persistence", "ArrowDown"),
        ("k", *["ArrowLeft"] * 11),
        ("model-seasonal", "ArrowDown"),
        ("T", "ArrowRight"),
        ("T", "End"),
        ("k", "Home"),
        ("model-linear", "ArrowDown"),
        ("T", "Home"),
        ("k", "PageUp"),
    ]
    assert_moves(page, FORECAST, assert_forecast_right, moves)
    assert page.get_attribute(f"#{FORECAST}-T", "aria-valuetext") == "1 year"
    assert page.seen == CLEAN


def test_attributes_say_where_the_forecast_starts(explore):
    page = explore(FORECAST, 'model="linear" k="22" T="5"')
    at = assert_forecast_right(page)
    assert at == {"model": "linear", "k": 22, "T": 5}
    both = [name for name, text in numbers(page).items() if "least" in text]
    assert both == ["persistence", "seasonal"]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("row", "(rows) => rows[0]"),  # whatever the window is
        ("error", "function (model, k, w) { return right.call(this, model, k, 5) }"),
        ("error", "function (model, k, w) { return right.call(this, model, 1, w) }"),
        ("series", "function (model, k, [, ...said]) {"  # a year early
                   " return right.call(this, model, k, [...said, 0]) }"),
    ],
)  # fmt: skip
def test_a_wrong_forecast_would_be_seen(explore, name, wrong):
    page = explore(FORECAST, 'model="linear" T="2"')
    assert_forecast_right(page)
    page.evaluate(
        f"""() => {{
            const {{ prototype }} = customElements.get("{FORECAST}");
            const right = prototype.{name};
            prototype.{name} = {wrong};
        }}"""
    )
    press(page, f"{FORECAST}-k", "ArrowRight")
    with pytest.raises(AssertionError):
        assert_forecast_right(page)


@pytest.mark.parametrize("part", ["errors", "forecasts"])
def test_wrong_data_would_be_seen(explore, part):
    table = json.loads(re.search(">(.*)<", told()["page"].data)[1])
    rows = table[part]["linear"][3]
    rows[4] = rows[3]  # of a forecast a year later
    still = figures.for_explorer(FORECAST, **table).data
    page = explore(FORECAST, 'model="linear"', still=still)
    with pytest.raises(AssertionError):
        assert_forecast_right(page)


def test_without_its_data_the_picture_stays(explore):
    page = explore(FORECAST, still='<img alt="The start.">')
    assert page.locator("img").count() and not page.locator("input").count()
    assert page.seen == CLEAN


def test_the_still_picture_of_the_forecast_is_its_start(explore):
    """The nets are trained with the site, so their lines may differ a little."""
    page = explore(FORECAST)
    picture = ElementTree.parse(SCRIPTS / "images" / f"{FORECAST}.svg").getroot()
    still = [(e.get("class"), e.text, e.get("points")) for e in list(picture)[2:]]
    drawn = page.eval_on_selector_all(
        f"{FORECAST} svg > *",
        """all => all.map(e => [e.getAttribute("class"), e.textContent || null,
            e.getAttribute("points")])""",
    )
    assert len(still) > 50
    for (*one, at), (*other, moved) in zip(still, drawn, strict=True):
        assert one == other
        at, moved = (re.findall(r"[\d.]+", points or "") for points in (at, moved))
        assert list(map(float, moved)) == pytest.approx(list(map(float, at)), abs=1)


# --- all of them ---------------------------------------------------------------------

# Each explorer: its page, what the tab key reaches, in order, and the comparison of
# what it shows.
EXPLORERS = {
    LATCH: (
        "01-sequences",
        ("t", "next", "first", "flip", "signs-mixed", "w_h", "w_x", "k"),
        assert_latch_right,
    ),
    HELLO: (
        "02-rnn",
        (*WEIGHTS, "none", "less", "against", "silent", "again"),
        assert_hello_right,
    ),
    GRAPH: ("03-bptt", ("line-all",), None),
    TRIANGLE: ("04-truncated-bptt", ("k1", "k2", "decay", "twice"), assert_right),
    FLOW: ("05-gradient-flow", ("radius", "f", "steps"), assert_flow_right),
    CELL: ("07-lstm", ("f", "i", "o", "g", "past"), assert_cell_right),
    MEMORY: (
        "09-lstm-memory",
        ("bias", "closed", "scale", "steps"),
        assert_memory_right,
    ),
    FORECAST: (
        "15-forecasting",
        ("model-persistence", "k", "T"),
        assert_forecast_right,
    ),
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
def test_on_its_page_it_takes_the_place_of_the_picture(browser, gradients, tag):
    name, controls, assert_shown = EXPLORERS[tag]
    assert_shown = assert_shown or (lambda page: assert_graph_right(page, gradients))
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
        last = explorer.locator(f"#{tag}-{controls[-1]}")
        assert last.count() == scripts
        if scripts:
            assert_shown(page)
            assert page.seen == CLEAN
        else:
            assert explorer.locator("img").bounding_box()["height"] > 200
        context.close()
