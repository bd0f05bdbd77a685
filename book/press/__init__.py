"""The pages made light, and what a reader takes away: a Sphinx extension."""

from . import (
    figures,
    folds,
    fonts,
    formulas,
    icons,
    leftovers,
    scripts,
    search,
    styles,
    trust,
)

# In the order in which they see a finished page.
PARTS = (
    search,
    trust,
    formulas,
    figures,
    folds,
    scripts,
    icons,
    fonts,
    styles,
    leftovers,
)


def setup(app):
    """Connect every part to the build."""
    for part in PARTS:
        part.setup(app)
    # V8 does not survive the fork of a parallel build.
    return {"parallel_read_safe": True, "parallel_write_safe": False}
