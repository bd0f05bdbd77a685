"""What a chapter has, in which order, and what its cells are like."""

import re
from statistics import median

from .page import (
    SECTIONS,
    chapter_rule,
    headings,
    is_sentence,
    section_word,
    without_code,
)

TYPICAL = 8  # lines of the median cell
LONGEST = 40  # lines of the longest cell
FIRST = 10  # lines of the first cell


@chapter_rule
def no_outputs(page):
    """Outputs come from the build, never from the repository."""
    return [
        f"cell {number} stores an output or an execution count"
        for number, cell in enumerate(page.notebook["cells"])
        if cell.get("outputs") or cell.get("execution_count") is not None
    ]


@chapter_rule
def kept_ids(page):
    """Each cell has an id of its own; nbstripout without --keep-id would count."""
    ids = [cell.get("id") for cell in page.notebook["cells"]]
    bad = [f"cell {k} has no id" for k, i in enumerate(ids) if not i]
    bad += [
        f"cell {k} has the counted id {i}" for k, i in enumerate(ids) if i == str(k)
    ]
    return bad + [f"the id {i} occurs twice" for i in {*ids} if i and ids.count(i) > 1]


@chapter_rule
def plain_metadata(page):
    """A notebook names the kernel python3, and keeps no trace of an editor."""
    bad = [
        f"notebook metadata {key} does not belong here"
        for key in page.metadata
        if key not in ("kernelspec", "language_info", "jupytext", "myst")
    ]
    if page.metadata.get("kernelspec", {}).get("name") != "python3":
        bad.append("the kernel must be python3")
    return bad


@chapter_rule
def skips_come_in_pairs(page):
    """A cell that the tests skip is one that the build skips, and the reverse."""
    pair = {"nbval-skip", "skip-execution"}
    return [
        f"cell {cell.number} needs both tags, nbval-skip and skip-execution"
        for cell in page.code
        if len(pair & set(cell.metadata.get("tags", []))) == 1
    ]


# --- the template -------------------------------------------------------------------


@chapter_rule
def title(page):
    """The first cell holds the title, a term with an instruction, and one promise."""
    titles = [t for cell in page.markdown for _, t in headings(cell.text, 1)]
    if len(titles) != 1 or not page.cells[0].text.startswith("# "):
        return ["a chapter has one title, in its first cell"]
    head, _, rest = page.cells[0].text.partition("\n")
    promise = rest.strip().split("\n\n")[0]
    bad = []
    if not re.fullmatch(r"# [A-Z][^:]+: [a-z][^:]+[^.?!]", head):
        bad.append("the title is the field's term, a colon and a verb, without a stop")
    if not is_sentence(promise) or re.search(r"[.?] [A-Z]", promise):
        bad.append("one sentence below the title says what the reader will hold")
    return bad


@chapter_rule
def before_you_start(page):
    """The admonition before the first code says what, from where, and how long."""
    first = page.code[0].number if page.code else len(page.cells)
    text = "\n\n".join(cell.text for cell in page.cells[:first])
    match = re.search(r":::+\{admonition\} Before you start\n(.*?)\n:::", text, re.S)
    if not match:
        return ["no admonition «Before you start» ahead of the first code cell"]
    words = ["**You will be able to**", "**You need**", "**Time**"]
    bad = [f"«Before you start» lacks {word}" for word in words if word not in match[1]]
    able = match[1].partition(words[0])[2].partition(words[1])[0]
    count = len(re.findall(r"^\s*(?:[-*]|\d\.) ", able, re.M))
    if not 3 <= count <= 5:
        bad.append(f"three to five things to be able to do, not {count}")
    return bad


@chapter_rule
def first_code(page):
    """The first code cell has the imports and the seed, ten lines at the most."""
    if not page.code:
        return ["no code cell"]
    cell, bad = page.code[0], []
    filled = sum(bool(line.strip()) for line in cell.lines)  # ruff sets blank ones
    if filled > FIRST:
        bad.append(f"the first code cell has {filled} lines, not {FIRST}")
    if not re.search(r"(default_rng|seed)\(\d", cell.text):
        bad.append("the first code cell sets no seed")
    if "import" not in cell.text:
        bad.append("the first code cell imports nothing")
    return bad


