"""The tables of *How far to trust it*, from what the tests measured."""

import json
import re
from datetime import datetime
from pathlib import Path

from sphinx.errors import ExtensionError

NAME = "book/trust"
PLACE = re.compile(r"(<!-- what the tests measured -->).*(<!-- up to here -->)", re.S)
CHAPTER = re.compile(
    r'<li class="toctree-l1"><a class="reference internal" '
    r'href="((\d\d)-[\w-]+)\.html">(\d+\. [^<:]+)'
)
NONE = "–"
NOT_RUN = (
    "This copy was built without running the tests. To fill the table, run "
    "<code>pytest</code> and build the site again."
)
MONTHS = (
    "January February March April May June July August September October November "
    "December"
).split()


def fill(site, report):
    """Write what the tests measured into the page that stands in a site.

    Parameters
    ----------
    site : Path
        The folder of the built site. Filling it again does no harm.
    report : Path
        The file that the tests left, `_build/report.json`. Without it the page says
        that there is none.
    """
    page, report = Path(site) / f"{NAME}.html", Path(report)
    known = json.loads(report.read_text("utf-8")) if report.exists() else {}
    text = page.read_text("utf-8")
    chapters = CHAPTER.findall(text)
    if not chapters:
        raise ExtensionError(f"{page.name} lists no chapters at its side")
    tables = "\n".join(sections(chapters, known))
    text, places = PLACE.subn(lambda place: f"{place[1]}\n{tables}\n{place[2]}", text)
    if places != 1:
        raise ExtensionError(f"{page.name} has {places} places for its tables, not 1")
    page.write_text(text, "utf-8")


def sections(chapters, known):
    """Return the paragraphs and tables of the place, in order.

    Parameters
    ----------
    chapters : list of tuple
        File, two digits and title of each.
    known : dict
        The report of the tests, empty without one.
    """
    measured = {file: known.get("chapters", {}).get(file) for file, _, _ in chapters}
    if not any(measured.values()):
        yield f"<p>{NOT_RUN}</p>"
    yield table(
        "What each chapter took, and when it last passed.",
        ["chapter", "last passed", "assertions", "seconds", "MB"],
        [
            (f' id="trust-{digits}"', f'<a href="{file}.html">{title}</a>', cells)
            for file, digits, title in chapters
            for cells in [numbers(measured[file] or {})]
        ],
        counts=3,
    )
    if machines := places(chapters, measured):
        heads = ["", *(f"chapters {runs(passed)}" for passed in machines.values())]
        columns = [json.loads(on) for on in machines]
        names = dict.fromkeys(name for on in columns for name in on)
        yield table(
            "What they ran on.",
            heads,
            [("", name, [shown(on.get(name)) for on in columns]) for name in names],
        )
    if run := known.get("run"):
        failed = f"; {run['failed']} failed" if run["failed"] else ""
        minutes = max(1, round(run["seconds"] / 60))
        yield table(
            f"All tests, run on {day(run['ended'])} in {minutes} minutes{failed}.",
            ["what was tested", "passed"],
            [("", name, [f"{n:,}"]) for name, n in run["passed"].items()],
            counts=1,
        )


def numbers(entry):
    """Return the cells of a chapter's row."""
    days = [day(entry["passed"])] if entry.get("passed") else []
    if "failed" in entry:
        days.append(f"failed on {day(entry['failed'])}")
    last = "; ".join(days) or NONE
    if "seconds" not in entry:
        return [last, NONE, NONE, NONE]
    memory = 10 * round(entry["bytes"] / 1e7)
    return [last, str(entry["checks"]), f"{entry['seconds']:.0f}", f"{memory:,}"]


def places(chapters, measured):
    """Return the chapters that passed on each machine, by its versions as text."""
    found = {}
    for number, (file, _, _) in enumerate(chapters, 1):
        if on := (measured[file] or {}).get("on"):
            found.setdefault(json.dumps(on), []).append(number)
    return found


def runs(numbers):
    """Write a list of numbers in a few letters: 1 to 3, 7."""
    parts = []
    for n in numbers:
        if parts and parts[-1][1] == n - 1:
            parts[-1][1] = n
        else:
            parts.append([n, n])
    return ", ".join(f"{a} to {b}" if a < b else f"{a}" for a, b in parts)


def shown(value):
    """Write a version; a `+` behind a commit says that a file differed from it."""
    return NONE if value is None else re.sub(r"\+$", ", changed", str(value))


def day(moment):
    """Write a date as in 22 November 2026, whatever the machine's language."""
    date = datetime.fromisoformat(moment)
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def table(caption, heads, rows, counts=0):
    """Return a table whose rows begin with their names; counts stand on the right.

    Parameters
    ----------
    caption : str
        A sentence.
    heads : list of str
        The names of the columns; over that of the rows there may be none.
    rows : list of tuple
        Of each row the attributes, the name, and the other cells.
    counts : int
        How many columns, the last ones, are of numbers.
    """
    texts = len(heads) - 1 - counts
    sides = [""] * texts + [' class="text-right"'] * counts
    first = f'<th scope="col">{heads[0]}</th>' if heads[0] else "<td></td>"
    head = first + "".join(
        f'<th scope="col"{side}>{name}</th>'
        for side, name in zip(sides, heads[1:], strict=True)
    )
    body = "".join(
        f'<tr{mark}><th scope="row">{name}</th>'
        + "".join(
            f"<td{side}>{cell}</td>" for side, cell in zip(sides, cells, strict=True)
        )
        + "</tr>\n"
        for mark, name, cells in rows
    )
    return (
        '<div class="pst-scrollable-table-container"><table class="table measured">\n'
        f"<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody>\n</table></div>"
    )


def name_rows(app, doctree):
    """Let `{ref}` and `[](#trust-07)` link to a chapter's row, though it is HTML."""
    if app.env.docname == NAME:
        standard = app.env.get_domain("std")
        for name in app.env.found_docs:
            if chapter := re.match(r"book/(\d\d)-", name):
                row = f"trust-{chapter[1]}"
                standard.anonlabels[row] = NAME, row


def fill_built(app, exception):
    """Fill the page of a build that went well."""
    if not exception and app.builder.format == "html" and NAME in app.env.found_docs:
        fill(app.outdir, Path(app.outdir).parent / "report.json")


def setup(app):
    """Name the rows as the page is read, fill them when it is built."""
    app.connect("doctree-read", name_rows)
    app.connect("build-finished", fill_built)
