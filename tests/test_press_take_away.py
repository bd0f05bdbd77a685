"""What a reader takes away: zips that unpack and run, a book whose links lead."""

import ast
import re
import shutil
import subprocess
import sys
from zipfile import ZipFile

import nbformat
import pytest
from nbclient import NotebookClient
from pypdf import PdfReader

from chromium import CLEAN, SITE, missing, open_page, started
from press import pdf, take_away
from style import ROOT

PAGE = """<!doctype html><html lang=en><head><title>A page</title>
<style>html {{ font-family: var(--course-korean), serif }}
.dropdown > :not(.admonition-title) {{ display: none }}</style></head><body>
<nav class="bd-links"><p class="caption">Part</p><ul>
<li><a href="01-one.html">1. One</a></li><li><a href="02-two.html">2. Two</a></li>
</ul></nav><main><article class="bd-article"><section id="top">{}</section></article>
</main><p class="component-author">By Nobody</p><p class="last-updated">Today.</p>
<p class="copyright">Free.</p></body></html>"""
EXERCISE = """
<div class="exercise admonition" id="ex">
<p class="admonition-title">Exercise 1.1</p></div>
<div class="solution dropdown admonition" id="book/01-solution">
<p class="admonition-title">Solution to <a href="#ex">Exercise 1.1</a></p>
<p>Forty-two.</p></div>"""
ONE = """<h1>1. One<a class="headerlink" href="#top">#</a></h1><p id="p">First words.
<a href="02-two.html#there">To two</a>, <a href="../search.html">search</a>,
<a href="https://example.org/">outside</a></p><section id="s"><h2>Section</h2>
<details class="hide"><pre>folded</pre></details><pre>{}</pre>{}</section>
<section id="f"><details class="further" open><summary><h2>Further: more</h2></summary>
<p>Deeper, 상태.</p></details></section>"""
LONG = "2. Two, whose title is longer than one line of the book can hold at its size"
FRONT = '<h1>Title</h1><div class="take-away docutils container"><p>How.</p></div>'


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return the folder of a site of three pages."""
    site = tmp_path_factory.mktemp("site")
    pages = {
        "index": FRONT,
        "01-one": ONE.format("long " * 60, EXERCISE),
        "02-two": f'<h1>{LONG}</h1><p>Second.</p><p id="there">'
        '<a href="01-one.html">To one</a></p>',
    }
    (site / "book").mkdir()
    for name, body in pages.items():
        (site / "book" / f"{name}.html").write_text(PAGE.format(body), "utf-8")
    return site


def built():
    """Return the built site, or skip."""
    if not (SITE / "book" / "index.html").exists():
        missing("the site is not built: run README.md's first command")
    return SITE


@pytest.fixture(scope="module")
def book(small):
    """Return the small site as a PDF."""
    with started():
        pass
    pdf.make(small, small / "book.pdf")
    return PdfReader(small / "book.pdf")


# --- the zips -------------------------------------------------------------------------


def unpacked(files, folder):
    """Write files to a zip, unpack it, and return the one folder in it."""
    take_away.write_zip(folder / "a.zip", files)
    with ZipFile(folder / "a.zip") as zipped:
        zipped.extractall(folder)
    (folder / "a.zip").unlink()
    assert [path.name for path in folder.iterdir()] == [take_away.NAME]
    return folder / take_away.NAME


def test_a_zip_is_the_same_whenever_it_is_written(tmp_path):
    take_away.write_zip(tmp_path / "a.zip", {"b": b"1", "a": b"2"})
    take_away.write_zip(tmp_path / "b.zip", {"a": b"2", "b": b"1"})
    first, second = (tmp_path / name for name in ("a.zip", "b.zip"))
    assert first.read_bytes() == second.read_bytes()


def test_a_notebook_runs_where_it_is_unpacked(tmp_path, monkeypatch):
    folder = unpacked(take_away.notebooks(), tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    notebook = nbformat.read(folder / "01-sequences.ipynb", 4)
    last = nbformat.v4.new_code_cell("import unrolled, os; print(unrolled.__file__)")
    notebook.cells.append(last)
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    assert last.outputs[0]["text"].strip().startswith(str(folder))


def test_the_series_are_read_where_they_are_unpacked(tmp_path, monkeypatch):
    folder = unpacked(take_away.notebooks(), tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    code = "from unrolled import data; print(len(data.bikes()[1]), data.__file__)"
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
    assert told.split() == ["8760", str(folder / "unrolled" / "data.py")]


def test_the_zip_holds_what_the_notebooks_read(tmp_path):
    folder = unpacked(take_away.notebooks(), tmp_path)
    texts = [path.read_text("utf-8") for path in folder.glob("*.ipynb")]
    assert len(texts) == len(list((ROOT / "book").glob("*.ipynb")))
    read = set(re.findall(r"(?:data|site/images)/[\w-]+\.\w+", "".join(texts)))
    assert read and all((folder / name).exists() for name in read)
    assert (folder / "LICENSE").exists() and "requirements.txt" in README
    assert not [path for path in folder.rglob("*") if "__pycache__" in path.parts]


README = take_away.README


def imported(text):
    """Return the packages that a file of Python imports."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        if isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def test_the_requirements_of_the_zip_are_what_its_files_import():
    files = take_away.notebooks()
    code = [data.decode() for name, data in files.items() if name.endswith(".py")]
    for name in filter(re.compile(r".*\.ipynb").match, files):
        cells = nbformat.reads(files[name].decode(), 4).cells
        code += [cell.source for cell in cells if cell.cell_type == "code"]
    found = {package for text in code for package in imported(text)}
    found = {package.replace("_", "-") for package in found}
    found -= set(sys.stdlib_module_names) | {"pydoc-data", "unrolled"}
    found -= {"IPython", "matplotlib-inline"}  # part of ipykernel
    found -= {"scipy"}  # part of statsmodels
    pins = dict(
        re.findall(r"^([\w-]+)==(.*)$", files["requirements.txt"].decode(), re.M)
    )
    server = {"jupyterlab", "jupyterlab_myst", "ipykernel"}
    assert found - set(pins) == set()
    named = " ".join(code).replace("_", "-")
    assert {pin for pin in set(pins) - server if pin not in named} == set()
    ours = (ROOT / "requirements.txt").read_text("utf-8")
    assert all(f"{p}=={v}\n" in ours for p, v in pins.items() if "lab" not in p)


