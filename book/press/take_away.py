"""What a reader takes away, made from the built site: two zips and a PDF."""

import re
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).resolve().parents[2]
NAME = "recurrent-networks-unrolled"
FOLDER = "take-away"
# The first time that a zip knows: the same files, the same zip.
LONG_AGO = (1980, 1, 1, 0, 0, 0)
SERVER = """\
# What runs and opens them, and shows the directives and references of their text.
jupyterlab==4.6.6
jupyterlab_myst==2.7.0
"""
KERNEL = ("ipykernel", "myst-nb")  # pinned with the site; the second keeps numbers
README = """\
# Recurrent Networks, Unrolled: the notebooks

Install what they import, in this folder (Python 3.11 to 3.13):

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt

Open the first chapter:

    .venv/bin/jupyter lab 01-sequences.ipynb

On Windows, write `python` for `python3` and `.venv\\Scripts\\` for `.venv/bin/`.
The notebooks import the folder `unrolled` and read `data` and `site` beside them.
A number that the text takes from a cell, such as `gain:.2f`, stands there by its name:
the cell above prints it. The solutions of the exercises are in sight, below the hints.
JupyterLab numbers equations and exercises without the chapter: (4) is the book's (3.4).
"""
OFFER = re.compile(r'(<div class="take-away[^>]*>).*?(</div>)', re.S)
OFFLINE = "<p>This is the copy of the site for reading offline.</p>"


def write_zip(path, files):
    """Write a zip with one folder at its top, the same whenever it is written.

    Parameters
    ----------
    path : Path
        The zip; its folder has the name of the course.
    files : dict of str to bytes
        What each file holds, by its name inside the folder.
    """
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=9) as zipped:
        for name, data in sorted(files.items()):
            entry = ZipInfo(f"{NAME}/{name}", LONG_AGO)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, data)


def requirements(ours):
    """Return what the notebooks need alone, of what the book is built with.

    Parameters
    ----------
    ours : str
        The text of the book's requirements.txt.

    Returns
    -------
    str
        The pins of the chapters, of the kernel, and of what opens a notebook.
    """
    chapters, _, site = ours.partition("# The site")
    kernel = [re.search(rf"^{name}==.*\n", site, re.M)[0] for name in KERNEL]
    chapters = chapters.replace("imports and is built with", "imports")
    return "".join([chapters, SERVER, *kernel])


def notebooks(root=ROOT):
    """Return the files that the notebooks need to run, by name.

    Parameters
    ----------
    root : Path
        The repository.

    Returns
    -------
    dict of str to bytes
        Chapters, module, data, pictures, licence, requirements and how to begin.
    """
    book = root / "book"
    patterns = ["*.ipynb", "unrolled/**/*.py", "unrolled/*.mplstyle", "data/*.json"]
    paths = [path for pattern in patterns for path in book.glob(pattern)]
    files = {path.relative_to(book).as_posix(): path.read_bytes() for path in paths}
    text = b"".join(data for name, data in files.items() if name.endswith(".ipynb"))
    for name in set(re.findall(r"site/images/[\w-]+\.svg", text.decode())):
        files[name] = (book / name).read_bytes()
    files["requirements.txt"] = requirements(
        (root / "requirements.txt").read_text("utf-8")
    ).encode()
    files["LICENSE"] = (root / "LICENSE").read_bytes()
    files["README.md"] = README.encode()
    return files


def offer(front, inside):
    """Say something in the place that the front page has for what is taken away.

    Parameters
    ----------
    front : str
        The text of the front page.
    inside : str
        What the place says from now on.

    Returns
    -------
    str
        The front page.
    """
    text, times = OFFER.subn(rf"\g<1>{inside}\g<2>", front)
    if times != 1:
        raise LookupError(f"the front page has {times} places to take the course away")
    return text


def offline(site):
    """Return the files of the site, less what is taken away from it, by name."""
    paths = [path for path in site.rglob("*") if path.is_file()]
    paths = {path.relative_to(site).as_posix(): path for path in paths}
    files = {
        name: path.read_bytes()
        for name, path in paths.items()
        if not name.startswith((f"{FOLDER}/", "_static/locales/", "."))
    }
    front = files["book/index.html"].decode()
    files["book/index.html"] = offer(front, OFFLINE).encode()
    return files


def item(path, what):
    """Return the link to a file, with its size and what it is."""
    size = path.stat().st_size / 1e6
    kind = {".pdf": "PDF", ".zip": "zip"}[path.suffix]
    link = f'<a href="../{FOLDER}/{path.name}" download>{what}</a>'
    return f"<li><p>{link} ({kind}, {size:.1f} MB)</p></li>"


def front_page(site):
    """Return the front page of the built site; `LookupError` if there is none."""
    front = site / "book" / "index.html"
    if not front.exists():
        raise LookupError("The site is not built: run README.md's first command.")
    return front


def make(site):
    """Make the two zips and the PDF, and offer them on the front page.

    Parameters
    ----------
    site : Path
        The built site; the files go into its folder `take-away`.

    Returns
    -------
    list of Path
        The files.
    """
    from . import pdf

    front = front_page(site)
    folder = site / FOLDER
    folder.mkdir(exist_ok=True)
    made = {
        folder / f"{NAME}-notebooks.zip": "The notebooks, with all they need to run",
        folder / f"{NAME}-offline.zip": "The site, for reading offline",
        folder / f"{NAME}.pdf": "The book, for paper or a tablet",
    }
    run, read, book = made
    write_zip(run, notebooks())
    write_zip(read, offline(site))
    pdf.make(site, book)
    items = "\n".join(item(path, what) for path, what in made.items())
    text = offer(front.read_text("utf-8"), f'<ul class="simple">\n{items}\n</ul>')
    front.write_text(text, "utf-8")
    return list(made)
