"""Texts with passages: in pieces to write one after another, and cut for a page."""

import pytest

from factory.audit.reading import Gap, Passage, pieces
from factory.audit.reading.cutting import cut

TEXT = "a" * 3000 + "HERE" + "b" * 3000
HERE = Passage(3000, 3004, "loop", "a block")


def test_pieces_are_the_text():
    passages = [Passage(0, 4, "loop", "x"), Passage(2, 6, "long", "y"), Passage(6, 9, "end", "z")]
    found = pieces("0123456789", passages)
    assert "".join(piece.text for piece in found) == "0123456789"
    assert [(piece.text, [one.reason for one in piece.passages]) for piece in found] == [
        ("01", ["loop"]), ("23", ["loop", "long"]), ("45", ["long"]), ("678", ["end"]), ("9", []),
    ]  # fmt: skip


def test_gaps_stand_where_they_are():
    found = pieces("abcd", [], [Gap(0, 7), Gap(2, 9), Gap(4, 11)])
    assert [piece.text or piece.left_out for piece in found] == [7, "ab", 9, "cd", 11]


def test_a_short_text_is_whole():
    assert cut("so", [HERE], 10) == ("so", (HERE,), ())


def test_a_long_text_keeps_its_ends_and_what_is_around_passages():
    text, (passage,), gaps = cut(TEXT, [HERE], 1000)
    assert text[passage.start : passage.end] == "HERE"
    assert len(text) <= 1000
    assert text.startswith("aaa")
    assert text.endswith("bbb")
    assert len(text) + sum(gap.chars for gap in gaps) == len(TEXT)
    assert [gap.at for gap in gaps] == [298, len(text) - 298]


def test_of_a_long_passage_both_ends_are_kept():
    text, (passage,), gaps = cut(TEXT, [Passage(0, len(TEXT), "loop", "all")], 4000)
    assert (passage.start, passage.end) == (0, len(text))
    assert len(gaps) == 1
    assert len(text) < 4000


@pytest.mark.parametrize("most", [100, 1000, 5000])
def test_no_character_is_lost_from_the_count(most: int):
    many = [Passage(at, at + 30, "code", "a block") for at in range(0, 5900, 230)]
    text, passages, gaps = cut(TEXT, many, most)
    assert len(text) <= most
    assert len(text) + sum(gap.chars for gap in gaps) == len(TEXT)
    assert all(0 <= one.start < one.end <= len(text) for one in passages)