def test_the_site_opens_without_a_network(small, tmp_path):
    folder = unpacked(take_away.offline(small), tmp_path)
    front = (folder / "book" / "index.html").read_text("utf-8")
    assert take_away.OFFLINE in front and "How." not in front


def test_the_built_site_opens_without_a_network(tmp_path):
    files = take_away.offline(built())
    assert not [name for name in files if name.endswith((".zip", ".pdf"))]
    folder = unpacked(files, tmp_path)
    with started() as browser:
        for name in ("index.html", "03-bptt.html"):
            page = open_page(browser, (folder / "book" / name).as_uri())
            assert page.seen == CLEAN
            button = page.locator("a.notebook-button")
            assert button.count() == (name != "index.html")
        source = button.evaluate("link => link.href").removeprefix(folder.as_uri())
        assert source == "/_sources/book/03-bptt.ipynb"
        served = (folder / source[1:]).read_bytes()
        assert served == (ROOT / "book" / "03-bptt.ipynb").read_bytes()
        button.focus()
        assert button.text_content() == "Notebook" and button.get_attribute("title")


# --- the front page -------------------------------------------------------------------


def test_the_front_page_says_one_thing_in_its_place():
    assert "How." not in take_away.offer(FRONT, "<p>a</p>")
    again = take_away.offer(take_away.offer(FRONT, "<p>a</p>"), "<p>b</p>")
    assert "<p>b</p></div>" in again and "<p>a</p>" not in again
    for front in ("", 2 * FRONT):
        with pytest.raises(LookupError):
            take_away.offer(front, "")


