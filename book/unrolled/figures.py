"""Figure style, a drawer for cells and unrolled graphs, and plots that recur.

>>> from unrolled import figures
>>> figures.use_style()
>>> d = figures.Diagram(4, 1)
>>> x, h = d.box(0.6, 0.5, "$x_t$", kind="input"), d.box(3, 0.5, "$h_t$")
>>> d.arrow(x, h, "$W_x$", colour="weight")
>>> d.show()
"""

import json
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.transforms import Bbox

from .arguments import choice, expect, number, positive

INK = "#1b1f24"
KINDS = {  # edge (also for arrows and labels) and fill
    "input": ("#12355b", "#dbe8f6"),
    "state": ("#9a6400", "#fdf0d0"),
    "output": ("#0b8a6a", "#dcf3ea"),
    "weight": ("#7d3a99", "#f0e3f5"),
    "op": ("#4b5563", "#ffffff"),
    "loss": ("#6b7280", "#e5e7eb"),
    "gradient": ("#c8371b", "#fde4de"),
}
INCHES_PER_UNIT, WIDEST = 0.8, 7.2  # the widest fills the site's text column


def use_style():
    """Set the course's figure style; in Jupyter, draw figures as SVG.

    Call it once, in a notebook's first cell. Equal figures give equal files.
    """
    plt.style.use(Path(__file__).with_name("unrolled.mplstyle"))
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg", metadata={"Date": None})


