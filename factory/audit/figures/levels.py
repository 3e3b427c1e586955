"""Levels: sums over prompts, made once for all groupings in whose groups prompts stand whole.

What a quotient's variance needs are sums over prompts of squares and products. They add up: so they
are made for strata, the samples that are in the same groups of all groupings, and of these for each
grouping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from factory.audit.figures.coded import dense
from factory.audit.figures.intervals import Moments

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

Pair = tuple[str, str]


@dataclass(frozen=True)
class Level:
    """Groupings whose groups are made of the same clusters: prompts, or a teacher's share of
    each."""

    cluster: np.ndarray | None
    """By cell, the number of its cluster; None: each cell is one."""
    stratum: np.ndarray
    """By cluster, the number of its stratum."""
    codes: Mapping[str, np.ndarray]
    """By grouping and stratum, the number of the group."""
    groups: Mapping[str, int]
    """How many groups each grouping has."""

    def told(
        self,
        sums: Mapping[str, np.ndarray],
        shares: Mapping[str, Pair],
        means: Mapping[str, Pair],
    ) -> dict[str, dict[str, Any]]:
        """By grouping, the columns of `Groups.told`."""
        import numpy as np

        clusters, strata = len(self.stratum), int(self.stratum.max(initial=-1)) + 1
        if self.cluster is not None:
            sums = {
                name: np.bincount(self.cluster, weights=own, minlength=clusters)
                for name, own in sums.items()
            }

        def by_stratum(weights: np.ndarray | None = None) -> np.ndarray:
            return np.bincount(self.stratum, weights=weights, minlength=strata)

        there = by_stratum()
        added = {name: by_stratum(own) for name, own in sums.items()}
        pairs = {**shares, **means}
        squares = {
            name: by_stratum(_square(sums[name])) for pair in pairs.values() for name in pair
        }
        asked = {whole: by_stratum(sums[whole] != 0) for _, whole in pairs.values()}
        moments = {
            name: Moments(
                asked[whole], added[part], added[whole], squares[part],
                by_stratum(sums[part] * sums[whole].astype(float)), squares[whole],
            )
            for name, (part, whole) in pairs.items()
        }  # fmt: skip
        found: dict[str, dict[str, Any]] = {}
        for by, codes in self.codes.items():

            def by_group(
                weights: np.ndarray, codes: np.ndarray = codes, by: str = by
            ) -> np.ndarray:
                return np.bincount(codes, weights=weights, minlength=self.groups[by])

            told = {"prompts": by_group(there)}
            told |= {name: by_group(own) for name, own in added.items()}
            for name, own in moments.items():
                told |= own.added(by_group).told(name, bounded=name in shares)
            found[by] = told
        return found


def _square(values: np.ndarray) -> np.ndarray:
    return values.astype(float) ** 2


def levels(
    prompt: np.ndarray, codes: Mapping[str, np.ndarray], groups: Mapping[str, int]
) -> list[Level]:
    """The levels of cells.

    Args:
        prompt: by cell, the number of its prompt.
        codes: by grouping and cell, the number of its group.
        groups: how many groups each grouping has.
    """
    import numpy as np

    some = np.zeros(int(prompt.max(initial=-1)) + 1, np.int64)
    some[prompt] = np.arange(len(prompt))
    whole = {by: own for by, own in codes.items() if (own[some][prompt] == own).all()}
    found = [_level(prompt, whole, groups)] if whole else []
    for by in codes.keys() - whole.keys():
        cluster = dense(prompt.astype(np.int64) * groups[by] + codes[by])
        found.append(_level(cluster, {by: codes[by]}, groups))
    return found


def _level(
    cluster: np.ndarray, codes: Mapping[str, np.ndarray], groups: Mapping[str, int]
) -> Level:
    import numpy as np

    count = int(cluster.max(initial=-1)) + 1
    if count == len(cluster):  # each cell is one: they keep their own numbers
        cluster = np.arange(count)
    first = np.zeros(count, np.int64)
    first[cluster] = np.arange(len(cluster))
    key = np.zeros(count, np.int64)
    for by, own in codes.items():
        key = key * groups[by] + own[first]
    _, where, stratum = np.unique(key, return_index=True, return_inverse=True)
    return Level(
        cluster=None if count == len(cluster) else cluster,
        stratum=stratum,
        codes={by: own[first][where] for by, own in codes.items()},
        groups=groups,
    )
