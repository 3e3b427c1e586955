"""How often 95 % intervals of precision and recall hold what is true: ours, and a bootstrap's.

    python -m benchmarks.labels [--trials N]

Rows are drawn from strata whose truth is known, as `factory label` draws them; a stratum is its
rows, the rows marked, and its true share of yes.
"""

from __future__ import annotations

import argparse

import numpy as np

from factory.audit.label.shares import Share, Stratum, caught, share

Side = list[tuple[int, int, float]]
WORLDS: dict[str, tuple[Side, Side]] = {
    "rare": ([(300, 10, 0.9)], [(10_000, 15, 0.01)]),
    "rare, two reasons": ([(300, 8, 0.9), (50, 8, 0.5)], [(500, 8, 0.1), (9_500, 8, 0.002)]),
    "near a threshold": ([(300, 20, 0.95), (100, 20, 0.7)], [(500, 20, 0.2), (9_500, 20, 0.01)]),
    "common": ([(3_000, 20, 0.9)], [(2_000, 20, 0.3)]),
    "perfect": ([(300, 10, 1.0)], [(10_000, 15, 0.0)]),
    "small": ([(12, 6, 0.75)], [(88, 12, 0.05)]),
    "three reasons": (
        [(100, 3, 0.9), (50, 3, 0.5), (400, 3, 0.97)],
        [(500, 5, 0.1), (900, 5, 0.02)],
    ),
    "many marks": ([(1_000, 100, 0.9), (200, 50, 0.6)], [(500, 50, 0.2), (20_000, 100, 0.01)]),
}
RESAMPLES = 500


def main() -> None:
    """Print a line a world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=2000)
    trials = parser.parse_args().trials
    print(f"{'':18} true     precision held  width   true     recall held  width   bootstrap held")
    for name, (claimed, others) in WORLDS.items():
        print(f"{name:18}", *_line(claimed, others, trials))


def _line(claimed: Side, others: Side, trials: int) -> list[str]:
    random = np.random.default_rng(1)
    yes = [[round(rows * part) for rows, _, part in side] for side in (claimed, others)]
    true = sum(yes[0]) / sum(rows for rows, _, _ in claimed), sum(yes[0]) / sum(map(sum, yes))
    held, width = np.zeros(3), np.zeros(3)
    for _ in range(trials):
        one, other = _drawn(claimed, yes[0], random), _drawn(others, yes[1], random)
        found = (share(one), caught(one, other), _bootstrap(one, other, random))
        for n, told in enumerate(found):
            low, high = (told.low, told.high) if told else (0.0, 1.0)
            held[n] += low - 1e-9 <= true[min(n, 1)] <= high + 1e-9
            width[n] += high - low
    held, width = held / trials, width / trials
    precision = f"{true[0]:6.1%}   {held[0]:14.1%}  {width[0]:5.2f}"
    recall = f"{true[1]:6.1%}   {held[1]:11.1%}  {width[1]:5.2f}"
    return [precision, " ", recall, " ", f"{held[2]:12.1%}"]


def _drawn(side: Side, yes: list[int], random: np.random.Generator) -> list[Stratum]:
    return [
        Stratum(rows, marks, int(random.hypergeometric(true, rows - true, marks)))
        for (rows, marks, _), true in zip(side, yes, strict=True)
    ]


def _bootstrap(
    claimed: list[Stratum], others: list[Stratum], random: np.random.Generator
) -> Share | None:
    """Recall with a bootstrap over strata: the marks of each drawn anew."""

    def counts(side: list[Stratum]) -> np.ndarray:
        drawn = [random.binomial(s.marked, s.yes / s.marked, RESAMPLES) / s.marked for s in side]
        return sum((s.rows * d for s, d in zip(side, drawn, strict=True)), np.zeros(RESAMPLES))

    here, there = counts(claimed), counts(others)
    with np.errstate(invalid="ignore"):
        low, high = np.nanquantile(here / (here + there), [0.025, 0.975])
    return Share(0.0, float(low), float(high))


if __name__ == "__main__":
    main()
