"""The style guide that runs: the rules of `style` over the book, and over faults."""

import copy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from myst_nb.core.read import read_myst_markdown_notebook
from nbclient import NotebookClient

import style
from style import BOOK, ROOT, Page, read_page

CHAPTERS = sorted(BOOK.glob("*.ipynb"))
PAGES = CHAPTERS + sorted(BOOK.glob("*.md"))
TEMPLATE = Path(__file__).with_name("template.md").read_text("utf-8")


def name(value):
    return getattr(value, "name", None) or getattr(value, "__name__", None)


# --- the rules over the book ----------------------------------------------------------


@pytest.mark.parametrize("rule", style.CHAPTER_RULES, ids=name)
@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_chapter(path, rule):
    assert not (found := rule(read_page(path))), "\n".join(found)


@pytest.mark.parametrize("rule", style.PAGE_RULES, ids=name)
@pytest.mark.parametrize("path", PAGES, ids=name)
def test_page(path, rule):
    assert not (found := rule(read_page(path))), "\n".join(found)


def test_every_entry_of_the_bibliography_is_cited():
    bibliography = (BOOK / "references.bib").read_text("utf-8")
    assert style.uncited(map(read_page, PAGES), bibliography) == []


def test_every_term_has_a_korean_name():
    assert style.terms_without_korean(read_page(BOOK / "glossary.md")) == []


def test_every_confusion_is_settled_once_and_listed():
    listing = read_page(BOOK / "confusions.md")
    assert style.confusions_off_the_list(map(read_page, CHAPTERS), listing) == []


# --- the model chapter ----------------------------------------------------------------


def model_chapter():
    """Return the template as the notebook that jupytext would make of it."""
    return read_myst_markdown_notebook(TEMPLATE)


def test_the_model_chapter_runs():
    notebook = model_chapter()
    nbformat.validate(notebook)
    folder = {"metadata": {"path": str(BOOK)}}
    NotebookClient(notebook, timeout=60, resources=folder).execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert any("image/svg+xml" in out.get("data", {}) for out in outputs)


def test_ruff_finds_nothing_in_the_model_chapter():
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "-"]
    command += ["--stdin-filename", "book/00-template.ipynb"]
    text = nbformat.writes(model_chapter()).encode()
    result = subprocess.run(command, cwd=ROOT, input=text, capture_output=True)
    assert result.returncode == 0, result.stdout.decode()


# --- the rules over planted faults ----------------------------------------------------


def find(notebook, text):
    """Return the place of the first cell that contains a text."""
    return next(k for k, c in enumerate(notebook["cells"]) if text in c["source"])


def swap(old, new):
    """Return a fault that replaces a text in the first cell that has it."""

    def plant(notebook):
        cell = notebook["cells"][find(notebook, old)]
        cell["source"] = cell["source"].replace(old, new, 1)

    return plant


def drop(text, count=1):
    """Return a fault that removes the first cells with a text."""
    return lambda notebook: [
        notebook["cells"].pop(find(notebook, text)) for _ in range(count)
    ]


def put(key, value, text):
    """Return a fault that sets an entry of the first cell with a text."""
    return lambda notebook: notebook["cells"][find(notebook, text)].update({key: value})


def note(key, value):
    """Return a fault that sets an entry of the notebook's metadata."""
    return lambda notebook: notebook["metadata"].update({key: value})


def describe(text):
    """Return a fault that describes the chapter so."""
    return note("myst", {"html_meta": {"description": text}})


def alt(text, cell):
    """Return a fault that gives a cell an alt text."""
    return put("metadata", {"mystnb": {"image": {"alt": text}}}, cell)


def say(text):
    """Return a fault that adds a sentence to the prose."""
    return swap("is late.", f"is late. {text}")


def move_up(text, to):
    """Return a fault that moves one cell in front of another."""

    def plant(notebook):
        cells = notebook["cells"]
        cells.insert(find(notebook, to), cells.pop(find(notebook, text)))

    return plant


