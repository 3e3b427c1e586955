"""Intervals: how far a share or a mean of draws is known, when draws of one prompt are alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

Z = 1.959964
"""Of 95 %."""
FEW = 30
"""Prompts below which their variance is itself a guess: never worth more than all their draws."""
HOW = (
    "Intervals are of 95 %, prompts being drawn by lot with all their draws; of shares they are "
    "Wilson's."
)
"""How they are made, for notes."""
ENDS = {"": "", "_low": "lower end of its 95 % interval", "_high": "upper end of it"}
DUST = 1e-12
"""Part of the squares below which a sum of residuals is an error of rounding."""


def explained(quotients: Mapping[str, str]) -> dict[str, str]:
    """What the columns of quotients mean, and those of the ends of their intervals.

    >>> explained({"share": "wrong, of all"})["share_low"]
    'lower end of its 95 % interval'
    """
    return {
        f"{name}{end}": words or what
        for name, what in quotients.items()
        for end, words in ENDS.items()
    }


@dataclass(frozen=True)
class Moments:
    """Sums over prompts, from which a quotient of two of them and its variance follow.

    The variance is that of the residuals `part - quotient * whole` (linearised; Cochran 1977, 6.4).
    Of a share it gives the number of independent draws which would be known as well, and Wilson's
    interval of so many (Kish 1965; Korn and Graubard 1998); where prompts do not differ at all,
    each counts as one.
    """

    clusters: np.ndarray
    """Prompts whose `whole` is not 0; shape (groups,), as all below."""
    part: np.ndarray
    whole: np.ndarray
    part_squared: np.ndarray
    part_by_whole: np.ndarray
    whole_squared: np.ndarray

    def added(self, add: Callable[[np.ndarray], np.ndarray]) -> Moments:
        """The same of larger groups."""
        return Moments(
            add(self.clusters), add(self.part), add(self.whole),
            add(self.part_squared), add(self.part_by_whole), add(self.whole_squared),
        )  # fmt: skip

    def told(self, name: str, bounded: bool) -> dict[str, list[float | None]]:
        """The quotients under this name, with `_low` and `_high`; null where nothing is known."""
        rows = zip(self.clusters, self.part, self.whole, self._variances(), strict=True)
        ends = [(_share if bounded else _mean)(*map(float, row)) for row in rows]
        middle, low, high = zip(*ends, strict=True) if ends else ((), (), ())
        return {name: list(middle), f"{name}_low": list(low), f"{name}_high": list(high)}

    def _variances(self) -> np.ndarray:
        import numpy as np

        def over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
            return np.divide(part, whole, out=np.zeros(len(part)), where=whole != 0)

        quotient = over(self.part, self.whole)
        squares = self.part_squared - 2 * quotient * self.part_by_whole
        squares = squares + quotient**2 * self.whole_squared
        squares = np.where(squares > DUST * self.part_squared, squares, 0.0)
        freedom = over(self.clusters, np.maximum(self.clusters - 1, 0))
        return freedom * over(squares, self.whole**2)


End = tuple[float | None, float | None, float | None]


def _share(clusters: float, part: float, whole: float, variance: float) -> End:
    from filters.verifiers.check import wilson  # it brings the verifiers along

    if whole == 0:
        return None, None, None
    share = min(1.0, max(0.0, part / whole))
    worth = share * (1 - share) / variance if variance else clusters
    if clusters < FEW:
        worth = min(worth, max(whole, clusters))
    low, high = wilson(share * worth, worth)
    return share, low if share else 0.0, high if share < 1 else 1.0


def _mean(clusters: float, part: float, whole: float, variance: float) -> End:
    if whole == 0:
        return None, None, None
    mean = part / whole
    if clusters < 2:
        return mean, None, None
    half = Z * variance**0.5
    return mean, mean - half, mean + half
