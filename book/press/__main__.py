"""Make what a reader takes away: python -m book.press, after a build and its tests."""

import sys

from . import trust
from .take_away import ROOT, front_page, make

BUILD = ROOT / "_build"

try:
    front_page(BUILD / "html")
    trust.fill(BUILD / "html", BUILD / "report.json")
    for path in make(BUILD / "html"):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")
except LookupError as error:
    sys.exit(str(error))
