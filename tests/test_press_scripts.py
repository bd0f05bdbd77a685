"""A page has the scripts that it uses, deferred, in their order, and no others."""

import re

import pytest
from sphinx.errors import ExtensionError

from press import scripts
from style import BOOK

OPTIONS = "const DOCUMENTATION_OPTIONS = {\n    VERSION: '',\n};"
USES = scripts.USES | scripts.explorers(["course.js", "lstm-cell.js", "a-graph.js"])
HEAD = """<html><head>
    <meta name="viewport" content="width=device-width, initial-scale=1.0" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
  <script data-cfasync="false">
    document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";
  </script>
  <script defer src="../_static/scripts/fontawesome.js?digest=1"></script>
  <link rel="preload" as="script" href="../_static/scripts/bootstrap.js?digest=1" />
    <script src="../_static/documentation_options.js?v=2"></script>
    <script src="../_static/doctools.js?v=9"></script>
    <script src="../_static/clipboard.min.js?v=a"></script>
    <script src="../_static/copybutton.js?v=f"></script>
    <script>let toggleHintShow = 'Click to show';</script>
    <script src="../_static/togglebutton.js?v=b"></script>
    <script>var togglebuttonSelector = '.toggle, .admonition.dropdown';</script>
    <script data-tabs="t-" src="../_static/design-tabs.js?v=f"></script>
    <script>var togglebuttonSelector = '.toggle, .admonition.dropdown';</script>
    <script>DOCUMENTATION_OPTIONS.pagename = 'a';</script>
    <script defer="defer" src="../_static/course.js?v=9"></script>
    <script src="../_static/explorer.js?v=2"></script>
    <script src="../_static/lstm-cell.js?v=5"></script>
    <script src="../_static/a-graph.js?v=5"></script>
    <script src="../_static/course.js?v=9"></script>
</head>"""
TAIL = """
  <script defer src="../_static/scripts/bootstrap.js?digest=1"></script>
<script defer src="../_static/scripts/pydata-sphinx-theme.js?digest=1"></script>
</body></html>"""
ALWAYS = ["doctools.js", "course.js", "pydata-sphinx-theme.js"]


def lightened(body="<p>Text.</p>", head=HEAD):
    """Return a page of the theme's, lightened."""
    return scripts.light(f"{head}<body>{body}{TAIL}", USES, OPTIONS)


def loaded(text):
    """Return the names of the scripts that a page loads, all of them deferred."""
    tags = re.findall(r"<script\b[^>]*\bsrc=[^>]*>", text)
    assert all(tag.count("defer") == 1 for tag in tags)
    return [re.search(r"([^/]*)\?", tag)[1] for tag in tags]


@pytest.mark.parametrize(
    ("body", "used"),
    [
        ("<p>Text.</p>", []),
        ('<div class="highlight"><pre>', ["clipboard.min.js", "copybutton.js"]),
        ('<div class="dropdown admonition hint">', ["togglebutton.js"]),
        ('<div class="solution admonition dropdown">', ["togglebutton.js"]),
        ('<div class="toggle">', ["togglebutton.js"]),
        ('<button class="sidebar-toggle toggle-primary">', []),
        ('<div class="sd-tab-set docutils">', ["design-tabs.js"]),
        ('<button data-bs-toggle="dropdown">', ["bootstrap.js"]),
        ("<lstm-cell>", ["explorer.js", "lstm-cell.js"]),
        ('<a-graph k1="3">', ["explorer.js", "a-graph.js"]),
        ("<p>&lt;lstm-cell> and lstm-cell-graph", []),
    ],
)
def test_a_script_is_where_it_is_used(body, used):
    names = loaded(lightened(body))
    assert sorted(names) == sorted(ALWAYS + used)
    order = [name for name in loaded_before() if name in names]
    assert names == order


def loaded_before():
    """Return the theme's order."""
    tags = re.findall(r"<script[^>]*/([^/]*)\?", HEAD + TAIL)
    return list(dict.fromkeys(tags))


def test_scripts_and_settings_are_in_the_head_and_there_once():
    head, body = lightened('<div class="toggle">').split("</head>")
    assert "<script" not in body and "preload" not in head
    assert head.count("togglebuttonSelector") == head.count("toggleHintShow") == 1
    assert "toggle" not in lightened()
    assert "<script>const DOCUMENTATION_OPTIONS = { VERSION: '', };</script>" in head
    assert head.index("const DOC") < head.index("OPTIONS.pagename")
    assert head.count("viewport") == 1


def test_a_tooltip_becomes_a_title():
    button = '<button data-bs-title="Go" data-bs-placement="top"{}>Go</button>'
    plain = lightened(button.format(' data-bs-toggle="tooltip"'))
    assert '<button title="Go">' in plain
    kept = button.format(' data-bs-toggle="dropdown"')
    assert kept in lightened(kept)


def test_scripts_of_the_text_stay():
    text = '<script>"a cell wrote this";</script>'
    assert text in lightened(text)


def test_a_page_that_only_leads_elsewhere_stays():
    for page in ('<meta http-equiv="Refresh" content="0; url=a">', "<head></head>"):
        assert scripts.light(page, USES, OPTIONS) == page


@pytest.mark.parametrize(
    ("was", "name"),
    [
        ("copybutton.js", "copybutton.js"),
        ("lstm-cell.js", "lstm-cell.js"),
        ('"theme"', "light and dark"),
    ],
)
def test_a_theme_that_has_changed_stops_the_build(was, name):
    with pytest.raises(ExtensionError, match=name):
        lightened(head=HEAD.replace(was, "other.js"))


def test_light_and_dark_are_known_before_the_theme_has_come():
    assert "(prefers-color-scheme: dark)" in lightened()


def test_an_explorer_is_named_as_its_script():
    for path in (BOOK / "site").glob("*.js"):
        defined = re.findall(
            r'(?m)^Explorer\.define\("([\w-]+)"', path.read_text("utf-8")
        )
        assert defined == ([path.stem] if "-" in path.stem else [])


def test_the_theme_measures_nothing():
    theme = f'const boxes = {scripts.MEASURED}.join(", ");'
    once = scripts.unmeasured(theme)
    assert "pre" not in once and scripts.unmeasured(once) == once
    with pytest.raises(ExtensionError, match="What does the theme measure now"):
        scripts.unmeasured('const boxes = ["pre"];')
