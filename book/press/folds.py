"""What goes further, folded: the page has the fold from the start, so nothing moves."""

import re

from . import pages

FURTHER = re.compile(
    r"(<section\b[^>]*>)((?:(?!<section\b).)*?<h2>Further\s*[:<].*?</h2>)", re.S
)
SECTION = re.compile(r"<(/?)section\b")

# It is closed by a script where it stands: without scripts, it is open.
START = '<details class="further" open><summary>{}</summary>'
CLOSE = "<script>document.currentScript.parentElement.open = false</script>"
END = "</details>"


def folded(text):
    """Return a page whose sections "Further" or "Further: …" are closed at first.

    Parameters
    ----------
    text : str
        The page. A section's heading is the first thing in it, but for labels.

    Returns
    -------
    str
        The page. All of it stays there: a search, a link or a printer finds it.
    """
    done, at = [], 0
    while further := FURTHER.search(text, at):
        depth = 1
        for tag in SECTION.finditer(text, further.end()):
            depth += -1 if tag[1] else 1
            if not depth:
                break
        done += [
            text[at : further.start()],
            further[1],
            START.format(further[2]),
            CLOSE,
        ]
        done += [text[further.end() : tag.start()], END]
        at = tag.start()
    return "".join([*done, text[at:]])


def fold(app, error):
    """Fold every page that has been written."""
    if not error:
        pages.rewrite(app, lambda text, _: folded(text))


def setup(app):
    """Fold the pages when all have been written."""
    app.connect("build-finished", fold, priority=605)
