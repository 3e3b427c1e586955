"""The plan of a run: which limits a prompt is drawn under, learned from those that came before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from factory import beliefs
from factory.beliefs import Belief, Rule, Tally
from factory.policy import Limits
from factory.sampling import Sampling

PILOT = 64
"""Prompts before anything is learned. Chapter 1 has the 64 after them, chapter 2 the next 128, …"""


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
        self._chapters = [Counter(sources[start:end]) for start, end in _spans(len(sources))]
        self._seen = [_Seen() for _ in self._chapters]
        self._beliefs: dict[int, tuple[dict[str, Belief], float]] = {0: ({}, 0.0)}
        self._rule = None
        if adaptive := sampling.policy.adaptive:
            self._rule = Rule(adaptive.accepted, adaptive.max_draws, adaptive.min_chance)

    def limits(self, place: int, source: str) -> Limits | None:
        """When this prompt has had enough; None while those it depends on are not finished.

        Its first draw is to be made in any case.
        """
        if self._rule is None:
            return self.sampling.policy.limits()
        number = chapter(place)
        if number not in self._beliefs and not self._learned(number):
            return None
        known, price = self._beliefs[number]
        return beliefs.limits(known.get(source, Belief()), self._rule, price)

    def chance(self, place: int, source: str, draws: int, correct: int) -> float:
        """Of the next draw of a prompt to be correct, as far as is known."""
        number = chapter(place)
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
        seen = self._seen[chapter(place)]
        seen.prompts.setdefault(source, Counter())[draws, correct] += 1
        for kind in (True, False):
            seen.tokens[source, kind] += tokens.get(kind, 0)
        seen.finished += 1
        return seen.finished == self._chapters[chapter(place)].total()

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


def chapter(place: int) -> int:
    """The chapter of the prompt at this place.

    >>> [chapter(place) for place in (0, 63, 64, 127, 128, 255, 256)]
    [0, 0, 1, 1, 2, 2, 3]
    """
    return (place // PILOT).bit_length()


def _spans(prompts: int) -> list[tuple[int, int]]:
    bounds = [0, *(PILOT << n for n in range(max(chapter(prompts - 1), 0) + 1))]
    return [(start, min(end, prompts)) for start, end in pairwise(bounds)]
