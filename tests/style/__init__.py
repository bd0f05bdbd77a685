"""The style guide as functions: each takes a page and returns its complaints.

`test_book.py` runs every rule over every page of the book, and over planted faults, so
that a rule which cannot fail is found out. What ruff or a strict build of the site says
is not said again here.
"""

from . import figures, length, template, text
from .across import confusions_off_the_list, terms_without_korean, uncited
from .page import BOOK, CHAPTER_RULES, PAGE_RULES, ROOT, Page, read_page

__all__ = [
    "BOOK",
    "CHAPTER_RULES",
    "PAGE_RULES",
    "ROOT",
    "Page",
    "confusions_off_the_list",
    "figures",
    "length",
    "read_page",
    "template",
    "terms_without_korean",
    "text",
    "uncited",
]