def same_ids(notebook):
    notebook["cells"][1]["id"] = notebook["cells"][0]["id"]


def longer(notebook):
    for cell in notebook["cells"]:
        cell["source"] = "x = 1\n" * 9 + cell["source"]


FAULTS = {
    "no_outputs": [
        put("outputs", [{"output_type": "stream"}], "import"),
        put("execution_count", 3, "import"),
    ],
    "kept_ids": [same_ids, put("id", "1", "import"), put("id", None, "import")],
    "plain_metadata": [note("toc", {}), note("kernelspec", {"name": "julia"})],
    "skips_come_in_pairs": [put("metadata", {"tags": ["nbval-skip"]}, "import")],
    "title": [
        swap("# Smoothing: keep", "# Keep"),
        swap("a series\n", "a series.\n"),
        swap("At the end", "## At the end"),
    ],
    "before_you_start": [
        swap("**You need**", "You need"),
        swap("- compute a moving average with a pencil;", ""),
        swap("Before you start", "Before"),
    ],
    "first_code": [
        swap("default_rng(0)", "default_rng()"),
        swap("import numpy as np", "import numpy as np\n" * 12),
    ],
    "sections_in_order": [
        swap("## Check", "## Verify"),
        swap("## Check", "### Check"),
        move_up("## Check", "## Question"),
        swap("## Experiment", "## Forward"),
        swap("## Experiment", "## Derivation: again"),
    ],
    "sections_begin_cells": [swap("## Check", "(a-label)=\nSo.\n\n## Check")],
    "sections_assert": [swap("assert forward(", "print(")],
    "derivation_is_labelled": [swap("$$ (average-dh)", "$$"), swap("\\boxed", "")],
    "further_reading": [swap("**Further reading**", "Further reading")],
    "first_use_is_linked": [
        lambda notebook: [
            cell.update(source=cell["source"].replace("{term}", ""))
            for cell in notebook["cells"]
        ]
    ],
    "cell_lengths": [put("source", "a = 1\n" * 41, "def step"), longer],
    "no_magic": [
        swap("def step(", "%timeit 1\ndef step("),
        swap("def step(", "!pip install numpy\ndef step("),
    ],
    "plots_end_in_a_figure": [
        swap("plt.show()", ""),
        swap("plt.show()", "plt.show();fig"),
        swap("def step(", "Diagram(4, 2).box(0, 0, 'h')\n\n\ndef step("),
        swap("def step(", "figures.heat(h)\n\n\ndef step("),
    ],
    "figures_have_alt_text": [
        put("metadata", {}, "plt.show()"),
        alt("figure-1.svg", "plt.show()"),
        alt("A line that no cell has drawn here.", "def step("),
    ],
    "figures_have_captions": [
        drop("**Figure 0.1.**"),
        swap("**Figure 0.1.**", "**Figure 0.2.**"),
        drop("plt.show()"),
    ],
    "figures_exist": [say("Figure 0.7 shows it.")],
    "exercises_are_whole": [
        swap(":label: ex-00-2", ":label: ex-00-3"),
        drop("{hint}"),
        swap("\ncheck(half_life", "\nassert check(half_life"),
        swap("\ncheck(half_life", "\nprint(half_life"),
        swap("half_life_solved, [1.0", "half_life_solved, [2.0"),
        swap("assert check(half_life_solved", "check(half_life_solved"),
        swap("{solution-start} ex-00-1\n:class: dropdown", "{solution-start} ex-00-1"),
        drop("ex-00-3", 2),
        drop("## Exercises"),
        drop(":::{solution-end}"),
    ],
    "has_a_description": [
        describe(""),
        describe("a chapter without a capital that goes on and on and on."),
        describe("Too short."),
    ],
    "times_are_computed": [
        swap("15 minutes", "20 minutes"),
        swap("5 for what is marked *Further*, ", ""),
        say("And so on. " * 400),
    ],
    "core_fits_a_sitting": [say("And so on. " * 9000)],
    "what_teaches_is_in_sight": [
        put("metadata", {"tags": []}, "store("),
        put("metadata", {"mystnb": {"image": {"alt": "A line."}}}, "plt.show()"),
        put("metadata", {"tags": ["hide-input"]}, "def step_back"),
        put("metadata", {"tags": ["hide-input"]}, "def forward"),
    ],
    "no_banned_words": [
        say("It clearly is."),
        say("It just is."),
        say("It can be shown."),
    ],
    "british_spelling": [say("Its behavior."), say("We initialize it.")],
    "no_shouting": [say("There it is!"), say("\U0001f389")],
    "numbers_are_measured": [say("The loss falls to 0.31.")],
    "balanced_tex": [
        swap("\\frac{\\partial L}", "\\frac{\\partial L"),
        say("So $h_{t$."),
        say("So $\\left( h_t$."),
    ],
    "confusions_are_anchored": [
        say("\n\n(confusion-03)=\n\n### A title"),
        say("\n\n(confusion-99)=\n### A title"),
    ],
}
PLANTED = {
    f"{rule}-{k}": (rule, fault)
    for rule, faults in FAULTS.items()
    for k, fault in enumerate(faults)
}
RULES = {rule.__name__: rule for rule in style.CHAPTER_RULES + style.PAGE_RULES}


