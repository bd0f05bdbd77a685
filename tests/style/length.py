"""How long a chapter takes, and what of its code stands in sight."""

import ast
import math
import re

from .figures import draws
from .page import chapter_rule

WORDS, LINES, EQUATION = 200, 12, 1.5  # a minute's words, its lines; minutes of one
CORE = 70  # minutes, what one sitting holds
BESIDE = {"Further", "Exercises"}  # sections that are not of the core
FOLDED = {"hide-input", "hide-cell"}
STATED = re.compile(
    r"\*\*Time\*\*: (?P<core>\d+) minutes (?:to read|for the core, "
    r"(?P<further>\d+) for what is marked \*Further\*), \d+ seconds to run\.$",
    re.M,
)


def words(text):
    """Count the words of a Markdown text; a formula in a line is one of them."""
    text = re.sub(r"^(`{3,}|~{3,}).*?^\1", "", text, flags=re.S | re.M)
    text = re.sub(r"^\$\$.*?\$\$.*?$", "", text, flags=re.S | re.M)
    text = re.sub(r"\{[\w:-]+\}`([^`<]+)[^`]*`", r"\1", text)  # a role shows its words
    text = re.sub(r"\$[^$]+\$|`[^`]+`", " one ", text)
    text = re.sub(r"<[^<>]*>|\{[\w:-]+\}|\]\([^)]*\)|^:\w+:.*$", " ", text, flags=re.M)
    return len(re.findall(r"\w[\w.:'’-]*", text))


def minutes(cells):
    """Return how long cells take to read: prose, code in sight, numbered equations."""
    prose = "\n\n".join(cell.text for cell in cells if cell.kind == "markdown")
    labels = re.findall(r"\$\$[ ]*\([\w:-]+\)[ ]*$", prose, re.M)
    lines = sum(
        bool(line.strip())
        for cell in cells
        if cell.kind == "code" and not folds(cell)
        for line in cell.lines
    )
    return words(prose) / WORDS + lines / LINES + len(labels) * EQUATION


def folds(cell):
    """Return how a cell is folded: its code, or all of it with what it prints."""
    return FOLDED & set(cell.metadata.get("tags", []))


def times(page):
    """Return the minutes of the core and of what is marked *Further*, by fives."""
    core = [cell for cell in page.cells if cell.section not in BESIDE]
    further = [cell for cell in page.cells if cell.section == "Further"]
    return tuple(5 * math.ceil(minutes(cells) / 5) for cells in (core, further))


def stated(page):
    """Return the minutes that a chapter states for both, or None."""
    match = STATED.search(page.cells[0].text)
    return match and (int(match["core"]), int(match["further"] or 0))


@chapter_rule
def times_are_computed(page):
    """The minutes that a chapter states are those of the rule."""
    core, further = times(page)
    if stated(page) == (core, further):
        return []
    beside = f"for the core, {further} for what is marked *Further*"
    want = f"**Time**: {core} minutes {beside if further else 'to read'}, … seconds"
    return [f"write «{want} to run.», not {stated(page)}"]


@chapter_rule
def core_fits_a_sitting(page):
    """The core of a chapter takes 70 minutes at the most."""
    core, _ = times(page)
    return [f"the core takes {core} minutes, not {CORE}"] if core > CORE else []


def calls(statement, *names):
    """Say whether a statement calls one of these, and does nothing else."""
    if isinstance(statement, ast.For):
        return all(calls(inner, *names) for inner in statement.body)
    call = getattr(statement, "value", None)
    if not isinstance(statement, ast.Expr) or not isinstance(call, ast.Call):
        return False
    return ast.unparse(call.func) in names


def wanted_fold(cell):
    """Return the tag that a cell should have, if any."""
    body = ast.parse(cell.text).body
    if all(calls(statement, "store") for statement in body):
        return {"hide-cell"}  # the prose has the numbers
    if draws(cell.text) or all(calls(each, "store", "print") for each in body):
        return {"hide-input"}
    return set()


@chapter_rule
def what_teaches_is_in_sight(page):
    """A cell that draws, stores or prints is folded, and an assertion never is."""
    bad = []
    for cell in page.code:
        wanted, body = wanted_fold(cell), ast.parse(cell.text).body
        helps = wanted or re.search(r"\b(plt|axe?s?|figures|store)\b", cell.text)
        if wanted and folds(cell) != wanted and cell.section != "Exercises":
            bad.append(f"cell {cell.number} draws, stores or prints: tag it {wanted}")
        if folds(cell) and any(isinstance(s, ast.Assert) for s in body):
            bad.append(f"cell {cell.number} asserts, so it is not to be folded")
        if folds(cell) and not helps:
            bad.append(f"cell {cell.number} helps no drawing: take its tag away")
    return bad
