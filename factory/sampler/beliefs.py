"""What a run believes of its prompts: chances and costs of draws by source, and what to spend."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from factory.sampler.policy import Limits

PRIOR = (0.5, 0.5)
"""Beta distribution of pass rates before anything is known: Jeffreys' for a proportion."""
MEANS = tuple(m / 40 for m in range(1, 40))
SPREADS = tuple(2.0**e for e in range(-4, 7))
"""Values of a Beta's mean and of a + b among which the likeliest are looked for: from almost only
zeros and ones (1/16) to prompts that are all alike (64)."""


@dataclass(frozen=True)
class Tally:
    """What finished prompts of one source came to."""

    prompts: Mapping[tuple[int, int], int]
    """How many prompts had (draws, correct ones)."""
    tokens_correct: int = 0
    """Tokens of all correct draws."""
    tokens_others: int = 0
    """Tokens of all other draws."""


@dataclass(frozen=True)
class Belief:
    """Of one source: a Beta distribution of its prompts' pass rates, and what a draw costs."""

    a: float = PRIOR[0]
    b: float = PRIOR[1]
    correct: float = 1.0
    """Tokens of a correct draw, on average."""
    others: float = 1.0
    """Tokens of any other draw, on average."""

    def chance(self, draws: int, correct: int) -> float:
        """Of the next draw to be correct, after so many of which so many were."""
        return (self.a + correct) / (self.a + self.b + draws)


@dataclass(frozen=True)
class Rule:
    """What of the recipe the limits of an adaptive policy depend on."""

    accepted: int
    max_draws: int
    min_chance: float


def learn(tally: Tally) -> Belief:
    """The likeliest Beta for what was seen, and mean tokens by verdict.

    The likelihood of stopped draws is that of draws made as planned, up to a factor (the likelihood
    principle), so a prompt that was given up on teaches as much as any other. One prompt that fails
    and one that passes are added, lest a few equal ones make the belief certain.
    """
    seen = dict(tally.prompts)
    for extra in ((1, 0), (1, 1)):
        seen[extra] = seen.get(extra, 0) + 1
    a, b = max(_grid(), key=lambda ab: _likelihood(*ab, seen.items()))
    correct = sum(c * many for (_, c), many in tally.prompts.items())
    others = sum((n - c) * many for (n, c), many in tally.prompts.items())
    both = max(tally.tokens_correct + tally.tokens_others, 1) / max(correct + others, 1)
    return Belief(
        a,
        b,
        (tally.tokens_correct + both) / (correct + 1),
        (tally.tokens_others + both) / (others + 1),
    )


@cache
def _grid() -> tuple[tuple[float, float], ...]:
    return tuple((mean * spread, (1 - mean) * spread) for mean in MEANS for spread in SPREADS)


def _likelihood(a: float, b: float, seen: Iterable[tuple[tuple[int, int], int]]) -> float:
    """Logarithm of the Beta-Bernoulli likelihood."""
    whole = _log_beta(a, b)
    return sum(many * (_log_beta(a + c, b + n - c) - whole) for (n, c), many in seen)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


@lru_cache(maxsize=4096)
def limits(belief: Belief, rule: Rule, price: float = 0.0) -> Limits:
    """The rule of stopping that is worth most, where a token costs `price` accepted rows.

    Backwards from the last draw: another draw is worth the chance of an accepted row and what that
    opens, less its tokens (optimal stopping; Chow, Robbins and Siegmund 1971). At price 0 a prompt
    is given up only when its next draw has less than the rule's least chance. Every prompt gets
    one draw, so that its pass rate can be estimated.
    """
    ends = _ends(belief, rule, price)
    return (max(1, ends[0]), *ends[1:])


def _ends(belief: Belief, rule: Rule, price: float) -> list[int]:
    """For each number of correct ones, the draws at which to stop; perhaps 0."""
    worth = [0.0] * (rule.accepted + 1)  # of going on from here, by correct ones so far
    ends = [rule.max_draws] * rule.accepted
    for draws in range(rule.max_draws - 1, -1, -1):
        for have in range(min(rule.accepted - 1, draws), -1, -1):
            chance = belief.chance(draws, have)
            cost = chance * belief.correct + (1 - chance) * belief.others
            gain = chance * (1 + worth[have + 1]) + (1 - chance) * worth[have] - price * cost
            stop = chance < rule.min_chance or gain <= 0
            worth[have] = 0.0 if stop else gain
            if stop:
                ends[have] = draws
    # After more correct ones the chance is better: whoever goes on with fewer goes on with more.
    return ends


@lru_cache(maxsize=4096)
def expected(belief: Belief, rule: Limits) -> tuple[float, float]:
    """Accepted rows and tokens that a prompt comes to under a rule of stopping."""
    rows = {0: 1.0}
    accepted = tokens = 0.0
    for draws in range(max(rule, default=0)):
        following: dict[int, float] = {}
        for have, share in rows.items():
            if have >= len(rule) or draws >= rule[have]:
                continue
            chance = belief.chance(draws, have)
            accepted += share * chance
            tokens += share * (chance * belief.correct + (1 - chance) * belief.others)
            following[have + 1] = following.get(have + 1, 0.0) + share * chance
            following[have] = following.get(have, 0.0) + share * (1 - chance)
        rows = following
    return accepted, tokens


def price(
    sources: Sequence[tuple[Belief, int]],
    rule: Rule,
    *,
    rows: float | None = None,
    tokens: float | None = None,
) -> float:
    """What a token may cost in accepted rows, so that the prompts to come just suffice.

    Draws are spent where they pay most when each prompt is stopped at the same price (Everett 1963,
    "Generalized Lagrange multiplier method"); so one number is looked for, by halving.

    Args:
        sources: belief and number of prompts to come, for each source.
        rule: the adaptive policy.
        rows: accepted rows still wanted: the highest price at which they can be expected.
        tokens: tokens still to be spent: the lowest price at which they can be expected to do.

    Returns:
        0 where even the most generous stopping gives no more rows than wanted and fits the tokens.
    """

    def comes_to(price: float) -> tuple[float, float]:
        parts = [(expected(b, limits(b, rule, price)), many) for b, many in sources]
        return sum(e[0] * many for e, many in parts), sum(e[1] * many for e, many in parts)

    def too_low(price: float) -> bool:
        got, spent = comes_to(price)
        return (rows is not None and got > rows) or (tokens is not None and spent > tokens)

    if not sources or not too_low(0.0):
        return 0.0
    low, high = 0.0, 1.0 / min(min(b.correct, b.others) for b, _ in sources)
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if too_low(middle) else (low, middle)
    # With rows wanted, err on the side of enough of them; with tokens, on that of enough left.
    return low if tokens is None else high
