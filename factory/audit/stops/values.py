"""Where a slider stops: values of a setting that people may want, the present one among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

import polars as pl
from pydantic import ValidationError

from factory.versions.manifest import Ground
from filters.filter import Filter

if TYPE_CHECKING:
    import numpy as np

Value = float | None
LOOKED_AT = 20_000
"""Samples whose measures stops are chosen by."""
RATIO = 20
"""Measures whose greatest value is so many times a small one have stops that grow by a factor."""


def measure_of(ground: Ground, key: str, table: pl.DataFrame) -> str | None:
    """The measure that a setting is compared with; by its name where no comparison says so."""
    numbers = [name for name in ground.measures if _is_number(table, name)]
    for one in ground.compared:
        if one.setting == key and one.measure in numbers:
            return one.measure
    words = set(key.split("_"))
    akin = [name for name in numbers if words & set(name.split("_")[-2:])]
    return akin[0] if akin else None


def stops_of(entry: Filter, key: str, measured: pl.Series | None, most: int) -> list[Value]:
    """So many values at most of a setting, rising; null at the end where the limit is loosest."""
    now: float = getattr(entry, key)
    whole = isinstance(now, int)
    found = _ladder(now) if measured is None else _of_measure(measured, most)
    rounded = {_rounded(value, whole) for value in found} - {now}
    allowed = sorted({value for value in rounded if _is_allowed(entry, key, value)} | {now})
    optional = type(None) in get_args(type(entry).model_fields[key].annotation)
    stops: list[Value] = [*_thinned(allowed, now, most - optional)]
    if optional:
        stops = [None, *stops] if key.startswith("min") else [*stops, None]
    return stops


def thinned(stops: list[Value], now: int) -> list[int]:
    """Places of every second stop; the ends, the present value and null stay."""
    last = len(stops) - 1
    kept = {0, last, now, *range(now % 2, last, 2)}
    return sorted(kept | {place for place, value in enumerate(stops) if value is None})


def _of_measure(measured: pl.Series, most: int) -> Iterable[float]:
    """Quantiles, and values at even distances over the range of all but the outermost; of numbers
    or nulls."""
    import numpy as np

    known = measured.drop_nulls()
    if known.is_empty():
        return []
    some = known.gather_every(max(1, known.len() // LOOKED_AT)).cast(pl.Float64).to_numpy()
    quantiles = np.quantile(some, np.linspace(0, 1, most))
    ends = [float(known.min()), float(known.max())]  # pyrefly: ignore
    return [*quantiles.tolist(), *_even(some, most).tolist(), *ends]


def _even(values: np.ndarray, most: int) -> np.ndarray:
    import numpy as np

    low, high = np.quantile(values, [0.001, 0.999])
    if low > 0 and high / low > RATIO:
        return np.geomspace(low, high, most)
    return np.linspace(low, high, most)


def _ladder(now: float) -> Iterable[float]:
    """Values around the present one, where nothing says what is measured."""
    return [now * 2 ** (step / 4) for step in range(-12, 13)]


def _rounded(value: float, whole: bool) -> float:
    """The value in two digits, as people write it."""
    plain = float(f"{value:.2g}")
    return round(plain) if whole else plain


def _thinned(values: list[float], now: float, most: int) -> list[float]:
    """So many of these at even places, the ends and the present value among them."""
    if len(values) <= most:
        return values
    at, step = values.index(now), (len(values) - 1) / max(1, most - 2)
    places = {round(step * number) for number in range(max(1, most - 1))} | {at}
    return [values[place] for place in sorted(places)]


def _is_allowed(entry: Filter, key: str, value: float) -> bool:
    """Whether a recipe may say so."""
    told = {name: getattr(entry, name) for name in entry.model_fields_set} | {key: value}
    try:
        type(entry).model_validate(told)
    except ValidationError:
        return False
    return True


def _is_number(table: pl.DataFrame, name: str) -> bool:
    return name in table.columns and table.schema[name].is_numeric()