def test_all_three_are_made_and_offered(small, book, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(small, site)
    for _ in range(2):  # a second time the offer stands, and what was made is there
        made = take_away.make(site)
        front = (site / "book" / "index.html").read_text("utf-8")
        links = re.findall(r'href="\.\./(take-away/[^"]+)"', front)
        assert [site / link for link in links] == made and len(made) == 3
        with ZipFile(made[1]) as zipped:
            assert not [n for n in zipped.namelist() if "take-away/" in n]


def test_without_a_site_the_command_says_so(tmp_path):
    with pytest.raises(LookupError, match="first command"):
        take_away.make(tmp_path)


# --- the book -------------------------------------------------------------------------


def text_of(page):
    return re.sub(r"\s+", " ", page.extract_text())


def bookmarks(outline, depth=1):
    """Return the bookmarks of an outline's first levels, without their branches."""
    found = []
    for entry in outline:
        if isinstance(entry, list):
            found += bookmarks(entry, depth - 1) if depth > 1 else []
        else:
            found.append(entry)
    return found


def listed(reader):
    """Return a PDF's bookmarks that its contents list, title by title, with numbers."""
    cover, *rest = (text_of(page) for page in reader.pages)
    marks = bookmarks(reader.outline, 2)[1:]
    numbers = [reader.get_destination_page_number(mark) + 1 for mark in marks]
    contents = " ".join(rest[: min(numbers) - 2])
    return {
        mark.title: number
        for mark, number in zip(marks, numbers, strict=True)
        if re.search(rf"{re.escape(mark.title)} ?{number}(?!\d)", contents)
    }


def links(reader):
    """Return the addresses outside and the places inside that a PDF links to."""
    notes = [note.get_object() for p in reader.pages for note in p.get("/Annots", [])]
    actions = [note["/A"].get_object() for note in notes if "/A" in note]
    outside = {action["/URI"] for action in actions if "/URI" in action}
    inside = {note["/Dest"] for note in notes if "/Dest" in note}
    return outside, inside | {action["/D"] for action in actions if "/D" in action}


def test_the_book_has_its_contents(book):
    chapters = ["Contents", "About this course", "1. One", LONG, "Solutions"]
    assert [mark.title for mark in bookmarks(book.outline)] == chapters
    assert {*chapters[1:], "Section", "Further: more"} <= set(listed(book))
    assert "000" not in text_of(book.pages[1])
    assert "Free." in text_of(book.pages[0])


def test_the_links_of_the_book_stay_inside_it(book):
    outside, inside = links(book)
    assert outside == {"https://example.org/"}
    places = set(book.named_destinations)
    assert inside and inside <= places
    assert {"/02-two:there", "/01-one", "/01-one:ex"} <= inside


def test_solutions_stand_at_the_end(book):
    *_, one, two, last = (text_of(page) for page in book.pages)
    assert "First words" in one and "Forty-two" not in one and "folded" not in one
    assert f"Solution, page {len(book.pages)}" in one
    assert "Forty-two" in last and "Second" in two


def test_korean_needs_no_font_of_the_machine(book):
    assert "Deeper, 상태" in " ".join(map(text_of, book.pages))


def test_the_book_says_what_it_is(book):
    assert (book.metadata.title, book.metadata.author) == ("Title", "Nobody")
    assert book.root_object["/Lang"] == "en" and "/StructTreeRoot" in book.root_object
    assert float(book.pages[0].mediabox.width) == pytest.approx(595, abs=1)


def test_two_pages_of_the_built_site_make_a_book(tmp_path):
    names = ["index.html", "03-bptt.html"]
    assert set(names) < set(pdf.in_order((built() / "book/index.html").read_text()))
    with started():
        pass
    pdf.make(SITE, tmp_path / "book.pdf", names)
    reader = PdfReader(tmp_path / "book.pdf")
    outside, inside = links(reader)
    assert inside <= set(reader.named_destinations)
    assert outside and all(link.startswith(("http", "mailto")) for link in outside)
    text = " ".join(map(text_of, reader.pages))
    assert "tanh" in text and "\\(" not in text and "Click to show" not in text
    html = (SITE / "book" / "03-bptt.html").read_text("utf-8")
    solutions = len(re.findall(r'class="solution', html))
    assert solutions and len(re.findall(r"Solution, page \d+", text)) == solutions
    assert len(re.findall(r"Solution to Exercise 3\.\d", text)) == solutions
    for figure in re.findall(r"<strong>(Figure 3\.\d+)\.</strong>", html):
        assert f"{figure}." in text
