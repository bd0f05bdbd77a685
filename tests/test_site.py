"""The built site in a browser: every page from its file, light and dark, wide, narrow.

It needs `_build/html`, which README.md's first command makes, and Chromium or Chrome.
Without either the tests are skipped; in CI they fail.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

import report
from chromium import (
    CLEAN,
    NARROW,
    SITE,
    WCAG,
    WIDE,
    missing,
    open_page,
    settle,
    started,
)
from press import trust
from press.folds import folded

PAGES = sorted(path.name for path in (SITE / "book").glob("*.html")) or ["index.html"]
VIEWS = [(scheme, width) for scheme in ("light", "dark") for width in (WIDE, NARROW)]


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    if not (SITE / "index.html").exists():
        missing("the site is not built: run README.md's first command")
    with started() as browser:
        yield browser


@pytest.fixture
def visit(browser):
    """Return a function that opens a page of the site."""
    opened = []

    def visit(name, *view):
        opened.append(open_page(browser, (SITE / name).as_uri(), *view))
        return opened[-1]

    yield visit
    for page in opened:
        page.context.close()


@pytest.fixture(scope="module")
def views(browser):
    """Return a function that shows a page of the book in a view.

    A page is loaded once for all tests, with its hints, its solutions and what goes
    further opened, and its far sections laid out. It is then changed as a reader
    changes it: the window's width, the system's colours.
    """
    opened = {}

    def view(name, scheme="light", width=WIDE):
        if name not in opened:
            page = opened[name] = open_page(browser, (SITE / "book" / name).as_uri())
            page.add_style_tag(content="* { content-visibility: visible !important }")
            page.evaluate(
                """() => {
                    document.querySelectorAll(".toggle-hidden .toggle-button")
                        .forEach(button => button.click());
                    document.querySelectorAll("details.further")
                        .forEach(section => section.open = true);
                }"""
            )
            thin_code(page)
            page.view = None
        page = opened[name]
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_selector(f"html[data-theme={scheme}]", state="attached")
        if page.view != (scheme, width):
            page.view = scheme, width
            settle(page)
        return page

    yield view
    for page in opened.values():
        page.context.close()


every_page = pytest.mark.parametrize("name", PAGES)
every_view = pytest.mark.parametrize(("scheme", "width"), VIEWS)


# --- what is looked for ---------------------------------------------------------------


def formula_faults(page):
    """Return the formulas that are not set, or that nothing draws."""
    return page.evaluate(
        """() => {
            const faults = [];
            for (const box of document.querySelectorAll(".math")) {
                const seen = box.querySelector("mjx-math")?.getBoundingClientRect();
                const heard = box.querySelector("mjx-assistive-mml math");
                const hidden = box.closest("details:not([open]), nav, dialog");
                if (!heard) faults.push(`not set: ${box.textContent}`);
                else if (!seen.width && !hidden) faults.push("not seen");
            }
            return faults;
        }"""
    )


RAW = re.compile(r"\\[\[\](){}]|\\[a-zA-Z]{2,}|\$|\{[a-z:]+\}`|^:::|\(confusion-", re.M)


def raw_markup(page):
    """Return TeX and MyST that a reader would see as they were typed."""
    text = page.evaluate(
        """() => {
            const article = document.querySelector("article").cloneNode(true);
            const typed = "pre, code, mjx-container, script, style";
            article.querySelectorAll(typed).forEach(e => e.remove());
            return article.textContent;
        }"""
    )
    return [text[max(0, m.start() - 20) : m.end() + 20] for m in RAW.finditer(text)]


def image_faults(page):
    """Return the images that do not load, or that say nothing to the blind."""
    return page.evaluate(
        """async () => {
            const images = [...document.querySelectorAll("article img")];
            for (const image of images) image.loading = "eager";
            await Promise.allSettled(images.map(image => image.decode()));
            return images
                .filter(i => !i.naturalWidth || i.alt.trim().split(/\\s+/).length < 3)
                .map(i => `${i.src.split("/").pop()}: ${i.alt}`);
        }"""
    )


def overflow(page):
    """Return what reaches beyond the right edge and cannot be scrolled in itself."""
    return page.evaluate(
        """() => {
            const wide = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= wide) return [];
            return [...document.querySelectorAll("article *")]
                .filter(e => e.getBoundingClientRect().right > wide + 1)
                .slice(0, 5).map(e => e.outerHTML.slice(0, 120));
        }"""
    )


def thin_code(page):
    """Leave one coloured word of each kind on each ground.

    A page has thousands, and axe takes each for itself: ten minutes for what one of
    each kind shows in one.
    """
    page.evaluate(
        """() => {
            const seen = new Set();
            for (const pre of document.querySelectorAll("pre")) {
                const ground = getComputedStyle(pre).backgroundColor;
                for (const word of pre.querySelectorAll("span:not(:empty)")) {
                    const kind = `${word.className} on ${ground}`;
                    if (seen.has(kind)) word.replaceWith(word.textContent);
                    seen.add(kind);
                }
            }
        }"""
    )


def accessibility_faults(page, inside="html"):
    """Return what axe finds against WCAG 2.0 to 2.2, levels A and AA."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_FILE_PATH.read_text("utf-8"))
    violations = page.evaluate(
        """([inside, tags]) => axe.run(inside, {
            runOnly: tags, resultTypes: ["violations"], preload: false
        }).then(result => result.violations)""",
        [inside, WCAG],
    )
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in violations
        for node in violation["nodes"]
    ]


