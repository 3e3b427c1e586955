"""How many stops settings have: as many as their cells fit into the bytes that there are."""

from __future__ import annotations

from factory.audit.stops.cells import Cells
from factory.audit.stops.values import thinned

TRIED = 100_000
"""Samples whose cells say beforehand how many stops are too many."""
HOPELESS = 3
"""Cells of so many times the bytes that there may be: all settings lose half of their stops."""
SURE = 1.3
"""So many cells to a byte that there may be are too many, whatever gzip says."""


def fitting(cells: Cells, most: int) -> Cells:
    """The same with as many stops as fit into so many bytes, and samples that are alike put
    together; settings with the most stops lose them first.

    Args:
        cells: a sample each.
    """
    stay = [range(count) for count in cells.stops]
    every = cells.single.height // TRIED
    if every > 1:
        few = _fewer(cells.some(every).at(stay), most, every)
        both = zip(cells.plan.settings, few.plan.settings, strict=True)
        stay = [[all_.values.index(value) for value in own.values] for all_, own in both]
    return _fewer(cells.at(stay), most)


def _fewer(cells: Cells, most: int, every: int = 1) -> Cells:
    """The same with as many stops as fit.

    Args:
        every: the cells are of every so many'th sample.
    """
    while (size := _size(cells, most, every)) > most:
        longest = [place for place, count in enumerate(cells.stops) if count == max(cells.stops)]
        some = longest[: 1 + len(longest) // 2] if size > SURE * most else longest[:1]
        lose = longest if size > HOPELESS * most else some
        fewer = cells.at(
            [
                thinned(one.values, one.now) if place in lose else range(len(one.values))
                for place, one in enumerate(cells.plan.settings)
            ]
        )
        if fewer.stops == cells.stops:
            break  # the ends and the present values stay
        cells = fewer
    return cells


def _size(cells: Cells, most: int, every: int) -> int:
    """Bytes of all samples, only guessed where they are far too many.

    A share of all cells has one sample, and about so fast the cells grow with the samples: twice as
    many where all of them have but one, none where none has.
    """
    counts = [rows["n"] for rows in (cells.single, cells.clustered)]
    here = sum(map(len, counts))
    grows = every ** (sum(int((one == 1).sum()) for one in counts) / max(here, 1))
    guess = int(here * grows)
    return guess if guess > SURE * most else int(cells.size() * grows)
