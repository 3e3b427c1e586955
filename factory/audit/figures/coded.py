"""Names as numbers: what groups and levels of samples are counted by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

MOST = 20
"""Groups of a grouping; of more the largest are told, and the rest as `others`."""
UNKNOWN, OTHERS, ALL = "not known", "others", "all"


@dataclass(frozen=True)
class Coded:
    """A column of names."""

    codes: np.ndarray
    """By row, the number of its name."""
    labels: list[str]
    """The names."""

    @property
    def several(self) -> bool:
        """Whether there are rows of two names."""
        return len(self.codes) > 0 and bool((self.codes != self.codes[0]).any())


def coded(column: pl.Series) -> Coded:
    """The commonest names first, then `others`, then null as `not known`."""
    import numpy as np

    known = column.is_not_null().to_numpy()
    keys, names = named(column.fill_null(""))
    counts = np.bincount(keys[known], minlength=len(names))
    there = (key for key, count in enumerate(counts.tolist()) if count)
    ordered = sorted(there, key=lambda key: (-counts[key], names[key]))
    told = ordered if len(ordered) <= MOST else ordered[: MOST - 1]
    codes = np.full(len(names), len(told), np.uint8)
    codes[told] = np.arange(len(told))
    found = np.where(known, codes[keys], np.uint8(len(told) + 1))
    return Coded(found, [*(names[key] for key in told), OTHERS, UNKNOWN])


def named(texts: pl.Series) -> tuple[np.ndarray, list[str]]:
    """By row the number of its text, and the texts; there is no null among them."""
    import numpy as np

    kinds = texts.cast(pl.Categorical)
    keys = dense_few(kinds.to_physical().to_numpy())
    first = np.zeros(int(keys.max(initial=-1)) + 1, np.int64)
    first[keys] = np.arange(len(keys))
    return keys, kinds.gather(first).cast(pl.String).to_list()


def dense(keys: np.ndarray) -> np.ndarray:
    """The same keys as numbers from 0 on, without gaps."""
    import numpy as np

    return np.unique(keys, return_inverse=True)[1]


def dense_few(keys: np.ndarray) -> np.ndarray:
    """The same of keys that are small numbers themselves, in less time."""
    import numpy as np

    there = np.zeros(int(keys.max(initial=0)) + 1, bool)
    there[keys] = True
    return (np.cumsum(there) - 1)[keys]
