"""When a prompt has had enough: rules of stopping as tables, and what they leave to estimate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from math import comb

from factory.recipe.sampling import Policy

Limits = tuple[int, ...]
"""`limits[c]`: draws at which a prompt with `c` correct ones gets no more. A prompt with
`len(limits)` or more correct ones gets no more in any case."""


def fixed(draws: int) -> Limits:
    """So many draws, whatever comes of them.

    >>> fixed(2)
    (2, 2, 2)
    """
    return (draws,) * (draws + 1)


def until(accepted: int, max_draws: int, give_up: Sequence[int] = ()) -> Limits:
    """Until so many are correct, so many were drawn, or too many of them are wrong.

    Args:
        accepted: correct draws that are enough.
        max_draws: draws that are too many.
        give_up: wrong draws that are too many, by the number of correct ones beside them; the last
            counts for all further numbers, and nothing here means that wrong ones do not matter.

    >>> until(2, 5), until(4, 8, [2]), until(5, 8, [1, 2, 4])
    ((5, 5), (2, 3, 4, 5), (1, 3, 6, 7, 8))
    """
    if not give_up:
        return (max_draws,) * accepted
    wrong = [*give_up] + [give_up[-1]] * accepted
    return tuple(min(correct + wrong[correct], max_draws) for correct in range(accepted))


def limits_of(rule: Policy, source: str = "") -> Limits:
    """When a prompt of this source has had enough."""
    if rule.until is None:
        return fixed(rule.max_draws)
    wrong = rule.until.give_up_by_source.get(source, rule.until.give_up)
    each = [wrong] if isinstance(wrong, int) else wrong or []
    return until(rule.until.accepted, rule.max_draws, each)


def sure_draws_of(rule: Policy) -> int:
    """Draws that every prompt of every source gets: these alone are not selected."""
    told_apart = rule.until.give_up_by_source if rule.until else ()
    return min(sure_draws(limits_of(rule, source)) for source in ("", *told_apart))


def sure_draws(limits: Limits) -> int:
    """Draws that every prompt gets, whatever comes of them.

    >>> sure_draws(fixed(3)), sure_draws(until(2, 5)), sure_draws(until(4, 8, [3]))
    (3, 2, 3)
    """
    draws = 0
    while all(goes_on(limits, draws, correct) for correct in range(draws + 1)):
        draws += 1
    return draws


def goes_on(limits: Limits, draws: int, correct: int) -> bool:
    """Whether a prompt with so many draws, so many of them correct, gets another."""
    return correct < len(limits) and draws < limits[correct]


def next_draw(
    limits: Limits, outcomes: Mapping[int, bool | None], failed: Collection[int] = ()
) -> int | None:
    """The number of the next draw, if it is needed whatever comes of those in flight; else None.

    So the draws of a prompt are the shortest row 0, 1, 2, … that satisfies the rule, in whatever
    order they finish, and none is made that the rule would not have made one after the other.

    Args:
        limits: the rule.
        outcomes: by number, whether a draw is correct; None while it is in flight.
        failed: numbers that cannot be had: others take their place.

    >>> next_draw(until(1, 4), {0: False}), next_draw(until(1, 4), {0: None})
    (1, None)
    >>> next_draw(until(2, 4), {0: None}), next_draw(until(2, 4), {0: None, 1: None})
    (1, None)
    >>> next_draw(fixed(3), {0: None, 2: True})
    1
    """
    least = most = place = 0  # correct ones among the first `place` draws
    for number in range(max(limits, default=0)):
        if number in failed:
            continue
        if most >= len(limits):
            return None
        for correct in range(least, most + 1):
            if place >= limits[correct]:
                return None
        if number not in outcomes:
            return number
        outcome = outcomes[number]
        least += outcome is True
        most += outcome is not False
        place += 1
    return None


def asked_for(limits: Limits, outcomes: Mapping[int, bool | None]) -> list[int]:
    """The numbers among finished draws that the rule would have made; a store may hold others.

    >>> asked_for(until(1, 4), {0: False, 1: True, 2: True})
    [0, 1]
    """
    correct, numbers = 0, []
    for place, number in enumerate(sorted(outcomes)):
        if number >= max(limits, default=0) or not goes_on(limits, place, correct):
            break
        numbers.append(number)
        correct += outcomes[number] is True
    return numbers


def pass_rate(limits: Limits, draws: int, correct: int) -> float:
    """Unbiased estimate of a prompt's pass rate from draws that a rule of stopping made.

    The plain share `correct / draws` is too high where drawing stops at a success. Given how many
    draws there were and how many of them were correct, all orders that the rule allows are equally
    likely; the share of those that begin with a success is unbiased, and the best estimate that is
    (Girshick, Mosteller and Savage 1946, "Unbiased estimates for certain binomial sampling
    problems"; with Rao-Blackwell). For `fixed` it is the plain share.

    Args:
        limits: the rule under which they were drawn.
        draws: how many there are.
        correct: how many of them are correct.

    Raises:
        ValueError: when the rule never stops there, nor passes there.

    >>> pass_rate(fixed(4), 4, 3), pass_rate(until(2, 9), 5, 2), pass_rate(until(1, 4), 3, 1)
    (0.75, 0.25, 0.0)
    """
    ways = _ways(limits, draws, correct, 0)
    if not ways:
        raise ValueError(f"{correct} correct of {draws} draws cannot come from limits {limits}")
    return _ways(limits, draws, correct, 1) / ways


@cache
def _ways(limits: Limits, draws: int, correct: int, first: int) -> int:
    """Orders of outcomes that the rule allows, up to so many draws; those that begin with a success
    where `first` is 1."""
    if draws == 0:
        return int(correct == 0 and not first)
    if set(limits) == {len(limits) - 1} and draws <= len(limits):  # fixed: any order
        return comb(draws - first, correct - first) if correct >= first else 0
    rows = {1: 1} if first else {0: 1, 1: 1}
    rows = rows if goes_on(limits, 0, 0) else {}
    for place in range(1, draws):
        following: dict[int, int] = {}
        for have, ways in rows.items():
            if goes_on(limits, place, have):
                for now in (have, have + 1):
                    following[now] = following.get(now, 0) + ways
        rows = following
    return rows.get(correct, 0)
