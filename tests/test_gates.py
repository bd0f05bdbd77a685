"""The gates of `conftest.py` close: each is tried with a fault in a small project.

pytest runs inside this process. What is left to wait for are the kernels of the four
notebooks, most of a second each.
"""

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
CONFTEST = Path(__file__).with_name("conftest.py").read_text("utf-8")


def write_notebook(path, *sources):
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{k}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for k, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}}
    notebook |= {"nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), "utf-8")


@pytest.fixture
def project(pytester, monkeypatch):
    """Return a function that runs pytest on files beside a changed conftest."""
    monkeypatch.delenv("CI", raising=False)

    def run(*changes, ci=False, **files):
        conftest = CONFTEST
        for old, new in changes:
            assert old in conftest
            conftest = conftest.replace(old, new)
        pytester.makeconftest(conftest)
        if files:
            pytester.makepyfile(**files)
        if ci:
            monkeypatch.setenv("CI", "true")
        flags = ["--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider"]
        return pytester.runpytest_inprocess(*flags)

    return run


def test_a_cell_that_raises_is_red(project, pytester):
    write_notebook(pytester.path / "a.ipynb", "x = 1", "assert x == 2")
    project().assert_outcomes(passed=2, failed=1)


def test_a_chapter_within_its_limits_is_green(project, pytester):
    write_notebook(pytester.path / "a.ipynb", "x = 1", "assert x == 1")
    result = project()
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["a.ipynb took * s and * GB"])


def test_a_slow_chapter_is_red(project, pytester):
    write_notebook(pytester.path / "a.ipynb", "x = 1")
    result = project(("SECONDS = 60", "SECONDS = 0.01"))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*the limit is 0.01 s*"])


def test_a_greedy_chapter_is_red(project, pytester):
    write_notebook(pytester.path / "a.ipynb", "x = bytearray(300_000_000); del x")
    result = project(("BYTES = 1e9", "BYTES = 0.3e9"))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*the limit is 0 GB*"])


SKIPS = {
    "mark": "import pytest\n@pytest.mark.skip\ndef test_a(): pass",
    "call": "import pytest\ndef test_a(): pytest.skip('later')",
    "xfail": "import pytest\n@pytest.mark.xfail\ndef test_a(): assert 0",
    "module": "import pytest\npytest.importorskip('no_such_module')",
}


@pytest.mark.parametrize("kind", SKIPS)
def test_an_undeclared_skip_is_red(project, kind):
    result = project(test_a=SKIPS[kind])
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*undeclared skip of test_a.py*"])


def test_a_declared_skip_is_green_but_not_in_ci(project):
    declare = ("tests/test_site.py::*", "test_a.py::*")
    project(declare, test_a=SKIPS["mark"]).assert_outcomes(skipped=1)
    assert project(declare, test_a=SKIPS["mark"], ci=True).ret != 0
