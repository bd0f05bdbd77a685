"""The fonts have the glyphs that are shown, and no others."""

import html
import re
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import pytest
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from chromium import SITE, missing
from press import fonts

BOOK = Path(__file__).resolve().parents[1] / "book"
SOURCES = sorted((BOOK / "site" / "fonts").glob("*.woff2"))
SHEET = """mjx-c.mjx-c2212::before {
  content: "\\2212";
}
mjx-c.mjx-c1D465.TEX-I::before {
  padding: 0.442em 0.572em 0.011em 0;
  content: "x";
}
mjx-stretchy-v.mjx-c28 mjx-beg mjx-c::before {
  content: "\\239B";
}
@font-face /* 0 */ {
  font-family: MJXZERO;
  src: url("fonts/MathJax_Zero.woff") format("woff");
}
@font-face /* 1 */ {
  font-family: MJXTEX;
  src: url("fonts/MathJax_Main-Regular.woff") format("woff");
}
@font-face /* 2 */ {
  font-family: MJXTEX-I;
  src: url("fonts/MathJax_Math-Italic.woff") format("woff");
}
"""


def copy(source, folder):
    """Copy a font into a folder."""
    path = folder / source.name
    path.write_bytes(source.read_bytes())
    return path


def letters(path):
    """Return the characters of a font."""
    return {chr(code) for code in TTFont(path).getBestCmap()}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_font_has_what_is_asked_for_and_no_more(tmp_path, source):
    path = copy(source, tmp_path)
    fonts.subset_font(path, {*"Affe 12", "가"})  # which none of them has
    assert letters(path) == {*"Affe 12"}
    assert path.stat().st_size < source.stat().st_size / 2


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_metrics_and_kerning_are_unchanged(tmp_path, source):
    path = copy(source, tmp_path)
    fonts.subset_font(path, fonts.TYPED)
    old, new = TTFont(source), TTFont(path)
    for table, names in {
        "hhea": ["ascent", "descent", "lineGap"],
        "OS/2": ["sTypoAscender", "sTypoDescender", "usWinAscent", "usWinDescent"],
        "head": ["unitsPerEm"],
    }.items():
        for name in names:
            assert getattr(new[table], name) == getattr(old[table], name)
    for letter in fonts.TYPED:
        widths = [
            font["hmtx"][font.getBestCmap()[ord(letter)]][0] for font in (old, new)
        ]
        assert widths[0] == widths[1]
    assert ("GPOS" in new) == ("GPOS" in old) and ("fvar" in new) == ("fvar" in old)


def test_the_same_letters_give_the_same_bytes(tmp_path):
    first = copy(SOURCES[0], tmp_path)
    fonts.subset_font(first, {"a", "b", "c"})
    bytes_of_first = first.read_bytes()
    again = copy(SOURCES[0], tmp_path)
    fonts.subset_font(again, {"c", "b", "a"})
    assert again.read_bytes() == bytes_of_first


def test_what_is_shown_is_read_from_entities_too():
    assert {"é", "—", "“", "7", "~"} <= fonts.shown(
        ["papcaf&eacute;eacute; &#8212;", "let a = '“'"]
    )


def test_a_glyph_is_drawn_with_the_font_of_its_rule():
    assert fonts.drawn(SHEET) == {
        "MathJax_Main-Regular": {"\u2212", "\u239b"},
        "MathJax_Math-Italic": {"x"},
    }


def test_a_site_gets_its_fonts(tmp_path):
    folder = tmp_path / "_static" / "fonts"
    folder.mkdir(parents=True)
    text = copy(next(path for path in SOURCES if path.stem == "source-sans"), folder)
    for name in ("MathJax_Main-Regular", "MathJax_Math-Italic"):
        font = TTFont(text)
        font.flavor = "woff"
        font.save(folder / f"{name}.woff")
    (tmp_path / "index.html").write_text("<p>papcaf&eacute;eacute;</p>", "utf-8")
    (tmp_path / "_static" / "a.js").write_text("'µ'", "utf-8")
    (tmp_path / "_static" / "formulas.css").write_text(SHEET, "utf-8")
    fonts.subset_fonts(SimpleNamespace(outdir=tmp_path), None)
    assert letters(text) == fonts.TYPED | {"é", "µ"}
    assert letters(folder / "MathJax_Math-Italic.woff2") == {"x"}
    sheet = (tmp_path / "_static" / "formulas.css").read_text("utf-8")
    assert 'MathJax_Math-Italic.woff2") format("woff2")' in sheet
    assert 'MathJax_Zero.woff") format("woff")' in sheet
    assert not [*folder.glob("*.woff")]


# --- stand-ins until a font arrives ---------------------------------------------------

PROSE = "etaoin shrdlu cmfwyp vbgk. The gradient of the loss with respect to the state,"


def width(font):
    """Return how wide some prose is, in ems."""
    cmap, advances = font.getBestCmap(), font["hmtx"]
    total = sum(advances[cmap[ord(letter)]][0] for letter in PROSE)
    return total / font["head"].unitsPerEm


@pytest.mark.parametrize(
    ("family", "weight", "web", "local"),
    [
        ("Fitted DejaVu Serif", 400, "source-serif", "DejaVuSerif"),
        ("Fitted DejaVu Sans", 400, "source-sans", "DejaVuSans"),
        ("Fitted DejaVu Sans", 600, "source-sans", "DejaVuSans-Bold"),
    ],
)
def test_a_stand_in_is_as_wide_and_as_tall(family, weight, web, local):
    sheet = (BOOK / "site" / "course.css").read_text("utf-8")
    face = next(
        face
        for face in re.findall(r"@font-face \{[^}]*\}", sheet)
        if family in face and f"font-weight: {weight}" in face
    )
    value = {
        name: float(n) / 100 for name, n in re.findall(r"([\w-]+): ([\d.]+)%", face)
    }
    font = TTFont(BOOK / "site" / "fonts" / f"{web}.woff2")
    font = instancer.instantiateVariableFont(font, {"wght": weight})
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    stand_in, em = TTFont(folder / f"{local}.ttf"), font["head"].unitsPerEm
    assert width(stand_in) * value["size-adjust"] == pytest.approx(
        width(font), rel=0.02
    )
    for name, sign in (("ascent", 1), ("descent", -1)):
        real = sign * getattr(font["hhea"], name) / em
        assert value["size-adjust"] * value[f"{name}-override"] == pytest.approx(
            real, abs=0.002
        )


# --- the built site -------------------------------------------------------------------


def test_the_built_site_shows_no_letter_that_its_fonts_lost():
    built = SITE / "_static" / "fonts"
    if not built.exists():
        missing("the site is not built: run README.md's first command")
    shown = set()
    for page in SITE.rglob("*.html"):
        shown.update(html.unescape(re.sub(r"<[^>]*>", " ", page.read_text("utf-8"))))
    lost = {
        source.stem: shown & letters(source) - letters(built / source.name)
        for source in SOURCES
    }
    assert lost == {source.stem: set() for source in SOURCES}