# --- over every page ------------------------------------------------------------------


@every_page
def test_formulas_are_set(views, name):
    assert formula_faults(views(name)) == []


@every_page
def test_no_markup_is_left_raw(views, name):
    assert raw_markup(views(name)) == []


@every_page
def test_images_load_and_have_alt_texts(views, name):
    assert image_faults(views(name)) == []


@every_page
def test_a_page_has_a_description(views, name):
    description = views(name).locator("meta[name=description]")
    assert description.count() == 1
    assert len(description.get_attribute("content")) >= 50


@every_page
@every_view
def test_a_view_fits_and_is_accessible(views, name, scheme, width):
    page = views(name, scheme, width)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert overflow(page) == []
    assert accessibility_faults(page) == []


@every_page
def test_no_request_leaves_the_page_and_nothing_fails(views, name):
    assert views(name).seen == CLEAN


def test_the_search_page_is_clean(visit):
    page = visit("search.html")
    assert page.seen == CLEAN
    assert accessibility_faults(page) == []


def test_the_front_door_leads_into_the_book(browser):
    page = browser.new_page()
    page.goto((SITE / "index.html").as_uri())
    page.wait_for_url("**/book/index.html", timeout=10_000)
    assert "Recurrent Networks, Unrolled" in page.title()
    page.close()


def results(page):
    """Return what a search has found, as text and as address, when it has finished."""
    page.wait_for_url("**/search.html?q=*")
    page.locator("[role=status]", has_text=re.compile("search")).wait_for()
    links = page.locator("#search-results li a").all()
    found = [(link.inner_text(), link.get_attribute("href")) for link in links]
    assert page.seen == CLEAN
    return found


@pytest.mark.parametrize(
    ("query", "name", "address"),
    [
        ("vanishing", "Glossary", "#term-vanishing-gradient"),
        ("상태", "상태", "#term-state"),
        ("상태를", "상태", "#term-state"),
        ("은닉 상태란?", "은닉 상태", "#term-hidden-state"),
        ("은닉상태", "Glossary", ""),
        ("기울기 소실", "기울기 소실", "#term-vanishing-gradient"),
        ("순환 신경망은", "순환 신경망", "#term-recurrent-neural-network"),
        ("셀 상태가", "셀 상태", "#term-cell-state"),
        ("층을", "순환층", "#term-recurrent-layer"),
        ("망각 게이트", "망각 게이트", "#term-forget-gate"),
        ("32비트", "32비트 부동소수점", "#term-float32"),
        ("LSTM은", "7. The LSTM: give the memory a gate", ""),
        ("역전파(BPTT)", "Glossary", ""),
    ],
)
def test_search_finds(visit, query, name, address):
    page = visit("search.html")
    page.goto((SITE / "search.html").as_uri() + "?q=" + quote(query))
    found = results(page)
    assert any(text.startswith(name) and to.endswith(address) for text, to in found)
    if "LSTM" not in name:
        assert any("glossary.html" in to for _, to in found)


