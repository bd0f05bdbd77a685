"""The one style sheet, the icons and what is left over, on small sites made up here."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from press import icons, leftovers, pages, styles

PAGE = """<html><head>
<link href="../_static/styles/theme.css?digest=1" rel="stylesheet" />
    <link rel="stylesheet" type="text/css" href="../_static/course.css?v=2" />
    <link rel="icon" href="../_static/favicon.svg"/>
    <script src="../_static/open.js?v=3"></script>
  </head><body class="calm"><p id="first" style="color: var(--ink)">x</p></body></html>
"""
THEME = """@charset "UTF-8";
@import "../basic.css";
/*! Theme. Licence: MIT */
:root { --read: 1px; --never: 2px; --ink: red; }
.calm { margin: var(--read); background: url(images/a.png?v=1); }
.open-now { margin: 1px }
.wild, #second { margin: 2px }
#first:hover, .wild { margin: 3px }
@media print { .calm { margin: 4px } .wild { margin: 5px } }
p { text-decoration: underline; text-decoration-thickness: 3px }
@font-face { font-family: "Font Awesome 6 Free"; src: url(fa.woff2) }
"""
BASIC = '.calm { background: url("minus.png") } .calm::before { content: "&" }'
COURSE = """.calm { margin: 6px; mask: url('data:image/svg+xml,%3Csvg/%3E') }
.made-x { top: 0 }"""
FRONT = '<meta http-equiv="Refresh" content="0; url=book/index.html" />'


@pytest.fixture
def site(tmp_path):
    """Return a build of one page, a front door and a search, with their sheets."""
    files = {
        "index.html": FRONT,
        "book/index.html": PAGE,
        "search.html": PAGE.replace("../_static", "_static"),
        "_static/styles/theme.css": THEME,
        "_static/styles/images/a.png": "",
        "_static/styles/theme.css.map": "theme.css",
        "_static/basic.css": BASIC,
        "_static/minus.png": "",
        "_static/plus.png": "",
        "_static/course.css": COURSE,
        "_static/favicon.svg": "",
        "_static/open.js": "body.classList.add('open-now'); load('late.js')",
        "_static/late.js": "",
        "_static/shut.js": "wild",
        "_static/vendor/font.woff2": "",
        "_static/fonts/OFL.txt": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    config = SimpleNamespace(html_css_files=[("course.css", {})])
    return SimpleNamespace(outdir=tmp_path, config=config)


@pytest.fixture
def sheet(site):
    """Return the one sheet of the site."""
    styles.link_one_sheet(site, None)
    return (site.outdir / "_static" / "style.css").read_text("utf-8")


def test_a_rule_stays_if_a_page_or_a_script_uses_it(sheet):
    assert "#first:hover" in sheet and ".open-now" in sheet and "@media print" in sheet
    assert "#second" not in sheet and "margin:2px" not in sheet
    assert "margin:5px" not in sheet


def test_the_rules_of_the_course_stay(sheet):
    assert ".made-x" in sheet  # a script writes `made-${letter}`


def test_a_variable_stays_if_something_reads_it(sheet):
    assert "--read" in sheet and "--ink" in sheet and "--never" not in sheet


def test_the_order_is_that_of_the_links(sheet):
    rules = ["minus.png", "images/a.png", "margin:3px", "margin:4px", "margin:6px"]
    places = [sheet.index(rule) for rule in rules]
    assert places == sorted(places)


def test_addresses_are_seen_from_the_one_sheet(sheet):
    assert "url(minus.png)" in sheet and "url(styles/images/a.png)" in sheet
    assert "url(data:image/svg+xml,%3Csvg/%3E)" in sheet


def test_font_awesome_goes_and_licences_stay(sheet):
    assert "Awesome" not in sheet and "Licence: MIT" in sheet


def test_what_safari_wants_apart_stays_apart(sheet):
    assert "text-decoration-thickness:3px" in sheet


def test_every_page_links_the_one_sheet(site, sheet):
    assert sheet
    for name, address in [
        ("book/index.html", "../_static"),
        ("search.html", "_static"),
    ]:
        text = (site.outdir / name).read_text("utf-8")
        links = [line for line in text.splitlines() if "stylesheet" in line]
        assert len(links) == 1 and f'href="{address}/style.css?v=' in links[0]
        assert 'rel="icon"' in text
    assert (site.outdir / "index.html").read_text("utf-8") == FRONT


def test_pages_that_link_different_sheets_stop_the_build(site):
    path = site.outdir / "search.html"
    path.write_text(path.read_text("utf-8").replace("course.css", "other.css"), "utf-8")
    with pytest.raises(ExtensionError, match="same sheets"):
        styles.link_one_sheet(site, None)


def test_a_page_of_an_earlier_build_links_the_new_sheet(site, sheet):
    assert ".rare" not in sheet
    before = (site.outdir / "book" / "index.html").read_text("utf-8")
    course = site.outdir / "_static" / "course.css"
    course.write_text(COURSE + ".rare { top: 0 }", "utf-8")
    search = PAGE.replace("../_static", "_static")
    (site.outdir / "search.html").write_text(search, "utf-8")
    styles.link_one_sheet(site, None)
    after = (site.outdir / "book" / "index.html").read_text("utf-8")
    assert ".rare" in (site.outdir / "_static" / "style.css").read_text("utf-8")
    assert after != before and after.count("stylesheet") == 1
    styles.link_one_sheet(site, None)  # and a build that wrote no page changes nothing
    assert (site.outdir / "book" / "index.html").read_text("utf-8") == after


def test_a_malformed_sheet_stops_the_build():
    with pytest.raises(Exception, match="(?i)unexpected|invalid|parse"):
        styles.purged("p { color: red } } em { color: }", {"p"})


def test_what_the_course_does_not_have_is_idle_until_a_page_has_it():
    assert styles.words_of(["<p class=x>"], ["tooltip('warning open')"]) == {"open"}
    assert "warning" in styles.words_of(['<p class="warning">'], [])


# --- what is left over ----------------------------------------------------------------


def test_what_no_page_loads_is_removed(site, sheet):
    assert sheet
    leftovers.remove(site, None)
    static = site.outdir / "_static"
    left = {p.relative_to(static).as_posix() for p in static.rglob("*") if p.is_file()}
    assert left == {
        "favicon.svg",
        "fonts/OFL.txt",
        "late.js",
        "minus.png",
        "open.js",
        "style.css",
        "styles/images/a.png",
    }
    assert not (static / "vendor").exists()


def test_a_failed_build_is_left_as_it_is(site):
    before = {path: path.read_bytes() for path in pages.written(site)}
    for run in (styles.link_one_sheet, leftovers.remove, icons.redraw_pages):
        run(site, RuntimeError("the build failed"))
    assert {path: path.read_bytes() for path in pages.written(site)} == before
    assert (site.outdir / "_static" / "shut.js").exists()


# --- icons ----------------------------------------------------------------------------


def test_icons_are_renamed():
    text = '<i class="theme-switch fa-solid fa-sun     fa-lg" title="Light"></i>'
    assert icons.redraw(text, {"sun"}) == text.replace(
        "fa-solid fa-sun     fa-lg", "sign sign-sun"
    )


def test_an_icon_that_is_not_drawn_stops_the_build():
    with pytest.raises(ExtensionError, match="rocket"):
        icons.redraw('<i class="fa-solid fa-rocket"></i>', {"sun"})


def test_every_icon_has_its_drawing():
    sheet = Path(styles.__file__).parents[1] / "site" / "icons.css"
    names = icons.DRAWING.findall(sheet.read_text("utf-8"))
    assert {"bars", "list", "magnifying-glass", "angle-left", "angle-right"} <= {*names}
