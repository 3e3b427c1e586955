"""The rows that people mark, drawn by lot from every stratum."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import polars as pl

from factory.audit.label.asked import Asked
from factory.records import digest

BLOCK = 20
"""Cards that stay together: the first blocks alone are a smaller set of all strata."""


@dataclass(frozen=True)
class Drawn:
    """A row that was drawn, and the question that is asked of it."""

    asked: Asked
    row: str
    judge: str
    stratum: str
    claim: bool | None
    sample_id: str | None
    prompt_id: str | None
    other: str | None


@dataclass(frozen=True)
class Taken:
    """A stratum, and how many of its rows were drawn: each stands for `rows / drawn`."""

    question: str
    judge: str
    stratum: str
    claim: bool | None
    rows: int
    readable: int
    drawn: int


@dataclass(frozen=True)
class Set:
    """All that was drawn, in the order in which it is asked."""

    cards: list[Drawn]
    strata: list[Taken]


def draw(questions: Sequence[Asked], count: int, seed: int = 0) -> Set:
    """Draw so many rows: each question has the same share of them, half from rows of which its
    judge says yes, half from those of which it says no, by strata.

    The rows of a smaller draw of the same seed are among those of a larger one, and a row keeps its
    lot whatever the rules: under new rules many of the rows that were marked are drawn again.
    """
    strata = [(asked, row) for asked in questions for row in asked.strata().iter_rows(named=True)]
    drawn = _shares(strata, count)
    taken = [
        Taken(question=asked.key, **row, drawn=n)
        for (asked, row), n in zip(strata, drawn, strict=True)
    ]
    numbers = Numbers()
    cards = [
        card
        for asked in questions
        for card in _by_lot(
            asked, [one for one in taken if one.question == asked.key], seed, numbers
        )
    ]
    return Set(_ordered(cards, seed), taken)


def _shares(strata: Sequence[tuple[Asked, dict]], count: int) -> list[int]:
    """How many rows of each stratum: one after another goes where the least are of what is due
    (Webster's way, by which no stratum loses when there are more)."""
    weights = _weights(strata)
    drawn = [0] * len(strata)
    open_ = {n for n, (_, row) in enumerate(strata) if row["readable"]}
    for _ in range(count):
        if not open_:
            break
        least = min(open_, key=lambda n: (Fraction(2 * drawn[n] + 1) / weights[n], n))
        drawn[least] += 1
        if drawn[least] == strata[least][1]["readable"]:
            open_.discard(least)
    return drawn


def _weights(strata: Sequence[tuple[Asked, dict]]) -> list[Fraction]:
    """What is due to each stratum: 1 to each question, of which yes and no of each judge have two
    parts each, and what it could not tell one. Of its side a stratum has half by being there, so
    that each reason is seen, and half by the root of its rows, so that large ones are known best.
    """
    sides = [(asked.key, row["judge"], row["claim"]) for asked, row in strata]
    due = {side: 1 if side[2] is None else 2 for side in sides}
    of_question: dict[str, int] = {}
    for (question, _, _), parts in due.items():
        of_question[question] = of_question.get(question, 0) + parts
    roots = [math.isqrt(row["rows"]) for _, row in strata]
    of_side = {s: sum(r for r, one in zip(roots, sides, strict=True) if one == s) for s in due}
    return [
        Fraction(due[side], of_question[side[0]])
        * (Fraction(1, 2 * sides.count(side)) + Fraction(root, 2 * of_side[side]))
        for side, root in zip(sides, roots, strict=True)
    ]


def _by_lot(asked: Asked, strata: Sequence[Taken], seed: int, numbers: Numbers) -> Iterator[Drawn]:
    wanted = {(one.judge, one.stratum): one.drawn for one in strata if one.drawn}
    units = asked.units.filter("readable")
    units = units.with_columns(lot=numbers.lots(units, f"{seed} {asked.key}"))
    for (judge, stratum), rows in units.group_by("judge", "stratum", maintain_order=True):
        count = wanted.get((str(judge), str(stratum)), 0)
        chosen = rows.bottom_k(count, by=["lot", "row"]).sort("lot", "row")
        for row in chosen.iter_rows(named=True):
            yield Drawn(asked, *(row[name] for name in _TOLD))


_TOLD = ("row", "judge", "stratum", "claim", "sample_id", "prompt_id", "other")


class Numbers:
    """The lots of rows, the same on every machine: those with the lowest are drawn.

    A sample is hashed once, whatever is asked of it: of a million that takes a second.
    """

    def __init__(self) -> None:
        self._known = np.zeros(0, dtype=np.uint64)
        self._has = np.zeros(0, dtype=bool)

    def lots(self, units: pl.DataFrame, salt: str) -> pl.Series:
        """A number for each row of units.

        Args:
            salt: another one gives other lots.
        """
        at = units["at"]
        hashes = hashed(units["row"]) if at.null_count() else self._of_samples(at, units["row"])
        return pl.Series(_mixed(hashes ^ hashed(pl.Series([salt]))[0]), dtype=pl.UInt64)

    def _of_samples(self, at: pl.Series, rows: pl.Series) -> np.ndarray:
        places = at.to_numpy().astype(np.int64)
        more = int(places.max(initial=-1)) + 1 - len(self._has)
        if more > 0:
            self._known = np.append(self._known, np.zeros(more, dtype=np.uint64))
            self._has = np.append(self._has, np.zeros(more, dtype=bool))
        new = ~self._has[places]
        self._known[places[new]] = hashed(rows.filter(pl.Series(new)))
        self._has[places] = True
        return self._known[places]


def hashed(texts: pl.Series) -> np.ndarray:
    """64 bits of each text."""
    numbers = (hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(numbers), dtype=">u8").astype(np.uint64)


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Numbers of which each bit depends on all bits of those before (splitmix64's last steps)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def _ordered(cards: Sequence[Drawn], seed: int) -> list[Drawn]:
    """In blocks by lot, and in a block by question, so that a person need not change the question
    at each card, and the order does not tell the stratum."""

    def lot(card: Drawn) -> str:
        return digest(seed, "order", card.asked.key, card.row)

    mixed = sorted(cards, key=lot)
    blocks = [mixed[at : at + BLOCK] for at in range(0, len(mixed), BLOCK)]
    return [
        card
        for block in blocks
        for card in sorted(block, key=lambda card: (card.asked.key, lot(card)))
    ]
