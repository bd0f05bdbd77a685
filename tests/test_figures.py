import io
import json
import re
import sys
from itertools import combinations, pairwise
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled import figures


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        plt.switch_backend("agg")
        figures.use_style()
        yield
        plt.close("all")


def crowded():
    """Return a drawing in which every label has a neighbour to run into."""
    d = figures.unrolled_graph(3, gradients=True, losses=True)
    for t in (1, 2, 3):
        d.arrow(d.nodes[f"h_{t}"], d.nodes[f"h_{t - 1}"], f"$dh_{t - 1}$", True)
    d.draw()
    return d


def test_labels_cover_no_box_and_no_label():
    d = crowded()
    assert len(d.labels) == 12
    labels = [d.extent(label) for label in d.labels]
    boxes = [d.extent(box) for box in d.boxes]
    assert not any(a.overlaps(b) for a, b in combinations(labels, 2))
    assert not any(a.overlaps(b) for a in labels for b in boxes)


def test_a_label_makes_way_for_a_text():
    places = []
    for blocked in (False, True):
        d = figures.Diagram(4, 2)
        d.arrow(d.box(0.5, 1, "$a$"), d.box(3.5, 1, "$b$"), "$W_x$")
        if blocked:
            text = d.text(*places[0], "in the way")
        d.draw()
        places.append(d.labels[0].get_position())
    assert not d.extent(d.labels[0]).overlaps(d.extent(text))
    assert places[0] != places[1]


def test_labels_stay_on_the_page():
    d = crowded()
    (x_0, x_1), (y_0, y_1) = d.ax.get_xlim(), d.ax.get_ylim()
    for label in d.labels:
        area = d.extent(label)
        assert x_0 <= area.x0 and area.x1 <= x_1 and y_0 <= area.y0 and area.y1 <= y_1


@pytest.mark.parametrize("label", ["a rather long label $h_{t-1}$", "two\nlines\nmore"])
@pytest.mark.parametrize("kind", ["op", "state"])
def test_a_box_holds_its_text(label, kind):
    d = figures.Diagram(6, 2)
    node = d.box(3, 1, label, kind)
    text = d.ax.texts[0]
    assert d.extent(node).contains(*d.extent(text).min)
    assert d.extent(node).contains(*d.extent(text).max)


@pytest.mark.parametrize("bend", [0, 0.3])
@pytest.mark.parametrize("gradient", [False, True])
def test_an_arrow_stops_at_the_edges_of_its_boxes(gradient, bend):
    d = figures.Diagram(5, 3)
    a, b = d.box(1, 1, "$a$"), d.box(4, 2, "$b$")
    line = d.points(d.arrow(a, b, gradient=gradient, bend=bend))
    for node, end in ((a, line[0]), (b, line[-1])):
        area = d.extent(node)
        distance = np.maximum(np.maximum(area.min - end, end - area.max), 0)
        assert np.hypot(*distance) < 0.1
        assert not area.padded(-0.05).contains(*end)


def test_the_graph_has_the_steps_that_were_asked_for():
    d = figures.unrolled_graph(5, inputs=[1, 2, 3], outputs="last", losses=True)
    names = {*d.nodes}
    assert {n for n in names if n[0] == "x"} == {"x_1", "x_2", "x_3"}
    assert {n for n in names if n[0] in "yL"} == {"y_5", "L_5"}
    assert {n for n in names if n[0] == "h"} == {f"h_{t}" for t in range(6)}
    assert len(d.arrows) == 5 + 3 + 1 + 1