class Diagram:
    """A drawing of boxes and arrows, in units of 0.8 inch.

    Boxes grow to hold their text, arrows stop at the edges of boxes, and a
    label is put where it covers no box, no arrow and no other label. The drawing is
    ``width`` by ``height`` units; y points up, the origin is the lower left corner. One
    wider than the page (9 units) is scaled to fit.
    """

    def __init__(self, width, height):
        width, height = number("width", width, 0.1), number("height", height, 0.1)
        scale = min(INCHES_PER_UNIT, WIDEST / width)
        size = (width * scale, height * scale)
        self.fig, self.ax = plt.subplots(figsize=size, layout="none")
        self.ax.set_position([0, 0, 1, 1])
        self.ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        self.ax.axis("off")
        self.boxes, self.arrows, self.labels, self.texts = [], [], [], []
        self.waiting = []  # labels whose place is found when all else is drawn

    def extent(self, artist):
        """Return what an artist covers, a Bbox in units."""
        pixels = artist.get_window_extent(self.fig.canvas.get_renderer())
        return Bbox(self.ax.transData.inverted().transform(pixels))

    def box(self, x, y, text, kind="state", width=0.0, height=0.5, dashed=False):
        """Draw a rounded box with its centre at (x, y) and return it.

        Parameters
        ----------
        x, y, width, height : float
            Centre and least size, in units; the box grows to hold its text.
        text : str
            Plain text, TeX between dollars, or both.
        kind : {"state", "input", "output", "op", "weight", "loss", "gradient"}
            Sets the colours; an "op" is small and round.
        dashed : bool
            Draw the edge dashed, for what may be missing.
        """
        edge, fill = KINDS[choice("kind", kind, KINDS)]
        style = {"ha": "center", "va": "center_baseline", "fontsize": 12, "zorder": 4}
        inner = self.extent(self.ax.text(x, y, text, **style))
        is_op = kind == "op"
        height = max(0.36 if is_op else height, 2 * np.abs(inner.intervaly - y).max())
        width = max(width, height, inner.width + (0.12 if is_op else 0.24))
        rounding = min(width, height) / 2 if is_op else 0.12
        node = FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height,
            boxstyle=f"round,pad=0,rounding_size={rounding}", zorder=3,
            edgecolor=edge, facecolor=fill, linewidth=1.3,
            linestyle=(0, (3, 2)) if dashed else "-",
        )  # fmt: skip
        node.centre = (x, y)
        self.boxes.append(self.ax.add_patch(node))
        return node

    def text(self, x, y, text, size=10, colour=INK, **options):
        """Write text at (x, y), centred unless told; labels keep clear of it."""
        options = {"ha": "center", "va": "center", "zorder": 5} | options
        self.texts.append(self.ax.text(x, y, text, size=size, color=colour, **options))
        return self.texts[-1]

    def arrow(self, a, b, label="", gradient=False, bend=0.0, colour=None):
        """Draw an arrow from a to b, each a box or a point (x, y).

        Parameters
        ----------
        a, b : box or (float, float)
            Start and end; at a box the arrow stops at the edge.
        label : str
            Put beside the arrow, on whichever side is free.
        gradient : bool
            Draw it dashed, in the gradient's colour and to its right, so that it
            fits beside the forward arrow between the same two boxes.
        bend : float
            Curvature; 0 is straight, a positive one swings to the arrow's right.
        colour : str, optional
            A kind ("weight", say) or a matplotlib colour.
        """
        ends = [
            expect("an end", getattr(end, "centre", end), (2,), np.dtype(float))
            for end in (a, b)
        ]
        along = ends[1] - ends[0]
        if not along.any():
            raise ValueError("an arrow needs two different ends, got the same twice")
        right = np.array([along[1], -along[0]]) / np.hypot(*along)
        if gradient and not bend:
            ends = [end + 0.15 * right for end in ends]
        colour = colour or ("gradient" if gradient else INK)
        colour = KINDS.get(colour, [colour])[0]
        patch = FancyArrowPatch(
            *ends,
            patchA=a if hasattr(a, "centre") else None,
            patchB=b if hasattr(b, "centre") else None,
            connectionstyle=f"arc3,rad={bend}", shrinkA=0, shrinkB=1, zorder=2,
            arrowstyle="-|>,head_length=4.5,head_width=2.4", color=colour,
            linewidth=1.4, linestyle=(0, (3, 1.8)) if gradient else "-",
        )  # fmt: skip
        self.arrows.append(self.ax.add_patch(patch))
        if label:
            self.waiting.append((patch, right, 1 if gradient else -1, label, colour))
        return patch

    def points(self, arrow, count=25):
        """Return points along an arrow, shape (count, 2), in units."""
        start, middle, end = arrow.get_path().vertices[:3]
        s = np.linspace(0, 1, count)[:, None]
        return (1 - s) ** 2 * start + 2 * s * (1 - s) * middle + s**2 * end

    def draw(self):
        """Place the labels where there is room, and return the figure."""
        taken = [self.extent(artist) for artist in self.boxes + self.texts]
        lines = {arrow: self.points(arrow) for arrow in self.arrows}
        page = Bbox([(0, 0), (self.ax.get_xlim()[1], self.ax.get_ylim()[1])])
        for arrow, right, side, label, colour in self.waiting:
            style = {"ha": "center", "va": "center", "fontsize": 10.5, "zorder": 5}
            text = self.ax.text(0, 0, label, color=colour, **style)
            half = np.array([self.extent(text).width, self.extent(text).height]) / 2
            others = [line for other, line in lines.items() if other is not arrow]
            others = np.concatenate(others or [np.empty((0, 2))])
            best = np.inf
            for spot, way, gap in product(
                (12, 9, 15, 6, 18), (1, -1), (0.06, 0.13, 0.22)
            ):
                anchor = lines[arrow][spot]
                at = anchor + way * side * right * (np.abs(right) @ half + gap)
                area = Bbox([at - half - 0.02, at + half + 0.02])
                reach = Bbox.union([area, Bbox([anchor, anchor])])
                cost = 10 * sum(area.overlaps(other) for other in taken)
                cost += _inside(reach, others) + _inside(area, lines[arrow])
                cost += 100 * (_inside(page, area.get_points()) < 2)
                if cost < best:
                    best = cost
                    text.set_position(at)
            taken.append(self.extent(text))
            self.labels.append(text)
        self.waiting = []
        return self.fig

    def show(self):
        """Place the labels and show the drawing."""
        self.draw()
        plt.show()


def _inside(area, points):
    """Count the points, shape (count, 2), that lie in an area."""
    return ((points > area.min) & (points < area.max)).all(axis=1).sum()


