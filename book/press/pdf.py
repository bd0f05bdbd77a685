"""The book as a PDF: the pages of the site joined and printed by the browser."""

import io
import re
from base64 import b64encode
from importlib.util import find_spec
from pathlib import Path

import pikepdf
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from .browser import started

HERE = Path(__file__).parent
PRINTINGS = 4  # two, unless the numbers move what they stand beside
WIDTH = 612  # pixels: 162 mm, which is A4 less the margins that book.css sets

# What is wider than the page is set smaller, and text that would then be too small to
# read goes on in the next line.
SHRINK = """() => {
    for (const box of document.querySelectorAll("article :is(div.math, pre, table)")) {
        const have = Math.min(box.clientWidth, box.parentElement.clientWidth);
        const scale = have / box.scrollWidth;
        const least = box.matches("pre") ? 0.85 : 0.6;
        const size = parseFloat(getComputedStyle(box).fontSize);
        if (scale < 1) box.style.fontSize = `${0.99 * Math.max(least, scale) * size}px`;
        if (scale < least) box.style.whiteSpace = "pre-wrap";
    }
}"""
NUMBER = """pages => {
    for (const anchor of document.querySelectorAll("a.page-of")) {
        anchor.textContent = pages[decodeURIComponent(anchor.hash.slice(1))] ?? "000";
    }
}"""

KOREAN = """
@font-face {{ font-family: Korean; src: url("data:font/ttf;base64,{}"); }}
:root {{ --course-korean: Korean; }}
"""


def korean(text):
    """Return the style of a text's Korean: the machine may have no font for it."""
    package = Path(find_spec("koreanize_matplotlib").origin).parent
    font = TTFont(package / "fonts" / "NanumGothic.ttf")
    options = Options(hinting=False)
    options.drop_tables += ["TSI0", "TSI1", "TSI2", "TSI3", "TSI5"]  # its makers' notes
    cut = Subsetter(options)
    cut.populate(text="".join(re.findall("[가-힣]", text)))
    cut.subset(font)
    file = io.BytesIO()
    font.save(file)
    return KOREAN.format(b64encode(file.getvalue()).decode())


def in_order(front):
    """Return the names of the pages: the front page, then those of its side bar.

    Parameters
    ----------
    front : str
        The text of the front page.

    Returns
    -------
    list of str
        Names such as `03-bptt.html`.
    """
    bar = re.search(r'<nav class="bd-links.*?</nav>', front, re.S)[0]
    return ["index.html", *re.findall(r'href="([^"#/]+\.html)"', bar)]


def joined(browser, front, files):
    """Open all pages of the site as one, in the look of the book.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        The browser.
    front : Path
        The front page.
    files : dict of str to str
        The text of every page, by its name.

    Returns
    -------
    playwright.sync_api.Page
        The page; it has to be closed.
    """
    page = browser.new_page(viewport={"width": WIDTH, "height": 900})
    page.set_default_timeout(300_000)
    page.route(re.compile(r"\.js(\?|$)"), lambda route: route.abort())
    page.goto(front.as_uri())
    page.evaluate((HERE / "book.js").read_text("utf-8"), files)
    page.add_style_tag(content=(HERE / "book.css").read_text("utf-8"))
    page.add_style_tag(content=korean("".join(files.values())))
    page.evaluate("() => document.fonts.ready.then(() => true)")
    page.evaluate(SHRINK)
    return page


def printed(page):
    """Print an opened page as on a screen, with tags and bookmarks."""
    page.emulate_media(media="screen", color_scheme="light")
    data = page.pdf(
        prefer_css_page_size=True, print_background=True, outline=True, tagged=True
    )
    return pikepdf.open(io.BytesIO(data))


def page_numbers(pdf):
    """Return the number of the page on which each place of a PDF stands.

    Parameters
    ----------
    pdf : pikepdf.Pdf
        The book.

    Returns
    -------
    dict of str to int
        The number by the name of the place.
    """
    numbers = {page.objgen: k for k, page in enumerate(pdf.pages, start=1)}
    places = pdf.Root.get("/Dests", {})
    return {name[1:]: numbers[places[name][0].objgen] for name in places.keys()}


def mend_bookmarks(pdf, headings):
    """Put the spaces back that Chromium leaves out where a heading breaks its line."""
    whole = {re.sub(r"\s", "", text): " ".join(text.split()) for text in headings}

    def mend(items):
        for item in items:
            item.title = whole[re.sub(r"\s", "", item.title)]
            mend(item.children)

    with pdf.open_outline() as outline:
        mend(outline.root)


def make(site, target, names=None):
    """Print the site as one book, until its numbers are those of its pages.

    Each printing is of a page opened anew: Chromium may break pages elsewhere when it
    prints the same page again.

    Parameters
    ----------
    site : Path
        The built site.
    target : Path
        The PDF to write.
    names : list of str, optional
        The pages to take, all unless given; the first is the front page.
    """
    front = site / "book" / "index.html"
    names = names or in_order(front.read_text("utf-8"))
    files = {name: (front.parent / name).read_text("utf-8") for name in names}
    numbers = {}
    with started() as browser:
        for _ in range(PRINTINGS):
            page = joined(browser, front, files)
            page.evaluate(NUMBER, numbers)
            pdf = printed(page)
            headings = page.locator("h1, h2, h3, h4").all_text_contents()
            title = page.locator(".cover .title").text_content()
            author = page.locator(".cover p").nth(1).text_content()
            page.close()
            numbers, before = page_numbers(pdf), numbers
            if numbers == before:
                break
        else:
            raise LookupError("the numbers of the book's pages do not settle")
    mend_bookmarks(pdf, headings)
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = title
        metadata["dc:creator"] = [author.removeprefix("By ")]
        metadata["dc:language"] = ["en"]
    pdf.Root.PageMode = pikepdf.Name.UseOutlines
    pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
