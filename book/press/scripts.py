"""The scripts: each only on the pages that use it, and none in the way of the text."""

import re
from pathlib import Path

from sphinx.errors import ExtensionError

from . import pages

SCRIPT = re.compile(r"[ \t]*<script\b([^>]*)>(.*?)</script>\n?", re.S)
SOURCE = re.compile(r'\bsrc="[^"?]*?([^"/?]+)(?:\?[^"]*)?"')

# What a page has that uses a script. The other scripts are on every page, but for the
# theme's Font Awesome: icons.css draws the icons. Bootstrap would show tooltips, for
# which a title does, and the way back to the top, which course.js has.
CODE = '<div class="highlight"'
FOLDED = r'class="(?:(?:[^"]* )?toggle[ "]|(?=[^"]*\badmonition\b)[^"]*\bdropdown\b)'
USES = {
    "fontawesome.js": "(?!)",
    "bootstrap.js": 'data-bs-toggle="(?!tooltip)',
    "clipboard.min.js": CODE,
    "copybutton.js": CODE,
    "design-tabs.js": r'class="[^"]*\bsd-tab-set\b',
    "togglebutton.js": FOLDED,
}
TOGGLE_SETTING = re.compile(r"\s*(?:let|var) toggle")

# The theme's script for light or dark knows what "auto" means only when its files have
# come: till then there are no colours, and no borders, which would move the text.
THEME = 'localStorage.getItem("theme") || "auto"'
NOW = 'matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"'
MODE = "document.documentElement.dataset.mode"

# What the theme measures of every page as it opens, which lays out all of the page.
# course.js does so when a key is pressed.
MEASURED = (
    '["pre",".nboutput > .output_area",".cell_output > .output",'
    '".jp-RenderedHTMLCommon",".pst-scrollable-table-container"]'
)
NOTHING = '["template"]'

PRELOAD = re.compile(r'[ \t]*<link rel="preload" as="script"[^>]*>\n?')
VIEWPORT = re.compile(r'[ \t]*<meta name="viewport"[^>]*>\n?')
TOOLTIP = re.compile(r' data-bs-(?:toggle="tooltip"|placement="\w+")')


def explorers(files):
    """Return what a page has that uses each explorer: the element of the same name.

    Parameters
    ----------
    files : list of str
        The course's scripts. An element's name has a hyphen, and so has its script's.

    Returns
    -------
    dict of str to str
        For each script a pattern, and one for explorer.js, which all of them share.
    """
    names = [Path(file).stem for file in files if "-" in file]
    uses = {f"{name}.js": f"<{name}[ >]" for name in names}
    return uses | {"explorer.js": f"<(?:{'|'.join(names)})[ >]"} if names else {}


def light(text, uses, options):
    """Return a page with the scripts that it uses, each once and deferred.

    Deferred scripts run in their order when the page has been read. A setting between
    them stays where it is, and so runs before them all.

    Parameters
    ----------
    text : str
        The page.
    uses : dict of str to str
        For each script that not every page needs, a pattern of what uses it.
    options : str
        What documentation_options.js says. It is a setting, so the page says it itself.

    Returns
    -------
    str
        The page.
    """
    head, found, body = text.partition("</head>")
    if not found or "<script" not in head:
        return text  # a page that only leads to another
    used = {name for name, pattern in uses.items() if re.search(pattern, body)}
    seen = set()

    def once(script):
        attributes, content = script.groups()
        source = SOURCE.search(attributes)
        name = source[1] if source else content.strip()
        again = name in seen
        seen.add(name)
        if again or name in uses and name not in used:
            return ""
        if name == "documentation_options.js":
            return f"    <script>{' '.join(options.split())}</script>\n"
        if source:
            attributes = re.sub(r' defer(="\w*")?', "", attributes)
            return f"    <script defer{attributes}></script>\n"
        folds = "togglebutton.js" in used or not TOGGLE_SETTING.match(content)
        return script[0] if folds else ""

    if THEME not in head:
        raise ExtensionError("The theme sets light and dark in another way now.")
    head = head.replace(THEME, f'{MODE} != "auto" ? {MODE} : {NOW}')
    head = SCRIPT.sub(once, PRELOAD.sub("", head))
    late = "".join(once(script) for script in SCRIPT.finditer(body) if late_one(script))
    body = SCRIPT.sub(lambda script: "" if late_one(script) else script[0], body)
    if gone := uses.keys() - seen:
        raise ExtensionError(f"No page loads {sorted(gone)}: see press/scripts.py.")
    if "bootstrap.js" not in used:
        body = TOOLTIP.sub("", body).replace(" data-bs-title=", " title=")
    first = VIEWPORT.search(head).end()
    head = head[:first] + VIEWPORT.sub("", head[first:])
    return head + late + found + body


def late_one(script):
    """Say whether a script of the body is the theme's, which the head may name too."""
    return "/scripts/" in script[1]


def unmeasured(script):
    """Return the theme's script without its measuring: without boxes to measure."""
    if MEASURED not in script and NOTHING not in script:
        raise ExtensionError("What does the theme measure now? See press/scripts.py.")
    return script.replace(MEASURED, NOTHING)


def lighten(app, error):
    """Lighten every page that has been written, and the theme's script."""
    if error:
        return
    static = Path(app.outdir) / "_static"
    theme = static / "scripts" / "pydata-sphinx-theme.js"
    theme.write_text(unmeasured(theme.read_text("utf-8")), "utf-8")
    options = static / "documentation_options.js"
    uses = USES | explorers([file for file, _ in app.config.html_js_files])
    pages.rewrite(app, lambda text, _: light(text, uses, options.read_text("utf-8")))


def setup(app):
    """Lighten the pages when all have been written."""
    app.connect("build-finished", lighten, priority=610)
