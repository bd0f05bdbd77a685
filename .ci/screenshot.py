"""Take the README's picture from the built site.

    .venv/bin/python .ci/screenshot.py 02-rnn forward-the-loop

The page, and the anchor that stands at the top of the picture.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "book")]

import chromium  # noqa: E402

PICTURE = ROOT / "book" / "site" / "images" / "chapter.png"

if __name__ == "__main__":
    name, anchor = sys.argv[1:]
    with chromium.started() as browser:
        url = (chromium.SITE / "book" / f"{name}.html").as_uri()
        page = chromium.open_page(browser, url)
        page.evaluate(
            "anchor => document.getElementById(anchor).scrollIntoView()", anchor
        )
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURE)
    print(PICTURE.relative_to(ROOT))
