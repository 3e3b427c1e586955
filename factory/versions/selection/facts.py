"""What choosing goes by, beside judged draws: pass rates, topics, scores, how unlike they are."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from factory.recipe.dataset import Dataset
from factory.recipe.selection import Select
from factory.store.draws import Draws
from filters import Filters

AT_ONCE = 2000
"""Draws whose texts are in memory at once."""
LIMO = {"chain_chars": 0.3, "chain_verifies": 0.2, "chain_explores": 0.25, "chain_connects": 0.25}
"""What each measure counts in LIMO's score (arXiv 2502.03387)."""


def with_facts(
    rows: pl.DataFrame,
    dataset: Dataset,
    filters: Filters,
    asked: pl.DataFrame,
    rates: pl.DataFrame | None,
    seed: int,
) -> pl.DataFrame:
    """Draws with what choosing and ordering them want, but for `variety`.

    Args:
        rows: judged draws.
        asked: the prompt table.
        rates: `prompt_id` and `pass_rate`, of whom the recipe says; None where it does not ask.
        seed: the recipe's, for topics.
    """
    told = asked.select("prompt_id", "source", "license")
    if dataset.select.topics:
        told = told.with_columns(topics_of(asked, dataset.select, seed))
    if rates is not None:
        told = told.join(rates, on="prompt_id", how="left", maintain_order="left")
    rows = rows.drop([name for name in told.columns if name != "prompt_id"], strict=False)
    rows = rows.join(told, on="prompt_id", how="left", maintain_order="left")
    if dataset.select.per_cluster and filters.duplicates:
        over = "sample_id" if filters.duplicates.of_draws() else "prompt_id"
        rows = rows.with_columns(unit=over)
    return rows.with_columns(score=score()) if "best" in dataset.select.goes_by else rows


def of_column(asked: pl.DataFrame, name: str) -> pl.Series:
    """A column that the prompts' mapping keeps, as text; null where a prompt has none."""
    path = f"$['{name}']"
    return asked.select(pl.col("meta").str.json_path_match(path).alias(name)).to_series()


def rates_of_fates(fates: pl.DataFrame) -> pl.DataFrame:
    """`prompt_id` and `pass_rate` from what became of prompts, several teachers on average."""
    known = fates.drop_nulls("pass_rate").group_by("prompt_id", maintain_order=True)
    return known.agg(pl.col("pass_rate").mean())


def rates_of_column(asked: pl.DataFrame, name: str) -> pl.DataFrame:
    """The same from a column that prompts keep; null where it is no number of 0 to 1."""
    rate = of_column(asked, name).cast(pl.Float64, strict=False)
    rates = asked.select("prompt_id", pass_rate=rate)
    return rates.with_columns(pl.when(pl.col("pass_rate").is_between(0, 1)).then("pass_rate"))


def topics_of(asked: pl.DataFrame, wanted: Select, seed: int) -> pl.Series:
    """The topic of each prompt, as text; null where it has none."""
    assert wanted.topics  # asked for only then
    by = wanted.topics.by
    if by in ("domain", "source"):
        return asked[by].alias("topic")
    if by != "words":
        return of_column(asked, by).alias("topic")
    from factory.prompts.benchmarks import questions
    from filters.text.topics import topics

    # Whatever their order in the table, and without those that no row can be of.
    train = asked.filter(split="train").sort("prompt_id")
    found = topics(questions(train), wanted.topics.count, seed).cast(pl.String)
    known = train.select("prompt_id", topic=found)
    return asked.join(known, on="prompt_id", how="left", maintain_order="left")["topic"]


def score() -> pl.Expr:
    """LIMO's score of an accepted draw, 0 to 1; null for others.

    Its measures are no numbers of one size, so each counts as the place that the draw has among all
    accepted ones of its language, 0 to 1; words count by the length of the thinking.
    """
    accepted = pl.col("dropped_by").is_null()
    whole = pl.lit(0.0)
    for name, weight in LIMO.items():
        value = pl.col(name).cast(pl.Float64)
        if name != "chain_chars":
            value = value / pl.col("chain_chars").clip(lower_bound=1)
        place = pl.when(accepted).then(value).rank("average").over("language")
        most = accepted.sum().over("language")
        whole = whole + weight * (place - 0.5) / most
    return pl.when(accepted).then(whole)


def with_variety(rows: pl.DataFrame, draws: Draws, most: int) -> pl.DataFrame:
    """Draws with `variety`: the place of each accepted one among those of its prompt, when those
    that are least like each other come first, from the shortest on.

    Only the texts of prompts with more than `most` accepted draws are read, some at a time; 128
    bytes are kept of each.
    """
    import numpy as np

    from filters.text.different import farthest_first, sketches

    pool = rows.filter(pl.col("dropped_by").is_null()).select(
        "sample_id", "prompt_id", "draw", "completion_tokens"
    )
    pool = pool.filter(pl.len().over("prompt_id") > most)
    pool = pool.sort("prompt_id", pl.col("completion_tokens").fill_null(2**31 - 1), "draw")
    pool = pool.with_columns(place=pl.int_range(pl.len()))
    found = np.zeros((pool.height, 128), np.uint8)
    for piece in _texts(draws, pool):
        found[piece["place"].to_numpy()] = sketches(piece["text"])
    sizes = pool.group_by("prompt_id", maintain_order=True).len()["len"].to_numpy()
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    variety = farthest_first(found, bounds, most)
    told = pool.select("sample_id", variety=pl.Series(variety, dtype=pl.Int32))
    return rows.join(told, on="sample_id", how="left", maintain_order="left").with_columns(
        pl.col("variety").fill_null(0)
    )


def _texts(draws: Draws, pool: pl.DataFrame) -> Iterator[pl.DataFrame]:
    if pool.height:
        yield from draws.beside(pool.select("sample_id", "place"), ("text",), AT_ONCE)