def test_search_finds_nothing_that_is_not_there(visit):
    page = visit("search.html")
    for query in ("zebra", "얼룩말", "은닉 얼룩"):
        page.goto((SITE / "search.html").as_uri() + "?q=" + quote(query))
        assert results(page) == []


def test_the_results_are_one_key_away_from_the_words(visit):
    page = visit("search.html")
    page.goto((SITE / "search.html").as_uri() + "?q=gate")
    assert results(page)
    assert page.evaluate("() => document.activeElement.matches('main [name=q]')")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.matches('#search-results a')")


def by_key(page):
    """Open the search by its keys."""
    page.keyboard.press("Control+k")


def by_button(page):
    """Open the search by its button."""
    page.locator(".search-button__button:visible").first.click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["book/glossary.html", "search.html"])
@pytest.mark.parametrize(("way", "width"), [(by_key, WIDE), (by_button, NARROW)])
def test_every_page_leads_to_the_search(visit, name, scheme, way, width):
    page = visit(name, scheme, width)
    loads = "searchindex.js" in page.content()
    assert loads == (name == "search.html")  # it is heavy, and of no use elsewhere
    page.evaluate("() => document.activeElement.blur()")
    way(page)
    page.keyboard.type("상태")
    page.keyboard.press("Enter")
    assert len(results(page)) > 5
    assert accessibility_faults(page) == []


def test_links_and_anchors_resolve(browser):
    faults = link_faults(SITE)
    assert faults == ""


def link_faults(folder):
    """Return what lychee reports of the links inside a folder of pages."""
    lychee = shutil.which("lychee", path=Path(sys.executable).parent)
    if lychee is None:
        missing("no lychee beside this Python")
    command = [lychee, "--offline", "--include-fragments", "--no-progress"]
    command += ["--exclude-path", "_static", "--root-dir", str(folder)]
    command.append(str(folder / "**" / "*.html"))
    result = subprocess.run(command, capture_output=True, text=True)
    return result.stdout + result.stderr if result.returncode else ""


def test_the_page_of_what_was_measured_fits_and_is_accessible(browser, tmp_path):
    (tmp_path / "book").mkdir()
    built = (SITE / "book" / "trust.html").read_text("utf-8")
    path = tmp_path / "book" / "trust.html"
    path.write_text(built.replace('"../', f'"{SITE.as_uri()}/'), "utf-8")
    chapters = [name.removesuffix(".html") for name in PAGES if name[:2].isdigit()]
    now, on = "2026-11-22T04:45+00:00", report.surroundings(tmp_path)
    entry = {"passed": now, "seconds": 59.6, "bytes": 987_000_000, "checks": 80}
    measured = {name: {**entry, "on": on} for name in chapters}
    measured[chapters[3]] = {"passed": now, "failed": now}
    run = {"ended": now, "seconds": 800, "failed": 1, "passed": {"the module": 2200}}
    report.write(tmp_path / "report.json", {"chapters": measured, "run": run})
    trust.fill(tmp_path, tmp_path / "report.json")
    for scheme, width in VIEWS:
        page = open_page(browser, f"{path.as_uri()}#trust-07", scheme, width)
        assert page.seen == CLEAN
        assert page.locator("tr[id^=trust-]").count() == len(chapters)
        assert page.locator("tr:target a").get_attribute("href") == "07-lstm.html"
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert overflow(page) == []
        assert accessibility_faults(page) == []
        page.context.close()


