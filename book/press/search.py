"""The search: it finds Korean words too, and is loaded where a reader searches."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.search.en import SearchEnglish

HERE = Path(__file__).parent
HANGUL = "[가-힣]"
WORD = rf"\w*{HANGUL}\w*"


class SearchBoth(SearchEnglish):
    """English as Sphinx finds it, and Korean, whose words end in particles.

    The browser takes the particles from what it looks for (`search.js`). The index has
    Korean words that stand together without the spaces between them, which are
    optional. Sphinx finds a part of a word only if it has at least three letters, so
    the index has every two neighbouring letters as well, and the first of each word.
    """

    js_splitter_code = (HERE / "search.js").read_text("utf-8")

    def split(self, input):
        """Return what is to be found of a text.

        Parameters
        ----------
        input : str
            The text, under the name that Sphinx gives it.

        Returns
        -------
        list of str
            Its words, and the pieces of the Korean ones.
        """
        found = super().split(re.sub(HANGUL, " ", input))
        for words in re.findall(rf"{WORD}(?:\s+{WORD})*", input):
            together = "".join(words.split())
            found += [together, *re.findall(rf"(?=({HANGUL}{{2}}))", together)]
            found += re.findall(rf"\b{HANGUL}", words)
        return found

    def word_filter(self, word):
        """Say whether a word belongs in the index: Sphinx never looks for a number."""
        return super().word_filter(word) and not re.fullmatch("[0-9]+", word)


def name_in_korean(app, doctree):
    """Let a search for the Korean name of a term lead to the term.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.
    doctree : docutils.nodes.document
        A page that has been read; a glossary says the names first, in a span.
    """
    domain = app.env.get_domain("std")
    for item in doctree.findall(nodes.definition_list_item):
        term, definition = item[0], item[-1]
        span = definition.next_node(nodes.raw)
        if span is None or 'lang="ko"' not in span.astext():
            continue
        names = span.next_node(nodes.Text, descend=False, siblings=True).astext()
        for name in re.sub(r"\(.*?\)", "", names).split("; "):
            if re.search(HANGUL, name) and ("korean", name) not in domain.objects:
                domain.note_object("korean", name, term["ids"][0])


def setup(app):
    """Add the language and the names; `templates` has a head without the search."""
    app.add_search_language(SearchBoth)
    app.add_object_type("korean", "korean", objname="Korean name")
    app.connect("doctree-read", name_in_korean)
