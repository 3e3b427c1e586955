"""Rules of stopping: what they want next, whatever order draws finish in, and fair pass rates."""

import random

import pytest

from factory.sampler.policy import (
    Limits,
    asked_for,
    fixed,
    goes_on,
    next_draw,
    pass_rate,
    sure_draws,
    until,
)

PATIENT = until(3, 6, [3, 4, 4])
"""Given up after 3 draws without success, after 5 with one, after 6 with two; enough at 3."""
RULES = [fixed(1), fixed(4), until(1, 4), until(2, 5), until(3, 3), PATIENT]
RULES += [until(4, 6, [1]), until(4, 8, [1, 2, 4]), until(3, 6, [5, 1])]


def one_after_the_other(limits: Limits, coins: list[bool]) -> list[bool]:
    """The outcomes that a rule draws, if it draws them one by one."""
    drawn: list[bool] = []
    while goes_on(limits, len(drawn), sum(drawn)):
        drawn.append(coins[len(drawn)])
    return drawn


@pytest.mark.parametrize("limits", RULES)
def test_draws_in_flight_at_once_come_to_what_one_after_the_other_comes_to(limits: Limits):
    rng = random.Random(3)
    for _ in range(300):
        coins = [rng.random() < 0.5 for _ in range(8)]
        outcomes: dict[int, bool | None] = {}
        while True:
            for _ in range(rng.randint(1, 4)):
                if (number := next_draw(limits, outcomes)) is not None:
                    outcomes[number] = None
            flying = [number for number, outcome in outcomes.items() if outcome is None]
            if not flying:
                break
            lands = rng.choice(flying)
            outcomes[lands] = coins[lands]
        assert [outcomes[n] for n in sorted(outcomes)] == one_after_the_other(limits, coins)


@pytest.mark.parametrize(
    ("limits", "outcomes", "failed", "expected", "remark"),
    [
        (fixed(3), {}, [], 0, "the first"),
        (fixed(3), {0: None, 1: None}, [], 2, "all at once: each is needed for certain"),
        (fixed(3), {0: True, 2: False}, [], 1, "a gap that an earlier sitting left"),
        (fixed(2), {0: True, 1: True}, [], None, "enough"),
        (until(1, 4), {0: None}, [], None, "it may be correct: the second is not certain"),
        (until(2, 4), {0: None}, [], 1, "two are wanted: the second is"),
        (until(1, 4), {0: False}, [1], 2, "another takes the place of one that failed"),
        (until(1, 2), {0: False}, [1], None, "but no more than there may be"),
        (PATIENT, {0: False, 1: None}, [], 2, "needed whether the second is correct or not"),
        (PATIENT, {0: False, 1: False, 2: None}, [], None, "given up, if the third is wrong"),
        (PATIENT, {0: False, 1: False, 2: True}, [], 3, "in reach again"),
    ],
)
def test_the_next_draw_is_needed_for_certain(
    limits: Limits,
    outcomes: dict[int, bool | None],
    failed: list[int],
    expected: int | None,
    remark: str,
):
    assert next_draw(limits, outcomes, failed) == expected, remark


@pytest.mark.parametrize(
    ("limits", "outcomes", "expected"),
    [
        (fixed(2), {0: True, 1: False, 2: True}, [0, 1]),
        (until(1, 4), {0: False, 1: True, 2: True}, [0, 1]),
        (until(1, 4), {1: False, 3: True}, [1, 3]),  # others could not be had
        (PATIENT, {0: False, 1: False, 2: False, 3: True}, [0, 1, 2]),
    ],
)
def test_a_stricter_rule_finds_its_own_draws_among_more(
    limits: Limits, outcomes: dict[int, bool | None], expected: list[int]
):
    assert asked_for(limits, outcomes) == expected


@pytest.mark.parametrize("limits", RULES)
@pytest.mark.parametrize("chance", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_pass_rates_are_unbiased_under_every_rule(limits: Limits, chance: float):
    """By working out all courses, with their probabilities: no sample, no luck."""
    mean = 0.0
    courses = [([], 1.0)]
    while courses:
        drawn, weight = courses.pop()
        if goes_on(limits, len(drawn), sum(drawn)):
            courses += [([*drawn, True], weight * chance), ([*drawn, False], weight * (1 - chance))]
        else:
            mean += weight * pass_rate(limits, len(drawn), sum(drawn))
    assert mean == pytest.approx(chance)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (until(4, 8, [2]), (2, 3, 4, 5)),
        (until(2, 8, [9]), (8, 8)),
        (until(8, 8, [1, 2, 4, 5]), (1, 3, 6, 8, 8, 8, 8, 8)),
        (until(3, 6, [5, 1]), (5, 2, 3)),
    ],
)
def test_wrong_draws_that_are_too_many_make_a_table(limits: Limits, expected: Limits):
    assert limits == expected


@pytest.mark.parametrize("limits", RULES)
def test_draws_that_every_prompt_gets_are_got_whatever_comes_of_them(limits: Limits):
    ends = set()
    for number in range(2**8):
        coins = [bool(number >> place & 1) for place in range(8)]
        ends.add(len(one_after_the_other(limits, coins)))
    assert sure_draws(limits) == min(ends)


def test_the_plain_share_would_be_biased():
    mean = sum(0.5**n / n for n in (1, 2, 3, 4))  # the share of correct ones under until(1, 4)
    assert mean > 0.68  # where the pass rate is 0.5


def test_what_a_rule_cannot_come_to_has_no_pass_rate():
    with pytest.raises(ValueError, match="3 correct of 3 draws cannot come from limits"):
        pass_rate(until(1, 4), 3, 3)
