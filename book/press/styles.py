"""The style: one sheet, with the rules that some page uses, in place of eleven."""

import hashlib
import posixpath
import re
from pathlib import Path

import lightningcss
from sphinx.errors import ExtensionError

from . import pages

SHEET = "style.css"
# The first with `:has`, December 2023. With no browser named, the minifier joins what
# Safari wants apart.
BROWSERS = ["chrome 120", "firefox 121", "safari 17.2"]

LINK = re.compile(r'[ \t]*<link(?=[^>]* rel="stylesheet")[^>]* href="([^"?]+)[^>]*>\n?')
IMPORT = re.compile(r'@import "([^"]+)";')
ADDRESS = re.compile(r"""url\((["']?)(?!data:|#|\w+://)([^"')]+)\1\)""")
CHARSET = re.compile(r'@charset "[^"]*";', re.I)
LICENCE = re.compile(r"/\*!.*?\*/", re.S)
FONT_AWESOME = re.compile(r"@font-face\s*\{[^}]*Font Awesome[^}]*\}")

# What the theme's scripts name for what the course does not have: banners, menus of
# versions, notes in the margin. A class that a page has is used all the same.
IDLE = set(
    """badge bd-header-announcement dropdown-item dropdown-menu dropdown-menu-dark fa
    fa-solid fa-xmark full-width list-group-item list-group-item-action margin
    margin-caption marginnote nboutput note progress pst-button-link-to-stable-version
    pst-collapse-sidebar-button pst-expand-sidebar-label pst-squeeze sidebar sidenote
    thebe-launch-button tip toggle-details tooltip version-switcher__button
    version-switcher__menu warning""".split()
)

WORD = re.compile(r"[\w-]+")
ATTRIBUTE = re.compile(r'\b(?:class|id|style)="([^"]*)"')
SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.S)
NAME = re.compile(r"(?:[.#]|@keyframes\s+)(-?[A-Za-z_][\w-]*)")
VARIABLE = re.compile(r"(--[\w-]+)\s*:")
READ = re.compile(r"var\(\s*(--[\w-]+)")


def joined(paths, folder):
    """Join style sheets, in their order.

    Parameters
    ----------
    paths : list of Path
        The sheets.
    folder : Path
        Where the joined sheet will lie: the addresses in it are relative to this.

    Returns
    -------
    str
        The rules of all sheets, and of those that they import.
    """

    def whole(path):
        def address(found):
            target = path.parent / found[2].partition("?")[0]
            return f'url("{relative(target, folder)}")'

        text = CHARSET.sub("", path.read_text("utf-8"))
        text = ADDRESS.sub(address, text)
        return IMPORT.sub(lambda found: whole(path.parent / found[1]), text)

    return "\n".join(map(whole, paths))


def relative(target, folder):
    """Return the address of a file as seen from a folder."""
    return posixpath.relpath(target.as_posix(), folder.as_posix())


def words_of(texts, scripts):
    """Return every word that may name a class, an id or a variable.

    Parameters
    ----------
    texts : iterable of str
        The pages: of these the classes, ids and styles, and the scripts in them.
    scripts : iterable of str
        The scripts beside them. Any of their words may be a class that they give.

    Returns
    -------
    set of str
        The words.
    """
    given, named = set(), set()
    for text in texts:
        given.update(*map(WORD.findall, ATTRIBUTE.findall(text)))
        named.update(*map(WORD.findall, SCRIPT.findall(text)))
    for script in scripts:
        named.update(WORD.findall(script))
    return given | named - IDLE


def purged(sheet, words):
    """Drop the rules that need a class or an id nobody has, and unread variables.

    Parameters
    ----------
    sheet : str
        Rules.
    words : set of str
        The names that are used.

    Returns
    -------
    str
        The rules that are left, minified, in their order.
    """
    sheet = FONT_AWESOME.sub("", sheet)
    gone = set(NAME.findall(sheet)) - words
    while True:
        sheet = lightningcss.process_stylesheet(
            sheet, unused_symbols=gone, browsers_list=BROWSERS
        )
        unread = set(VARIABLE.findall(sheet)) - set(READ.findall(sheet)) - words
        if unread <= gone:
            return sheet
        gone |= unread


def sheets_of(texts):
    """Return the sheets that the pages link, which are the same on every page.

    Parameters
    ----------
    texts : dict of Path to str
        The pages. One that an earlier build has written may link the one sheet already.

    Returns
    -------
    list of Path
        The sheets, in the order in which they are linked.
    """
    linked = {
        tuple((path.parent / address).resolve() for address in LINK.findall(text))
        for path, text in texts.items()
    }
    linked = {sheets for sheets in linked if [path.name for path in sheets] != [SHEET]}
    if len(linked) > 1 or () in linked:
        raise ExtensionError("Not every page links the same sheets: see styles.py.")
    return [*linked.pop()] if linked else []


def link_one_sheet(app, error):
    """Write the one sheet, and link it on every page in place of the others.

    The course's own rules stay: a script puts together some of the classes they name.
    """
    if error:
        return
    static = (Path(app.outdir) / "_static").resolve()
    texts = {path.resolve(): path.read_text("utf-8") for path in pages.written(app)}
    texts = {path: text for path, text in texts.items() if "<body" in text}
    scripts = [p.read_text("utf-8") for p in pages.loaded(app) if p.suffix == ".js"]
    sheets = sheets_of(texts)
    if not sheets:
        return  # no page is new
    sheet = joined(sheets, static)
    licences = [text for text in LICENCE.findall(sheet) if "Awesome" not in text]
    words = words_of(texts.values(), scripts)
    for name, _ in app.config.html_css_files:
        words.update(NAME.findall((static / name).read_text("utf-8")))
    sheet = purged(sheet, words)
    sheet = "\n".join([*dict.fromkeys(licences), sheet])
    (static / SHEET).write_text(sheet, "utf-8")
    version = hashlib.sha256(sheet.encode()).hexdigest()[:8]
    for path, text in texts.items():
        address = f"{relative(static, path.parent)}/{SHEET}?v={version}"
        path.write_text(linked_once(text, address), "utf-8")


def linked_once(text, address):
    """Return a page that links one sheet, where it linked the first of many.

    Parameters
    ----------
    text : str
        The page.
    address : str
        The address of the sheet, as seen from the page.

    Returns
    -------
    str
        The page.
    """
    first = LINK.search(text).start()
    link = f'  <link rel="stylesheet" href="{address}" />\n'
    return text[:first] + link + LINK.sub("", text[first:])


def setup(app):
    """Join the sheets when all pages have been written."""
    app.connect("build-finished", link_one_sheet, priority=700)
