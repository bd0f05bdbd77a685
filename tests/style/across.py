"""What holds between pages. That every link has an end is said by a strict build."""

import re
from collections import defaultdict


def uncited(pages, bibliography):
    """Every entry of the bibliography is cited somewhere."""
    text = "\n".join(cell.text for page in pages for cell in page.markdown)
    groups = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
    cited = {key.strip() for group in groups for key in group.split(",")}
    have = re.findall(r"^\s*@\w+\{\s*([^,\s]+)\s*,", bibliography, re.M)
    return [f"{key} is cited nowhere" for key in have if key not in cited]


def terms_without_korean(glossary):
    """Every entry of the glossary has a Korean name."""
    blocks = re.findall(
        r"^```\{glossary\}\n(.*?)^```", glossary.cells[0].text, re.S | re.M
    )
    entries = [entry for block in blocks for entry in re.split(r"\n\s*\n", block)]
    bad = [
        f"{entry.splitlines()[0]!r} has no Korean name"
        for entry in entries
        if not re.search("[\uac00-\ud7a3]", entry)
    ]
    return bad if entries else ["the glossary has no terms"]


def confusions_off_the_list(pages, listing):
    """Each confusion is settled in one chapter, and listed once, with its number."""
    settled, listed = defaultdict(list), defaultdict(list)
    for page in pages:
        for cell in page.markdown:
            for anchor in re.findall(r"^\((confusion-\d+)\)=", cell.text, re.M):
                settled[anchor].append(page.chapter)
    text = "\n".join(cell.text for cell in listing.markdown)
    for chapter, anchor in re.findall(r"`chapter\s(\d+) <(confusion-\d+)>`", text):
        listed[anchor].append(int(chapter))
    return [
        f"{anchor} is settled in {settled[anchor]}, and listed for {listed[anchor]}"
        for anchor in sorted({*settled, *listed})
        if len(settled[anchor]) != 1 or settled[anchor] != listed[anchor]
    ]
