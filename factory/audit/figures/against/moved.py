"""Which samples, or prompts, were kept and are dropped now, and the other way, with reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from factory.audit.figures.against.joined import Joined
from factory.audit.figures.against.quantities import KEPT
from factory.audit.figures.counted import CHOSEN, Counted
from factory.versions.diff.words import differences
from filters import Filters

LOST, GAINED = "kept → dropped", "dropped → kept"
ROW_BEFORE = pl.col("fate_was").is_in(CHOSEN)
EXAMPLES = 5
"""Ids beside a reason."""
MOST = 500
"""Samples that are listed; `factory diff --details` has all rows that versions tell apart."""
NONE = "none"


@dataclass(frozen=True)
class Moved:
    """The pairs whose fate turned, of samples or of prompts."""

    what: str
    """`sample` or `prompt`."""
    common: int
    """Pairs that are decided on both sides."""
    undecided: int
    """Pairs that are not."""
    pairs: pl.DataFrame
    """Those that turned, losses first: `change`, `sample_id` (null of prompts) and `prompt_id`."""

    @property
    def lost(self) -> int:
        """How many were kept, and are dropped."""
        return self.pairs.filter(change=LOST).height

    @property
    def gained(self) -> int:
        """How many were dropped, and are kept."""
        return self.pairs.height - self.lost


def moved_samples(joined: Joined) -> Moved:
    """Common samples that a rule drops on one side alone."""
    both = joined.samples.drop_nulls(["fate", "fate_was"])
    was, now = pl.col("fate_was") != "dropped", KEPT
    turned = both.filter(was != now)
    # A row that is gone first, then what was spare.
    order = [pl.col("fate") != "dropped", ~ROW_BEFORE, "prompt_id", "sample_id"]
    pairs = turned.sort(order).select(_change(), "sample_id", "prompt_id")
    return Moved("sample", both.height, joined.samples.height - both.height, pairs)


def moved_prompts(joined: Joined) -> Moved:
    """Common prompts that have a kept sample on one side alone."""
    was, now = (
        side.samples.filter(pl.col("prompt_id").is_not_null()).group_by("prompt_id").agg(KEPT.max())
        for side in (joined.was, joined.now)
    )
    both = now.rename({"fate": "now"}).join(was.rename({"fate": "was"}), on="prompt_id")
    known = both.drop_nulls()
    turned = known.filter(pl.col("was") != pl.col("now")).sort("now", "prompt_id")
    change = pl.when("now").then(pl.lit(GAINED)).otherwise(pl.lit(LOST)).alias("change")
    pairs = turned.select(change, pl.lit(None, pl.String).alias("sample_id"), "prompt_id")
    return Moved("prompt", known.height, both.height - known.height, pairs)


def _change() -> pl.Expr:
    kept = pl.when(KEPT).then(pl.lit(GAINED)).otherwise(pl.lit(LOST))
    return kept.alias("change")


def listed(joined: Joined, moved: Moved) -> pl.DataFrame:
    """The first `MOST` of them, each with what became of it before and after."""
    first = moved.pairs.head(MOST)
    if moved.what == "prompt":
        was, now = (_counted(side, first) for side in (joined.was, joined.now))
        keys = ["prompt_id"]
        first = first.drop("sample_id")
    else:
        was, now = (_told(side, first) for side in (joined.was, joined.now))
        keys = ["sample_id"]
    both = first.join(was, on=keys, how="left", maintain_order="left")
    return both.join(now, on=keys, how="left", maintain_order="left", suffix="_after").rename(
        {name: f"{name}_before" for name in was.columns if name not in keys}
    )


def _told(side: Counted, rows: pl.DataFrame) -> pl.DataFrame:
    own = side.samples.join(rows, on="sample_id", how="semi").unique("sample_id", keep="first")
    return own.select(
        "sample_id",
        "fate",
        "verdict",
        reasons=pl.col("reasons").list.join(", "),
    )


def _counted(side: Counted, rows: pl.DataFrame) -> pl.DataFrame:
    own = side.samples.join(rows, on="prompt_id", how="semi")
    return own.group_by("prompt_id").agg(
        draws=pl.len(),
        kept=KEPT.sum(),
        correct=(pl.col("verdict") == "correct").sum(),
        reasons=pl.col("reasons").list.explode().drop_nulls().unique().sort().str.join(", "),
    )


def by_reason(joined: Joined, moved: Moved, change: str) -> pl.DataFrame:
    """Of those that turned one way how many have which reason, most first: the reasons of the side
    that drops them. One of two reasons counts in both."""
    side = joined.now if change == LOST else joined.was
    key = "sample_id" if moved.what == "sample" else "prompt_id"
    own = moved.pairs.filter(change=change)
    rows = side.samples.join(own.select(key), on=key, how="semi")
    told = rows.select("sample_id", "prompt_id", reason="reasons").explode("reason")
    told = told.with_columns(pl.col("reason").fill_null(NONE))
    both = told.join(_turned(joined, rows), on="sample_id", how="left")
    found = both.group_by("reason").agg(
        samples=pl.col("sample_id").n_unique(),
        rows=pl.col("sample_id").filter("was_row").n_unique(),
        prompts=pl.col("prompt_id").n_unique(),
        other_verdict=pl.col("sample_id").filter("other_verdict").n_unique(),
        examples=pl.col(key).unique().sort().head(EXAMPLES).str.join(", "),
    )
    filters = side.faults.owner
    moved_rules = rules_moved(joined)
    names = found["reason"].to_list()
    rules = [_rule(moved_rules, filters.get(name)) for name in names]
    return found.with_columns(
        filter=pl.Series([filters.get(name) for name in names], dtype=pl.String),
        rule=pl.Series(rules, dtype=pl.String),
    ).select(
        "reason", "filter", "samples", "rows", "prompts", "other_verdict", "rule", "examples"
    ).sort("samples", "reason", descending=[True, False])  # fmt: skip


def _turned(joined: Joined, rows: pl.DataFrame) -> pl.DataFrame:
    """Of common samples whether they were rows before, and whether their verdict is another."""
    both = joined.samples.join(rows.select("sample_id"), on="sample_id", how="semi")
    return both.select(
        "sample_id",
        was_row=ROW_BEFORE,
        other_verdict=pl.col("verdict").ne_missing(pl.col("verdict_was")),
    )


def rules_moved(joined: Joined) -> dict[str, list[str]]:
    """Each filter whose rules are other ones -> its settings, in words."""
    was, now = (_settings(side.subject.filters) for side in (joined.was, joined.now))
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys([*was, *now]):
        if name not in was:
            found[name] = ["the rule is new"]
        elif name not in now:
            found[name] = ["the rule is gone"]
        elif was[name] != now[name]:
            found[name] = differences(was[name], now[name]) or ["its code is another"]
    return found


def _settings(filters: Filters) -> dict[str, Mapping[str, Any]]:
    """Each filter in use -> its settings, those of several entries behind their domains."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, rules in filters.active().items():
        entries = [entry.model_dump() for entry in rules.entries]
        plain = len(entries) == 1 and not entries[0]["domains"]
        found[name] = entries[0] if plain else {_domains(one): one for one in entries}
    return found


def _domains(entry: Mapping[str, Any]) -> str:
    return "+".join(entry["domains"]) if entry["domains"] else "others"


def _rule(moved: Mapping[str, list[str]], filter: str | None) -> str:
    """What of a filter's rule is another, in words."""
    if filter is None:
        return ""
    return "; ".join(moved.get(filter, ["the same rule"]))
