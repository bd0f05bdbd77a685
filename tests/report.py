"""What a run of the tests measured, kept in `_build/report.json` for the site."""

import ast
import json
import os
import platform
import subprocess
import time
from collections import defaultdict
from datetime import UTC, datetime
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import nbformat
import pytest

REPORT = Path(__file__).resolve().parent.parent / "_build" / "report.json"

GROUPS = {  # the first pattern that a file fits is its group
    "book/*.ipynb": "cells of the chapters",
    "tests/test_plant*.py": "planted bugs",
    "tests/test_book.py": "style and repository",
    "tests/test_repository.py": "style and repository",
    "tests/test_site.py": "the site",
    "tests/test_explorers.py": "the site",
    "tests/test_press_*.py": "the site",
    "*": "the module",
}
PACKAGES = {
    "NumPy": "numpy",
    "PyTorch": "torch",
    "Matplotlib": "matplotlib",
    "ONNX Runtime": "onnxruntime",
}
# What leaves tests out, or ends a run early: then it says nothing about all of them.
CHOOSING = ["keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "maxfail"]


def checks(source):
    """Count the assertions of a cell, one in a loop as one.

    An `assert check(…)` of a solution is one of them. A bare `check(…)` waits for the
    reader's answer, so it is none.
    """
    return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))


def commit(folder):
    """Return the commit of a folder, `+` behind it if a file differs, None without."""
    git = ["git", "-C", str(folder)]
    try:
        top = subprocess.run([*git, "rev-parse", "--show-prefix"], capture_output=True)
        if top.returncode or top.stdout.strip():  # of another project, further up
            return None
        name = subprocess.run(
            [*git, "describe", "--always", "--dirty=+", "--exclude=*"],
            capture_output=True,
            text=True,
        )
    except OSError:
        return None
    return name.stdout.strip() or None


def installed(package):
    """Return the version of a package, None where it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def surroundings(folder):
    """Return what the tests ran on: the commit, the versions, the machine's kind."""
    return {
        "commit": commit(folder),
        "Python": platform.python_version(),
        **{name: installed(package) for name, package in PACKAGES.items()},
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


def write(path, report):
    """Put a report in a file's place, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}")
    half.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    half.replace(path)


class Report:
    """Listen to a run, where all its workers report, and keep what it measured.

    Parameters
    ----------
    path : Path
        The file; what it says of chapters that this run leaves out stays.
    """

    def __init__(self, path):
        self.path, self.began = path, time.monotonic()
        self.passed, self.failed = defaultdict(set), defaultdict(set)
        self.measured = {}

    def pytest_runtest_logreport(self, report):
        """Sort a test by its file, and take what `limits` measured of a notebook."""
        file = report.nodeid.partition("::")[0]
        if report.failed:
            self.failed[file].add(report.nodeid)
        elif report.passed and report.when == "call":
            self.passed[file].add(report.nodeid)
            for key, value in report.user_properties:
                if key == "measured":
                    self.measured[file] = value

    def pytest_collectreport(self, report):
        """See a file that cannot even be read."""
        if report.failed:
            self.failed[report.nodeid.partition("::")[0]].add(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        """Bring the file up to date with what ran."""
        files = {*self.passed, *self.failed}
        if not files or exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            return
        root = session.config.rootpath
        now = datetime.now(UTC).isoformat(timespec="minutes")
        kept = json.loads(self.path.read_text("utf-8")) if self.path.exists() else {}
        chapters = kept.setdefault("chapters", {})
        where = surroundings(root)
        for file in sorted(file for file in files if fnmatch(file, "book/*.ipynb")):
            name = Path(file).stem
            if self.failed[file]:
                before = chapters.get(name, {}).get("passed")
                chapters[name] = {"passed": before, "failed": now}
            elif measured := self.of_the_whole(root / file, self.passed[file], file):
                chapters[name] = {"passed": now, **measured, "on": where}
        if is_whole(session.config, exitstatus):
            kept["run"] = self.of_all_tests(now)
        write(self.path, kept)

    def of_the_whole(self, path, passed, file):
        """Return what was measured of a notebook, None if cells of it did not run."""
        cells = nbformat.read(path, as_version=nbformat.NO_CONVERT)["cells"]
        code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        if file not in self.measured or len(passed) != len(code) + 1:
            return None
        counted = {"cells": len(code), "checks": sum(map(checks, code))}
        return self.measured[file] | counted

    def of_all_tests(self, now):
        """Return how many tests passed, by group, and how long they took."""
        groups = dict.fromkeys(GROUPS.values(), 0)
        for file, tests in self.passed.items():
            pattern = next(pattern for pattern in GROUPS if fnmatch(file, pattern))
            groups[GROUPS[pattern]] += len(tests - self.failed[file])
        return {
            "ended": now,
            "seconds": round(time.monotonic() - self.began),
            "passed": groups,
            "failed": sum(map(len, self.failed.values())),
        }


def is_whole(config, exitstatus):
    """Say whether a run was of all tests, to its end."""
    all_of_them = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    chosen = [name for name in CHOOSING if config.getoption(name, None)]
    ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    return all_of_them and ended and not chosen
