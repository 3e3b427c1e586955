"""How far people agree: values worked out by hand, and those of the literature."""

import pytest

from factory.audit.label.agreement import agreement, majority


def of_two(both_yes: int, only_first: int, only_second: int, both_no: int) -> list[dict[str, bool]]:
    """A table of two people's marks, as rows."""
    counts = {(True, True): both_yes, (True, False): only_first,
              (False, True): only_second, (False, False): both_no}  # fmt: skip
    return [{"ann": a, "ben": b} for (a, b), count in counts.items() for _ in range(count)]


def test_cohens_kappa_of_two_people():
    """0.70 agree, 0.50 by chance: (0.7 - 0.5) / (1 - 0.5)."""
    found = agreement(of_two(20, 5, 10, 15))
    assert found
    assert (found.people, found.rows, found.name) == (2, 50, "Cohen's kappa")
    assert found.raw.value == pytest.approx(0.7)
    assert found.beyond_chance
    assert found.beyond_chance.value == pytest.approx(0.4)
    assert 0.1 < found.beyond_chance.low < 0.4 < found.beyond_chance.high < 0.7


def test_krippendorffs_alpha_of_three_with_gaps():
    """By hand: 10 marks in rows of several, 2 of 3 alike in two rows; 7 yes and 3 no in all."""
    rows = [
        {"ann": True, "ben": True, "cas": True},
        {"ann": True, "ben": False, "cas": True},
        {"ann": False, "ben": False},
        {"ann": True, "cas": True},
        {"cas": True},
    ]
    found = agreement(rows)
    assert found
    assert (found.people, found.rows, found.name) == (3, 4, "Krippendorff's alpha")
    # One row of three has 2 yes and 1 no: 2 * 2 * 1 / 2 = 2 of 10 marks; expected 2 * 7 * 3 / 90.
    assert found.raw.value == pytest.approx(1 - 2 / 10)
    assert found.beyond_chance
    assert found.beyond_chance.value == pytest.approx(1 - 0.2 / (2 * 7 * 3 / (10 * 9)))


def test_people_who_always_agree_on_few_rows_may_still_differ():
    found = agreement(of_two(5, 0, 0, 5))
    assert found
    assert found.beyond_chance
    assert found.beyond_chance.value == found.beyond_chance.high == 1
    assert found.beyond_chance.low < 0.6


def test_where_all_marks_are_alike_nothing_is_beyond_chance():
    found = agreement(of_two(9, 0, 0, 0))
    assert found
    assert found.raw.value == 1
    assert found.beyond_chance is None


def test_one_person_agrees_with_nobody():
    assert agreement([{"ann": True}, {"ben": False}]) is None


def test_a_row_counts_as_most_say_and_not_at_all_where_they_are_even():
    assert majority({"ann": True, "ben": True, "cas": False}) is True
    assert majority({"ann": False}) is False
    assert majority({"ann": True, "ben": False}) is None
    assert majority({}) is None
