"""The style guide as functions: each takes a page and returns its complaints.

`test_book.py` runs every rule over every page of the book, and over planted faults, so
that a rule which cannot fail is found out.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import nbformat
import yaml

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"

SECTIONS = [
    "Question",
    "Forward",
    "Derivation",
    "Implementation",
    "Check",
    "Experiment",
    "In practice",
    "Exercises",
    "Summary",
]
WIDTH = 88  # columns of a line of code
TYPICAL = 8  # lines of the median cell
LONGEST = 40  # lines of the longest cell
FIRST = 10  # lines of the first cell

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


# --- a page -------------------------------------------------------------------------


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


# --- the notebook as a file ---------------------------------------------------------


@chapter_rule
def no_outputs(page):
    """Outputs come from the build, never from the repository."""
    return [
        f"cell {number} stores an output or an execution count"
        for number, cell in enumerate(page.notebook["cells"])
        if cell.get("outputs") or cell.get("execution_count") is not None
    ]


@chapter_rule
def kept_ids(page):
    """Each cell has an id of its own; nbstripout without --keep-id would count."""
    ids = [cell.get("id") for cell in page.notebook["cells"]]
    bad = [f"cell {k} has no id" for k, i in enumerate(ids) if not i]
    bad += [
        f"cell {k} has the counted id {i}" for k, i in enumerate(ids) if i == str(k)
    ]
    return bad + [f"the id {i} occurs twice" for i in {*ids} if i and ids.count(i) > 1]


@chapter_rule
def plain_metadata(page):
    """A notebook names the kernel python3, and keeps no trace of an editor."""
    bad = [
        f"notebook metadata {key} does not belong here"
        for key in page.metadata
        if key not in ("kernelspec", "language_info", "jupytext", "myst")
    ]
    if page.metadata.get("kernelspec", {}).get("name") != "python3":
        bad.append("the kernel must be python3")
    return bad


@chapter_rule
def skips_come_in_pairs(page):
    """A cell that the tests skip is one that the build skips, and the reverse."""
    pair = {"nbval-skip", "skip-execution"}
    return [
        f"cell {cell.number} needs both tags, nbval-skip and skip-execution"
        for cell in page.code
        if len(pair & set(cell.metadata.get("tags", []))) == 1
    ]


# --- the template -------------------------------------------------------------------


@chapter_rule
def title(page):
    """The first cell holds the title, an instruction, and one promise."""
    titles = [t for cell in page.markdown for _, t in headings(cell.text, 1)]
    if len(titles) != 1 or not page.cells[0].text.startswith("# "):
        return ["a chapter has one title, in its first cell"]
    head, _, rest = page.cells[0].text.partition("\n")
    promise = rest.strip().split("\n\n")[0]
    bad = []
    if not re.fullmatch(r"# (?!The |An? |How |What |Why )[A-Z].+\.", head):
        bad.append("the title is an instruction that ends with a full stop")
    if not is_sentence(promise) or re.search(r"[.?] [A-Z]", promise):
        bad.append("one sentence below the title says what the reader will hold")
    return bad


@chapter_rule
def before_you_start(page):
    """The admonition before the first code says what, from where, and how long."""
    first = page.code[0].number if page.code else len(page.cells)
    text = "\n\n".join(cell.text for cell in page.cells[:first])
    match = re.search(r":::+\{admonition\} Before you start\n(.*?)\n:::", text, re.S)
    if not match:
        return ["no admonition «Before you start» ahead of the first code cell"]
    words = ["**You will be able to**", "**You need**", "**Time**"]
    bad = [f"«Before you start» lacks {word}" for word in words if word not in match[1]]
    able = match[1].partition(words[0])[2].partition(words[1])[0]
    count = len(re.findall(r"^\s*(?:[-*]|\d\.) ", able, re.M))
    if not 3 <= count <= 5:
        bad.append(f"three to five things to be able to do, not {count}")
    return bad


@chapter_rule
def first_code(page):
    """The first code cell has the imports and the seed, ten lines at the most."""
    if not page.code:
        return ["no code cell"]
    cell, bad = page.code[0], []
    filled = sum(bool(line.strip()) for line in cell.lines)  # ruff sets blank ones
    if filled > FIRST:
        bad.append(f"the first code cell has {filled} lines, not {FIRST}")
    if not re.search(r"(default_rng|seed)\(\d", cell.text):
        bad.append("the first code cell sets no seed")
    if "import" not in cell.text:
        bad.append("the first code cell imports nothing")
    return bad


@chapter_rule
def sections_in_order(page):
    """The second-level headings follow the template; a word may repeat."""
    titles = [t for cell in page.markdown for _, t in headings(cell.text, 2)]
    words = [section_word(t) for t in titles]
    bad = [f"«{t}» begins with no word of the template" for t in titles
           if not section_word(t)]  # fmt: skip
    order = [SECTIONS.index(word) for word in words if word]
    if order != sorted(order):
        bad.append("the sections are out of order: " + ", ".join(filter(None, words)))
    return bad + [f"no section «{word}»" for word in SECTIONS if word not in words]


@chapter_rule
def sections_assert(page):
    """What a section shows is asserted in it."""
    return [
        f"no assertion under «{word}»"
        for word in ("Forward", "Implementation", "Check", "Experiment", "In practice")
        if not any("assert " in c.text for c in page.code if c.section == word)
    ]


@chapter_rule
def derivation_is_labelled(page):
    """Every display of the derivation has a label, and its result a box."""
    text = "\n\n".join(c.text for c in page.markdown if c.section == "Derivation")
    text = without_code(text)
    bad = [
        "a display in the derivation has no label: " + tex.strip()[:40]
        for tex, label in re.findall(r"\$\$(.*?)\$\$[ ]*(\([\w:-]+\))?", text, re.S)
        if not label
    ]
    if r"\boxed" not in text:
        bad.append(r"the derivation's result stands in no \boxed")
    return bad


@chapter_rule
def further_reading(page):
    """The summary ends in further reading, as a list."""
    text = "\n\n".join(c.text for c in page.markdown if c.section == "Summary")
    rest = text.partition("**Further reading**")[2]
    return [] if re.search(r"^[-*] ", rest, re.M) else ["no list of further reading"]


@chapter_rule
def first_use_is_linked(page):
    """A chapter links its terms to the glossary."""
    text = "".join(cell.text for cell in page.markdown)
    return [] if "{term}`" in text else ["no term is linked to the glossary"]


# --- cells --------------------------------------------------------------------------


@chapter_rule
def cell_lengths(page):
    """Half of the cells are short, and none is long."""
    lengths = [len(cell.lines) for cell in page.code]
    bad = [
        f"cell {cell.number} has {len(cell.lines)} lines, more than {LONGEST}"
        for cell in page.code
        if len(cell.lines) > LONGEST
    ]
    if lengths and median(lengths) > TYPICAL:
        bad.append(
            f"the median cell has {median(lengths):g} lines, more than {TYPICAL}"
        )
    return bad


@chapter_rule
def cell_widths(page):
    """No line of code is wider than a page."""
    return [
        f"cell {cell.number} has a line of {len(line)} columns"
        for cell in page.code
        for line in cell.lines
        if len(line) > WIDTH
    ]


@chapter_rule
def no_magic(page):
    """A cell is Python: no shell, no magic, no installation."""
    return [
        f"cell {cell.number} is not plain Python: {line.strip()[:40]}"
        for cell in page.code
        for line in cell.lines
        if re.match(r"\s*[!%]", line)
    ]


# --- figures ------------------------------------------------------------------------

QUIET = {"use_style"}  # functions of figures that draw nothing


def top_level_calls(text):
    """Return the calls that a cell makes itself, outside the functions it defines."""
    calls, queue = [], list(ast.parse(text).body)
    while queue:
        node = queue.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Call):
            calls.append(node)
        queue.extend(ast.iter_child_nodes(node))
    return calls


def shows(text):
    """Say whether a cell's last statement is a call of some ``.show()``."""
    body = ast.parse(text).body
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    called = last.func if isinstance(last, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr == "show"


def draws(text):
    """Say whether a cell draws: it calls `plt`, or something of `figures`."""
    for call in top_level_calls(text):
        name = ast.unparse(call.func)
        head, _, tail = name.partition(".")
        if head == "plt" or name.endswith(".show") or name == "Diagram":
            return True
        if head == "figures" and tail not in QUIET:
            return True
    return False


def alt_text(cell):
    """Return the alt text in a cell's metadata, or nothing."""
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")


@chapter_rule
def plots_end_in_a_figure(page):
    """A cell that draws ends by showing its one figure."""
    bad = []
    for cell in page.code:
        if draws(cell.text):
            count = sum(
                ast.unparse(call.func).endswith(".show")
                for call in top_level_calls(cell.text)
            )
            if not shows(cell.text) or count != 1:
                bad.append(f"cell {cell.number} draws but does not end in one show()")
    return bad


@chapter_rule
def figures_have_alt_text(page):
    """A figure's alt text is a sentence that says what it shows."""
    bad = []
    for cell in page.code:
        alt = alt_text(cell)
        if draws(cell.text) and not (is_sentence(alt) and len(alt.split()) >= 6):
            bad.append(f"cell {cell.number}: the alt text is no sentence: {alt!r}")
        if alt and not draws(cell.text):
            bad.append(f"cell {cell.number} has an alt text but draws nothing")
    return bad


@chapter_rule
def figures_have_captions(page):
    """Below each figure its caption: number in sequence, then the finding.

    A figure inside an exercise's solution belongs to the exercise, and needs none.
    """
    bad, count = [], 0
    for cell, after in zip(page.cells, [*page.cells[1:], None], strict=True):
        if cell.kind != "code" or not draws(cell.text) or cell.section == "Exercises":
            continue
        count += 1
        want = f"**Figure {page.chapter}.{count}.**"
        caption = after.text if after and after.kind == "markdown" else ""
        if not re.match(re.escape(want) + r" \S", caption):
            bad.append(f"cell {cell.number} is not followed by its caption, {want}")
    text = "\n".join(cell.text for cell in page.markdown)
    captions = len(re.findall(r"^\*\*Figure \d+\.\d+\.\*\*", text, re.M))
    if captions != count:
        bad.append(f"{captions} captions for {count} figures")
    return bad


@chapter_rule
def figures_exist(page):
    """A figure that the prose speaks of is in the chapter."""
    text = "\n".join(cell.text for cell in page.markdown)
    have = set(re.findall(r"^\*\*Figure (\d+\.\d+)\.\*\*", text, re.M))
    return [
        f"Figure {number} is spoken of, but is not here"
        for number in sorted(set(re.findall(r"Figures? (\d+\.\d+)", text)) - have)
        if number.split(".")[0] == str(page.chapter)
    ]


# --- exercises ----------------------------------------------------------------------


def asked(code):
    """Return what the last call of check in a cell compares an answer with."""
    calls = [
        node for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check"
    ]  # fmt: skip
    parts = [*calls[-1].args[1:], *calls[-1].keywords] if calls else []
    return [ast.dump(part) for part in parts]


@chapter_rule
def exercises_are_whole(page):
    """Statement, stub with its check, hint, solution that asserts: six cells.

    The last cell may begin with a remark on the solution.
    """
    cells = page.cells
    starts = [k for k, c in enumerate(cells) if "{exercise}" in c.text.split("\n")[0]]
    bad = [] if 3 <= len(starts) <= 6 else [f"{len(starts)} exercises, not 3 to 6"]
    for count, k in enumerate(starts, start=1):
        label = f"ex-{page.chapter:02d}-{count}"
        six = cells[k : k + 6]
        shape = ["markdown", "code", "markdown", "markdown", "code", "markdown"]
        if [c.kind for c in six] != shape:
            bad.append(f"{label} is not six cells in the template's order")
            continue
        statement, stub, hint, opening, solution, closing = (c.text for c in six)
        wants = [
            (statement, r":::+\{exercise\} \S.*\n:label: " + label + "\n", "statement"),
            (stub, r"(?s).*^check\((?m:.*)", "stub with check(…)"),
            (hint, r":::+\{hint\}.*\n:class: dropdown\n", "hint, class dropdown"),
            (opening, r":::+\{solution-start\} " + label + r"\n:class: dropdown\n",
             "solution-start, class dropdown"),
            (solution, r"(?s).*^assert check\(", "solution with assert check(…)"),
            (closing, r"(?s)(.*\n\n)?:::+\{solution-end\}\n:::\s*\Z", "solution-end"),
        ]  # fmt: skip
        for text, pattern, what in wants:
            if not re.match(pattern, text, re.M):
                bad.append(f"{label}: the {what} is missing or misplaced")
        if asked(stub) != asked(solution):
            bad.append(f"{label}: stub and solution are not checked against the same")
        if "assert check(" in stub:
            bad.append(f"{label}: the stub must not assert, or the chapter stops there")
        if any(c.section != "Exercises" for c in six):
            bad.append(f"{label} stands outside «Exercises»")
    return bad


# --- text ---------------------------------------------------------------------------

BANNED = (
    "clearly|obviously|simply|just|trivial|trivially|of course|needless to say"
    "|(?:it|this) can be shown|(?:it is )?easy to see|(?:as )?is well known"
)
AMERICAN = (
    r"(?:behavior|color|favor|neighbor|labeled|modeled|gray|center(?:ed)?)s?"
    r"|(?:initial|normal|general|vector|optim|minim|maxim|recogn|regular)"
    r"iz(?:e[sd]?|ing|ation)|(?:memori|summari)z(?:e[sd]?|ing)"
)
EMOJI = "[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55]"
NUMBERED = (
    r"\b(?:Figures?|Exercises?|Sections?|Chapters?|Tables?|Equations?|Eqs?\.|Theorem"
    r"|Lemma|Algorithm|Python|PyTorch|NumPy|CC BY)[\s(]*"
    r"(?:[\d.]+\)?(?:,\s|\s+and\s|\s+to\s|\s+or\s|–)[\s(]*)*$"
)


@page_rule
def has_a_description(page):
    """A page says in a sentence what it holds: search engines show it."""
    meta = page.metadata.get("myst", {}).get("html_meta", {})
    text = meta.get("description", "")
    if is_sentence(text) and 50 <= len(text) <= 200:
        return []
    return [f"myst.html_meta.description must be a sentence of 50 to 200: {text!r}"]


def found_in_prose(page, pattern, what, flags=re.I):
    """Return one complaint for each match of a pattern in a page's prose."""
    return [
        f"cell {cell.number}: {what}: …{text[max(0, m.start() - 25) : m.end() + 10]!r}"
        for cell in page.markdown
        for text in [prose(cell.text)]
        for m in re.finditer(pattern, text, flags)
    ]


@page_rule
def no_banned_words(page):
    """A step that is clearly so has not been derived."""
    return found_in_prose(page, rf"\b(?:{BANNED})\b", "a banned word")


@page_rule
def british_spelling(page):
    """One spelling, the British one."""
    return found_in_prose(page, rf"\b(?:{AMERICAN})\b", "American spelling")


@page_rule
def no_shouting(page):
    """No exclamation marks and no emoji."""
    return found_in_prose(page, rf"!|{EMOJI}", "shouting")


@page_rule
def numbers_are_measured(page):
    """A decimal in the prose is glued from a cell, not typed."""
    bad = []
    for cell in page.markdown:
        text = prose(cell.text)
        for match in re.finditer(r"(?<![\w.])\d+\.\d+(?![\w.]*\.\*\*)", text):
            if not re.search(NUMBERED, text[: match.start()], re.I):
                line = text[max(0, match.start() - 25) : match.end() + 10]
                bad.append(f"cell {cell.number}: a typed decimal: …{line!r}")
    return bad


@page_rule
def balanced_tex(page):
    """Braces, environments, and left and right close where they open."""
    bad = []
    for cell in page.markdown:
        for tex in math_spans(cell.text):
            bare = re.sub(r"\\[\\{}]", "", tex)
            depth = 0
            for sign in re.findall(r"[{}]", bare):
                depth += 1 if sign == "{" else -1
                if depth < 0:
                    break
            pairs = [(r"\\begin\b", r"\\end\b"), (r"\\left\b", r"\\right\b")]
            odd = any(len(re.findall(a, tex)) != len(re.findall(b, tex))
                      for a, b in pairs)  # fmt: skip
            if depth or odd:
                bad.append(f"cell {cell.number}: unbalanced TeX: {tex.strip()[:50]}")
    return bad


@page_rule
def confusions_are_anchored(page):
    """A confusion's anchor stands right above a heading or an admonition."""
    bad = []
    for cell in page.markdown:
        lines = cell.lines
        for k, line in enumerate(lines):
            if "(confusion-" in line and line.strip().endswith("="):
                number = re.fullmatch(r"\(confusion-(\d\d)\)=", line.strip())
                if not number or not 1 <= int(number[1]) <= 28:
                    bad.append(f"cell {cell.number}: {line} is no confusion")
                below = lines[k + 1] if k + 1 < len(lines) else ""
                if not re.match(r"#+ |:::+\{|\(", below):
                    bad.append(f"cell {cell.number}: {line} is above no heading")
    return bad


# --- across pages -------------------------------------------------------------------


def citations(page):
    """Return the keys that a page cites."""
    text = "\n".join(cell.text for cell in page.markdown)
    groups = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
    return {key.strip() for group in groups for key in group.split(",")}


def citation_faults(pages, bibliography):
    """Compare what the pages cite with what a BibTeX file holds."""
    have = re.findall(r"^\s*@\w+\{\s*([^,\s]+)\s*,", bibliography, re.M)
    used = {key: page.name for page in pages for key in citations(page)}
    bad = [f"{page} cites {key}: no such entry" for key, page in used.items()
           if key not in have]  # fmt: skip
    bad += [f"{key} is cited nowhere" for key in have if key not in used]
    return bad + [f"{key} has two entries" for key in {*have} if have.count(key) > 1]


def glossary_terms(page):
    """Return the terms of the glossary directive, with the text below each."""
    text = page.cells[0].text
    terms = {}
    for block in re.findall(
        r"[:`]{3,}\{glossary\}\n(.*?)\n[:`]{3,}\s*$", text, re.S | re.M
    ):
        names = []
        for line in block.splitlines():
            if re.match(r"\s+\S", line):
                for name in names:
                    terms[name] = (terms[name] + " " + line.strip()).strip()
            elif line.strip() and not line.startswith(":"):
                names = [*names, line.strip()] if names and not terms[names[0]] else [
                    line.strip()
                ]  # fmt: skip
                terms.setdefault(line.strip(), "")
    return terms


def glossary_faults(pages, glossary):
    """Every term that a page links to exists, and each has a Korean name."""
    terms = glossary_terms(glossary)
    known = {term.lower() for term in terms}
    bad = []
    for page in pages:
        text = "\n".join(cell.text for cell in page.markdown)
        for link in re.findall(r"\{term\}`([^`]+)`", text):
            target = re.sub(r".*<([^>]+)>$", r"\1", link.replace("\n", " ")).strip()
            if target.lower() not in known:
                bad.append(f"{page.name} links to the term {target!r}: no such term")
    korean = "[\uac00-\ud7a3]"
    bad += [f"{term!r} has no Korean name" for term, text in terms.items()
            if not re.search(korean, term + text)]  # fmt: skip
    return bad if terms else ["the glossary has no terms"]


def settled_confusions(pages):
    """Yield the anchor of each confusion that is settled, and its page."""
    for page in pages:
        for cell in page.markdown:
            for anchor in re.findall(r"^\((confusion-\d+)\)=", cell.text, re.M):
                yield anchor, page


def anchor_faults(pages):
    """A confusion is settled in one place."""
    seen, bad = {}, []
    for anchor, page in settled_confusions(pages):
        if anchor in seen:
            bad.append(f"{anchor} stands in {seen[anchor]} and in {page.name}")
        seen[anchor] = page.name
    return bad


def confusion_list_faults(pages, listing):
    """The page of confusions links to each that is settled, once, by its chapter."""
    settled = {anchor: page.chapter for anchor, page in settled_confusions(pages)}
    text = "\n".join(cell.text for cell in listing.markdown)
    links = re.findall(r"\{ref\}`chapter\s(\d+) <(confusion-\d+)>`", text)
    listed = [(anchor, int(chapter)) for chapter, anchor in links]
    return [f"{anchor} of chapter {chapter} is on one side only, or listed twice"
            for anchor, chapter in {*listed, *settled.items()}
            if (listed.count((anchor, chapter)), settled.get(anchor)) != (1, chapter)
            ]  # fmt: skip
