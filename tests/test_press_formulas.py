"""Formulas set while the book is built: one by one, and in a small book."""

import re
import subprocess
import sys
from io import StringIO

import nbformat
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from press import formulas
from style import BOOK

PAGE = """
# Where $\\Omega$ stands

Inline $h_t$, then by {eq}`step`:

$$
h_t = \\tanh(x_t W_x)
$$ (step)

\\begin{align}
a &= b
\\end{align}

## What is $\\gamma$
"""
NOTEBOOK = nbformat.v4.new_notebook(
    cells=[
        nbformat.v4.new_markdown_cell("# A notebook"),
        nbformat.v4.new_code_cell(
            "1",
            outputs=[
                nbformat.v4.new_output("display_data", {"text/latex": "$\\alpha$"}),
            ],
        ),
    ],
    metadata={"orphan": True},
)


@pytest.fixture
def build(tmp_path):
    """Return a function that builds a small book and returns what it complained of."""

    def build(**pages):
        for name, text in pages.items():
            text = f"---\norphan: true\n---\n{text}"
            (tmp_path / f"{name}.md").write_text(text, "utf-8")
        nbformat.write(NOTEBOOK, tmp_path / "notebook.ipynb")
        complaints = StringIO()
        settings = {
            "extensions": ["myst_nb", "press.formulas"],
            "html_math_renderer": "press",
            "myst_enable_extensions": ["amsmath", "dollarmath"],
            "myst_update_mathjax": False,
            "nb_execution_mode": "off",
            "numfig": True,
            "root_doc": "page",
            "suppress_warnings": ["myst-nb.lexer"],
        }
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                tmp_path,
                confdir=None,
                outdir=tmp_path / "html",
                doctreedir=tmp_path / "doctrees",
                buildername="html",
                confoverrides=settings,
                status=None,
                warning=complaints,
            )
            app.build()
        return complaints.getvalue()

    build.pages = tmp_path / "html"
    build.text = lambda name: (build.pages / name).read_text("utf-8")
    return build


def spoken(html):
    """Return the MathML of every formula in a text."""
    return re.findall(r"<math.*?</math>", html)


# --- one formula ----------------------------------------------------------------------


def test_a_formula_is_glyphs_for_the_eye_and_mathml_for_the_ear():
    html = formulas.set_formula("x_t", False)
    assert '<mjx-math class=" MJX-TEX" aria-hidden="true">' in html
    assert '<mjx-c class="mjx-c1D465 TEX-I">' in html
    assert spoken(html) == ["<math><msub><mi>x</mi><mi>t</mi></msub></math>"]
    assert re.search(r"<mjx-assistive-mml .*</math></mjx-assistive-mml>", html)


def test_a_formula_on_a_line_of_its_own_says_so():
    assert "display" not in formulas.set_formula("x", False).split("<mjx-math")[0]
    assert 'display="true"' in formulas.set_formula("x", True).split("<mjx-math")[0]


def test_a_formula_is_as_large_as_the_page_makes_it():
    container = formulas.set_formula("x", True).split("<mjx-math")[0]
    assert "style" not in container


def test_words_are_in_the_text_s_font_whatever_their_script():
    html = formulas.set_formula(r"x \text{ so 상태 <b>}", True)
    words = re.search(r'<mjx-mtext style="([^"]*)"><mjx-utext ([^>]*)>([^<]*)<', html)
    assert "var(--course-text)" in words[1] and "width" not in words[2]
    assert words[3].replace("\N{NO-BREAK SPACE}", " ") == " so 상태 &lt;b&gt;"
    assert "so 상태 &lt;b&gt;</mtext>" in html


def test_words_have_the_widths_of_the_text_s_letters():
    def room(word):
        html = formulas.set_formula(rf"\underset{{\text{{{word}}}}}{{x}}", True)
        return float(re.search(r"<mjx-base style=\"padding-left: ([\d.]+)em", html)[1])

    assert 0 < room("iiiiii") < room("mmmmmm") / 2


def test_signs_of_html_are_escaped():
    html = formulas.set_formula(r"a < b \mathbin{\&} c > d", False)
    assert "<mo>&lt;</mo>" in html and "&amp;" in html and "<mo>&gt;</mo>" in html