def unrolled_graph(
    T, inputs="all", outputs="all", gradients=False, weights=True, losses=False,
    start=True, skip=False, names=("x", "h", "y"), on=None, at=(0.0, 0.0), pitch=1.5,
):  # fmt: skip
    """Draw a recurrent network unrolled over T steps.

    Parameters
    ----------
    T : int
        Number of steps drawn, at least 1.
    inputs, outputs : {"all", "first", "last", "none"} or list of int
        The steps, counted from 1, that have an input x_t or an output y_t.
    gradients : bool
        Draw the way back as dashed arrows beside the forward ones.
    weights : bool
        Write W_x, W_h, W_y on the arrows that share them.
    losses, start : bool
        Draw a loss L_t above every output, and the state h_0 that the sequence starts
        from.
    skip : bool
        Call the last step T and put dots before it.
    names : tuple of str
        Letters of input, state and output.
    on : Diagram, optional
        Draw into this one; by default a new one of the right size is made.
    at, pitch : (float, float), float
        Lower left corner, and distance from one step to the next, in units.

    Returns
    -------
    Diagram
        With the boxes by name in `nodes`: "x_1", "h_0", "y_1", "L_1" and so on.
    """
    T = positive("T", T)
    left = 0.5 + pitch * bool(start)
    d = on or Diagram(left + (T - 1) * pitch + 0.5, 2.9 + losses)
    d.nodes, steps = {}, list(range(1, T + 1))
    chosen = {"all": steps, "first": [1], "last": [T], "none": []}
    has_input, has_output = (
        chosen[choice(name, which, chosen)] if isinstance(which, str) else which
        for name, which in {"inputs": inputs, "outputs": outputs}.items()
    )

    def node(key, t, kind, row, letter, dashed=False):
        x, y = at[0] + left + (t - 1) * pitch, at[1] + row
        tex = f"${letter}_{{{'T' if skip and t == T else t}}}$"
        d.nodes[f"{key}_{t}"] = d.box(x, y, tex, kind, dashed=dashed)

    def link(a, b, weight=""):
        if a in d.nodes and b in d.nodes:
            a, b, colour = d.nodes[a], d.nodes[b], "weight" if weight else None
            d.arrow(a, b, weight.strip() if weights else "", colour=colour)
            if gradients:
                d.arrow(b, a, gradient=True)

    for t in steps if not start else [0, *steps]:
        node("h", t, "state", 1.45, names[1], dashed=t == 0)
        if t in has_input:
            node("x", t, "input", 0.4, names[0])
        if t in has_output:
            node("y", t, "output", 2.5, names[2])
        if t in has_output and losses:
            node("L", t, "loss", 3.5, "L")
        hidden = skip and t == T > 1
        if hidden:
            x, y = at[0] + left + (t - 1.5) * pitch, at[1] + 1.5
            d.text(x, y, "$\\cdots$", 14, backgroundcolor="white", zorder=2.5)
        link(f"h_{t - 1}", f"h_{t}", " " if hidden else "$W_h$")
        link(f"x_{t}", f"h_{t}", "$W_x$")
        link(f"h_{t}", f"y_{t}", "$W_y$")
        link(f"y_{t}", f"L_{t}")
    return d


def band(ax, x, runs, **options):
    """Plot the median over seeds, and the smallest to the largest as a band.

    runs (seeds, n) has one row a seed, at the positions x (n,); the options are passed
    to `ax.plot`: label, color, marker and so on.
    """
    runs = expect("runs", runs, ("seeds", len(x)), np.dtype(float), finite=False)
    (line,) = ax.plot(x, np.median(runs, axis=0), **options)
    low, high = runs.min(axis=0), runs.max(axis=0)
    ax.fill_between(x, low, high, color=line.get_color(), alpha=0.2, lw=0)


def for_explorer(name, **numbers):
    """Return numbers as a script of the page, where an explorer finds them.

    Show it in a notebook, and it stands in the site as JSON with the id "NAME-data".
    Arrays become lists; round them first, for the page carries every digit.
    """
    from IPython.display import HTML

    text = json.dumps(
        numbers, separators=(",", ":"), default=lambda array: array.tolist()
    )
    return HTML(f'<script type="application/json" id="{name}-data">{text}</script>')
