"""Which rows are drawn: some of each stratum, by a lot that stays."""

from collections import Counter

import polars as pl
import pytest

from factory.audit.label.asked import Asked, as_units
from factory.audit.label.draw import BLOCK, Set, draw


def asked(key: str, sizes: dict[tuple[str, bool | None], int]) -> Asked:
    """A question whose strata have so many rows."""
    rows = [
        {"row": f"{key}-{stratum}-{n}", "judge": key, "stratum": stratum, "claim": claim}
        for (stratum, claim), size in sizes.items()
        for n in range(size)
    ]
    return Asked(key, f"{key}?", "filter", as_units(pl.DataFrame(rows), row="row"))


RARE = asked("rare", {("a", True): 3, ("b", True): 40, ("passed", False): 5000})
COMMON = asked("common", {("c", True): 900, ("passed", False): 1000, ("not measured", None): 50})


def rows(drawn: Set) -> set[str]:
    return {card.row for card in drawn.cards}


def test_each_question_has_its_share_and_half_of_it_are_removed_rows():
    drawn = draw([RARE, COMMON], 40)
    assert Counter((card.asked.key, card.claim) for card in drawn.cards) == {
        ("rare", True): 10, ("rare", False): 10,
        ("common", True): 8, ("common", False): 8, ("common", None): 4,
    }  # fmt: skip
    assert len(rows(drawn)) == 40


def test_each_reason_is_seen_and_the_largest_most():
    many = asked("many", {("a", True): 10_000, ("b", True): 100, ("c", True): 9})
    taken = {one.stratum: one.drawn for one in draw([many], 20).strata}
    assert taken == {"a": 12, "b": 4, "c": 4}


def test_a_small_stratum_is_drawn_whole_and_the_rest_goes_to_others():
    drawn = draw([RARE], 60)
    taken = {one.stratum: (one.drawn, one.rows) for one in drawn.strata}
    assert taken["a"] == (3, 3)
    assert sum(n for n, _ in taken.values()) == 60


def test_no_more_is_drawn_than_there_is():
    few = asked("few", {("a", True): 2, ("passed", False): 3})
    assert len(draw([few], 50).cards) == 5
    assert draw([], 50).cards == []


@pytest.mark.parametrize("more", [21, 40, 100, 400])
def test_a_larger_draw_has_the_rows_of_a_smaller_one(more: int):
    assert rows(draw([RARE, COMMON], 20)) <= rows(draw([RARE, COMMON], more))


def test_the_same_seed_draws_the_same_in_the_same_order_and_another_one_others():
    one, two = (draw([RARE, COMMON], 40, seed=3) for _ in range(2))
    assert [card.row for card in one.cards] == [card.row for card in two.cards]
    assert rows(one) != rows(draw([RARE, COMMON], 40, seed=4))


def test_a_row_keeps_its_lot_when_the_order_of_rows_and_the_strata_change():
    turned = Asked("rare", "rare?", "filter", RARE.units.reverse())
    assert rows(draw([RARE], 30)) == rows(draw([turned], 30))


def test_every_row_of_a_stratum_is_as_likely():
    small = asked("small", {("passed", False): 10})
    drawn = Counter(row for seed in range(500) for row in rows(draw([small], 3, seed)))
    assert set(drawn) == set(small.units["row"])
    assert all(abs(count - 150) < 5 * (500 * 0.3 * 0.7) ** 0.5 for count in drawn.values())


def test_the_order_does_not_tell_what_the_judge_says():
    """In blocks by question; the first block has rows of all sides."""
    drawn = draw([RARE, COMMON], 80)
    first = drawn.cards[:BLOCK]
    assert [card.asked.key for card in first] == sorted(card.asked.key for card in first)
    assert {card.claim for card in first} >= {True, False}
    claims = [card.claim for card in drawn.cards if card.asked.key == "rare"]
    assert claims != sorted(claims, key=str)
    assert claims != sorted(claims, key=str, reverse=True)
