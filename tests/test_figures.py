import io
import re
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
        (lambda d: figures.unrolled_graph(0), "T must be 1 or more, got 0"),
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
