"""Tokens a row against prompts covered, for every policy and many settings of each.

    python -m benchmarks.policies --picture docs/policies.png    # 2 minutes on a core

Rows are correct draws, and a prompt is covered when it has one. Three questions are asked: what it
costs to have one row of each prompt that has any, or up to four; and what half of the rows cost
that `fixed` with 8 draws has in all, where the run ends as soon as it has them, or goes on for the
sake of coverage.

What `fixed` and `until` draw follows from their tables alone, so it is worked out from those (a
test shows that `fill` draws the same).
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.pools import DISTRIBUTIONS, MOST, Pool, Yield, by_table
from factory.sampler import policy
from factory.sampler.policy import Limits


@dataclass(frozen=True)
class Question:
    """What is asked of all policies."""

    title: str
    most: int = MOST
    """Rows of a prompt that count."""
    aims: bool = False
    """Whether the run ends when it has half of the rows that `fixed` with 8 draws has."""

    def target(self, pool: Pool) -> int | None:
        """Rows to aim at."""
        whole = by_table(pool, [policy.fixed(8)])
        assert whole
        return whole.rows // 2 if self.aims else None

    def accepted(self) -> range:
        """Correct draws after which a prompt may get no more."""
        return range(1, MOST + 1) if self.aims else range(self.most, self.most + 1)


QUESTIONS = [
    Question("one row a prompt", most=1),
    Question("up to four rows a prompt", most=4),
    Question("so many rows in all", aims=True),
]

Tables = dict[str, list[Sequence[Limits]]]
"""Tables to be compared, by the name of their kind."""


def tables(question: Question, sources: int) -> Tables:
    """All settings of the policies that are tables."""
    found: Tables = defaultdict(list)
    found["fixed"] = [[policy.fixed(draws)] for draws in range(1, MOST + 1)]
    for accepted, most in product(question.accepted(), (8, MOST)):
        if accepted > most:
            continue
        found["until"].append([policy.until(accepted, most)])
        wrong = [[number] for number in range(1, most)]
        found["until, give_up"] += [[policy.until(accepted, most, one)] for one in wrong]
        growing = [
            [first, *range(second, second + 6)] for first in (1, 2, 3) for second in (1, 2, 3)
        ]
        lists = [[1, 2, 4, 5], *growing, *product((1, 2, 3, 4, 5, 6), repeat=2)]
        found["until, give_up as a list"] += [
            [policy.until(accepted, most, one[:accepted])] for one in lists
        ]
        if sources > 1:
            each = [policy.until(accepted, most, one) for one in [[], *wrong[:6]]]
            found["until, give_up by source"] += product(each, repeat=sources)
    return found


def cheapest(yields: Sequence[Yield]) -> list[Yield]:
    """Those that no other beats in both tokens a row and coverage, by coverage."""
    found: list[Yield] = []
    for one in sorted(yields, key=lambda y: (y.each, -y.covered)):
        if not found or one.covered > found[-1].covered:
            found.append(one)
    return found


@dataclass
class Panel:
    """The results of all policies for one distribution and question.

    Each setting has a yield for each seed: None where all prompts do not suffice.
    """

    name: str
    question: Question
    tables: dict[str, list[list[Yield | None]]]
    """By kind of table, for each setting."""


def measured(name: str, question: Question, prompts: int, seeds: Sequence[int]) -> Panel:
    """Every setting on the prompts of each seed."""
    pools = [Pool.simulated(name, prompts, seed) for seed in seeds]
    aims = [question.target(pool) for pool in pools]
    pairs = list(zip(pools, aims, strict=True))
    found = {
        kind: [
            [yielded(pool, setting, question.most, aim, ends) for pool, aim in pairs]
            for setting, ends in product(settings, {question.aims, False})
        ]
        for kind, settings in tables(question, len(set(pools[0].sources))).items()
    }
    return Panel(name, question, found)


def yielded(
    pool: Pool, setting: Sequence[Limits], most: int, aim: int | None, ends: bool
) -> Yield | None:
    """What a table draws; rows beyond the aim count for nothing, whether or not it ends there."""
    one = by_table(pool, setting, most, aim if ends else None)
    if one is None or aim is None:
        return one
    return Yield(one.tokens, aim, one.covered) if one.rows >= aim else None


def sufficient(yields: Sequence[Yield | None]) -> list[Yield]:
    """Those of all seeds; none where one is lacking."""
    there = [one for one in yields if one is not None]
    return there if len(there) == len(yields) else []


def chosen(prompts: int, seeds: Sequence[int]) -> list[str]:
    """What `give_up` saves and loses of `until` without it, on average over the distributions."""
    lines = []
    for question, wrong in product(QUESTIONS, (6, 4, 3, 2, 1)):
        each, covered = [], []
        for name, seed in product(DISTRIBUTIONS, seeds):
            pool = Pool.simulated(name, prompts, seed)
            accepted, aim = min(question.most, 8), question.target(pool)
            told = question.most, aim
            plain = by_table(pool, [policy.until(accepted, 8)], *told)
            gives_up = by_table(pool, [policy.until(accepted, 8, [wrong])], *told)
            if plain and gives_up:
                each.append(gives_up.each / plain.each)
                covered.append(gives_up.covered / plain.covered)
        few = len(DISTRIBUTIONS) * len(seeds) - len(each)
        lines.append(
            f"| {question.title} | {wrong} | {statistics.mean(each):.2f} "
            f"({min(each):.2f} to {max(each):.2f}) | {statistics.mean(covered):.2f} "
            f"({min(covered):.2f} to {max(covered):.2f}) | {few} |"
        )
    return lines


SHOWN: dict[str, dict[str, Any]] = {
    "fixed": {"color": "0.45", "marker": "s"},
    "until": {"color": "tab:blue", "marker": "o"},
    "until, give_up": {"color": "tab:green", "marker": "^"},
    "until, give_up as a list": {"color": "tab:olive", "linestyle": "--"},
    "until, give_up by source": {"color": "tab:purple", "marker": "v"},
}
"""How each kind is drawn."""


def picture(panels: Sequence[Panel], path: Path) -> None:
    """A panel for each distribution and question."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    rows, columns = len(DISTRIBUTIONS), len(QUESTIONS)
    figure, axes = pyplot.subplots(rows, columns, figsize=(13, 3.2 * rows), squeeze=False)
    for place, panel in enumerate(panels):
        axis = axes[place // columns][place % columns]
        for kind, style in SHOWN.items():
            if panel.tables.get(kind):
                whole = [own for own in map(sufficient, panel.tables[kind]) if own]
                front = cheapest([mean(own) for own in whole])
                where = [one.covered for one in front], [one.each for one in front]
                axis.plot(*where, label=kind, markersize=4, linewidth=1, **style)
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter(FuncFormatter(lambda tokens, _: f"{tokens / 1000:g}k"))
        axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
        axis.yaxis.set_minor_locator(NullLocator())
        axis.set_title(f"{panel.name}: {panel.question.title}", fontsize=9)
        axis.grid(alpha=0.3)
    for axis in axes[-1]:
        axis.set_xlabel("prompts covered")
    for row in axes:
        row[0].set_ylabel("tokens a row")
    handles = {
        label: line
        for a in axes.flat
        for line, label in zip(*a.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="upper center", ncols=len(handles))
    figure.tight_layout(rect=(0, 0, 1, 0.975))
    figure.savefig(path, dpi=80)


def mean(yields: Sequence[Yield]) -> Yield:
    """Of the seeds."""
    parts = [(one.tokens, one.rows, one.covered) for one in yields]
    return Yield(*(round(statistics.mean(column)) for column in zip(*parts, strict=True)))


def main() -> None:
    """Print the table, draw the picture."""
    parser = argparse.ArgumentParser(description="tokens a row against prompts covered, by policy")
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--picture", type=Path, help="where to draw it")
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    print("| question | give_up | tokens a row / without | covered / without | too few rows |")
    print("|---|---:|---:|---:|---:|")
    print("\n".join(chosen(options.prompts, seeds)))
    if options.picture:
        pairs = product(DISTRIBUTIONS, QUESTIONS)
        panels = [measured(name, question, options.prompts, seeds) for name, question in pairs]
        picture(panels, options.picture)


if __name__ == "__main__":
    main()
