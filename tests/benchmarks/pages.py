"""Weigh every page of the built site, and measure what moves in it.

    python tests/benchmarks/pages.py [_build/html] [--only 05] [--slow] [--lighthouse]

The site is served with gzip from this machine and visited with an empty cache, on a
phone and on a desktop. Printed are the kilobytes of a first visit by kind, the heaviest
page first, and the layout shift. `--slow` takes a slow phone's network and speed,
`--sources` names what moved. `--lighthouse` adds Lighthouse's four scores, if `npx` is
there to run it; `--runs 3` takes medians. Nothing is asserted: test_press_pages.py
holds the bytes and the shift.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "book")]

from chromium import started  # noqa: E402
from weight import KINDS, VIEWS, measured, served  # noqa: E402

SCORES = ("performance", "accessibility", "best-practices", "seo")


def names(site, only):
    """Return the pages of a site, as they stand in its addresses."""
    pages = [*sorted((site / "book").glob("*.html")), site / "search.html"]
    found = [page.relative_to(site).as_posix() for page in pages]
    return [name for name in found if any(part in name for part in only)]


def weigh(url, pages, slow, sources):
    """Print a line for each page and view, the heaviest first."""
    rows = []
    with started() as browser:
        for name in pages:
            for view in VIEWS:
                sent, shifts = measured(browser, f"{url}/{name}", view, slow)
                rows.append((sent.total() / 1000, name, view, sent, shifts))
    kinds = [*KINDS, "other"]
    print(f"{'page':32}{'view':9}{'kB':>7}", *(f"{k[:8]:>8}" for k in kinds), "  shift")
    for total, name, view, sent, shifts in sorted(rows, key=lambda row: -row[0]):
        sent["other"] = sent.total() - sum(sent[kind] for kind in KINDS)
        parts = " ".join(f"{sent[kind] / 1000:8.1f}" for kind in kinds)
        shift = sum(value for value, _ in shifts)
        print(f"{name:32}{view:9}{total:7.1f} {parts} {shift:8.3f}")
        for value, moved in shifts if sources else ():
            print(f"    {value:.4f} {moved}")


def lighthouse(url, view):
    """Return the scores of one run, and what was complained of."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = ["npx", "-y", "lighthouse@12", url, "--quiet", "--output=json"]
        command += [f"--output-path={path}"]
        command += ["--chrome-flags=--headless --no-sandbox --disable-gpu"]
        command += ["--preset=desktop"] if view == "desktop" else []
        known = {"CHROME_PATH": shutil.which("chromium") or ""}
        subprocess.run(command, env=known | os.environ, check=True)
        report = json.loads(path.read_text("utf-8"))
    found = report["categories"]
    audits = [
        ref["id"]
        for kind in SCORES[1:]
        for ref in found[kind]["auditRefs"]
        if report["audits"][ref["id"]]["score"] == 0 and ref["weight"]
    ]
    return [100 * (found[kind]["score"] or 0) for kind in SCORES], audits


def score(url, pages, runs):
    """Print the median of each of Lighthouse's scores for each page and view."""
    print(f"\n{'page':32}{'view':9}", *(f"{kind[:14]:>15}" for kind in SCORES))
    for name in pages:
        for view in VIEWS:
            results = [lighthouse(f"{url}/{name}", view) for _ in range(runs)]
            scores = map(median, zip(*(scores for scores, _ in results), strict=True))
            line = " ".join(f"{value:15.0f}" for value in scores)
            complaints = sorted({audit for _, audits in results for audit in audits})
            print(f"{name:32}{view:9} {line}  {', '.join(complaints)}", flush=True)


def main():
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--only", nargs="+", default=[""], help="parts of pages' names")
    parser.add_argument("--slow", action="store_true", help="as on a slow phone")
    parser.add_argument("--sources", action="store_true", help="name what moved")
    parser.add_argument("--lighthouse", action="store_true", help="scores too")
    parser.add_argument("--runs", type=int, default=1, help="of Lighthouse, a page")
    asked = parser.parse_args()
    pages = names(asked.site, asked.only)
    with served(asked.site) as url:
        weigh(url, pages, asked.slow, asked.sources)
        if asked.lighthouse and not shutil.which("npx"):
            print("\nNo npx: Lighthouse cannot be run.")
        elif asked.lighthouse:
            score(url, pages, asked.runs)


if __name__ == "__main__":
    main()
