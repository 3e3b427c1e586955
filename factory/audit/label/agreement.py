"""How far people agree who marked the same rows: raw, Cohen's kappa, Krippendorff's alpha."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from factory.audit.label.shares import Share, plain

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 2000
Votes = Mapping[str, bool]
"""Who said yes to a row (true), and who no."""


@dataclass(frozen=True)
class Agreement:
    """How far people agree on the rows that at least two of them marked yes or no."""

    people: int
    rows: int
    raw: Share
    """Share of pairs of marks of one row that are alike; Wilson's interval over rows."""
    name: str
    """Of the coefficient: Cohen's kappa of two people, Krippendorff's alpha of more."""
    beyond_chance: Share | None
    """The coefficient, 0: as by chance, 1: always; its interval is the bootstrap's over rows. None
    where all marks are alike: then chance agrees as well."""


def agreement(rows: Iterable[Votes]) -> Agreement | None:
    """The agreement over rows; None where no row was marked by two people."""
    several = [votes for votes in rows if len(votes) > 1]
    if not several:
        return None
    people = sorted({who for votes in several for who in votes})
    two = len(people) == 2
    table = _pairs(several, people) if two else _counts(several)
    alike = 1 - _disagreement(_counts(several))
    raw = Share(alike, *plain(alike, len(several)))
    of, name = (_kappa, "Cohen's kappa") if two else (_alpha, "Krippendorff's alpha")
    return Agreement(len(people), len(several), raw, name, _bounded(of, table, raw))


def majority(votes: Votes) -> bool | None:
    """What most said; None where as many said yes as no.

    >>> majority({"ann": True, "ben": True, "cas": False}), majority({"ann": True, "ben": False})
    (True, None)
    """
    said = Counter(votes.values())
    return None if said[True] == said[False] else said[True] > said[False]


def _pairs(rows: Sequence[Votes], people: Sequence[str]) -> np.ndarray:
    """A row's marks by the first and the second, shape (rows, 2)."""
    import numpy as np

    return np.array([[votes[who] for who in people] for votes in rows], dtype=float)


def _counts(rows: Sequence[Votes]) -> np.ndarray:
    """How many said yes and no to a row, shape (rows, 2)."""
    import numpy as np

    said = [sum(votes.values()) for votes in rows]
    return np.array([[n, len(v) - n] for n, v in zip(said, rows, strict=True)], dtype=float)


def _disagreement(counts: np.ndarray) -> float:
    """Share of pairs of marks that are not alike, each mark counting once."""
    marks = counts.sum(axis=1)
    return float((2 * counts[:, 0] * counts[:, 1] / (marks - 1)).sum() / marks.sum())


def _kappa(pairs: np.ndarray) -> float | None:
    first, second = pairs.mean(axis=0)
    chance = first * second + (1 - first) * (1 - second)
    same = float((pairs[:, 0] == pairs[:, 1]).mean())
    return None if chance == 1 else float((same - chance) / (1 - chance))


def _alpha(counts: np.ndarray) -> float | None:
    yes, no = counts.sum(axis=0)
    marks = yes + no
    expected = 2 * yes * no / (marks * (marks - 1))
    return None if expected == 0 else float(1 - _disagreement(counts) / expected)


def _bounded(
    of: Callable[[np.ndarray], float | None], table: np.ndarray, raw: Share
) -> Share | None:
    """A coefficient with its interval. Where all pairs are alike the bootstrap has no width: then
    its lower limit is that of the raw agreement, beyond the same chance."""
    import numpy as np

    value = of(table)
    if value is None:
        return None
    if raw.value == 1:
        chance = _chance(table)
        return Share(value, (raw.low - chance) / (1 - chance), 1.0)
    random = np.random.default_rng(0)
    rows = len(table)
    drawn = (of(table[random.integers(0, rows, rows)]) for _ in range(RESAMPLES))
    low, high = np.quantile([one for one in drawn if one is not None], [0.025, 0.975])
    return Share(value, float(low), float(high))


def _chance(table: np.ndarray) -> float:
    """How often marks are alike by chance, where all pairs are."""
    yes = float(table[:, 0].sum() / (table.sum() if (table.sum(axis=1) > 1).all() else len(table)))
    return yes * yes + (1 - yes) * (1 - yes)
