"""The search finds Korean words: what the build indexes, what the browser looks for."""

import re
from pathlib import Path

import pytest
from py_mini_racer import MiniRacer
from sphinx.search.en import SearchEnglish

from press import search

GLOSSARY = (Path(search.HERE).parent / "glossary.md").read_text("utf-8")
SPANS = re.findall(r'<span lang="ko">(.*?)</span>', GLOSSARY)
NAMES = sorted({name for span in SPANS for name in span.split("; ")})
WORDS = sorted({word for name in NAMES for word in re.findall(r"[^\s()/-]+", name)})
PARTICLES = """
은 는 이 가 을 를 의 에 에서 에게 로 으로 와 과 도 만 부터 까지 보다 처럼 란 이란
""".split()
BOTH = search.SearchBoth({})


@pytest.fixture(scope="module")
def split():
    """Return the browser's function that makes words of a query, with Sphinx's name."""
    engine = MiniRacer()
    engine.eval("var Search = {}, addEventListener = () => {};")
    engine.eval(search.SearchBoth.js_splitter_code)
    return lambda query: list(engine.call("splitQuery", query))


def indexed(text):
    """Return the words of a text that are in the index."""
    words = {BOTH.stem(word) for word in BOTH.split(text)}
    return {word for word in words if BOTH.word_filter(word)}


def finds(words, index):
    """Say whether Sphinx finds every word of a query: whole, or inside a longer one."""
    stems = [BOTH.stem(word.lower()) for word in words]
    return bool(stems) and all(
        stem in index or (len(stem) > 2 and any(stem in word for word in index))
        for stem in stems
    )


def test_every_korean_name_is_found(split):
    assert len(NAMES) > 150
    index = indexed("\n".join(SPANS))
    queries = [
        *NAMES,
        *WORDS,
        *(re.sub("(?<=[가-힣]) (?=[가-힣])", "", name) for name in NAMES),
    ]
    queries += [query + particle for query in queries for particle in PARTICLES]
    assert [query for query in queries if not finds(split(query), index)] == []


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("상태가 바뀐다", "상태"),
        ("상태가 바뀐다", "상태를"),
        ("은닉 상태", "은닉상태"),
        ("은닉상태", "은닉 상태란?"),
        ("기울기 소실", "기울기소실은"),
        ("층을 쌓는다", "층을"),
        ("LSTM은 기억한다", "LSTM"),
        ("an LSTM", "LSTM은"),
        ("평가", "평가"),
        ("32비트", "32비트"),
        ("The gates", "gate"),
    ],
)
def test_a_word_is_found(split, text, query):
    assert finds(split(query), indexed(text))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("은닉 상태", "은닉 단계"),
        ("상태", "상수"),
        ("평가", "평균"),
        ("은닉. 상태", "은닉상태"),
        ("상태", "를"),
        ("a gate", "state"),
    ],
)
def test_another_word_is_not_found(split, text, query):
    assert not finds(split(query), indexed(text))


def test_english_is_split_as_before(split):
    text = "It isn't x_t: the LSTM's Gates, 1 of 2 (Fig. 3b)."
    assert BOTH.split(text) == SearchEnglish({}).split(text)
    assert split(text) == BOTH.split(text)
    assert "LSTM" in BOTH.split("LSTM은 기억한다")


def test_numbers_are_not_indexed():
    assert indexed("12 of 1997, 3b, x_1, and 32비트") == {"3b", "x_1", "32비트", "비트"}
