"""Room for so many rows of a source, a domain or a part: who finds it, and where some is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.recipe.selection import Part, Select
from factory.versions.selection.ranking import lots, mostly_first, ranked, within

if TYPE_CHECKING:
    import numpy as np

Outcome = tuple[pl.DataFrame, list[str]]


def quota(column: str) -> Callable[[pl.DataFrame, Select, int], Outcome]:
    """The step that keeps to the quotas of sources or domains."""

    def step(pool: pl.DataFrame, wanted: Select, seed: int) -> Outcome:
        most: dict[str, int] = getattr(wanted.quotas, column)
        there = dict(pool[column].value_counts().iter_rows())
        room = pl.DataFrame(list(most.items()), {column: pl.String, "room": pl.Int64}, orient="row")
        told = crowded_out(pool, room, wanted.take, seed).with_columns(
            spare_by=pl.when("late").then(pl.lit(f"quota_{column}"))
        )
        short = [
            f"quota of {column} {name}: {rows:,} rows asked for, {there.get(name, 0):,} there"
            for name, rows in most.items()
            if there.get(name, 0) < rows
        ]
        return told.drop("late"), short

    return step


def parted(pool: pl.DataFrame, wanted: Select, seed: int) -> Outcome:
    """The parts of the mix, each with its rows spread over topics; without a mix one part of all.

    Rows of no part are left out.
    """
    own = pool.with_columns(part=_part(wanted.mix), topic=_topic(wanted))
    sizes = dict(own["part"].drop_nulls().value_counts().iter_rows())
    rows = _rows_of(wanted, sizes)
    room = pl.concat([_over_topics(own.filter(part=name), n, seed) for name, n in rows.items()])
    told = crowded_out(own, room, wanted.take, seed)
    word = pl.lit("mix" if wanted.mix else "rows")
    late = pl.col("late") | pl.col("part").is_null()
    asked = _asked_for(wanted, rows)
    short = [
        f"{f'mix, part {name}' if wanted.mix else 'rows'}: {asked[name]:,} rows asked for, "
        f"{sizes.get(name, 0):,} there"
        for name in rows
        if sizes.get(name, 0) < asked[name]
    ]
    if wanted.mix and wanted.mix[0].share and not wanted.rows:
        short = _told_of_shares(wanted.mix, rows, sizes)
    hidden = [] if "topic" in pool.columns else ["topic"]
    told = told.with_columns(spare_by=pl.when(late).then(word)).drop("late", "part", *hidden)
    return told, short


def crowded_out(pool: pl.DataFrame, room: pl.DataFrame, take: str, seed: int) -> pl.DataFrame:
    """Draws with `late`: whether those before them have all the room of their group.

    Args:
        pool: accepted draws.
        room: the columns of a group, and `room`, its rows at most; other groups have no bound.
        take: which draws come first.
        seed: for what goes by lot.
    """
    groups = [name for name in room.columns if name != "room"]
    order = ranked(pool, take, seed, "take")
    order = order.join(room, on=groups, how="left", maintain_order="left", nulls_equal=True)
    order = order.with_columns(turn=within(groups))
    if take == "mostly_longest":
        order = _by_lot(order, groups, seed)
    late = (pl.col("turn") >= pl.col("room")).fill_null(False)
    return order.with_columns(late=late).drop("turn", "room")


def _by_lot(order: pl.DataFrame, groups: list[str], seed: int) -> pl.DataFrame:
    """The same, the turns of each group with a bound in the order in which s1 draws them."""
    import numpy as np

    bounded = order.filter(pl.col("room") > 0).sort(*groups, "turn")
    chance, turns = np.random.default_rng([seed, len(groups)]), []
    for *_, room, size in (
        bounded.group_by(groups, maintain_order=True)
        .agg(pl.col("room").first(), size=pl.len())
        .iter_rows()
    ):
        places = mostly_first(size, room, chance)
        turn = np.empty(size, np.int64)
        turn[places] = np.arange(size)
        turns.append(turn)
    drawn = bounded.select("row", turn=np.concatenate([np.zeros(0, np.int64), *turns]))
    return order.update(drawn, on="row")


def _part(mix: list[Part]) -> pl.Expr:
    """Name of the part that a row belongs to; the parts are apart, so it is one at most."""
    found = pl.lit(None, pl.String) if mix else pl.lit("")
    for part in mix:
        own = pl.col("domain").is_in(part.domains) | pl.col("source").is_in(part.sources)
        found = pl.when(own).then(pl.lit(part.name)).otherwise(found)
    return found


def _topic(wanted: Select) -> pl.Expr:
    if wanted.topics is None:
        return pl.lit("")
    return pl.col("topic").fill_null("none")


def _asked_for(wanted: Select, rows: dict[str, int]) -> dict[str, int]:
    """Rows that each part was to have."""
    return {part.name: part.rows for part in wanted.mix if part.rows} or rows


def _rows_of(wanted: Select, sizes: dict[str, int]) -> dict[str, int]:
    """Rows of each part, by its name: as told, or by its share of `rows`, or of as many as there
    can be while all shares hold."""
    if not wanted.mix:
        return {"": wanted.rows or 0}
    if wanted.mix[0].rows:
        return {part.name: part.rows or 0 for part in wanted.mix}
    shares = {part.name: part.share or 0.0 for part in wanted.mix}
    total = wanted.rows or int(min(sizes.get(name, 0) / share for name, share in shares.items()))
    return apportioned(shares, total)


def apportioned(shares: dict[str, float], total: int) -> dict[str, int]:
    """A whole number of rows for each share, together `total`: largest remainders first.

    >>> apportioned({"reasoning": 0.75, "other": 0.25}, 10)
    {'reasoning': 8, 'other': 2}
    """
    exact = {name: share * total for name, share in shares.items()}
    rows = {name: int(value + 1e-9) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: rows[name] - exact[name])
    for name in by_remainder[: max(0, total - sum(rows.values()))]:
        rows[name] += 1
    return rows


def _told_of_shares(mix: list[Part], rows: dict[str, int], sizes: dict[str, int]) -> list[str]:
    """Which part bounds the others, where shares are kept whatever the number of rows."""
    used = {part.name: rows[part.name] / max(1, sizes.get(part.name, 0)) for part in mix}
    least = max(used, key=lambda name: (used[name], sizes.get(name, 0) == 0))
    if all(rows[part.name] == sizes.get(part.name, 0) for part in mix):
        return []
    return [
        f"mix: {sum(rows.values()):,} rows keep the shares, as part {least} has "
        f"{sizes.get(least, 0):,}"
    ]


def _over_topics(part: pl.DataFrame, rows: int, seed: int) -> pl.DataFrame:
    """Room for each topic of a part: as much as for the others, as far as it has rows.

    s1 draws a topic by lot for each row, all with the same chance, until one is empty: this is what
    its lots give on average. What cannot be divided goes to topics by lot.
    """
    import numpy as np

    sizes = part.group_by("part", "topic").len("size").sort("topic")
    lot = lots(sizes["topic"], seed, "topics")
    given = even(sizes["size"].to_numpy(), rows, np.argsort(lot.to_numpy(), kind="stable"))
    return sizes.select("part", "topic", room=pl.Series(given, dtype=pl.Int64))


def even(sizes: Any, rows: int, first: Any) -> np.ndarray:
    """Rows for each of several groups, together `rows`: the same for all that have so many.

    Args:
        sizes: rows that each group has.
        rows: how many to give away; more than all have gives each what it has.
        first: numbers of groups, those first that get one more where it does not come out even.

    >>> import numpy as np
    >>> even(np.array([2, 9, 9]), 11, np.array([0, 1, 2])).tolist()
    [2, 5, 4]
    """
    import numpy as np

    given = np.zeros(len(sizes), np.int64)
    while (left := min(rows, int(sizes.sum())) - int(given.sum())) > 0:
        hungry = [group for group in first if given[group] < sizes[group]]
        each = max(1, left // len(hungry))
        for group in hungry[:left]:
            given[group] += min(each, sizes[group] - given[group])
    return given
