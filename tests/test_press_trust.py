"""What the tests leave for the page *How far to trust it*, and how it gets there."""

import getpass
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx.errors import ExtensionError

import report
from press import trust

HERE = Path(__file__).resolve().parent
GOOD = ["x = [1, 2]\nassert x", "for k in x:\n    assert k, 'one'\nassert sum(x) == 3"]


# --- what a run leaves ----------------------------------------------------------------


def notebook(path, cells):
    """Write a notebook of some code, with a word before it."""
    cells = [new_markdown_cell("A word: assert.")] + [*map(new_code_cell, cells)]
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)


def run(folder, *arguments):
    """Run the tests of a folder with two workers, and return their report."""
    known = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadscope", *arguments],
        cwd=folder,
        env=known,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    return json.loads((folder / "_build" / "report.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A course of two chapters and three tests; chapter 2 and a test fail."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "tests").mkdir()
    for name in ("conftest.py", "report.py"):
        shutil.copy(HERE / name, folder / "tests" / name)
    shutil.copy(HERE.parent / ".pytest.ini", folder)
    small = "def test_a():\n    assert 1\n\ndef test_b():\n    assert 0\n"
    (folder / "tests" / "test_small.py").write_text(small, "utf-8")
    planted = "def test_c():\n    assert 1\n"
    (folder / "tests" / "test_planted.py").write_text(planted, "utf-8")
    notebook(folder / "book" / "01-good.ipynb", GOOD)
    notebook(folder / "book" / "02-bad.ipynb", ["x = 1", "assert x == 2", "x"])
    return folder


def test_a_run_keeps_what_passed_and_a_part_of_it_only_what_ran(folder):
    began = datetime.now(UTC).isoformat(timespec="minutes")
    whole = run(folder)
    chapters, good = whole["chapters"], whole["chapters"]["01-good"]
    assert good["passed"] >= began and "failed" not in good
    assert good["seconds"] > 0 and good["bytes"] > 1e6
    assert (good["cells"], good["checks"]) == (2, 3)
    assert good["on"].keys() >= {"Python", "NumPy", "PyTorch", "Matplotlib", "cores"}
    assert good["on"]["commit"] is None and good["on"]["NumPy"].count(".") == 2
    assert chapters["02-bad"] == {"passed": None, "failed": good["passed"]}
    passed = whole["run"]["passed"]
    assert passed["cells of the chapters"] == 3 + 3  # limits of both among them
    assert passed["planted bugs"] == 1 and passed["the module"] == 1
    assert whole["run"]["failed"] == 2 and whole["run"]["seconds"] > 0
    text = (folder / "_build" / "report.json").read_text("utf-8")
    assert str(folder) not in text and str(Path.home()) not in text
    assert f'"{getpass.getuser()}"' not in text
    assert [path.name for path in (folder / "_build").iterdir()] == ["report.json"]

    old = "2020-02-03T04:05+00:00"
    for entry in chapters.values():
        entry |= {"passed": old}
    report.write(folder / "_build" / "report.json", whole)
    part = run(folder, "tests/test_small.py", "book/02-bad.ipynb")
    assert part["chapters"]["01-good"] == good
    assert part["chapters"]["02-bad"]["passed"] == old
    assert part["chapters"]["02-bad"]["failed"] >= began
    assert part["run"] == whole["run"]

    part = run(folder, "--deselect", "book/01-good.ipynb::Cell 1")
    assert part["chapters"]["01-good"] == good  # a part of it passed
    assert part["run"] == whole["run"]


def test_assertions_are_counted():
    assert sum(map(report.checks, GOOD)) == 3
    assert report.checks("assert check(solution, 1)\ncheck(answer, 1)") == 1
    assert report.checks("def f():\n    assert a == b\n\n\n'assert'  # assert") == 1
    assert report.checks("") == 0


def test_half_a_report_never_stands(tmp_path, monkeypatch):
    path = tmp_path / "new" / "report.json"
    report.write(path, {"chapters": {}})
    whole = path.read_text("utf-8")

    def interrupted(self, text, encoding):
        with self.open("w", encoding=encoding) as file:
            file.write(text[: len(text) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", interrupted)
    with pytest.raises(KeyboardInterrupt):
        report.write(path, {"chapters": {"01-good": {"passed": None}}})
    assert path.read_text("utf-8") == whole


@pytest.mark.skipif(not shutil.which("git"), reason="no git")
def test_the_commit_is_named(tmp_path):
    def git(*words):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True)

    assert report.commit(tmp_path) is None
    git("init", "-q")
    (tmp_path / "a").write_text("1", "utf-8")
    git("add", "a")
    git("commit", "-q", "-m", "One")
    name = report.commit(tmp_path)
    assert len(name) >= 7 and not name.endswith("+")
    (tmp_path / "a").write_text("2", "utf-8")
    assert report.commit(tmp_path) == f"{name}+"
    (tmp_path / "inside").mkdir()
    assert report.commit(tmp_path / "inside") is None


# --- the page -------------------------------------------------------------------------

SIDE = '<li class="toctree-l1"><a class="reference internal" href="{}.html">{}</a></li>'
EMPTY = "<!-- what the tests measured -->\n<!-- up to here -->"
PAGE = "\n".join(
    [
        SIDE.format("01-good", "1. Good: be so"),
        SIDE.format("02-bad", "2. Bad"),
        SIDE.format("03-new", "3. New: yet to come"),
        SIDE.format("notation", "Notation"),
        f"<p>Before.</p>\n{EMPTY}\n<p>After.</p>",
    ]
)
ON = {"commit": "b6890f7", "Python": "3.13.1", "cores": 2}
PASSED = {
    "passed": "2026-11-22T04:45+00:00",
    "seconds": 12.4,
    "bytes": 1_234_000_000,
    "checks": 48,
    "on": ON,
}
FAILED = {"passed": "2026-03-01T23:59+00:00", "failed": "2026-11-22T04:45+00:00"}


@pytest.fixture
def filled(tmp_path):
    """Return a function that fills a page from a report and returns its text."""
    page = tmp_path / "book" / "trust.html"
    page.parent.mkdir()

    def filled(known=None, text=PAGE):
        page.write_text(text, "utf-8")
        if known is not None:
            report.write(tmp_path / "report.json", known)
        trust.fill(tmp_path, tmp_path / "report.json")
        return page.read_text("utf-8")

    return filled


def row(digits, link, *cells):
    """Return a chapter's row as it should be."""
    passed, *counts = cells
    counts = "".join(f'<td class="text-right">{count}</td>' for count in counts)
    head = f'<tr id="trust-{digits}"><th scope="row">{link}</th>'
    return f"{head}<td>{passed}</td>{counts}</tr>"


def test_without_a_report_the_page_says_so(filled):
    text = filled()
    assert text.count(trust.NOT_RUN) == 1 and text.count("<table") == 1
    one = '<a href="01-good.html">1. Good</a>'
    assert row("01", one, *"––––") in text
    assert text.count('<tr id="trust-') == 3
    assert text.startswith("<li") and text.endswith("<p>After.</p>")


def test_the_rows_say_what_was_measured(filled):
    text = filled({"chapters": {"01-good": PASSED, "02-bad": FAILED}})
    one = '<a href="01-good.html">1. Good</a>'
    assert row("01", one, "22 November 2026", "48", "12", "1,230") in text
    two, late = '<a href="02-bad.html">2. Bad</a>', "failed on 22 November 2026"
    assert row("02", two, f"1 March 2026; {late}", *"–––") in text
    three = '<a href="03-new.html">3. New</a>'
    assert row("03", three, *"––––") in text
    assert trust.NOT_RUN not in text and "All tests" not in text
    assert '<th scope="col">chapters 1</th>' in text
    assert '<th scope="row">commit</th><td>b6890f7</td>' in text


def test_a_failure_that_was_never_a_pass_is_named(filled):
    text = filled({"chapters": {"02-bad": FAILED | {"passed": None}}})
    assert "<td>failed on 22 November 2026</td>" in text


def test_each_machine_has_its_column(filled):
    other = PASSED | {"on": ON | {"commit": "1234567+", "Python": None}}
    text = filled({"chapters": {"01-good": PASSED, "02-bad": other, "03-new": PASSED}})
    assert ">chapters 1, 3</th>" in text and ">chapters 2</th>" in text
    assert "<td>b6890f7</td><td>1234567, changed</td>" in text
    assert "<td>3.13.1</td><td>–</td>" in text
    assert trust.runs([1, 2, 3, 5, 7, 8]) == "1 to 3, 5, 7 to 8"


def test_the_run_of_all_tests_is_shown(filled):
    run = {"ended": "2026-11-22T04:45+00:00", "seconds": 790, "failed": 0}
    run["passed"] = {"the module": 2210}
    text = filled({"chapters": {"01-good": PASSED}, "run": run})
    assert "All tests, run on 22 November 2026 in 13 minutes.</caption>" in text
    assert '<th scope="row">the module</th><td class="text-right">2,210</td>' in text
    text = filled({"chapters": {"01-good": PASSED}, "run": run | {"failed": 2}})
    assert "in 13 minutes; 2 failed.</caption>" in text


def test_a_page_is_filled_again(filled):
    known = {"chapters": {"01-good": PASSED}}
    once = filled(known)
    assert filled(known, text=once) == once
    assert filled({}, text=once) == filled({})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (PAGE.replace("<!-- up to here -->", ""), "0 places"),
        (PAGE.replace("toctree-l1", "toc"), "no chapters"),
    ],
)
def test_a_page_without_its_place_or_its_chapters_stops_the_build(filled, wrong, said):
    with pytest.raises(ExtensionError, match=said):
        filled({}, text=wrong)
