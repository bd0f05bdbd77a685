"""What is left over: files of _static that no page loads any more are removed."""

from pathlib import Path

from . import pages


def remove(app, error):
    """Remove from _static what no page loads, or the offline site carries it too."""
    if error:
        return
    needed = pages.loaded(app)
    for path in sorted((Path(app.outdir) / "_static").rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in needed:
            path.unlink()


def setup(app):
    """Remove the leftovers when the pages are as they stay."""
    app.connect("build-finished", remove, priority=790)
