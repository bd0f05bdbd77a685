"""The style guide that runs: the rules of `style.py` over the book, and over faults."""

import copy
import re
import subprocess
import sys

import pytest
import yaml

import style
from style import BOOK, ROOT, Page, read_page

CHAPTERS = sorted(BOOK.glob("*.ipynb"))
PAGES = CHAPTERS + sorted(BOOK.glob("*.md"))


def name(value):
    return getattr(value, "name", None) or getattr(value, "__name__", None)


def tracked(suffixes=()):
    """Walk over the files of the project, less what is ignored and hidden."""
    skipped = {"_build", "__pycache__", "node_modules", "venv", "env"}
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = [part for part in parts if part.startswith(".")]
        if path.is_file() and not skipped & set(parts):
            if not set(hidden) - {".ci", ".github"} or len(parts) == 1:
                if not suffixes or path.suffix in suffixes:
                    yield path


# --- the rules over the book ----------------------------------------------------------


@pytest.mark.parametrize("rule", style.CHAPTER_RULES, ids=name)
@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_chapter(path, rule):
    assert not (found := rule(read_page(path))), "\n".join(found)


@pytest.mark.parametrize("rule", style.PAGE_RULES, ids=name)
@pytest.mark.parametrize("path", PAGES, ids=name)
def test_page(path, rule):
    assert not (found := rule(read_page(path))), "\n".join(found)


def test_every_citation_resolves_and_is_used():
    bibliography = (BOOK / "references.bib").read_text("utf-8")
    assert style.citation_faults(map(read_page, PAGES), bibliography) == []


def test_every_term_resolves_and_has_a_korean_name():
    glossary = read_page(BOOK / "glossary.md")
    assert style.glossary_faults([read_page(p) for p in PAGES], glossary) == []


def test_a_confusion_is_settled_once():
    assert style.anchor_faults(map(read_page, PAGES)) == []


def test_every_settled_confusion_is_listed():
    listing = read_page(BOOK / "confusions.md")
    assert style.confusion_list_faults(map(read_page, CHAPTERS), listing) == []


# --- the rules over planted faults ----------------------------------------------------


def markdown(text):
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(text, alt=None):
    metadata = {"mystnb": {"image": {"alt": alt}}} if alt else {}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": text,
    }


def exercise(k):
    return [
        markdown(f":::{{exercise}} Double it\n:label: ex-09-{k}\n\nDouble a.\n:::"),
        code("answer = ...\ncheck(answer, 2)"),
        markdown(":::{hint}\n:class: dropdown\n\nAdd it to itself.\n:::"),
        markdown(f":::{{solution-start}} ex-09-{k}\n:class: dropdown\n:::"),
        code("solution = 2\nassert check(solution, 2)"),
        markdown("That is twice a.\n\n:::{solution-end}\n:::"),
    ]