@pytest.mark.parametrize(
    ("tex", "fault"),
    [
        (r"\frac{1}", "Missing argument for \\frac"),
        (r"\frac{x", "Missing close brace"),
        ("x^2^3", "Double exponent"),
        (r"\begin{aligned} x", "Missing \\end{aligned}"),
        (r"\tanhh x", "Undefined control sequence \\tanhh"),
        (r"\require{cancel}", "Undefined control sequence \\require"),
        (r"\def\W{V}", "Undefined control sequence \\def"),
    ],
)
def test_a_malformed_formula_is_refused(tex, fault):
    with pytest.raises(ValueError, match=re.escape(fault)):
        formulas.set_formula(tex, False)


@pytest.mark.parametrize(
    ("tex", "lines"),
    [
        ("a = b\n", "a = b\n"),
        (r"a \\ b", r"\begin{split}a \\ b\end{split}"),
        ("a\n\nb\n\n", r"\begin{aligned}a\\b\end{aligned}"),
    ],
)
def test_empty_lines_part_a_formula(tex, lines):
    assert formulas.one_below_another(tex) == lines
    assert formulas.set_formula(lines, True)


def test_python_ends_when_it_is_done():
    code = "from press import formulas; print(formulas.set_formula('x', True))"
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=BOOK, capture_output=True, timeout=60
        )
        assert done.returncode == 0 and b"<math" in done.stdout


# --- a book ---------------------------------------------------------------------------


def test_every_formula_of_a_page_is_set(build):
    assert build(page=PAGE) == ""
    html = build.text("page.html")
    boxes = re.findall(r'class="[^"]*\bmath notranslate', html)
    assert len(boxes) == html.count("<mjx-container") == 5
    assert not re.search(r"\\[a-zA-Z(\[]|mathjax|MathJax\.|<title>[^<]*\$", html)
    assert (
        spoken(html.split("<h1>")[1])[0]
        == '<math><mi mathvariant="normal">Ω</mi></math>'
    )


def test_equations_keep_their_numbers_and_links(build):
    build(page=PAGE)
    html = build.text("page.html")
    number = (
        r'<div class="math notranslate" id="equation-step">\n<span class="eqno">\(1\)'
    )
    assert re.search(number + r'<a class="headerlink" href="#equation-step"', html)
    assert re.search(r'<a [^>]*href="#equation-step"[^>]*>\(1\)</a>', html)


def test_what_a_notebook_prints_is_set(build):
    assert build(page=PAGE) == ""
    [alpha] = spoken(build.text("notebook.html"))
    assert "α" in alpha


@pytest.mark.parametrize("tex", [r"\frac{1}", r"\tanhh"])
@pytest.mark.parametrize("page", ["# A\n\nb $%s$", "# A\n\n$$\n%s\n$$"])
def test_a_malformed_formula_is_named_with_its_file_and_line(build, page, tex):
    complaint = build(page="# A", wrong=page % tex)
    place, message = r"wrong\.md:6: .*", "ERROR: malformed formula: [A-Z].*: "
    assert re.search(place + message + re.escape(tex), complaint)
    assert complaint.count("\n") == 1


# --- the style sheet ------------------------------------------------------------------


def test_the_style_sheet_has_what_the_pages_use_and_little_else(build):
    build(page=PAGE)
    sheet = build.text("_static/formulas.css")
    for page in build.pages.glob("*.html"):
        for glyph in re.findall(r"mjx-c[0-9A-F]+", page.read_text("utf-8")):
            assert f".{glyph}" in sheet
    assert "mjx-msub" in sheet and "mjx-msqrt" not in sheet
    assert "mjx-c1D466" not in sheet  # no y
    fonts = set(re.findall(r'url\("fonts/([^"]*)"', sheet))
    assert {"MathJax_Main-Regular.woff", "MathJax_Math-Italic.woff"} <= fonts
    assert "MathJax_Fraktur-Regular.woff" not in fonts
    assert {path.name for path in (build.pages / "_static/fonts").iterdir()} == fonts
    assert sheet.count("data:font/woff") == 1  # what keeps lines in place is there
    faces = sheet.count("@font-face")
    assert sheet.count("font-display: swap") == faces == len(fonts) + 1
    assert 'href="_static/formulas.css' in build.text("page.html")


def test_the_style_sheet_serves_pages_that_were_built_before(build):
    build(page="# A", other="# B\n\n$y$")
    build(page="# A\n\n$z$")
    sheet = build.text("_static/formulas.css")
    assert "mjx-c1D466" in sheet and "mjx-c1D467" in sheet