def complaints(rule, notebook):
    return RULES[rule](Page("00-template.ipynb", notebook))


@pytest.mark.parametrize("rule", RULES)
def test_the_model_chapter_has_no_fault(rule):
    assert complaints(rule, model_chapter()) == []


@pytest.mark.parametrize(("rule", "plant"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_found(rule, plant):
    notebook = model_chapter()
    before = copy.deepcopy(notebook)
    plant(notebook)
    assert notebook != before
    assert complaints(rule, notebook)


def test_every_rule_has_a_planted_fault():
    assert FAULTS.keys() == RULES.keys()


@pytest.mark.parametrize(
    "text",
    [
        "Figures 3.1 and 3.2, and section 4.1 of the paper.",
        "The code `1.5` and the formula $0.5 x$.",
        "{glue:text}`loss:.2f`",
        "Equation (10.2).",
        "```python\nx = 0.5  # clearly!\n```",
    ],
)
def test_prose_that_is_allowed(text):
    page = Page("a.md", text=text)
    rules = ["numbers_are_measured", "no_banned_words", "no_shouting"]
    assert [RULES[rule](page) for rule in rules] == [[], [], []]


def test_planted_entries_that_nobody_cites_are_found():
    page = Page("a.md", text="See {cite:t}`one2026` and {cite:p}`two2026, three2026`.")
    entries = [f"@misc{{{name}2026,\n}}\n" for name in ("one", "two", "three", "four")]
    assert style.uncited([page], "".join(entries)) == ["four2026 is cited nowhere"]


def test_planted_terms_without_a_korean_name_are_found():
    entry = "```{glossary}\ngate\nvalve\n  A factor, 게이트.\n\nstate\n  상태.\n```\n"
    assert style.terms_without_korean(Page("glossary.md", text=entry)) == []
    for fault in (entry.replace("게이트", "gate"), entry.replace("상태", "state"), ""):
        assert style.terms_without_korean(Page("glossary.md", text=fault)) != []


def test_planted_gaps_in_the_list_of_confusions_are_found():
    text = "(confusion-03)=\n## A title"
    page, again = Page("09-a.md", text=text), Page("08-b.md", text=text)
    right = "{ref}`chapter 9 <confusion-03>`"
    wrong = ["", right + right, right.replace("9", "8"), right.replace("03", "04")]
    for text in (right, *wrong):
        found = style.confusions_off_the_list([page], Page("c.md", text=text))
        assert (found == []) == (text == right)
    both = Page("c.md", text=right + right.replace("9", "8"))
    assert style.confusions_off_the_list([page, again], both) != []
