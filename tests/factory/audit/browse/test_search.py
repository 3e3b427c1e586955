"""Full-text search: for so long, from where it stopped, with no more than a piece in memory."""

import pytest
from browsing import Written, subject_of

from factory.audit.browse import search as searching
from factory.audit.browse.rows import Rows
from factory.audit.browse.search import Hit, Search, Searches
from factory.audit.subject import Subject


def subject(*texts: str) -> Subject:
    return subject_of([{"sample_id": f"s{n}", "text": text} for n, text in enumerate(texts)])


def test_it_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(searching, "SECONDS", 0)  # one piece a go
    told = subject(*["Yes", "no"] * 5)
    rows, search = Rows.of(told), Search("yes", told.texts)
    assert isinstance(told.texts, Written)
    looked = []
    while not search.ended:
        search.go_on(rows)
        looked.append((search.looked, len(search.numbers)))
    assert looked == [(2, 1), (4, 2), (6, 3), (8, 4), (10, 5), (10, 5)]
    assert told.texts.read == [0, 1, 2, 3, 4]
    assert search.numbers.tolist() == [0, 2, 4, 6, 8]


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("two", "one two three", "two"),
        ("TWO", "one two three", "two"),
        (".*", "a .* b", ".*"),
        ("Σ", "a Σ b", "Σ"),
        ("x", "İİİx", "x"),
        ("four", "one two three", None),
        ("<b>", "a<b>c", "<b>"),
    ],
)
def test_words_are_found_as_they_are_or_in_other_ascii_case(
    words: str, text: str, found: str | None
):
    told = subject(text)
    search = Search(words, told.texts)
    search.go_on(Rows.of(told))
    assert [hit.found for hit in search.hits.values()] == ([found] if found else [])


def test_a_hit_says_where_and_what_stands_beside():
    told = subject("a" * 500 + "here" + "b" * 500)
    search = Search("here", told.texts)
    search.go_on(Rows.of(told))
    assert search.hits == {"s0": Hit("reply", "a" * 60, "here", "b" * 60)}


def test_too_many_hits_end_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(searching, "MOST_HITS", 3)
    told = subject(*["x"] * 9)
    search = Search("x", told.texts)
    search.go_on(Rows.of(told))
    assert (search.ended, len(search.hits)) == (True, 3)


def test_the_latest_searches_are_kept():
    searches = Searches(subject("x").texts)
    first = searches.of("first")
    assert searches.of("first") is first
    for n in range(9):
        searches.of(str(n))
    assert searches.of("first") is not first
