"""The plan of a run: which limits a prompt is drawn under, learned from those that came before."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from factory.recipe.sampling import Sampling
from factory.sampler import beliefs
from factory.sampler.beliefs import Belief, Rule, Tally
from factory.sampler.policy import Limits, limits_of

PILOT = 64
"""Prompts before anything is learned, and the next 64; then chapters double."""
LARGEST = 1 / 16
"""Share of all prompts that a chapter has at most, so that what is spent can still be corrected."""


@dataclass
class _Seen:
    """What the finished prompts of a chapter came to, by source."""

    prompts: dict[str, Counter[tuple[int, int]]] = field(default_factory=dict)
    tokens: Counter[tuple[str, bool]] = field(default_factory=Counter)
    finished: int = 0


class Plan:
    """Limits for each prompt by its place in the order of drawing.

    `fixed` and `until` have the same for all. For `adaptive`, prompts stand in chapters of doubling
    length, and a chapter's limits are learned from all before it but the last, which may still be
    at work. So limits depend on prompts and answers alone, never on which draw was finished first:
    a run that was killed and taken up again draws what an undisturbed one draws.
    """

    def __init__(self, sampling: Sampling, sources: Sequence[str]):
        """`sources`: the source of each prompt, in the order of drawing."""
        self.sampling, self.total = sampling, len(sources)
        self._bounds = bounds(len(sources))
        self._chapters = [Counter(sources[start:end]) for start, end in pairwise(self._bounds)]
        self._generous = False
        self.begin()
        self._rule = None
        if adaptive := sampling.policy.adaptive:
            self._rule = Rule(adaptive.accepted, adaptive.max_draws, adaptive.min_chance)

    def begin(self) -> None:
        """Forget what was seen: all prompts are told of once more."""
        self._seen = [_Seen() for _ in self._chapters]
        self._beliefs: dict[int, tuple[dict[str, Belief], float]] = {0: ({}, 0.0)}

    def be_generous(self) -> bool:
        """Begin again with tokens at no price: all prompts are finished, and more may be spent.

        Whether that can bring anything: only where draws were held back for their price.
        """
        held_back = not self._generous and any(price for _, price in self._beliefs.values())
        if held_back:
            self._generous = True
            self.begin()
        return held_back

    def _chapter(self, place: int) -> int:
        return bisect(self._bounds, place) - 1

    def limits(self, place: int, source: str) -> Limits | None:
        """When this prompt has had enough; None while those it depends on are not finished.

        Its first draw is to be made in any case.
        """
        if self._rule is None:
            return limits_of(self.sampling.policy)
        number = self._chapter(place)
        if number not in self._beliefs and not self._learned(number):
            return None
        known, price = self._beliefs[number]
        return beliefs.limits(known.get(source, Belief()), self._rule, price)

    def chance(self, place: int, source: str, draws: int, correct: int) -> float:
        """Of the next draw of a prompt to be correct, as far as is known."""
        number = self._chapter(place)
        while number not in self._beliefs:
            number -= 1
        return self._beliefs[number][0].get(source, Belief()).chance(draws, correct)

    def finished(
        self, place: int, source: str, draws: int, correct: int, tokens: Mapping[bool, int]
    ) -> bool:
        """Take in a finished prompt; whether limits that were not known may now be.

        `tokens`: of its correct draws and of its others.
        """
        if self._rule is None:
            return False
        seen = self._seen[self._chapter(place)]
        seen.prompts.setdefault(source, Counter())[draws, correct] += 1
        for kind in (True, False):
            seen.tokens[source, kind] += tokens.get(kind, 0)
        seen.finished += 1
        return seen.finished == self._chapters[self._chapter(place)].total()

    def _learned(self, number: int) -> bool:
        """Work out what a chapter is drawn under, if all it depends on is finished."""
        before = range(max(1, number - 1))
        if any(self._seen[n].finished < self._chapters[n].total() for n in before):
            return False
        known = {source: beliefs.learn(self._tally(source, before)) for source in self._sources()}
        self._beliefs[number] = (known, self._price(number, known, before))
        return True

    def _sources(self) -> set[str]:
        return {source for counts in self._chapters for source in counts}

    def _tally(self, source: str, chapters: range) -> Tally:
        prompts: Counter[tuple[int, int]] = Counter()
        tokens: Counter[bool] = Counter()
        for seen in (self._seen[n] for n in chapters):
            prompts += seen.prompts.get(source, Counter())
            for kind in (True, False):
                tokens[kind] += seen.tokens[source, kind]
        return Tally(prompts, tokens[True], tokens[False])

    def _price(self, number: int, known: dict[str, Belief], before: range) -> float:
        """What a token may cost, so that target or budget come out with the last prompt."""
        target, budget = self.sampling.target, self.sampling.budget
        rule = self._rule
        assert rule
        if self._generous:
            return 0.0
        done = sum(self._chapters[n].total() for n in before)
        between = sum(self._chapters[n].total() for n in range(len(before), number))
        rows = sum(
            min(c, rule.accepted) * many
            for n in before
            for counts in self._seen[n].prompts.values()
            for (_, c), many in counts.items()
        )
        draws = sum(
            drawn * many
            for n in before
            for counts in self._seen[n].prompts.values()
            for (drawn, _), many in counts.items()
        )
        tokens = sum(self._seen[n].tokens.total() for n in before)
        # Prompts between are drawn, or being drawn: they count as those before them.
        grown = (done + between) / done
        to_come: Counter[str] = Counter()
        for counts in self._chapters[number:]:
            to_come += counts
        bounds = [budget.tokens, budget.draws and budget.draws * tokens / max(draws, 1)]
        most = min((bound for bound in bounds if bound), default=None)
        return beliefs.price(
            [(known[source], many) for source, many in sorted(to_come.items())],
            rule,
            rows=max(target.accepted - rows * grown, 0.0) if target else None,
            tokens=max(most - tokens * grown, 0.0) if most else None,
        )


def bounds(prompts: int) -> list[int]:
    """Where the chapters of so many prompts begin, and where the last one ends.

    >>> bounds(50), bounds(300)
    ([0, 50], [0, 64, 128, 192, 256, 300])
    >>> bounds(4000)[:6], bounds(4000)[-3:]
    ([0, 64, 128, 256, 506, 756], [3506, 3756, 4000])
    """
    found, size = [0], PILOT
    most = max(PILOT, round(prompts * LARGEST))
    while found[-1] < prompts:
        found.append(min(found[-1] + size, prompts))
        size = min(found[-1], most)
    return found if len(found) > 1 else [0, 0]
