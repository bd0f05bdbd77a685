"""The icons: drawn in book/site/icons.css, not by Font Awesome's half a megabyte."""

import re
from pathlib import Path

from sphinx.errors import ExtensionError

from . import pages

NAME = re.compile(r"\bfa-solid\s+fa-([a-z-]+)(?:\s+fa-lg)?")
DRAWING = re.compile(r"^\.sign-([a-z-]+)", re.M)


def redraw(text, drawn):
    """Name our icon wherever the theme names one of Font Awesome's.

    Parameters
    ----------
    text : str
        A page.
    drawn : set of str
        The names of the icons that there are.

    Returns
    -------
    str
        The page.
    """
    if missing := set(NAME.findall(text)) - drawn:
        raise ExtensionError(f"icons.css does not draw {', '.join(sorted(missing))}.")
    return NAME.sub(r"sign sign-\1", text)


def redraw_pages(app, error):
    """Redraw the icons of every page that has been written."""
    if error:
        return
    sheet = Path(app.outdir) / "_static" / "icons.css"
    drawn = set(DRAWING.findall(sheet.read_text("utf-8")))
    pages.rewrite(app, lambda text, _: redraw(text, drawn))


def setup(app):
    """Redraw the icons when all pages have been written."""
    app.connect("build-finished", redraw_pages, priority=690)
