"""Figures with their alt texts and captions, and exercises with their checks."""

import ast
import re

from .page import chapter_rule, is_sentence

QUIET = {"use_style", "for_explorer"}  # functions of figures that draw nothing


def top_level_calls(text):
    """Return the calls that a cell makes itself, outside the functions it defines."""
    calls, queue = [], list(ast.parse(text).body)
    while queue:
        node = queue.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Call):
            calls.append(node)
        queue.extend(ast.iter_child_nodes(node))
    return calls


def shows(text):
    """Say whether a cell's last statement is a call of some ``.show()``."""
    body = ast.parse(text).body
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    called = last.func if isinstance(last, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr == "show"


def draws(text):
    """Say whether a cell draws: it calls `plt`, or something of `figures`."""
    for call in top_level_calls(text):
        name = ast.unparse(call.func)
        head, _, tail = name.partition(".")
        if head == "plt" or name.endswith(".show") or name == "Diagram":
            return True
        if head == "figures" and tail not in QUIET:
            return True
    return False


def alt_text(cell):
    """Return the alt text in a cell's metadata, or nothing."""
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")


@chapter_rule
def plots_end_in_a_figure(page):
    """A cell that draws ends by showing its one figure."""
    bad = []
    for cell in page.code:
        if draws(cell.text):
            count = sum(
                ast.unparse(call.func).endswith(".show")
                for call in top_level_calls(cell.text)
            )
            if not shows(cell.text) or count != 1:
                bad.append(f"cell {cell.number} draws but does not end in one show()")
    return bad


@chapter_rule
def figures_have_alt_text(page):
    """A figure's alt text is a sentence that says what it shows."""
    bad = []
    for cell in page.code:
        alt = alt_text(cell)
        if draws(cell.text) and not (is_sentence(alt) and len(alt.split()) >= 6):
            bad.append(f"cell {cell.number}: the alt text is no sentence: {alt!r}")
        if alt and not draws(cell.text):
            bad.append(f"cell {cell.number} has an alt text but draws nothing")
    return bad


@chapter_rule
def figures_have_captions(page):
    """Below each figure its caption: number in sequence, then the finding.

    A figure inside an exercise's solution belongs to the exercise, and needs none.
    """
    bad, count = [], 0
    for cell, after in zip(page.cells, [*page.cells[1:], None], strict=True):
        if cell.kind != "code" or not draws(cell.text) or cell.section == "Exercises":
            continue
        count += 1
        want = f"**Figure {page.chapter}.{count}.**"
        caption = after.text if after and after.kind == "markdown" else ""
        if not re.match(re.escape(want) + r" \S", caption):
            bad.append(f"cell {cell.number} is not followed by its caption, {want}")
    text = "\n".join(cell.text for cell in page.markdown)
    captions = len(re.findall(r"^\*\*Figure \d+\.\d+\.\*\*", text, re.M))
    if captions != count:
        bad.append(f"{captions} captions for {count} figures")
    return bad


@chapter_rule
def figures_exist(page):
    """A figure that the prose speaks of is in the chapter."""
    text = "\n".join(cell.text for cell in page.markdown)
    have = set(re.findall(r"^\*\*Figure (\d+\.\d+)\.\*\*", text, re.M))
    return [
        f"Figure {number} is spoken of, but is not here"
        for number in sorted(set(re.findall(r"Figures? (\d+\.\d+)", text)) - have)
        if number.split(".")[0] == str(page.chapter)
    ]


def asked(code):
    """Return what the last call of check in a cell compares an answer with."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    checks = [call for call in calls if getattr(call.func, "id", "") == "check"]
    parts = [*checks[-1].args[1:], *checks[-1].keywords] if checks else []
    return [ast.dump(part) for part in parts]


@chapter_rule
def exercises_are_whole(page):
    """Statement, stub with its check, hint, solution that asserts: six cells.

    The last cell may begin with a remark on the solution.
    """
    cells = page.cells
    starts = [k for k, c in enumerate(cells) if "{exercise}" in c.text.split("\n")[0]]
    bad = [] if 3 <= len(starts) <= 6 else [f"{len(starts)} exercises, not 3 to 6"]
    for count, k in enumerate(starts, start=1):
        label = f"ex-{page.chapter:02d}-{count}"
        six = cells[k : k + 6]
        shape = ["markdown", "code", "markdown", "markdown", "code", "markdown"]
        if [c.kind for c in six] != shape:
            bad.append(f"{label} is not six cells in the template's order")
            continue
        statement, stub, hint, opening, solution, closing = (c.text for c in six)
        wants = [
            (statement, r":::+\{exercise\} \S.*\n:label: " + label + "\n", "statement"),
            (stub, r"(?s).*^check\((?m:.*)", "stub with check(…)"),
            (hint, r":::+\{hint\}.*\n:class: dropdown\n", "hint, class dropdown"),
            (
                opening,
                rf":::+\{{solution-start\}} {label}\n:class: dropdown\n",
                "opening",
            ),
            (solution, r"(?s).*^assert check\(", "solution with assert check(…)"),
            (closing, r"(?s)(.*\n\n)?:::+\{solution-end\}\n:::\s*\Z", "solution-end"),
        ]
        for text, pattern, what in wants:
            if not re.match(pattern, text, re.M):
                bad.append(f"{label}: the {what} is missing or misplaced")
        if asked(stub) != asked(solution):
            bad.append(f"{label}: stub and solution are not checked against the same")
        if "assert check(" in stub:
            bad.append(f"{label}: the stub must not assert, or the chapter stops there")
        if any(c.section != "Exercises" for c in six):
            bad.append(f"{label} stands outside «Exercises»")
    return bad
