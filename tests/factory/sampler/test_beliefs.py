"""What a run learns of its prompts, and what it then spends."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from factory.sampler.beliefs import Belief, Rule, Tally, expected, learn, limits, price
from factory.sampler.policy import Limits, goes_on, until

RULE = Rule(accepted=1, max_draws=16, min_chance=0.05)


def sampled(a: float, b: float, prompts: int, rule: Limits, seed: int = 1) -> Tally:
    """Prompts whose pass rates are of a Beta distribution, drawn under a rule."""
    rng = random.Random(seed)
    seen: Counter[tuple[int, int]] = Counter()
    for _ in range(prompts):
        chance, draws, correct = rng.betavariate(a, b), 0, 0
        while goes_on(rule, draws, correct):
            draws, correct = draws + 1, correct + (rng.random() < chance)
        seen[draws, correct] += 1
    return Tally(seen)


@pytest.mark.parametrize(("a", "b"), [(0.2, 0.2), (0.2, 0.6), (2.0, 2.0), (6.0, 2.0)])
@pytest.mark.parametrize("rule", [until(1, 8), until(4, 8)])
def test_the_prior_is_found_again_under_any_rule_of_stopping(a: float, b: float, rule: Limits):
    belief = learn(sampled(a, b, 3000, rule))
    assert belief.a / (belief.a + belief.b) == pytest.approx(a / (a + b), abs=0.05)
    assert 0.5 < (belief.a + belief.b) / (a + b) < 2


def test_a_few_equal_prompts_make_nothing_certain():
    belief = learn(Tally({(1, 1): 5}))
    assert 0.005 < 1 - belief.chance(1, 1) < 0.5
    assert belief.chance(3, 0) > 0.01


def test_costs_are_learned_by_verdict():
    belief = learn(Tally({(2, 1): 100}, tokens_correct=100 * 200, tokens_others=100 * 900))
    assert belief.correct == pytest.approx(200, rel=0.05)
    assert belief.others == pytest.approx(900, rel=0.05)


@pytest.mark.parametrize(
    ("belief", "expected_limits", "remark"),
    [
        (Belief(0.2, 0.2), (4,), "either easy or hopeless: four failures tell"),
        (Belief(0.2, 4.0), (1,), "hardly any chance: one draw, for the estimate"),
        (Belief(5.0, 5.0), (16,), "all in the middle: failures are bad luck"),
    ],
)
def test_hopeless_prompts_are_given_up(belief: Belief, expected_limits: Limits, remark: str):
    assert limits(belief, RULE) == expected_limits, remark


def test_a_prompt_that_succeeded_once_is_given_up_later():
    ends = limits(Belief(0.3, 0.9), Rule(accepted=4, max_draws=40, min_chance=0.1))
    assert all(early <= late for early, late in pairwise(ends))
    assert ends[0] < ends[1]


def test_a_dearer_token_buys_fewer_draws():
    belief = Belief(0.5, 0.5, correct=100, others=300)
    spent = [expected(belief, limits(belief, RULE, price))[1] for price in (0, 1e-4, 1e-3, 2e-3)]
    assert spent == sorted(spent, reverse=True)
    assert spent[0] > spent[-1]


def test_what_is_expected_is_what_happens():
    belief = Belief(0.4, 0.8, correct=50, others=120)
    rule = limits(belief, RULE)
    seen = sampled(0.4, 0.8, 40_000, rule, seed=5).prompts
    accepted, tokens = expected(belief, rule)
    assert accepted == pytest.approx(sum(m for (_, c), m in seen.items() if c) / 40_000, abs=0.01)
    drawn = sum((c * 50 + (n - c) * 120) * m for (n, c), m in seen.items()) / 40_000
    assert tokens == pytest.approx(drawn, rel=0.02)


@pytest.mark.parametrize("wanted", [300, 600, 900])
def test_a_target_is_reached_at_the_highest_price_that_does(wanted: int):
    sources = [(Belief(3, 1, 100, 150), 500), (Belief(0.5, 2, 200, 800), 1000)]
    found = price(sources, RULE, rows=wanted)

    def rows(at: float) -> float:
        return sum(expected(b, limits(b, RULE, at))[0] * many for b, many in sources)

    assert rows(found) >= wanted
    assert found == 0 or rows(found * 1.5) <= rows(found)


def test_a_budget_is_kept_at_the_lowest_price_that_does():
    sources = [(Belief(3, 1, 100, 150), 500), (Belief(0.5, 2, 200, 800), 1000)]
    tight, loose = price(sources, RULE, tokens=9e5), price(sources, RULE, tokens=1e9)
    assert tight > loose == 0
    spent = sum(expected(b, limits(b, RULE, tight))[1] * many for b, many in sources)
    assert spent <= 9e5
