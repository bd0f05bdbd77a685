"""Formulas, set while the book is built: a page needs no script for them.

MathJax sets them, in V8: glyphs for the eye, which a style sheet draws, and beside them
MathML that is hidden from it, for who hears the page. MathJax comes to PyPI inside an
extension of Sphinx, of which only the files are used.
"""

import atexit
import json
import re
from base64 import b64encode
from functools import cache
from importlib.metadata import files
from pathlib import Path
from shutil import copyfile

from docutils import nodes
from fontTools.ttLib import TTFont
from py_mini_racer import MiniRacer
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from .pages import written

LOG = logging.getLogger(__name__)
HERE = Path(__file__).parent
TEXT_FONT = HERE.parent / "site" / "fonts" / "source-serif.woff2"
COMPONENTS = [
    "startup",
    "core",
    "adaptors/liteDOM",
    "input/tex",
    "input/tex/extensions/boldsymbol",
    "output/chtml",
    "output/chtml/fonts/tex",
    "a11y/assistive-mml",
]


# --- MathJax --------------------------------------------------------------------------


@cache
def mathjax():
    """Return the folder of MathJax's files."""
    listed = files("sphinx-mathjax-offline")
    return next(file for file in listed if file.name == "startup.js").locate().parent


def letter_widths():
    """Return how wide each letter of the text is, in ems."""
    font = TTFont(TEXT_FONT)
    em, advances = font["head"].unitsPerEm, font["hmtx"]
    return {chr(k): advances[name][0] / em for k, name in font.getBestCmap().items()}


@cache
def engine():
    """Return V8 with MathJax started in it."""
    engine = MiniRacer()
    atexit.register(engine.close)  # left to Python's end, V8 can wait for ever
    paths = [HERE / "formulas.js", *(mathjax() / f"{name}.js" for name in COMPONENTS)]
    for path in paths:
        engine.eval(path.read_text("utf-8") + ";0")
    engine.eval(f"start({json.dumps(letter_widths())})")
    return engine


@cache
def set_formula(tex, display):
    """Set a formula.

    Parameters
    ----------
    tex : str
        The formula as it was written.
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        HTML: the glyphs, and the MathML.
    """
    answer = engine().call("setFormula", tex, display)
    if "fault" in answer:
        raise ValueError(answer["fault"])
    return re.sub(r' (?:xmlns|data-mjx-[\w-]+)="[^"]*"', "", answer["html"])


# --- a page ---------------------------------------------------------------------------


def set_node(writer, node, tex, display):
    """Write the formula of a node, or say which one cannot be set, and where it is."""
    try:
        writer.body.append(set_formula(tex, display))
    except ValueError as error:
        LOG.error("malformed formula: %s: %s", error, tex.strip(), location=node)
        writer.body.append(writer.encode(tex))


def one_below_another(tex):
    """Return TeX that sets what empty lines part as lines of one formula."""
    parts = [part for part in tex.split("\n\n") if part.strip()]
    parts = [rf"\begin{{split}}{p}\end{{split}}" if r"\\" in p else p for p in parts]
    if len(parts) > 1:
        parts = [r"\begin{aligned}" + r"\\".join(parts) + r"\end{aligned}"]
    return "".join(parts)


def visit_inline(self, node):
    """Write a formula in a line of text."""
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate"))
    set_node(self, node, node.astext(), False)
    self.body.append("</span>")
    raise nodes.SkipNode


def visit_block(self, node):
    """Write a formula on a line of its own, with its number and a link to it."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    tex = node.astext()
    set_node(self, node, tex if node["nowrap"] else one_below_another(tex), True)
    self.body.append("</div>\n")
    raise nodes.SkipNode


# --- the style sheet ------------------------------------------------------------------

NAME = re.compile(r"mjx-[\w-]+|tex-\w+")  # of an element, a glyph, a variant
FONT = re.compile(r"MJX[A-Z][\w-]*")


def used_rules(sheet, pages):
    """Leave of MathJax's style sheet what some page needs.

    Parameters
    ----------
    sheet : str
        Rules with an empty line between two: one for every glyph that MathJax has.
    pages : iterable of str
        The pages.

    Returns
    -------
    str
        The rules for the elements and glyphs of the pages, and for their fonts.
    """
    names = {name for page in pages for name in NAME.findall(page.lower())}

    def used(rule):
        selectors = rule.partition("{")[0].lower().split(",")
        return any(names.issuperset(NAME.findall(each)) for each in selectors)

    rules = sheet.strip().split("\n\n")
    kept = [rule for rule in rules if rule[0] != "@" and used(rule)]
    fonts = set(FONT.findall(" ".join(kept)))
    faces = [rule for rule in rules if rule[0] == "@" and fonts & {*FONT.findall(rule)}]
    text = "\n".join([*faces, *kept])
    return text.replace("  src:", "  font-display: swap;\n  src:")


def write_style_sheet(app, exception):
    """Write the style sheet of all formulas, and its fonts, beside the pages."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    fonts = mathjax() / "output" / "chtml" / "fonts" / "woff-v2"
    pages = (path.read_text("utf-8") for path in written(app))
    sheet = used_rules(engine().call("styleSheet"), pages)
    # The font whose letters have no height holds every line in its place: it comes
    # with the style sheet, so that nothing moves when the others come.
    zero = b64encode((fonts / "MathJax_Zero.woff").read_bytes()).decode()
    sheet = sheet.replace("fonts/MathJax_Zero.woff", f"data:font/woff;base64,{zero}")
    (static / "formulas.css").write_text(sheet, "utf-8")
    (static / "fonts").mkdir(exist_ok=True)
    for font in re.findall(r"MathJax_[\w-]+\.woff", sheet):
        copyfile(fonts / font, static / "fonts" / font)


def setup(app):
    """Set every formula of the book."""
    app.add_html_math_renderer("press", (visit_inline, None), (visit_block, None))
    app.add_css_file("formulas.css")
    app.connect("build-finished", write_style_sheet)
