"""What goes further is folded in the page; test_site.py opens it in a browser."""

import pytest

from press.folds import CLOSE, folded

FOLD = f'<details class="further" open><summary>{{}}</summary>{CLOSE}'


@pytest.mark.parametrize("title", ["Further", "Further: cuts", "Further : cuts"])
def test_a_section_is_folded_with_all_that_is_in_it(title):
    label = '<span id="label"></span>\n'
    head = f'{label}<h2>{title}<a class="headerlink" href="#f">#</a></h2>'
    inner = (
        "<p>A.</p><section id='in'><h3>In</h3><section><p>B.</p></section></section>"
    )
    before, after = (
        "<section id='a'><h2>A</h2></section>",
        "<section><h2>B</h2></section>",
    )
    text = f"{before}<section id='f'>{head}{inner}</section>{after}"
    wanted = f"<section id='f'>{FOLD.format(head)}{inner}</details></section>"
    assert folded(text) == before + wanted + after
    assert folded(2 * text) == 2 * (before + wanted + after)


@pytest.mark.parametrize(
    "heading",
    ["<h2>Further reading</h2>", "<h2>Going further:</h2>", "<h3>Further</h3>"],
)
def test_other_sections_stay(heading):
    text = f"<section><h1>Further</h1><section>{heading}<p>A.</p></section></section>"
    assert folded(text) == text
