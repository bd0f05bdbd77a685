"""The finished pages of a build, as text."""

import time
from pathlib import Path

STARTED = time.time()


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
