"""The figures: a place of the right size, and loaded as a reader comes near."""

import re

from sphinx.errors import ExtensionError

from . import pages

IMAGE = re.compile(r"<img\b[^>]*>")
SOURCE = re.compile(r'\bsrc="([^"]*)"')
SIZED = re.compile(r'\s(?:width|height)="|\ssrc="data:')
SIDE = r'<svg\b[^>]*?\s{}="([\d.]+)(pt|px|)"'
VIEW = r'<svg\b[^>]*?\sviewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"'
PIXELS = {"pt": 4 / 3, "px": 1, "": 1}
FIRST_SCREEN = 1500  # characters of text that a wide window shows above the fold


def size(path):
    """Return the width and the height of an image.

    Parameters
    ----------
    path : Path
        A PNG or an SVG.

    Returns
    -------
    tuple of int
        CSS pixels.
    """
    data = path.read_bytes() if path.is_file() else b""
    if data.startswith(b"\x89PNG"):
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    text = data[:2000].decode("utf-8", "ignore")
    sides = [re.search(SIDE.format(name), text) for name in ("width", "height")]
    if all(sides):
        return tuple(round(float(side[1]) * PIXELS[side[2]]) for side in sides)
    if view := re.search(VIEW, text):
        return tuple(round(float(side)) for side in view.groups())
    raise ExtensionError(f"How large is {path}? See press/figures.py.")


def placed(text, path):
    """Return a page whose article says of each image how large it is, and when to load.

    Parameters
    ----------
    text : str
        The page.
    path : Path
        Where it lies: its images are found from there.

    Returns
    -------
    str
        The page.
    """
    before, start, article = text.partition("<article")
    article, end, after = article.partition("</article>")

    def place(image):
        tag, rest = image[0], ""
        if not SIZED.search(tag):
            width, height = size(path.parent / SOURCE.search(tag)[1])
            rest += f' width="{width}" height="{height}"'
        above = re.sub(r"<[^>]*>|\s+", "", article[: image.start()])
        if len(above) > FIRST_SCREEN:
            rest += ' loading="lazy" decoding="async"'
        return tag.replace("<img", "<img" + rest, 1)

    return before + start + IMAGE.sub(place, article) + end + after


def place(app, error):
    """Give every figure of every page its place."""
    if not error:
        pages.rewrite(app, placed)


def setup(app):
    """Place the figures when all pages have been written."""
    app.connect("build-finished", place, priority=600)
