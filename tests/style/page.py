"""A page of the book as the rules see it: cells, sections, prose, formulas."""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
BOOK = ROOT / "book"

SECTIONS = [
    "Question",
    "Forward",
    "Derivation",
    "Implementation",
    "Check",
    "Experiment",
    "In practice",
    "Further",
    "Exercises",
    "Summary",
]

CHAPTER_RULES = []
PAGE_RULES = []


def chapter_rule(rule):
    """Register a rule for chapters, which are notebooks."""
    CHAPTER_RULES.append(rule)
    return rule


def page_rule(rule):
    """Register a rule for every page, chapters included."""
    PAGE_RULES.append(rule)
    return rule


@dataclass
class Cell:
    """One cell: where it stands, what it is, what it says."""

    number: int
    kind: str
    text: str
    metadata: dict
    section: str = ""

    @property
    def lines(self):
        """The lines of the cell."""
        return self.text.splitlines()


class Page:
    """A page of the book: a notebook, or a Markdown file seen as one cell.

    Parameters
    ----------
    name : str
        File name, such as ``02-rnn.ipynb``.
    notebook : dict, optional
        The notebook as JSON holds it.
    text : str, optional
        The Markdown, front matter included, where there is no notebook.
    """

    def __init__(self, name, notebook=None, text=""):
        self.name, self.notebook = name, notebook
        if notebook is None:
            match = re.match(r"---\n(.*?)\n---\n", text, re.S)
            self.metadata = yaml.safe_load(match[1]) if match else {}
            text = text[match.end() :] if match else text
            self.cells = [Cell(0, "markdown", text, {})]
            return
        self.metadata = notebook["metadata"]
        self.cells, section = [], ""
        for number, cell in enumerate(notebook["cells"]):
            text = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                for _, title in headings(text, 2):
                    section = section_word(title) or title
            self.cells.append(
                Cell(number, cell["cell_type"], text, cell["metadata"], section)
            )

    @property
    def markdown(self):
        """The Markdown cells."""
        return [cell for cell in self.cells if cell.kind == "markdown"]

    @property
    def code(self):
        """The code cells."""
        return [cell for cell in self.cells if cell.kind == "code"]

    @property
    def chapter(self):
        """The number at the head of the file's name, 0 where there is none."""
        match = re.match(r"\d+", self.name)
        return int(match[0]) if match else 0


def read_page(path):
    """Read a notebook or a Markdown file as it is stored."""
    if path.suffix == ".md":
        return Page(path.name, text=path.read_text("utf-8"))
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return Page(path.name, notebook)


def without_code(text):
    """Drop fenced code and inline literals, roles with their argument included."""
    text = re.sub(
        r"^(`{3,}|~{3,})(?!\{)[^\n]*\n.*?^\1[ ]*$", "", text, flags=re.S | re.M
    )
    text = re.sub(
        r"^(`{3,})\{(code|math)[^\n]*\n.*?^\1[ ]*$", "", text, flags=re.S | re.M
    )
    return re.sub(r"(\{[\w:.-]+\})?(`+)(?!`).+?(?<!`)\2(?!`)", "", text, flags=re.S)


def math_spans(text):
    """Return the TeX of a Markdown text: displays, then what is inline."""
    text = without_code(text)
    displays = re.findall(r"\$\$(.*?)\$\$", text, re.S)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.S)
    return displays + re.findall(r"(?<![\\$])\$(?!\s)(.+?)(?<![\\\s])\$", text, re.S)


def prose(text):
    """Return what is left for a reader to read: no code, TeX, targets or markup."""
    text = without_code(text)
    text = re.sub(r"\$\$.*?\$\$(\s*\([\w:-]+\))?", "", text, flags=re.S)
    text = re.sub(r"(?<![\\$])\$(?!\s)(.+?)(?<![\\\s])\$", "", text, flags=re.S)
    text = re.sub(r"^\s*%.*$", "", text, flags=re.M)
    text = re.sub(r"^\([\w:-]+\)=\s*$", "", text, flags=re.M)
    text = re.sub(r"^\s*:[\w-]+:.*$", "", text, flags=re.M)
    text = re.sub(r"^\s*[:`]{3,}(\{[^}]*\})?", "", text, flags=re.M)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"<[^>]+>", "", text)


def headings(text, level):
    """Return (line number, title) of the headings of one level, code left out."""
    found, fence = [], ""
    for number, line in enumerate(text.splitlines()):
        opening = re.match(r"\s*(`{3,}|~{3,})", line)
        if opening and not fence:
            fence = opening[1]
        elif fence and line.strip().startswith(fence):
            fence = ""
        elif not fence and re.match(rf"#{{{level}}} ", line):
            found.append((number, line.lstrip("#").strip()))
    return found


def section_word(title):
    """Return the template's word that a heading begins with, or None."""
    match = re.fullmatch(rf"({'|'.join(SECTIONS)})(: \S.*)?", title)
    return match and match[1]


def is_sentence(text):
    """Say whether a text starts with a capital, ends with a stop and has a body."""
    text = text.strip()
    return bool(re.match(r"[A-Z0-9“\"]", text)) and text[-1:] == "." and " " in text
