"""Make what a reader takes away: python -m book.press, after a build."""

import sys

from .take_away import ROOT, make

try:
    for path in make(ROOT / "_build" / "html"):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")
except LookupError as error:
    sys.exit(str(error))
