"""What every run has: one thread a process, declared skips, limits of a chapter."""

import os
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path

# The one list of what may be skipped: the pattern of a test's name, and why. Any other
# skip or expected failure is a failure. In CI nothing may be skipped.
DECLARED_SKIPS = {
    "tests/test_site.py::*": "the site is not built, or there is no browser",
    "tests/test_explorers.py::*": "the site is not built, or there is no browser",
    "tests/test_press_pages.py::*": "the site is not built, or there is no browser",
    "tests/test_press_fonts.py::*built_site*": "the site is not built",
    "tests/test_press_take_away.py::*": "the site is not built, or there is no browser",
}
IN_CI = bool(os.environ.get("CI"))

SECONDS = 60  # the most that a chapter may compute
BYTES = 1e9  # the most memory that its kernel may use

# Before anything imports NumPy: several workers share the cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import hypothesis  # noqa: E402
import psutil  # noqa: E402
import pytest  # noqa: E402
from nbval.plugin import IPyNbCell  # noqa: E402

from report import REPORT, Report  # noqa: E402

# How every drawn test is run: the same draws each time, on a machine of any speed. A
# test that needs more of them says so: @settings(max_examples=300).
hypothesis.settings.register_profile(
    "course", deadline=None, derandomize=True, max_examples=100, print_blob=True
)
hypothesis.settings.load_profile("course")


def pytest_configure(config):
    """Register the hooks as a plugin, so that they see the notebooks in book/ too."""
    config.pluginmanager.register(Skips())
    config.pluginmanager.register(Limits())
    if not hasattr(config, "workerinput"):  # a worker's reports come to where all do
        config.pluginmanager.register(Report(REPORT))


class Skips:
    """Turn what is skipped without leave into a failure."""

    def refuse(self, report):
        """Fail a report of a skip that is not declared."""
        declared = any(fnmatch(report.nodeid, name) for name in DECLARED_SKIPS)
        if report.skipped and (IN_CI or not declared):
            reason = getattr(report, "wasxfail", None) or report.longrepr
            report.outcome = "failed"
            report.longrepr = f"undeclared skip of {report.nodeid}: {reason}"
            vars(report).pop("wasxfail", None)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self):
        """See the skips of whole modules."""
        return self.refuse((yield))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self):
        """See the skips of single tests."""
        return self.refuse((yield))


def peak_memory(pid):
    """Return the most bytes that a process and its children have held so far.

    Linux and Windows keep the peak. Elsewhere this is what is held now, which each
    cell's end samples.
    """
    total = 0
    parent = psutil.Process(pid)
    for process in [parent, *parent.children(recursive=True)]:
        status = Path(f"/proc/{process.pid}/status")
        if status.exists():
            lines = dict(line.split(":", 1) for line in status.open() if ":" in line)
            total += 1024 * int(lines.get("VmHWM", "0 kB").split()[0])
        else:
            info = process.memory_info()
            total += getattr(info, "peak_wset", info.rss)
    return total


def computed(pid):
    """Return the seconds that a process and its children have computed so far.

    On a core of its own that is how long it runs; on a shared one it does not count
    what it waited.
    """
    parent = psutil.Process(pid)
    processes = [parent, *parent.children(recursive=True)]
    return sum(sum(process.cpu_times()[:4]) for process in processes)


class Limits:
    """Measure each notebook's kernel while nbval runs it, and judge at its end."""

    def __init__(self):
        self.seconds = defaultdict(float)
        self.bytes = defaultdict(int)

    def pytest_collection_modifyitems(self, items):
        """Put one more test behind the last cell of each whole notebook."""
        last = {item.parent: item for item in items if isinstance(item, IPyNbCell)}
        for notebook, item in last.items():
            cells = sum(cell.cell_type == "code" for cell in notebook.nb.cells)
            if sum(other.parent is notebook for other in items) == cells:
                limits = WithinLimits.from_parent(notebook, name="limits")
                limits.measured = self
                items.insert(items.index(item) + 1, limits)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item):
        """Sample the kernel's time and memory at the end of a cell."""
        kernel = getattr(item.parent, "kernel", None)
        if isinstance(item, IPyNbCell) and kernel is not None and kernel.is_alive():
            pid, path = kernel.km.provisioner.pid, item.path
            self.seconds[path] = computed(pid)
            self.bytes[path] = max(self.bytes[path], peak_memory(pid))


class WithinLimits(pytest.Item):
    """The test that a notebook stayed within its time and memory."""

    def runtest(self):
        """Compare what was measured with the limits."""
        seconds, held = self.measured.seconds[self.path], self.measured.bytes[self.path]
        text = f"{self.path.name} took {seconds:.1f} s and {held / 1e9:.2f} GB"
        self.user_properties.append(("limits", text))
        measured = {"seconds": round(seconds, 1), "bytes": held}
        self.user_properties.append(("measured", measured))
        assert held > 0, f"{text}: its memory was not measured"
        assert seconds <= SECONDS, f"{text}: the limit is {SECONDS} s"
        assert held <= BYTES, f"{text}: the limit is {BYTES / 1e9:.0f} GB"

    def reportinfo(self):
        """Name the test."""
        return self.path, 0, f"{self.path.name}::limits"


def pytest_terminal_summary(terminalreporter):
    """List what each chapter took."""
    reports = terminalreporter.stats.get("passed", [])
    called = [report for report in reports if report.when == "call"]
    noted = [note for report in called for note in report.user_properties]
    for line in sorted(value for key, value in noted if key == "limits"):
        terminalreporter.write_line(line)
