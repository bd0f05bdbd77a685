"""The pages made light, and what a reader takes away: a Sphinx extension."""

from . import fonts, icons, leftovers, styles

# In the order in which they see a finished page.
PARTS = (icons, fonts, styles, leftovers)


def setup(app):
    """Connect every part to the build."""
    for part in PARTS:
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