# --- a long page keeps a reader's place -----------------------------------------------


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_reload_and_the_way_back_keep_the_place(browser, width):
    url = (SITE / "book" / "10-lstm-variants.html").as_uri()
    page = open_page(browser, url, width=width)
    for _ in range(8):  # by way of sections whose heights are then known
        page.evaluate("() => scrollBy(0, 1500)")
        settle(page)
    heading = "() => document.getElementById('implementation-coupled-gates')"
    page.evaluate(f"() => {{ ({heading})().scrollIntoView(); scrollBy(0, 300); }}")
    settle(page)
    top = f"() => ({heading})().getBoundingClientRect().top"
    before = page.evaluate(top)
    for again in (page.reload, page.reload, page.go_back):
        if again == page.go_back:
            page.goto(url.replace("10-lstm-variants", "glossary"))
        again()
        page.wait_for_load_state("load")
        settle(page)
        assert abs(page.evaluate(top) - before) < 5
    page.context.close()


# --- what goes further is closed until it is opened -----------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@every_page
def test_further_is_closed_at_first(visit, name, scheme):
    page = visit(f"book/{name}", scheme)
    headings = page.locator("article h2").all_text_contents()
    wanted = sum(bool(re.match("Further *[:#]", text)) for text in headings)
    assert page.locator("details.further > summary > h2").count() == wanted
    assert page.locator("details.further:not([open])").count() == wanted
    if wanted:
        assert accessibility_faults(page, "details.further") == []


FURTHER = folded(
    """
<link rel=stylesheet href={site}/course.css><script src={site}/course.js></script>
<style>.headerlink {visibility: hidden} :hover > .headerlink {visibility: visible}
</style><div class=bd-article>
<p><a href=#inside>to its inside</a>, or past it <a href=#sum>to the summary</a></p>
<section id=before><h2>Before<a class=headerlink href=#before>#</a></h2>
<div style='height: 2000px'></div></section>
<section id=further><span id=label></span>
<h2>Further: cuts<a class=headerlink href=#further>#</a></h2><p id=words>Some words.</p>
<section id=inside><h3>Inside<a class=headerlink href=#inside>#</a></h3><p>More.</p>
<details id=code><summary>Code</summary><p id=deep>Deep.</p></details></section>
</section>
<section id=sum><h2>Summary<a class=headerlink href=#sum>#</a></h2>
<section id=reading><h3>Further reading</h3><p id=book>A book.</p></section>
<div style='height: 2000px'></div></section></div>
""".replace("{site}", (SITE.parents[1] / "book" / "site").as_uri())
)


def is_open(page):
    """Say whether what goes further is open, and whether its words are seen."""
    seen = page.locator("#words").is_visible()
    assert page.locator("details.further").evaluate("e => e.open") == seen
    return seen


def test_further_opens_and_closes(written):
    page = written(FURTHER)
    assert page.seen == CLEAN and accessibility_faults(page) == []
    assert page.locator("details.further").count() == 1 and not is_open(page)
    assert page.locator("#book").is_visible() and page.locator("#label").count() == 1
    heading = page.locator("#further h2")
    assert heading.is_visible()
    for state in (True, False):
        heading.click()
        assert is_open(page) == state
    heading.hover()
    heading.locator("a").click()  # its own address, as of any other heading
    assert is_open(page) and page.url.endswith("#further")
    page.mouse.move(0, 0)
    assert accessibility_faults(page) == []
    page.locator("a", has_text="to the summary").focus()  # then the tab key reaches it
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.matches('.further > summary')")
    for key in ("Enter", "Space"):
        before = is_open(page)
        page.keyboard.press(key)
        assert is_open(page) != before


@pytest.mark.parametrize("target", ["further", "label", "words", "inside", "deep"])
def test_a_link_into_further_opens_it(written, target):
    page = written(FURTHER)
    url = page.url.split("#")[0]
    page.goto("about:blank")
    page.goto(f"{url}#{target}")  # as the page loads
    page.wait_for_load_state("load")
    settle(page)
    top = f"() => document.getElementById('{target}').getBoundingClientRect().top"
    assert is_open(page) and -1 <= page.evaluate(top) < 120
    assert page.locator("#code").evaluate("e => e.open") == (target == "deep")
    page.goto("about:blank")
    page.goto(url)  # as the address changes
    assert not is_open(page)
    page.evaluate(f"() => {{ location.hash = '{target}' }}")
    settle(page)
    assert is_open(page) and -1 <= page.evaluate(top) < 120


