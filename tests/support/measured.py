"""Tables of measured samples by chance, and subjects of them."""

from typing import Any

import polars as pl
from hypothesis import strategies as st

from factory.audit.subject import Subject, as_prompts, as_samples
from filters import FILTERS, Filters, judge

DOMAINS = ("math", "code", "logic", None)
NUMBERS = st.one_of(st.none(), st.integers(0, 30))
SHARES = st.one_of(
    st.none(), st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.65, 0.9, 1.0, 7.5, float("nan")])
)
LOOP = st.fixed_dictionaries({"repeats": st.integers(2, 30), "chars": st.integers(1, 2000)})
VALUES: dict[pl.DataType, st.SearchStrategy[Any]] = {
    pl.Int32(): NUMBERS,
    pl.Float64(): SHARES,
    pl.Boolean(): st.one_of(st.none(), st.booleans()),
    pl.String(): st.sampled_from([None, "", "one", "two", "correct", "incorrect"]),
}


@st.composite
def measured(draw: st.DrawFn, filters: Filters, rows: int = 24) -> pl.DataFrame:
    """Samples with measures by chance, null and NaN among them, of all filters in use."""
    height = draw(st.integers(0, rows))
    columns: dict[str, pl.Series] = {
        "sample_id": pl.Series([f"{n:03}" for n in range(height)], dtype=pl.String),
        "prompt_id": pl.Series([f"{n // 3:03}" for n in range(height)], dtype=pl.String),
        "domain": pl.Series(draw(_some(st.sampled_from(DOMAINS), height)), dtype=pl.String),
    }
    for rules in filters.active().values():
        for name, kind in rules.filter.columns.items():
            values = VALUES.get(kind, st.one_of(st.none(), st.lists(LOOP, max_size=2)))
            if name == "duplicate_place":
                values = st.one_of(st.none(), st.integers(0, 3))
            columns[name] = pl.Series(draw(_some(values, height)), dtype=kind)
    return pl.DataFrame(columns)


def subject_of(table: pl.DataFrame, filters: Filters, **told: Any) -> Subject:
    """Data that were measured, with the fates that the rules give."""
    judged = judge(table, filters)
    kept = pl.col("dropped_by").is_null()
    fate = pl.when(kept).then(pl.lit("kept")).otherwise(pl.lit("dropped"))
    return Subject(
        place="here",
        name="here",
        kind="data",
        samples=as_samples(judged.with_columns(fate=fate)),
        prompts=as_prompts(pl.DataFrame()),
        filters=filters,
        texts=told.pop("texts", None),
        **told,
    )


def shipped(*names: str) -> dict[str, dict[str, Any]]:
    """The settings of these filters by default."""
    return {name: FILTERS[name]().model_dump(exclude_none=True) for name in names}


def _some(values: st.SearchStrategy[Any], count: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=count, max_size=count)
