"""The finished pages of a build, as text."""

import re
import time
from collections import defaultdict
from pathlib import Path

STARTED = time.time()
FILE = re.compile(r"[\w.-]+\.\w+")
TEXT = {".css", ".js", ".svg"}  # what may name further files


def written(app):
    """Return the path of every page that a build has written, in order.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.

    Returns
    -------
    list of Path
        The pages of the book, the search and the front door.
    """
    return sorted(
        path for path in Path(app.outdir).rglob("*.html") if "_static" not in path.parts
    )


def rewrite(app, change):
    """Change the text of every page that this build has written.

    A page whose source is as it was is not written again: an earlier build changed it.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.
    change : callable
        `change(text, path)` returns the new text.
    """
    new = [path for path in written(app) if path.stat().st_mtime >= STARTED]
    for path in new:
        path.write_text(change(path.read_text("utf-8"), path), "utf-8")


def loaded(app):
    """Return the files of _static that some page loads.

    A page loads what it names, and what a script, a sheet or a drawing names that it
    loads. The licence of the fonts stays with them.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.

    Returns
    -------
    set of Path
        The files.
    """
    static = Path(app.outdir) / "_static"
    files = defaultdict(set)
    for path in static.rglob("*"):
        if path.is_file() and path.suffix != ".map":
            files[path.name].add(path)
    texts = [path.read_text("utf-8") for path in written(app)]
    found = set()
    while texts:
        named = set(FILE.findall(texts.pop())) & files.keys()
        new = set().union(*(files[name] for name in named)) - found
        found |= new
        texts += [p.read_text("utf-8") for p in new if p.suffix in TEXT]
    return found | {*static.glob("fonts/*.txt")}