@chapter_rule
def sections_in_order(page):
    """The second-level headings follow the template; a word may repeat.

    After a check, a subject of its own may begin anew: «Forward: coupled gates».
    """
    titles = [t for cell in page.markdown for _, t in headings(cell.text, 2)]
    words = [section_word(t) for t in titles]
    unknown = [t for t, word in zip(titles, words, strict=True) if not word]
    bad = [f"«{t}» begins with no word of the template" for t in unknown]
    parts, anew = [[]], SECTIONS.index("Forward")
    for before, word, heading in zip(["", *words], words, titles, strict=False):
        if before == "Check" and word == SECTIONS[anew] and ":" in heading:
            parts.append([])
        parts[-1] += [SECTIONS.index(word)] if word else []
    if any(part != sorted(part) for part in parts):
        bad.append("the sections are out of order: " + ", ".join(filter(None, words)))
    wanted = (word for word in SECTIONS if word != "Further")
    return bad + [f"no section «{word}»" for word in wanted if word not in words]


@chapter_rule
def sections_begin_cells(page):
    """A section begins a cell; above its heading stand labels at the most."""
    return [
        f"«{title}» stands inside cell {cell.number}: begin a cell with it, by +++"
        for cell in page.markdown
        for number, title in headings(cell.text, 2)
        if any(not re.fullmatch(r"\([\w-]+\)=", line) for line in cell.lines[:number])
    ]


@chapter_rule
def sections_assert(page):
    """What a section shows is asserted in it."""
    return [
        f"no assertion under «{word}»"
        for word in ("Forward", "Implementation", "Check", "Experiment", "In practice")
        if not any("assert " in c.text for c in page.code if c.section == word)
    ]


@chapter_rule
def derivation_is_labelled(page):
    """Every display of the derivation has a label, and its result a box."""
    text = "\n\n".join(c.text for c in page.markdown if c.section == "Derivation")
    text = without_code(text)
    bad = [
        "a display in the derivation has no label: " + tex.strip()[:40]
        for tex, label in re.findall(r"\$\$(.*?)\$\$[ ]*(\([\w:-]+\))?", text, re.S)
        if not label
    ]
    if r"\boxed" not in text:
        bad.append(r"the derivation's result stands in no \boxed")
    return bad


@chapter_rule
def further_reading(page):
    """The summary ends in further reading, as a list."""
    text = "\n\n".join(c.text for c in page.markdown if c.section == "Summary")
    rest = text.partition("**Further reading**")[2]
    return [] if re.search(r"^[-*] ", rest, re.M) else ["no list of further reading"]


@chapter_rule
def first_use_is_linked(page):
    """A chapter links its terms to the glossary."""
    text = "".join(cell.text for cell in page.markdown)
    return [] if "{term}`" in text else ["no term is linked to the glossary"]


# --- cells --------------------------------------------------------------------------


@chapter_rule
def cell_lengths(page):
    """Half of the cells are short, and none is long."""
    lengths = [len(cell.lines) for cell in page.code]
    bad = [
        f"cell {cell.number} has {len(cell.lines)} lines, more than {LONGEST}"
        for cell in page.code
        if len(cell.lines) > LONGEST
    ]
    if lengths and median(lengths) > TYPICAL:
        bad.append(
            f"the median cell has {median(lengths):g} lines, more than {TYPICAL}"
        )
    return bad


@chapter_rule
def no_magic(page):
    """A cell is Python: no shell, no magic, no installation."""
    return [
        f"cell {cell.number} is not plain Python: {line.strip()[:40]}"
        for cell in page.code
        for line in cell.lines
        if re.match(r"\s*[!%]", line)
    ]