def test_a_link_that_is_followed_twice_opens_further_twice(written):
    page = written(FURTHER)
    for _ in range(2):
        page.locator("a", has_text="its inside").click()
        settle(page)
        assert is_open(page)
        page.evaluate("() => document.querySelector('details.further').open = false")
        page.evaluate("() => scrollTo(0, 0)")
    page.locator("a", has_text="to the summary").click()
    assert not is_open(page)


def test_a_link_to_nothing_does_no_harm(written):
    page = written(FURTHER)
    for target in ("nowhere", "", "%E2%8A", "a'b"):
        page.evaluate("target => { location.hash = target }", target)
    assert not is_open(page) and page.seen == CLEAN


def test_further_is_printed(written):
    page = written(FURTHER)
    for state in (False, True):
        page.locator("details.further").evaluate("(e, open) => e.open = open", state)
        page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        assert is_open(page)
        page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert is_open(page) == state


def test_without_scripts_further_is_open(browser, written):
    url = written(FURTHER).url
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    assert is_open(page)
    context.close()


# --- by key, by ear, without motion, on paper -----------------------------------------

KINDS = ["05-gradient-flow", "08-lstm-gradients", "glossary"]
KINDS = [f"book/{name}.html" for name in KINDS]
A4 = 718  # the pixels between margins of a centimetre


@pytest.mark.parametrize("name", KINDS)
def test_the_tab_key_stops_at_what_is_seen_and_named(visit, name):
    page = visit(name)
    page.evaluate("() => document.activeElement.blur()")
    stops, faults = set(), []
    for _ in range(500):
        page.keyboard.press("Tab")
        here, fault = page.evaluate(
            """() => {
                const at = document.activeElement;
                const style = getComputedStyle(at);
                const title = at.closest(".admonition-title") ?? at;
                const framed = style.boxShadow !== "none"
                    || style.outlineStyle !== "none"
                    || getComputedStyle(title, "::before").outlineStyle !== "none";
                const seen = at.checkVisibility({ opacityProperty: true });
                const label = at.ariaLabel ?? at.labels?.[0]?.textContent;
                const name = label ?? (at.textContent.trim() || at.title);
                const good = framed && seen && name.trim();
                return [at.tagName, good ? null : at.outerHTML.slice(0, 200)];
            }"""
        )
        if here == "BODY":
            break
        stops.add(here)
        faults += [fault] if fault else []
    assert here == "BODY" and faults == []
    assert {"A", "BUTTON"} <= stops
    if "flow" in name:
        assert {"SUMMARY", "INPUT", "PRE"} <= stops


def test_what_opens_says_what_and_whether(visit):
    page = visit(KINDS[0])
    buttons = page.locator(".toggle-button")
    names = [button.get_attribute("aria-label") for button in buttons.all()]
    solutions = [name for name in names if name.startswith("Solution to Exercise 5.")]
    assert len(set(solutions)) == len(solutions) > 3
    for state in ("true", "false"):
        buttons.first.press("Enter")
        assert buttons.first.get_attribute("aria-expanded") == state
    for fold in ("details.hide", "details.further"):
        assert "- group" in page.locator(fold).first.aria_snapshot()


