"""The repository: its contents, its pins, its files, and what its tests are like."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from math import ceil

import pytest
import yaml

from style import BOOK, ROOT, length, read_page

TESTS = ROOT / "tests"
CHAPTERS = sorted(BOOK.glob("*.ipynb"))
PAGES = CHAPTERS + sorted(BOOK.glob("*.md"))


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


def contents():
    """Return the files of the table of contents, in order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    return [toc["root"], *chapters]


def test_the_contents_are_the_files():
    files = {path.relative_to(ROOT).with_suffix("").as_posix() for path in PAGES}
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


def titles():
    """Return the title of each chapter by its file."""
    heads = [read_page(path).cells[0].lines[0] for path in CHAPTERS]
    return {p.name: head[2:] for p, head in zip(CHAPTERS, heads, strict=True)}


def test_the_index_and_the_readme_map_the_chapters():
    index = (BOOK / "index.md").read_text("utf-8")
    listed = re.findall(r"^\| *(\d+) *\| *\[([^]]+)\]\((\d\d[\w-]+)\)", index, re.M)
    assert [int(k) for k, _, _ in listed] == [*range(1, len(CHAPTERS) + 1)]
    assert {f"{name}.ipynb": title for _, title, name in listed} == titles()

    readme = (ROOT / "README.md").read_text("utf-8")
    row = r"^\| *\[(\d+)\]\(book/([\w-]+\.ipynb)\) *\| *([^|]+?) *\|"
    listed = re.findall(row, readme, re.M)
    assert [int(k) for k, _, _ in listed] == [*range(1, len(CHAPTERS) + 1)]
    assert {name: title for _, name, title in listed} == titles()
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", readme):
        assert (ROOT / target).exists(), f"README.md links to {target}"


def test_the_index_states_the_minutes_and_the_hours():
    index = (BOOK / "index.md").read_text("utf-8")
    cores = {page.chapter: length.times(page)[0] for page in map(read_page, CHAPTERS)}
    rows = re.findall(r"^\| *(\d+) *\|.*\| *(\d+) *\|$", index, re.M)
    assert {int(chapter): int(core) for chapter, core in rows} == cores

    rows = re.findall(r"^\| [a-z][^|]+\| (\d[\d, to]*) \| (\d+) \|$", index, re.M)
    assert len(rows) == 4
    for listed, hours in rows:
        first, *last = map(int, re.findall(r"\d+", listed))
        path = range(first, last[0] + 1) if "to" in listed else [first, *last]
        assert int(hours) == ceil(sum(cores[k] for k in path) / 60), listed


def readme_commands(text):
    """Return the commands that README.md marks for .ci/run, by name."""
    blocks = re.findall(r"<!-- command: (\w+) -->\n+```bash\n(.*?)\n```", text, re.S)
    return dict(blocks)


def test_ci_runs_the_commands_of_the_readme():
    commands = readme_commands((ROOT / "README.md").read_text("utf-8"))
    assert list(commands) == ["build", "test", "take"]
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    for key, command in commands.items():
        assert "\n" not in command
        assert command not in script
        assert f"from_readme {key}" in script
    assert commands["build"].endswith("jupyter-book build . -n -W --keep-going")
    assert "tests/requirements.txt" in commands["test"]
    assert commands["take"].endswith("python -m book.press")


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
    most = {"comparison.json": 2_000_000}  # each of 31,520 networks, for chapter 13
    large = [p for p in tracked() if p.stat().st_size > most.get(p.name, 500_000)]
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


# --- the tests ------------------------------------------------------------------------


def silent_tests(*texts):
    """Return the tests in which nothing is asserted, not even by what they call."""
    calls = defaultdict(set)  # an assert statement counts as a call of assert_
    for text in texts:
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, ast.FunctionDef):
                called = calls[function.name]
                for node in ast.walk(function):
                    if isinstance(node, ast.Assert):
                        called.add("assert_")
                    if isinstance(node, ast.Call):
                        called.add(ast.unparse(node.func).rpartition(".")[2])
    loud = {name for names in calls.values() for name in names if "assert_" in name}
    loud |= {"raises"}
    while more := {name for name in calls if calls[name] & loud} - loud:
        loud |= more
    tests = {name for name in calls if name.startswith("test_")}
    return sorted(tests - loud)


def test_every_test_asserts():
    assert silent_tests(*(path.read_text("utf-8") for path in TESTS.glob("*.py"))) == []
    helper = "def held(x):\n    assert x\n"
    assert silent_tests(helper, "def test_a():\n    held(1)\n") == []
    assert silent_tests(helper, "def test_a():\n    hold(1)\n") == ["test_a"]
    assert silent_tests("def test_a():\n    1 == 1\n") == ["test_a"]


def test_no_test_module_imports_another():
    wrong = re.compile(r"^\s*(?:from|import) (test_\w+)", re.M)
    texts = {path.name: path.read_text("utf-8") for path in TESTS.glob("*.py")}
    found = {name: set(wrong.findall(text)) for name, text in texts.items()}
    assert {name: others for name, others in found.items() if others} == {}
