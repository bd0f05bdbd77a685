"""Figures have a place of the right size, and come when a reader comes near."""

import struct

import pytest
from sphinx.errors import ExtensionError

from press import figures

POINTS = '<?xml version="1.0"?>\n<svg stroke-width="9" width="30pt" height="45.2pt"/>'
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.mark.parametrize(
    ("name", "data", "wanted"),
    [
        ("a.svg", POINTS, (40, 60)),
        ("a.svg", '<svg height="20px" viewBox="0 0 1 1" width="10"/>', (10, 20)),
        ("a.svg", '<svg xmlns="x" viewBox="-5 0 294 178.6"/>', (294, 179)),
        (
            "a.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 7, 300),
            (7, 300),
        ),
    ],
)
def test_the_size_of_an_image(tmp_path, name, data, wanted):
    data = data if isinstance(data, bytes) else data.encode()
    (tmp_path / name).write_bytes(data)
    assert figures.size(tmp_path / name) == wanted


@pytest.mark.parametrize("text", [None, "GIF89a", '<svg width="100%" height="2em"/>'])
def test_an_image_of_unknown_size_stops_the_build(tmp_path, text):
    if text:
        (tmp_path / "a.svg").write_text(text, "utf-8")
    with pytest.raises(ExtensionError, match="a.svg"):
        figures.size(tmp_path / "a.svg")


def placed(tmp_path, article):
    """Return the article of a page whose image has 40 by 60 pixels."""
    (tmp_path / "a.svg").write_text(POINTS, "utf-8")
    page = f"<img src='x'><article>{article}</article><img src='y'>"
    text = figures.placed(page, tmp_path / "page.html")
    assert text.startswith("<img src='x'><article>")
    assert text.endswith("</article><img src='y'>")
    return text[len("<img src='x'><article>") : -len("</article><img src='y'>")]


IMAGE = '<img alt="One." src="a.svg" />'
SIZED = '<img width="40" height="60" alt="One." src="a.svg" />'
LAZY = SIZED.replace(' alt="', ' loading="lazy" decoding="async" alt="')


def test_an_image_is_late_only_below_the_first_screen(tmp_path):
    tags = "<p class='many letters of a tag, which nobody sees'>" * 100
    for above in ("", tags, "word " * 200, " \n" * 5000):
        assert placed(tmp_path, above + IMAGE) == above + SIZED
    below = "word " * 500
    assert placed(tmp_path, IMAGE + below + IMAGE) == SIZED + below + LAZY


def test_an_image_that_says_its_size_keeps_it(tmp_path):
    for image in ('<img src="a.svg" width="7" />', '<img src="data:image/png,x">'):
        assert placed(tmp_path, image) == image


def test_a_page_without_images_stays(tmp_path):
    assert placed(tmp_path, "<p>Text.</p>") == "<p>Text.</p>"
