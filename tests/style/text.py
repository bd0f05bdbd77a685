"""How the prose reads: words, numbers, formulas."""

import re

from .page import is_sentence, math_spans, page_rule, prose

BANNED = (
    "clearly|obviously|simply|just|trivial|trivially|of course|needless to say"
    "|(?:it|this) can be shown|(?:it is )?easy to see|(?:as )?is well known"
)
AMERICAN = (
    r"(?:behavior|color|favor|neighbor|labeled|modeled|gray|center(?:ed)?)s?"
    r"|(?:initial|normal|general|vector|optim|minim|maxim|recogn|regular)"
    r"iz(?:e[sd]?|ing|ation)|(?:memori|summari)z(?:e[sd]?|ing)"
)
EMOJI = "[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55]"
NUMBERED = (
    r"\b(?:Figures?|Exercises?|Sections?|Chapters?|Tables?|Equations?|Eqs?\.|Theorem"
    r"|Lemma|Algorithm|Python|PyTorch|NumPy|CC BY)[\s(]*"
    r"(?:[\d.]+\)?(?:,\s|\s+and\s|\s+to\s|\s+or\s|–)[\s(]*)*$"
)


@page_rule
def has_a_description(page):
    """A page says in a sentence what it holds: search engines show it."""
    meta = page.metadata.get("myst", {}).get("html_meta", {})
    text = meta.get("description", "")
    if is_sentence(text) and 50 <= len(text) <= 200:
        return []
    return [f"myst.html_meta.description must be a sentence of 50 to 200: {text!r}"]


def found_in_prose(page, pattern, what, flags=re.I):
    """Return one complaint for each match of a pattern in a page's prose."""
    return [
        f"cell {cell.number}: {what}: …{text[max(0, m.start() - 25) : m.end() + 10]!r}"
        for cell in page.markdown
        for text in [prose(cell.text)]
        for m in re.finditer(pattern, text, flags)
    ]


@page_rule
def no_banned_words(page):
    """A step that is clearly so has not been derived."""
    return found_in_prose(page, rf"\b(?:{BANNED})\b", "a banned word")


@page_rule
def british_spelling(page):
    """One spelling, the British one."""
    return found_in_prose(page, rf"\b(?:{AMERICAN})\b", "American spelling")


@page_rule
def no_shouting(page):
    """No exclamation marks and no emoji."""
    return found_in_prose(page, rf"!|{EMOJI}", "shouting")


@page_rule
def numbers_are_measured(page):
    """A decimal in the prose is glued from a cell, not typed."""
    bad = []
    for cell in page.markdown:
        text = prose(cell.text)
        for match in re.finditer(r"(?<![\w.])\d+\.\d+(?![\w.]*\.\*\*)", text):
            if not re.search(NUMBERED, text[: match.start()], re.I):
                line = text[max(0, match.start() - 25) : match.end() + 10]
                bad.append(f"cell {cell.number}: a typed decimal: …{line!r}")
    return bad


@page_rule
def balanced_tex(page):
    """Braces, environments, and left and right close where they open."""
    bad = []
    for cell in page.markdown:
        for tex in math_spans(cell.text):
            bare = re.sub(r"\\[\\{}]", "", tex)
            depth = 0
            for sign in re.findall(r"[{}]", bare):
                depth += 1 if sign == "{" else -1
                if depth < 0:
                    break
            pairs = [(r"\\begin\b", r"\\end\b"), (r"\\left\b", r"\\right\b")]
            counts = [[len(re.findall(p, tex)) for p in pair] for pair in pairs]
            if depth or any(opened != closed for opened, closed in counts):
                bad.append(f"cell {cell.number}: unbalanced TeX: {tex.strip()[:50]}")
    return bad


@page_rule
def confusions_are_anchored(page):
    """A confusion's anchor stands right above a heading or an admonition."""
    bad = []
    for cell in page.markdown:
        lines = cell.lines
        for k, line in enumerate(lines):
            if "(confusion-" in line and line.strip().endswith("="):
                number = re.fullmatch(r"\(confusion-(\d\d)\)=", line.strip())
                if not number or not 1 <= int(number[1]) <= 28:
                    bad.append(f"cell {cell.number}: {line} is no confusion")
                below = lines[k + 1] if k + 1 < len(lines) else ""
                if not re.match(r"#+ |:::+\{|\(", below):
                    bad.append(f"cell {cell.number}: {line} is above no heading")
    return bad