def model_chapter():
    """Return a chapter without a fault, as small as the rules allow."""
    start = """:::{admonition} Before you start
**You will be able to**

- name the thing,
- compute it,
- check it.

**You need** nothing.

**Time** ten minutes.
:::"""
    cells = [
        markdown("# Model the chapter.\n\nAt its end you hold a chapter.\n\n" + start),
        code("import numpy as np\n\nrng = np.random.default_rng(1)"),
        markdown("## Question\n\nWhat is a {term}`gate`? See {cite:t}`author2026`."),
        markdown("## Forward: the state\n\n$$ h = x $$ (model-h)\n\nwith $h_t$."),
        code("h = 1\nassert h == 1"),
        markdown("## Derivation\n\n$$ \\boxed{h = \\frac{x}{1}} $$ (model-dh)"),
        markdown("## Implementation"),
        code("assert h == 1"),
        markdown("## Check"),
        code("assert h == 1"),
        markdown("## Experiment\n\nFigure 9.1 shows {glue:text}`loss:.2f`."),
        code("plt.plot([h])\nplt.show()", "A line that stays at one through time."),
        markdown("**Figure 9.1.** The state stays."),
        code("assert h == 1"),
        markdown("## In practice\n\n(confusion-03)=\n### Output, or state?\n\nBoth."),
        code("assert h == 1"),
        markdown("## Exercises"),
        *exercise(1),
        *exercise(2),
        *exercise(3),
        markdown("## Summary\n\nOne line.\n\n**Further reading**\n\n- A paper."),
    ]
    for k, cell in enumerate(cells):
        cell["id"] = f"cell-{k:02d}"
    metadata = {
        "kernelspec": {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        },
        "myst": {
            "html_meta": {
                "description": "A chapter with every part that a chapter has to have."
            }
        },
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def find(notebook, text):
    """Return the place of the first cell that contains a text."""
    return next(k for k, c in enumerate(notebook["cells"]) if text in c["source"])


def swap(old, new):
    """Return a fault that replaces a text in the first cell that has it."""

    def plant(notebook):
        cell = notebook["cells"][find(notebook, old)]
        cell["source"] = cell["source"].replace(old, new, 1)

    return plant


def drop(text):
    """Return a fault that removes the first cell with a text."""
    return lambda notebook: notebook["cells"].pop(find(notebook, text))


def put(key, value, text):
    """Return a fault that sets an entry of the first cell with a text."""
    return lambda notebook: notebook["cells"][find(notebook, text)].update({key: value})


def describe(text):
    return lambda notebook: notebook["metadata"].update(
        myst={"html_meta": {"description": text}}
    )


def say(text):
    """Return a fault that adds a sentence to the prose."""
    return swap("One line.", f"One line. {text}")


def move_up(text, to):
    """Return a fault that moves one cell in front of another."""

    def plant(notebook):
        cells = notebook["cells"]
        cells.insert(find(notebook, to), cells.pop(find(notebook, text)))

    return plant


def tag(notebook):
    notebook["cells"][1]["metadata"]["tags"] = ["nbval-skip"]


LONG = "a = 1\n" * 41
FAULTS = [
    ("no_outputs", put("outputs", [{"output_type": "stream"}], "import")),
    ("no_outputs", put("execution_count", 3, "import")),
    ("kept_ids", put("id", "cell-04", "import")),
    ("kept_ids", put("id", "1", "import")),
    ("kept_ids", put("id", None, "import")),
    ("plain_metadata", lambda notebook: notebook["metadata"].update(toc={})),
    ("plain_metadata", lambda notebook: notebook["metadata"].pop("kernelspec")),
    ("skips_come_in_pairs", tag),
    ("title", swap("# Model the", "# The")),
    ("title", swap("chapter.\n", "chapter\n")),
    ("title", swap("At its end", "## At its end")),
    ("before_you_start", swap("**You need**", "You need")),
    ("before_you_start", swap("- check it.", "")),
    ("before_you_start", swap("Before you start", "Before")),
    ("first_code", swap("default_rng(1)", "default_rng()")),
    ("first_code", swap("import numpy as np", "import numpy as np\n" * 12)),
    ("sections_in_order", swap("## Check", "## Verify")),
    ("sections_in_order", swap("## Check", "### Check")),
    ("sections_in_order", move_up("## Check", "## Question")),
    ("sections_assert", swap("h = 1\nassert h == 1", "h = 1\nh == 1")),
    ("derivation_is_labelled", swap("$$ (model-dh)", "$$")),
    ("derivation_is_labelled", swap("\\boxed", "")),
    ("further_reading", swap("**Further reading**", "Further reading")),
    ("first_use_is_linked", swap("{term}`gate`", "gate")),
    ("cell_lengths", put("source", LONG, "h = 1")),
    ("cell_lengths", lambda notebook: [
        cell.update(source="x = 1\n" * 9 + cell["source"]) for cell in notebook["cells"]
        if cell["cell_type"] == "code"]),
    ("cell_widths", swap("h = 1", "h = 1  # " + "x" * 88)),
    ("no_magic", swap("h = 1", "%timeit 1")),
    ("no_magic", swap("h = 1", "!pip install numpy")),
    ("plots_end_in_a_figure", swap("plt.show()", "")),
    ("plots_end_in_a_figure", swap("plt.show()", "plt.show();h")),
    ("plots_end_in_a_figure", swap("h = 1", "Diagram(4, 2).box(0, 0, 'h')")),
    ("plots_end_in_a_figure", swap("h = 1", "figures.heat(h)")),
    ("figures_have_alt_text", put("metadata", {}, "plt.show()")),
    ("figures_have_alt_text", put(
        "metadata", {"mystnb": {"image": {"alt": "figure-1.svg"}}}, "plt.show()")),
    ("figures_have_alt_text", put(
        "metadata", {"mystnb": {"image": {"alt": "A line of no cell."}}}, "h = 1")),
    ("figures_have_captions", drop("**Figure 9.1.**")),
    ("figures_have_captions", swap("**Figure 9.1.**", "**Figure 9.2.**")),
    ("figures_have_captions", drop("plt.show()")),
    ("figures_exist", say("Figure 9.7 shows it.")),
    ("exercises_are_whole", swap(":label: ex-09-2", ":label: ex-09-3")),
    ("exercises_are_whole", drop("{hint}")),
    ("exercises_are_whole", swap("answer = ...\ncheck", "answer = ...\nassert check")),
    ("exercises_are_whole", swap("answer = ...\ncheck(answer, 2)", "answer = ...")),
    ("exercises_are_whole", swap("assert check(solution, 2)", "check(solution, 2)")),
    ("exercises_are_whole", swap("ex-09-1\n:class: dropdown", "ex-09-1")),
    ("exercises_are_whole", lambda notebook: [
        drop("ex-09-3")(notebook), drop("ex-09-3")(notebook)]),
    ("exercises_are_whole", drop("## Exercises")),
    ("exercises_are_whole", drop(":::{solution-end}")),
    ("has_a_description", describe("")),
    ("has_a_description", describe("a chapter without a capital that goes on and on.")),
    ("has_a_description", describe("Too short.")),
    ("no_banned_words", say("It clearly is.")),
    ("no_banned_words", say("It just is.")),
    ("no_banned_words", say("It can be shown.")),
    ("british_spelling", say("Its behavior.")),
    ("british_spelling", say("We initialize it.")),
    ("no_shouting", say("There it is!")),
    ("no_shouting", say("\U0001f389")),
    ("numbers_are_measured", say("The loss falls to 0.31.")),
    ("balanced_tex", swap("\\frac{x}{1}", "\\frac{x}{1")),
    ("balanced_tex", swap("with $h_t$", "with $h_{t$")),
    ("balanced_tex", swap("with $h_t$", "with $\\left( h_t$")),
    ("confusions_are_anchored", swap("(confusion-03)=\n", "(confusion-03)=\n\n")),
    ("confusions_are_anchored", swap("(confusion-03)=", "(confusion-99)=")),
]  # fmt: skip
RULES = {rule.__name__: rule for rule in style.CHAPTER_RULES + style.PAGE_RULES}


def complaints(rule, notebook):
    return RULES[rule](Page("09-model.ipynb", notebook))


@pytest.mark.parametrize("rule", RULES)
def test_the_model_chapter_has_no_fault(rule):
    assert complaints(rule, model_chapter()) == []


@pytest.mark.parametrize(
    ("rule", "plant"), FAULTS, ids=[f"{k}-{rule}" for k, (rule, _) in enumerate(FAULTS)]
)
def test_a_planted_fault_is_found(rule, plant):
    notebook = model_chapter()
    before = copy.deepcopy(notebook)
    plant(notebook)
    assert notebook != before
    assert complaints(rule, notebook)


def test_every_rule_has_a_planted_fault():
    assert {rule for rule, _ in FAULTS} == set(RULES)


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
    page = Page("09-model.ipynb", {"cells": [markdown(text)], "metadata": {}})
    rules = [style.numbers_are_measured, style.no_banned_words, style.no_shouting]
    assert [rule(page) for rule in rules] == [[], [], []]


def test_planted_citations_are_found():
    page = Page("09-model.ipynb", model_chapter())
    entry = "@article{author2026,\n}\n"
    assert style.citation_faults([page], entry) == []
    assert style.citation_faults([page], "") != []
    assert style.citation_faults([], entry) != []
    assert style.citation_faults([page], entry + entry) != []


def test_planted_terms_are_found():
    page = Page("09-model.ipynb", model_chapter())
    entry = ":::{glossary}\ngate\n  A factor, 게이트.\n:::\n"
    assert style.glossary_faults([page], Page("glossary.md", text=entry)) == []
    for fault in (
        entry.replace("gate\n", "door\n"),
        entry.replace("게이트", "gate"),
        "",
    ):
        assert style.glossary_faults([page], Page("glossary.md", text=fault)) != []


def test_planted_anchors_are_found():
    page = Page("09-model.ipynb", model_chapter())
    assert style.anchor_faults([page]) == []
    assert style.anchor_faults([page, page]) != []


def test_planted_gaps_in_the_list_of_confusions_are_found():
    page = Page("09-model.ipynb", model_chapter())
    right = "{ref}`chapter 9 <confusion-03>`"
    wrong = ["", right + right, right.replace("9", "8"), right.replace("03", "04")]
    for text in (right, *wrong):
        found = style.confusion_list_faults([page], Page("confusions.md", text=text))
        assert (found == []) == (text == right)


# --- the repository -------------------------------------------------------------------


def contents():
    """Return the files of the table of contents, in order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    return [toc["root"], *chapters]


def test_the_contents_are_the_files():
    files = {path.relative_to(ROOT).with_suffix("").as_posix() for path in PAGES}
    assert len(contents()) == len(set(contents()))
    assert set(contents()) == files


def test_chapters_are_numbered_in_order():
    numbers = [int(path.name[:2]) for path in CHAPTERS]
    listed = [c for c in contents() if re.match(r"book/\d", c)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert listed == [f"book/{path.stem}" for path in CHAPTERS]


def test_the_top_level_is_small():
    visible = {"book", "tests", "_config.yml", "_toc.yml", "README.md"}
    visible |= {"requirements.txt", "LICENSE"}
    have = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert have - {"_build", "venv", "env"} == visible


def test_the_readme_maps_the_chapters():
    readme = (ROOT / "README.md").read_text("utf-8")
    mapped = re.findall(r"^\| *\[[^]]+\]\((book/[\w-]+\.ipynb)\) *\|", readme, re.M)
    assert mapped == [path.relative_to(ROOT).as_posix() for path in CHAPTERS]
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", readme):
        assert (ROOT / target).exists(), f"README.md links to {target}"


def readme_commands(text):
    """Return the commands that README.md marks for .ci/run, by name."""
    blocks = re.findall(r"<!-- command: (\w+) -->\n+```bash\n(.*?)\n```", text, re.S)
    return dict(blocks)


def test_ci_runs_the_commands_of_the_readme():
    commands = readme_commands((ROOT / "README.md").read_text("utf-8"))
    assert list(commands) == ["build", "test"]
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    for key, command in commands.items():
        assert "\n" not in command
        assert command not in script
        assert f"from_readme {key}" in script
    assert commands["build"].endswith("jupyter-book build . -n -W --keep-going")
    assert "tests/requirements.txt" in commands["test"]


def test_requirements_are_pinned():
    for path in (ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"):
        for line in path.read_text("utf-8").splitlines():
            line = line.partition("#")[0].strip()
            if line and not line.startswith("-r "):
                assert re.match(r"[\w.-]+(\[\w+\])?==[\w.]+( *;.*)?$", line), line


def test_the_hooks_use_the_pinned_tools():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    pins = (ROOT / "tests" / "requirements.txt").read_text("utf-8")
    found = {repo["repo"].rpartition("/")[2]: repo["rev"] for repo in hooks["repos"]}
    for repo, package in [
        ("ruff-pre-commit", "ruff"),
        ("codespell", "codespell"),
    ]:
        assert f"{package}=={found[repo].lstrip('v')}\n" in pins


MACHINE = re.compile(r"((/home/|/Users/|/root/|/tmp/\w+/)[\w.]|\b[A-Z]:\\+\w{2})")


def test_no_path_of_one_machine():
    suffixes = {
        ".py",
        ".ipynb",
        ".md",
        ".yml",
        ".yaml",
        ".txt",
        ".css",
        ".toml",
        ".bib",
    }
    for path in tracked(suffixes):
        for line in path.read_text("utf-8").splitlines():
            assert not MACHINE.search(line), f"{path.name}: {line.strip()[:80]}"
    assert MACHINE.search("see /home/" + "me/course")


def test_no_large_file():
    large = [path for path in tracked() if path.stat().st_size > 500_000]
    assert large == []


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_finds_nothing(command):
    result = run(sys.executable, "-m", "ruff", *command, "--no-cache", ".")
    assert result.returncode == 0, result.stdout


def test_codespell_finds_nothing():
    paths = ["book", "tests", "README.md", ".github"]
    result = run(sys.executable, "-m", "codespell_lib", *paths)
    assert result.returncode == 0, result.stdout