@pytest.mark.parametrize("name", KINDS)
def test_nothing_moves_for_those_who_want_no_motion(views, name):
    page = views(name.removeprefix("book/"))
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].flatMap(e =>
            ["", "::before", "::after"].filter(part => {
                const style = getComputedStyle(e, part || null);
                return style.transitionProperty !== "none"
                    || style.animationName !== "none"
                    || style.scrollBehavior !== "auto";
            }).map(part => e.outerHTML.slice(0, 80) + part))"""
    )
    assert moving == []


@pytest.mark.parametrize("name", KINDS)
def test_a_page_is_printed_whole_dark_on_white(visit, name):
    page = visit(name, "dark", A4)
    slider = page.locator(".explorer input[type=range]")
    if slider.count():
        slider.first.press("End")
        moved = page.locator(".explorer").first.inner_text()
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    settle(page)
    assert page.locator("html").get_attribute("data-theme") == "light"
    shown = """.bd-sidebar, .bd-header, .bd-header-article, .bd-search, .bd-footer,
        .prev-next-footer, .copybtn, .toggle-button, .headerlink, .hide > summary"""
    assert page.locator(shown).filter(visible=True).count() == 0
    closed = "details.further:not([open]), .toggle-hidden"
    assert page.locator(closed).count() == 0
    cut = page.evaluate(
        """() => [...document.querySelectorAll("pre, img, table, div.math, svg, dd")]
            .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1
                && getComputedStyle(e).overflowX !== "visible"
                || e.getBoundingClientRect().right > innerWidth)
            .map(e => e.outerHTML.slice(0, 150))"""
    )
    assert cut == []
    if slider.count():
        assert page.locator(".explorer").first.inner_text() == moved
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.locator("details.further[open]").count() == 0


# --- the checks see faults ------------------------------------------------------------

GOOD = (
    "<!doctype html><html lang=en><head><title>A page</title>"
    "<meta name=viewport content='width=device-width'></head>"
    "<body><main><article><h1>A page</h1>{}</article></main></body></html>"
)


@pytest.fixture
def written(browser, tmp_path):
    """Return a function that opens a page with a given body."""
    opened = []

    def written(body, width=NARROW):
        path = tmp_path / "page.html"
        path.write_text(GOOD.format(body), "utf-8")
        opened.append(open_page(browser, path.as_uri(), "light", width))
        return opened[-1]

    yield written
    for page in opened:
        page.context.close()


def all_faults(page):
    """Return the complaints of every check, by name."""
    checks = [formula_faults, raw_markup, image_faults, overflow, accessibility_faults]
    return {check.__name__ for check in checks if check(page)}


SET = f"""<link rel=stylesheet href={(SITE / "_static/style.css").as_uri()}>
<span class=math><mjx-container jax=CHTML class=MathJax><mjx-math class=MJX-TEX
aria-hidden=true><mjx-mi><mjx-c class='mjx-c1D465 TEX-I'></mjx-c></mjx-mi></mjx-math>
<mjx-assistive-mml><math><mi>x</mi></math></mjx-assistive-mml></mjx-container></span>"""


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<p>Text.</p>", set()),
        (SET, set()),
        (SET.replace("stylesheet", "none"), {"formula_faults"}),
        (SET.replace("mjx-c1D465", "mjx-c1D7CF"), {"formula_faults"}),
        (SET.replace("<math>", "").replace("</math>", ""), {"formula_faults"}),
        ("<span class=math>\\frac{1}</span>", {"formula_faults", "raw_markup"}),
        ("<span class=math>x</span>", {"formula_faults"}),
        ("<p>The state \\(h_t\\)</p>", {"raw_markup"}),
        ("<p>The state $h_t$</p>", {"raw_markup"}),
        ("<p>{eq}`rnn-step`</p>", {"raw_markup"}),
        ("<img src=none.svg alt='a figure of nothing'>", {"image_faults"}),
        ("<div style='width: 900px'>Wide.</div>", {"overflow"}),
        ("<p style='color: #aaa'>Pale.</p>", {"accessibility_faults"}),
        ("<button></button>", {"accessibility_faults"}),
    ],
)
def test_the_checks_see_planted_faults(written, body, found):
    assert all_faults(written(body)) == found


def test_the_watch_sees_planted_faults(written):
    seen = written("<script src='http://127.0.0.1:9/a.js'></script>").seen
    assert seen["requests"] and seen["console"]
    assert written("<script>undefined.x</script>").seen["script"]


def test_lychee_sees_planted_faults(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<a href='page.html#here'>a</a><p id=here>b</p>", "utf-8")
    assert link_faults(tmp_path) == ""
    for fault in ("page.html#there", "other.html"):
        page.write_text(f"<a href='{fault}'>a</a><p id=here>b</p>", "utf-8")
        assert link_faults(tmp_path) != ""
