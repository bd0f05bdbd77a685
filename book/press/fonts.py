"""The fonts: of each the glyphs that the pages show."""

import html
import re
from collections import defaultdict
from pathlib import Path

from fontTools import subset

from . import pages

TYPED = {chr(code) for code in range(0x20, 0x7F)}  # in the search, in an explorer
FEATURES = ["ccmp", "kern", "liga", "locl", "mark", "mkmk", "tnum"]

RULE = re.compile(r'([^{}]+)\{[^{}]*content: "([^"]+)"')
FACE = re.compile(r"font-family: MJXTEX(?:-(\w+))?;[^}]*?(MathJax_[\w-]+)\.woff\b")
VARIANT = re.compile(r"\.TEX-(\w+)")
ESCAPE = re.compile(r"\\([0-9A-Fa-f]+) ?")
STRETCHY = ["", "S1", "S4", "A"]  # where MathJax looks for the parts of a tall bracket


def shown(texts):
    """Return every character that may be seen on a page.

    Parameters
    ----------
    texts : iterable of str
        The pages and their scripts, as they are written.

    Returns
    -------
    set of str
        Their characters, and those that a reader may type.
    """
    return TYPED.union(*map(html.unescape, texts))


def drawn(sheet):
    """Return the characters that formulas draw with each of MathJax's fonts.

    Parameters
    ----------
    sheet : str
        The style sheet of the formulas. A glyph is the content of an element.

    Returns
    -------
    dict of str to set of str
        For each font, by the name of its file, its characters.
    """
    letters = defaultdict(set)
    for selector, content in RULE.findall(sheet):
        found = ESCAPE.sub(lambda code: chr(int(code[1], 16)), content)
        names = VARIANT.findall(selector) or [""]
        for name in STRETCHY if "stretchy" in selector else names:
            letters[name].update(found)
    return {file: letters[name] for name, file in FACE.findall(sheet)}


def subset_font(path, characters):
    """Leave a font the glyphs of some characters, as woff2 and in the same folder.

    Parameters
    ----------
    path : Path
        The font. What it has no glyph for, it goes without.
    characters : set of str
        The characters.
    """
    options = subset.Options(
        flavor="woff2", layout_features=FEATURES, drop_tables=["FFTM"]
    )
    font = subset.load_font(path, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(characters)))
    subsetter.subset(font)
    path.unlink()
    subset.save_font(font, path.with_suffix(".woff2"), options)


def subset_fonts(app, error):
    """Subset the fonts of the text and those of the formulas."""
    if error:
        return
    static = Path(app.outdir) / "_static"
    fonts = static / "fonts"
    sources = [*pages.written(app), *static.rglob("*.js")]
    seen = shown(path.read_text("utf-8") for path in sources)
    for path in sorted(fonts.glob("source-*.woff2")):
        subset_font(path, seen)
    formulas = static / "formulas.css"
    if not formulas.exists():
        return
    sheet = formulas.read_text("utf-8")
    for name, characters in drawn(sheet).items():
        subset_font(fonts / f"{name}.woff", characters)
        old = f'{name}.woff") format("woff")'
        sheet = sheet.replace(old, old.replace("woff", "woff2"))
    formulas.write_text(sheet, "utf-8")


def setup(app):
    """Subset the fonts before the sheets that name them are joined."""
    app.connect("build-finished", subset_fonts, priority=695)
