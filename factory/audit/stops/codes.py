"""How each sample fares under one rule at all stops of its settings, as a code."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from factory.audit.stops.alike import alike, kinds
from factory.audit.stops.counted import Setting
from factory.audit.stops.plan import Moved, drops

if TYPE_CHECKING:
    import numpy as np

CHUNK = 1 << 17
"""Samples that a rule is applied to at once."""


def coded(
    table: pl.DataFrame, moved: Moved, settings: Sequence[Setting]
) -> tuple[np.ndarray, np.ndarray]:
    """Each sample's code, and each code's pattern: whether it is dropped at each combination.

    Args:
        table: samples with their measures.
        settings: all sliders.
    """
    import numpy as np

    own = {settings[place].key: settings[place].values for place in moved.settings}
    rules = []
    for values in itertools.product(*own.values()):
        other = moved.entry.model_copy(update=dict(zip(own, values, strict=True)))
        rules.append(drops(other.reasons().get(moved.name), moved.takes))
    if table.is_empty():
        return np.empty(0, np.uint8), np.zeros((1, len(rules)), bool)
    if moved.alone:
        kind, some = alike(table, rules)
        own = table.select({name for rule in rules for name in rule.meta.root_names()})
        parts = (own[some[at : at + CHUNK]] for at in range(0, len(some), CHUNK))
        bits = np.concatenate([_applied(part, rules) for part in parts], axis=1)
    else:
        kind, bits = slice(None), _applied(table, rules)
    code, some = kinds(np.packbits(bits, axis=0), bits.shape[1])
    return code.astype(np.min_scalar_type(len(some)))[kind], bits[:, some].T


def _applied(rows: pl.DataFrame, rules: list[pl.Expr]) -> np.ndarray:
    """Whom each rule drops, a row a rule."""
    told = rows.lazy().select(pl.int_range(pl.len()).alias("row"), *_named(rules)).drop("row")
    return told.cast(pl.UInt8).collect().to_numpy().T.view(bool)


def _named(rules: list[pl.Expr]) -> list[pl.Expr]:
    return [rule.alias(f"{number}") for number, rule in enumerate(rules)]