def test_every_forward_arrow_has_its_gradient():
    plain = figures.unrolled_graph(3, losses=True)
    both = figures.unrolled_graph(3, losses=True, gradients=True)
    assert len(both.arrows) == 2 * len(plain.arrows)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda d: d.box(1, 1, "", kind="cell"), "kind must be one of .*, got 'cell'"),
        (lambda d: d.arrow((1, 1), (1, 1)), "needs two different ends"),
        (lambda d: d.arrow((1, 1), 3), r"an end must have shape \(2,\), got \(\)"),
        (
            lambda d: figures.Diagram(0, 1),
            "width must be finite and at least 0.1, got 0",
        ),
        (
            lambda d: figures.Diagram(1, 0),
            "height must be finite and at least 0.1, got 0",
        ),
        (lambda d: figures.unrolled_graph(0), "T must be at least 1, got 0"),
        (
            lambda d: figures.unrolled_graph(2, inputs="some"),
            "inputs must be one of 'all', 'first', 'last', 'none', got 'some'",
        ),
        (
            lambda d: figures.unrolled_graph(2, outputs="some"),
            "outputs must be one of 'all', 'first', 'last', 'none', got 'some'",
        ),
        (
            lambda d: figures.band(d.ax, range(3), np.zeros((2, 4))),
            r"runs must have shape \(seeds, 3\), got \(2, 4\)",
        ),
    ],
)
def test_errors_are_sentences(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(figures.Diagram(2, 2))


def test_a_band_goes_from_the_least_to_the_most():
    _, ax = plt.subplots()
    figures.band(ax, [0, 1], [[0, 1], [8, 5], [1, 9]])
    assert ax.lines[0].get_ydata().tolist() == [1, 5]
    area = ax.collections[0].get_paths()[0].get_extents()
    assert (area.y0, area.y1) == (0, 9)


def test_equal_drawings_give_equal_files():
    files = []
    for _ in range(2):
        buffer = io.BytesIO()
        crowded().fig.savefig(buffer, format="svg", metadata={"Date": None})
        files.append(buffer.getvalue())
    assert files[0] == files[1]


@pytest.mark.parametrize("live", [True, False])
def test_jupyter_draws_svg_without_a_date(live, monkeypatch):
    asked = []
    monkeypatch.setattr("IPython.get_ipython", lambda: object() if live else None)
    monkeypatch.setattr(
        "matplotlib_inline.backend_inline.set_matplotlib_formats",
        lambda *formats, **options: asked.append((formats, options)),
    )
    figures.use_style()
    assert asked == ([(("svg",), {"metadata": {"Date": None}})] if live else [])


def test_the_style_is_set_without_jupyter_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        figures.use_style()
        assert plt.rcParams["axes.spines.top"] is False


@pytest.mark.parametrize(
    ("size", "inches"),
    [((4, 1), (3.2, 0.8)), ((9, 3), (7.2, 2.4)), ((18, 5), (7.2, 2))],
)
def test_a_unit_is_most_of_an_inch_unless_the_page_is_too_narrow(size, inches):
    d = figures.Diagram(*size)
    np.testing.assert_allclose(d.fig.get_size_inches(), inches)
    np.testing.assert_allclose(d.ax.get_position().bounds, (0, 0, 1, 1), atol=1e-9)
    page = d.extent(d.ax)
    np.testing.assert_allclose([*page.min, *page.max], [0, 0, *size], atol=1e-9)
    assert not d.ax.axison


def looks(node):
    """Return a box's edge and fill, its dash, and the radius of its corners."""
    rounding = node.get_boxstyle().rounding_size
    edge, fill = (
        matplotlib.colors.to_hex(colour)
        for colour in (node.get_edgecolor(), node.get_facecolor())
    )
    return edge, fill, node.get_linestyle() != "-", rounding


@pytest.mark.parametrize("kind", figures.KINDS)
@pytest.mark.parametrize("dashed", [True, False])
def test_a_box_has_the_colours_of_its_kind_and_its_centre(kind, dashed):
    d = figures.Diagram(4, 2)
    node = d.box(1.5, 1, "", kind, dashed=dashed)
    edge, fill, dash, rounding = looks(node)
    assert (edge, fill) == figures.KINDS[kind] and dash == dashed
    assert node.centre == (1.5, 1) and d.boxes == [node]
    # Without a text its size is the least: an op is a circle, the others are wider.
    width, height = (0.5, 0.5) if kind != "op" else (0.36, 0.36)
    small = d.box(1.5, 1, "", kind, width=width)
    corner = [1.5 - width / 2, 1 - height / 2]
    np.testing.assert_allclose([small.get_x(), small.get_y()], corner)
    np.testing.assert_allclose([small.get_width(), small.get_height()], [width, height])
    assert looks(small)[3] == pytest.approx(0.18 if kind == "op" else 0.12)


def test_a_state_is_the_kind_of_a_box_and_a_box_grows_with_its_text():
    d = figures.Diagram(6, 2)
    node, small, op = (
        d.box(3, 1, "a rather long text"),
        d.box(1, 1, "$h$", height=0.2),
        d.box(2, 1, "$+\\times+$", "op"),
    )
    assert looks(node)[:3] == (*figures.KINDS["state"], False)
    for box, text, room in ((node, 0, 0.24), (small, 1, 0.24), (op, 2, 0.12)):
        inner = d.extent(d.ax.texts[text])
        assert box.get_width() == pytest.approx(inner.width + room)
        assert (d.ax.texts[text].get_ha(), d.ax.texts[text].get_position()) == (
            "center",
            box.centre,
        )
    assert node.get_height() == 0.5
    tall = d.box(4, 1, "two\nlines\nand more")
    inner = d.extent(d.ax.texts[3])
    assert tall.get_height() == pytest.approx(2 * np.abs(inner.intervaly - 1).max())


def test_a_text_is_centred_and_in_ink_unless_told():
    d = figures.Diagram(4, 2)
    plain, other = d.text(1, 1, "a"), d.text(1, 1, "b", 14, "red", ha="left", zorder=2)
    assert d.texts == [plain, other]
    got = [
        (t.get_ha(), t.get_va(), t.get_color(), t.get_size(), t.get_zorder())
        for t in (plain, other)
    ]
    assert got == [
        ("center", "center", figures.INK, 10, 5),
        ("left", "center", "red", 14, 2),
    ]


@pytest.mark.parametrize(
    ("options", "colour", "dashed"),
    [
        ({}, figures.INK, False),
        ({"gradient": True}, figures.KINDS["gradient"][0], True),
        ({"colour": "weight"}, figures.KINDS["weight"][0], False),
        ({"colour": "red", "gradient": True}, "#ff0000", True),
    ],
)
def test_an_arrow_has_the_colour_of_what_it_carries(options, colour, dashed):
    d = figures.Diagram(4, 2)
    arrow = d.arrow((1, 1), (3, 1), "$W$", **options)
    d.draw()
    got = [arrow.get_edgecolor(), arrow.get_facecolor(), d.labels[0].get_color()]
    assert {matplotlib.colors.to_hex(c) for c in got} == {colour}
    assert (arrow.get_linestyle() != "-") == dashed and d.arrows == [arrow]


def test_an_arrow_goes_from_point_to_point_and_a_gradient_to_the_right_of_it():
    d = figures.Diagram(4, 4)
    for a, b in combinations([(1, 1), (3, 1), (2, 3.5)], 2):
        forth = d.points(d.arrow(a, b))
        assert forth.shape == (25, 2)
        np.testing.assert_allclose(
            forth[[0, 12, -1]], [a, np.add(a, b) / 2, b], atol=0.05
        )
        along = np.subtract(b, a) / np.hypot(*np.subtract(b, a))
        right = np.array([along[1], -along[0]])
        beside = d.points(d.arrow(a, b, gradient=True), 3)
        np.testing.assert_allclose(beside, forth[[0, 12, -1]] + 0.15 * right, atol=1e-9)
        bent = d.points(d.arrow(a, b, gradient=True, bend=0.3))
        np.testing.assert_allclose(bent[[0, -1]], forth[[0, -1]], atol=0.05)
        # A positive bend swings to the right: half of 0.3 of the length, in the middle.
        swing = (bent[12] - forth[12]) @ right
        assert swing == pytest.approx(0.15 * np.hypot(*np.subtract(b, a)), rel=0.05)


def test_an_arrow_ends_at_a_box_and_leaves_from_its_edge():
    d = figures.Diagram(5, 2)
    a, b = d.box(1, 1, "", width=1), d.box(4, 1, "", width=1)
    line = d.points(d.arrow(a, b))
    np.testing.assert_allclose(line[[0, -1]], [[1.5, 1], [3.5, 1]], atol=0.05)
    start, end = d.points(d.arrow(a, (4, 1)))[[0, -1]], d.points(d.arrow((1, 1), b))[-1]
    np.testing.assert_allclose(start, [[1.5, 1], [4, 1]], atol=0.05)
    np.testing.assert_allclose(end, [3.5, 1], atol=0.05)


def test_texts_lie_above_boxes_and_boxes_above_arrows():
    d = figures.unrolled_graph(3, skip=True)
    d.draw()
    (arrow, *_), (dots,), (label, *_), (box, *_) = d.arrows, d.texts, d.labels, d.boxes
    layers = [arrow, dots, box, d.ax.texts[0], label]
    heights = [artist.get_zorder() for artist in layers]
    assert heights == sorted(set(heights))
    widths = {artist.get_linewidth() for artist in d.arrows + d.boxes}
    assert 1 < min(widths) <= max(widths) < 1.5
    sizes = [text.get_size() for text in (d.ax.texts[0], label)]
    assert sizes == [12, 10.5]


@pytest.mark.parametrize(("gradient", "side"), [(False, 1), (True, -1)])
def test_a_label_stands_at_the_middle_of_its_arrow_close_by(gradient, side):
    """Above one that goes right; the label of a gradient stands on its other side."""
    d = figures.Diagram(4, 2)
    arrow = d.arrow((1, 1), (3, 1), "$W_x$", gradient)
    d.draw()
    x, y = d.labels[0].get_position()
    middle = d.points(arrow)[12]
    half = d.extent(d.labels[0]).height / 2
    assert x == pytest.approx(middle[0])
    assert y - middle[1] == pytest.approx(side * (half + 0.06))


def near(d, k=0, reach=0.6):
    """Tell whether a label is near its arrow's middle."""
    middle = d.points(d.arrows[k])[12]
    return np.hypot(*(np.array(d.labels[k].get_position()) - middle)) < reach


def covered(d, label, arrow):
    """Count the points of an arrow under a label."""
    area, line = d.extent(label), d.points(arrow, 200)
    return ((line > area.min) & (line < area.max)).all(axis=1).sum()


@pytest.mark.parametrize("bend", [-0.6, 0.0, 0.6])
@pytest.mark.parametrize("end", [(1, 3), (3, 1), (3, 3), (1.2, 3)])
def test_a_label_covers_no_arrow_not_even_its_own(bend, end):
    d = figures.Diagram(4, 4)
    arrow = d.arrow((1, 1), end, "a label", bend=bend)
    middle = d.points(arrow)[12]
    others = [d.arrow(middle + [-0.7, h], middle + [0.7, h]) for h in (0.2, -0.9)]
    d.draw()
    assert near(d, reach=1.2)
    assert covered(d, d.labels[0], arrow) == 0
    assert covered(d, d.labels[0], others[0]) == 0


@pytest.mark.parametrize("bend", [0.5, 0.8, 1.2])
def test_a_short_bent_arrow_does_not_run_under_its_label(bend):
    d = figures.Diagram(4, 4)
    arrow = d.arrow((1, 1), (2, 1), "a label", bend=bend)
    d.draw()
    assert covered(d, d.labels[0], arrow) == 0


def test_between_an_arrow_and_its_label_stands_no_other_arrow():
    d = figures.Diagram(6, 3)
    d.arrow((1, 1.5), (5, 1.5), "$W$")
    d.arrow((1, 1.6), (5, 1.6))
    d.draw()
    assert d.labels[0].get_position()[1] < 1.5


def test_labels_keep_clear_of_each_other():
    d = figures.Diagram(6, 3)
    for y in (1.4, 1.5, 1.6):
        d.arrow((1, y), (5, y), "label")
    d.draw()
    places = [d.extent(label) for label in d.labels]
    assert len(places) == 3
    assert not any(a.overlaps(b) for a, b in combinations(places, 2))


def test_what_is_drawn_twice_is_labelled_once(monkeypatch):
    d, shown = figures.Diagram(4, 2), []
    monkeypatch.setattr(plt, "show", lambda: shown.append(len(d.labels)))
    d.arrow((1, 1), (3, 1), "$W$")
    d.arrow((1, 0.5), (3, 0.5))
    assert d.draw() is d.fig
    d.show()
    assert len(d.labels) == 1 and shown == [1]


def words(d):
    """Return the texts of a drawing."""
    return [text.get_text() for text in d.ax.texts]


def test_a_graph_has_its_rows_and_columns():
    d = figures.unrolled_graph(3, losses=True)
    np.testing.assert_allclose([*d.extent(d.ax).max], [5.5, 3.9], atol=1e-9)
    rows = {"h": 1.45, "x": 0.4, "y": 2.5, "L": 3.5}
    kinds = {"h": "state", "x": "input", "y": "output", "L": "loss"}
    for name, node in d.nodes.items():
        letter, t = name.split("_")
        np.testing.assert_allclose(node.centre, (2 + 1.5 * (int(t) - 1), rows[letter]))
        assert looks(node)[:3] == (*figures.KINDS[kinds[letter]], name == "h_0")
    assert words(d)[:5] == ["$h_{0}$", "$h_{1}$", "$x_{1}$", "$y_{1}$", "$L_{1}$"]
    d.draw()
    assert [label.get_text() for label in d.labels] == ["$W_h$", "$W_x$", "$W_y$"] * 3
    weight, ink = figures.KINDS["weight"][0], figures.INK
    colours = [matplotlib.colors.to_hex(arrow.get_edgecolor()) for arrow in d.arrows]
    assert colours == [weight, weight, weight, ink] * 3


def test_a_graph_may_be_drawn_into_another():
    d = figures.Diagram(9, 4)
    got = figures.unrolled_graph(
        2, start=False, on=d, at=(3, 0.5), pitch=2, names="ash"
    )
    assert got is d and set(d.nodes) == {"h_1", "h_2", "x_1", "x_2", "y_1", "y_2"}
    assert d.nodes["h_1"].centre == (3.5, 1.95) and d.nodes["x_2"].centre == (5.5, 0.9)
    assert words(d)[:3] == ["$s_{1}$", "$a_{1}$", "$h_{1}$"]
    alone = figures.unrolled_graph(2, start=False, inputs="none", outputs="first")
    np.testing.assert_allclose([*alone.extent(alone.ax).max], [2.5, 2.9], atol=1e-9)
    assert set(alone.nodes) == {"h_1", "h_2", "y_1"} and len(alone.arrows) == 2


def test_weights_may_be_left_out():
    d = figures.unrolled_graph(2, weights=False)
    d.draw()
    assert d.labels == [] and len(d.arrows) == 6


def test_steps_that_are_skipped_are_dots_before_the_last():
    d = figures.unrolled_graph(3, skip=True)
    (dots,) = d.texts
    assert dots.get_text() == "$\\cdots$" and dots.get_position() == (4.25, 1.5)
    assert dots.get_zorder() == 2.5 and dots.get_size() == 14
    assert dots.get_bbox_patch().get_facecolor() == (1, 1, 1, 1)
    assert {"$h_{T}$", "$x_{T}$", "$y_{T}$", "$h_{2}$"} <= set(words(d))
    assert "$h_{3}$" not in words(d)
    d.draw()  # the arrow under the dots is no single weight, and has the same colour
    assert [label.get_text() for label in d.labels].count("$W_h$") == 2
    weight = figures.KINDS["weight"][0]
    assert {matplotlib.colors.to_hex(a.get_edgecolor()) for a in d.arrows} == {weight}
    plain = figures.unrolled_graph(3)
    assert plain.texts == [] and "$h_{3}$" in words(plain)
    assert figures.unrolled_graph(1, skip=True).texts == []  # nothing lies between


def test_the_way_back_is_drawn_only_if_asked_for():
    d = figures.unrolled_graph(2, gradients=True, losses=True, inputs=[2])
    dashed = [arrow for arrow in d.arrows if arrow.get_linestyle() != "-"]
    assert len(dashed) == len(d.arrows) / 2 == 7
    assert len(figures.unrolled_graph(2, inputs=[2]).arrows) == 5


def test_a_band_takes_the_options_of_its_line():
    _, ax = plt.subplots()
    figures.band(ax, [0, 1], [[0, 1], [8, 5]], color="red", label="two seeds")
    (line,), (area,) = ax.lines, ax.collections
    assert line.get_label() == "two seeds" and line.get_color() == "red"
    assert area.get_alpha() == 0.2 and area.get_linewidth() == [0]
    np.testing.assert_allclose(area.get_facecolor(), [[1, 0, 0, 0.2]])


def luminance(colour):
    c = np.array(matplotlib.colors.to_rgb(colour))
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return c @ [0.2126, 0.7152, 0.0722]


def test_lines_are_told_apart_without_their_colour():
    cycle = list(plt.rcParams["axes.prop_cycle"])
    looks = [(style["linestyle"], style["color"]) for style in cycle]
    for (dash, colour), (other_dash, other_colour) in combinations(looks, 2):
        light, dark = sorted((luminance(colour), luminance(other_colour)))[::-1]
        assert dash != other_dash or (light + 0.05) / (dark + 0.05) > 1.5


def test_colours_keep_their_contrast_on_white():
    style = Path(figures.__file__).with_name("unrolled.mplstyle").read_text("utf-8")
    cycle = re.search(r'cycler\("color", (\[.*?\])', style)[1]
    colours = ["#" + c for c in re.findall(r'"(\w{6})"', cycle)]
    colours += [edge for edge, _ in figures.KINDS.values()] + [figures.INK]
    assert len(colours) > 10
    for colour in colours:
        assert 1.05 / (luminance(colour) + 0.05) >= 3, colour
    for edge, fill in figures.KINDS.values():  # a label's ink on a box's fill
        assert (luminance(fill) + 0.05) / (luminance(figures.INK) + 0.05) >= 4.5, edge


def test_styles_of_neighbouring_lines_differ():
    cycle = list(plt.rcParams["axes.prop_cycle"])
    assert all(a["linestyle"] != b["linestyle"] for a, b in pairwise(cycle))


def test_an_explorer_finds_its_numbers():
    numbers = {"a": np.array([[1, 2], [3, 4]]), "b": np.float64(0.5), "c": {"d": [1]}}
    found = figures.for_explorer("some-explorer", **numbers)._repr_html_()
    text = re.fullmatch(
        r'<script type="application/json" id="some-explorer-data">(.*)</script>', found
    )[1]
    assert json.loads(text) == {"a": [[1, 2], [3, 4]], "b": 0.5, "c": {"d": [1]}}
    assert " " not in text
