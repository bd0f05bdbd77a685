"""The finished pages of a build, as text."""

from pathlib import Path


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
    """Change the text of every page.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.
    change : callable
        `change(text, path)` returns the new text.
    """
    for path in written(app):
        path.write_text(change(path.read_text("utf-8"), path), "utf-8")
