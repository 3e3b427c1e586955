"""What only one of two has, and why; and what cannot be compared."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from factory.audit.figures.against.joined import Joined
from factory.audit.figures.against.quantities import apart, measures, versions
from factory.audit.figures.coded import UNKNOWN
from factory.audit.figures.counted import Counted
from factory.versions.diff.words import differences

ONLY: dict[str, pl.DataType] = {
    "what": pl.String(),
    "only": pl.String(),
    "why": pl.String(),
    "count": pl.Int64(),
}
ASIDE: dict[str, pl.DataType] = {"what": pl.String(), "compared": pl.String(), "why": pl.String()}
SETS = ("duplicates", "contamination")
"""Filters whose measures say what a sample is to others."""
VERDICTS = "correctness"
"""The filter that goes by verdicts: these have rounds, and no version of a measure."""


def only_one(joined: Joined) -> pl.DataFrame:
    """Prompts and samples that one of them lacks, by the reason, as `ONLY`."""
    asked = {name: _asked(joined, name) for name in joined.sides}
    found = [pl.DataFrame(schema=ONLY)]
    for name, other in (("before", "after"), ("after", "before")):
        prompts = _prompts(asked[name], asked[other])
        samples = _samples(joined.alone[name], joined.sides[other], asked[other])
        for what, table in (("prompts", prompts), ("samples", samples)):
            words = (pl.lit(what).alias("what"), pl.lit(name).alias("only"))
            found.append(table.select(*words, "why", "count").cast(pl.Schema(ONLY)))
    descending = [False, True, True, False]
    return pl.concat(found).sort("what", "only", "count", "why", descending=descending)


def _asked(joined: Joined, name: str) -> pl.DataFrame:
    """The prompts of a side, each once, with its source; those without draws as well."""
    side, own = joined.sides[name], ("prompt_id", "source")
    told = side.subject.prompts.select(own).drop_nulls("prompt_id").unique("prompt_id")
    untold = joined.asked[name].join(told, on="prompt_id", how="anti")
    if untold.is_empty():
        return told
    more = side.samples.select(own).join(untold, on="prompt_id", how="semi")
    return pl.concat([told, more.unique("prompt_id")])


def _prompts(mine: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    source = pl.col("source").fill_null(UNKNOWN)
    known = theirs["source"].drop_nulls().unique()
    why = (
        pl.when(pl.col("source").is_in(known.implode()))
        .then(pl.format("other questions of source {}", source))
        .otherwise(pl.format("source {} is in this one alone", source))
    )
    alone = mine.join(theirs, on="prompt_id", how="anti")
    return alone.group_by(why=why).agg(count=pl.len())


def _samples(alone: pl.DataFrame, other: Counted, asked: pl.DataFrame) -> pl.DataFrame:
    """Samples of one alone. A sample's id is made of prompt, teacher, settings and number of the
    draw, so that one of these is another."""
    drawn = other.samples.select("prompt_id", "draw").drop_nulls("prompt_id")
    drawn = drawn.join(alone, on="prompt_id", how="semi").group_by("prompt_id")
    asked = asked.select("prompt_id", asked=True)
    alone = alone.join(asked, on="prompt_id", how="left")
    alone = alone.join(drawn.agg(last=pl.col("draw").max()), on="prompt_id", how="left")
    new = {name: ~_in(name, other) for name in ("teacher", "strategy", "max_tokens")}
    why = (
        pl.when(pl.col("asked").is_null())
        .then(pl.lit("its prompt is in this one alone"))
        .when(new["teacher"])
        .then(pl.format("another teacher: {}", "teacher"))
        .when(new["strategy"])
        .then(pl.format("another strategy: {}", "strategy"))
        .when(new["max_tokens"])
        .then(pl.format("another limit: {} tokens", "max_tokens"))
        .when(pl.col("last").is_null())
        .then(pl.lit("the other has no draw of its prompt"))
        .when(pl.col("draw") > pl.col("last"))
        .then(pl.lit("a further draw: the other has fewer of its prompt"))
        .otherwise(pl.lit("drawn anew: other settings, another seed, or kept by one alone"))
    )
    return alone.group_by(why=why).agg(count=pl.len())


def _in(name: str, other: Counted) -> pl.Expr:
    """Whether the other side has this value at all; true where one of them does not tell."""
    known = other.samples[name].drop_nulls().unique()
    if known.is_empty():
        return pl.lit(True)
    return pl.col(name).is_in(known.implode()).fill_null(True)


def aside(joined: Joined) -> pl.DataFrame:
    """What is not compared, or only with care, and why, as `ASIDE`."""
    rows = pl.DataFrame([*_measures(joined), *_whole(joined)], schema=ASIDE, orient="row")
    together = rows.group_by("compared", "why", maintain_order=True)
    return together.agg(pl.col("what").str.join(", ")).select(list(ASIDE))


def _measures(joined: Joined) -> Iterator[tuple[str, str, str]]:
    sides = joined.sides
    filters = {name: side.subject.measures() for name, side in sides.items()}
    stamps = {name: versions(side) for name, side in sides.items()}
    numbers = set(measures(joined.was)) & set(measures(joined.now))
    for filter in dict.fromkeys([*filters["before"], *filters["after"]]):
        there = [name for name in sides if filters[name].get(filter)]
        if len(there) == 1:
            yield filter, "no", f"measured {there[0]} alone: what is not measured is no difference"
            continue
        if apart(joined, filter):
            was, now = (stamps[name][filter] for name in sides)
            yield filter, "no", f"measured by another version: {was} before, {now} after"
            continue
        if filter in SETS:
            yield filter, "with care", "it says what a sample is to others, and those may be others"
        told = [filter in stamps[name] for name in sides]
        if filter != VERDICTS and not all(told):
            yield filter, "with care", "nobody says on both sides by which version it was measured"
        if filter != VERDICTS:
            columns = (filters[name].get(filter, []) for name in sides)
            yield from _columns(joined, numbers, *columns)


def _columns(
    joined: Joined, numbers: set[str], before: list[str], after: list[str]
) -> Iterator[tuple[str, str, str]]:
    """Of one filter's measures those that are not compared.

    Args:
        numbers: measures that are numbers on both sides.
    """
    for name in dict.fromkeys([*before, *after]):
        if name not in before or name not in after:
            word = "before" if name in before else "after"
            yield name, "no", f"measured {word} alone: what is not measured is no difference"
            continue
        if name not in numbers:
            yield name, "no", "no numbers: compared by the faults that are found by them"
            continue
        columns = {word: side.samples[name] for word, side in joined.sides.items()}
        none = [word for word, one in columns.items() if one.null_count() == one.len() > 0]
        if none:
            yield name, "no", f"not measured of any sample {' and '.join(none)}"


def _whole(joined: Joined) -> Iterator[tuple[str, str, str]]:
    was, now = (set(side.samples["teacher"].drop_nulls().unique()) for side in
                (joined.was, joined.now))  # fmt: skip
    if was != now:
        yield "tokens", "with care", "other teachers may count tokens by other tokenizers"
    a, b = joined.was.subject.manifest, joined.now.subject.manifest
    if a and b and (moved := differences(a.rounds, b.rounds)):
        yield "verdicts", "with care", f"judged in other rounds: {'; '.join(moved)}"
    if a and b and a.sampling != b.sampling:
        moved = differences(a.sampling, b.sampling)
        yield "draws", "with care", f"asked otherwise: {'; '.join(moved)}"
    lacks: dict[tuple[str, str], list[str]] = {}
    for word, side in joined.sides.items():
        for name, why in side.subject.missing.items():
            if name != "texts":
                lacks.setdefault((name, why), []).append(word)
    for (name, why), words in lacks.items():
        yield name, "no", f"{' and '.join(words)}: {why}"
