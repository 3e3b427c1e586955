"""Which samples are shown: those nearest to each threshold, on both sides, and random ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from factory.audit.reading import Side, Why
from factory.audit.subject import Subject
from factory.versions.grounds import grounds
from factory.versions.manifest import Compared
from filters.rules import Rules

EACH = 3
"""Samples of each side of a rule, where there is room."""
SHARE = 0.2
"""Share of the rows that are drawn from all samples."""
Picked = dict[str, tuple[Why, ...]]


@dataclass(frozen=True)
class Rule:
    """One reason of one entry, and a comparison with a number that it goes by, if there is one."""

    filter: str
    reason: str
    takes: pl.Expr
    compared: Compared | None
    others: tuple[Compared, ...] = ()
    """The reason's other comparisons."""


@dataclass(frozen=True)
class Samples:
    """The samples to draw from, with what is asked of them again and again."""

    table: pl.DataFrame
    has: dict[str, np.ndarray]
    """Whether each has a reason, by reason; a reason that none has is not there."""
    lot: np.ndarray
    """A number for each, drawn at random: who is first among equals."""

    @classmethod
    def of(cls, table: pl.DataFrame, seed: int) -> Samples:
        """Looked at once."""
        lot = np.random.default_rng(seed).random(table.height)
        rows = table.select("reasons").with_row_index("row").explode("reasons").drop_nulls()
        has = {}
        for (reason,), own in rows.group_by("reasons"):
            has[str(reason)] = np.zeros(table.height, np.bool_)
            has[str(reason)][own["row"].to_numpy()] = True
        return cls(table, has, lot)

    def having(self, reason: str) -> np.ndarray:
        """Whether each has this reason."""
        return self.has.get(reason, np.zeros(self.table.height, np.bool_))

    def random(self, those: np.ndarray, most: int) -> list[str]:
        """The ids of some of those, by lot."""
        rows = np.flatnonzero(those)
        if len(rows) > most:  # sorting some is much less than sorting all
            rows = rows[np.argpartition(self.lot[rows], most)[:most]]
        first = rows[np.argsort(self.lot[rows])]
        return self.table["sample_id"].gather(first).to_list()


def picked(subject: Subject, rows: int, seed: int) -> Picked:
    """Samples to read, in the order of the filters, and why each is shown; the same for a seed.

    Of each comparison with a number those that are nearest to it, outside and inside; of each rule
    without a number random ones that it drops, and of each filter random ones that it keeps. Rows
    that one rule shows are shown for others too.

    Args:
        subject: what is audited.
        rows: how many at most.
        seed: of what is drawn at random.
    """
    samples = Samples.of(subject.samples, seed)
    active = subject.filters.active()
    rules = {name: list(_rules(name, own)) for name, own in active.items()}
    sides = sum(2 if rule.compared else 1 for own in rules.values() for rule in own)
    each = max(1, min(EACH, round(rows * (1 - SHARE) / max(1, sides))))
    found: dict[str, list[Why]] = {}

    def show(sample: str, why: Why, most: float) -> None:
        if sample in found or len(found) < most:
            found.setdefault(sample, []).append(why)

    for rule in (rule for own in rules.values() for rule in own):
        for sample, why in _of_rule(samples, rule, each):
            show(sample, why, rows * (1 - SHARE))
    for name, own in rules.items():
        if not any(rule.compared for rule in own):
            faulty = [samples.having(reason) for reason in active[name].reasons()]
            for sample in samples.random(~np.logical_or.reduce(faulty), each):
                show(sample, Why("random, kept", name), rows)
    for sample in samples.random(np.ones(samples.table.height, np.bool_), rows):
        if len(found) >= rows:
            break
        found.setdefault(sample, []).append(Why("random"))
    return {sample: tuple(whys) for sample, whys in found.items()}


def _rules(name: str, rules: Rules) -> Iterator[Rule]:
    for entry in rules.entries:
        takes = rules.takes(entry)
        for reason, ground in grounds(Rules(rules.filter, (entry,))).items():
            numbers = [one for one in ground.compared if one.setting and _is_number(one.value)]
            for one in numbers:
                others = tuple(other for other in numbers if other is not one)
                yield Rule(name, reason, takes, one, others)
            if not numbers:
                yield Rule(name, reason, takes, None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_rule(samples: Samples, rule: Rule, each: int) -> Iterator[tuple[str, Why]]:
    one = rule.compared
    if one is None:
        for sample in samples.random(samples.having(rule.reason), each):
            yield sample, Why("random, dropped", rule.filter, rule.reason)
        return
    schema = samples.table.schema
    if one.measure not in schema or not schema[one.measure].is_numeric():
        return
    limit = float(one.value or 0)
    told = samples.table.select(
        "sample_id",
        value=one.measure,
        takes=rule.takes,
        faulty=_faulty(one),
        distance=(pl.col(one.measure) - limit).abs(),
        beside=sum((_short(other) for other in rule.others), pl.lit(0.0)),
    ).with_columns(has=samples.having(rule.reason), lot=samples.lot)
    sides: list[tuple[Side, pl.Expr]] = [
        ("just outside", pl.col("has") & pl.col("faulty")),
        ("just inside", ~pl.col("has") & ~pl.col("faulty")),
    ]
    for side, those in sides:
        near = told.filter(those & pl.col("takes") & pl.col("value").is_not_null())
        if near.is_empty():
            continue
        bound = near["distance"].bottom_k(each).max()
        near = near.filter(pl.col("distance") <= bound).sort("distance", "beside", "lot")
        for sample, value in near.select("sample_id", "value").head(each).iter_rows():
            yield (
                sample,
                Why(side, rule.filter, rule.reason, one.setting, limit, one.measure, value),
            )


def _faulty(one: Compared) -> pl.Expr:
    """Whether a measure is on the side of a number where the rule drops."""
    measure = pl.col(one.measure)
    match one.sign:
        case "<":
            return measure < one.value
        case "<=":
            return measure <= one.value
        case ">":
            return measure > one.value
        case ">=":
            return measure >= one.value
        case "!=":
            return measure != one.value
    return measure == one.value


def _short(one: Compared) -> pl.Expr:
    """By how much of its number a measure is short of it: 0 on the side where the rule drops."""
    distance = (pl.col(one.measure) - one.value).abs() / max(1.0, abs(float(one.value or 0)))
    return pl.when(_faulty(one)).then(0.0).otherwise(distance).fill_null(1.0)
