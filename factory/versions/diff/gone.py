"""Why a row of one version is none of the other: a rule, the selection, or nobody drew it there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from factory.versions.diff.dropped import REASON, Way, by_rules
from factory.versions.diff.mixed import by_mix, is_mix
from factory.versions.diff.side import RECORD, Side
from factory.versions.diff.words import differences, turned, value

OF_ONE_PROMPT = ("per_prompt", "per_cluster")
"""Steps of the selection that take one draw in the place of another."""
HOW_MANY = ("policy", "target", "budget")
"""Keys of `sampling` that say how many draws there are."""
NO_NUMBERS = ("concurrency", "grace", "cluster", "replicas", "shards", "logprobs", "engine_process")
"""Those that change no draw."""


def gone(way: Way, rows: pl.DataFrame) -> pl.DataFrame:
    """The reasons of rows that one version has and the other lacks, as `REASON`; a row that nothing
    explains has none.

    Args:
        rows: `sample_id`, `prompt_id` and `pair`.
    """
    if rows.is_empty():
        return pl.DataFrame(schema=REASON)
    if not way.lacks.has_decisions:
        return _by_source(way, rows)
    here = way.has.decided(tuple(RECORD), rows)
    if way.has.has_decisions:
        here = here.filter(fate="chosen")
        rows = rows.join(here, on="sample_id", how="semi")
    record = way.lacks.decided(tuple(RECORD), rows)
    if is_mix(way.has) or is_mix(way.lacks):
        return by_mix(way, rows, record)
    absent = rows.join(record, on="sample_id", how="anti")
    return pl.concat(
        [
            by_rules(way, record.filter(fate="dropped"), here),
            _by_selection(way, rows, record.filter(fate="spare")),
            _not_drawn(way, absent, here.join(absent, on="sample_id", how="semi")),
        ]
    )


def _reasons(rows: pl.DataFrame, reason: str, stage: str, detail: Any, pair: Any = None) -> Any:
    """Rows with their reason, as `REASON`."""
    return rows.select(
        "sample_id",
        reason=pl.lit(reason),
        stage=pl.lit(stage) if isinstance(stage, str) else stage,
        detail=pl.lit(detail) if isinstance(detail, str) else detail,
        pair=pl.lit(None, pl.String) if pair is None else pair,
    )


def _by_selection(way: Way, rows: pl.DataFrame, spare: pl.DataFrame) -> pl.DataFrame:
    """Rows that a step of the selection leaves out in the version that lacks them."""
    settings = differences(*way.from_to(*(_selects(side) for side in way[:2])))
    if spare.is_empty() or not (settings or _others(way)):
        return pl.DataFrame(schema=REASON)
    told = spare.select("sample_id", "spare_by").join(rows, on="sample_id", how="left")
    told = told.join(_taken(way, told), on="prompt_id", how="left", maintain_order="left")
    taken = pl.col("spare_by").is_in(OF_ONE_PROMPT) & pl.col("taken").is_not_null()
    verb = "had taken" if way.came else "took"
    instead = pl.format(
        f"{{}} {verb} draw {{}} ({{}}) instead{{}}", "spare_by", "number", "taken", "fate"
    )
    plain = pl.format("{} left it out" + (" before" if way.came else ""), "spare_by")
    because = f"; {', '.join(settings)}" if settings else ""
    detail = pl.concat_str(pl.when(taken).then(instead).otherwise(plain), pl.lit(because))
    stage = pl.format("selection: {}", "spare_by")
    pair = pl.when(taken).then("taken")
    return _reasons(told, "selection", stage, detail, pair)  # pyrefly: ignore


def _selects(side: Side) -> dict[str, Any]:
    """What the selection goes by, beside draws."""
    made_by = {"pass_rates": side.made_by("pass_rates")} | {"seed": side.recipe.get("seed")}
    whole = (side.recipe.get("dataset") or {}).get("select") or side.made_by("select") or {}
    return {key: told for key, told in whole.items() if key != "way"} | made_by


def _others(way: Way) -> bool:
    """Whether anything before the selection is another, so that it had other draws to take."""
    made_by = [side.manifest.made_by if side.manifest else {} for side in way[:2]]
    parts = {*made_by[0], *made_by[1]} - {"select", "seed", "pass_rates", "order"}
    return any(made_by[0].get(part) != made_by[1].get(part) for part in parts)


def _taken(way: Way, rows: pl.DataFrame) -> pl.DataFrame:
    """Of each prompt the draw that is a row of the version that lacks these, and not of the other:
    `taken`, its `number`, and what became of it there, as words behind a sentence, in `fate`."""
    columns = ("sample_id", "prompt_id", "draw", "fate")
    chosen = way.lacks.decided(columns, rows, "prompt_id").filter(fate="chosen").drop("fate")
    there = way.has.decided(("sample_id", "fate", "spare_by", "dropped_by"), chosen)
    told = chosen.join(there, on="sample_id", how="left").with_columns(
        other=pl.col("fate").ne_missing("chosen")
    )
    told = told.sort("other", "draw", descending=[True, False]).unique("prompt_id", keep="first")
    now = " now" if way.came else " before"
    fate = (
        pl.when(fate="dropped")
        .then(pl.format(f", which {{}} drops{now}", "dropped_by"))
        .when(pl.col("fate").is_null() & pl.lit(way.has.has_decisions))
        .then(pl.lit(", which is gone now" if way.came else ", which is new"))
        .otherwise(pl.lit(""))
    )
    return told.select(
        "prompt_id", taken="sample_id", number=pl.col("draw").cast(pl.String), fate=fate
    )


def _by_source(way: Way, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of sources that the other version has no row of, where it tells of rows alone."""
    facts = [side.facts for side in way[:2]]
    if not all("source" in table.columns for table in facts):
        return pl.DataFrame(schema=REASON)
    own = facts[0].join(rows, on="sample_id", how="semi").select("sample_id", "source")
    there = facts[1].select("source").unique()
    return _source_reasons(way, own.join(there, on="source", how="anti"))


def _source_reasons(way: Way, rows: pl.DataFrame) -> pl.DataFrame:
    word = "added" if way.came else "dropped"
    return _reasons(rows, "source", "prompts", pl.format(f"source {{}} was {word}", "source"))


def _not_drawn(way: Way, rows: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Rows whose draw the other version does not have at all.

    Args:
        own: their records where they are rows.
    """
    if rows.is_empty() or own.is_empty():
        return _by_source(way, rows)
    strange = own.join(way.lacks.known("source"), on="source", how="anti")
    left = own.join(strange, on="sample_id", how="anti")
    asked = way.lacks.decided(("prompt_id", *_ASKED), left, "prompt_id")
    unasked = left.join(asked, on="prompt_id", how="anti")
    left = left.join(asked, on="prompt_id", how="semi")
    told = [_source_reasons(way, strange), _unasked(way, unasked)]
    other = left.join(way.lacks.known("teacher"), on="teacher", how="anti", nulls_equal=True)
    told.append(_by_teacher(way, other, asked))
    left = left.join(other, on="sample_id", how="anti")
    same = ["prompt_id", "teacher", "settings", "max_tokens"]
    ours = asked.select(same).unique()
    otherwise = left.join(ours, on=same, how="anti", nulls_equal=True)
    told.append(_by_settings(way, otherwise))
    told.append(_further(way, left.join(otherwise, on="sample_id", how="anti")))
    return pl.concat(told)


_ASKED = ("teacher", "settings", "max_tokens")
"""How a draw was asked for."""


def _unasked(way: Way, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of questions of which the other version has no draw."""
    if rows.is_empty():
        return pl.DataFrame(schema=REASON)
    told = []
    for (source,), some in rows.group_by("source", maintain_order=True):
        inputs = differences(*way.from_to(*(_input(side, source) for side in way[:2])))
        how = inputs or _many(way)
        if not how and way.has.made_by("prompts") == way.lacks.made_by("prompts"):
            how = _drawn(way)
        elif not how:
            how = ["its questions are others"]
        word = "is asked now" if way.came else "is not asked any more"
        if how:
            detail = f"the question {word}: {source}: {', '.join(how)}"
            told.append(_reasons(some, "question", "prompts", detail))
    return pl.concat([pl.DataFrame(schema=REASON), *told])


def _input(side: Side, source: Any) -> dict[str, Any]:
    """What a version says of a source, and what its recipe does."""
    inputs = side.manifest.inputs if side.manifest else []
    told = [
        one.model_dump(exclude={"what", "name", "license"}) for one in inputs if one.name == source
    ]
    return told[0] if told else {}


def _by_teacher(way: Way, rows: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Rows of a teacher that wrote no draw of the other version, by what of it is another."""
    told = [pl.DataFrame(schema=REASON)]
    theirs = asked["teacher"].drop_nulls().unique().to_list()
    for (digest,), some in rows.group_by("teacher", maintain_order=True):
        has = teacher(way.has, str(digest))
        others = [teacher(way.lacks, one) for one in theirs]
        lacks = next(
            (one for one in others if one["name"] == has["name"]), others[0] if others else {}
        )
        how = differences(*way.from_to(has, lacks))
        arguments = [
            side.recipe.get("sampling", {}).get("engine_arguments", {}) for side in way[:2]
        ]
        how += differences(*way.from_to(*arguments))
        word = "template" if how and how[0].startswith("template ") else "teacher"
        detail = f"teacher: {', '.join(how) or turned('digest', *way.from_to(digest, theirs))}"
        told.append(_reasons(some, word, "teacher", detail))
    return pl.concat(told)


def teacher(side: Side, digest: str) -> dict[str, Any]:
    """What a version says of the teacher with this digest: name, revision and template."""
    there = side.manifest.teachers if side.manifest else []
    own = [one for one in there if one.digest == digest] or (there if len(there) == 1 else [])
    if not own:
        return {"name": digest[:12]}
    found = own[0].model_dump(include={"name", "revision", "template", "digest"})
    return {key: found[key] for key in ("name", "revision", "template", "digest")}


def _by_settings(way: Way, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that were drawn by other settings: another draw of the same question."""
    if rows.is_empty():
        return pl.DataFrame(schema=REASON)
    how = differences(*way.from_to(*(_settings(side) for side in way[:2])))
    if not how:
        return pl.DataFrame(schema=REASON)
    return _reasons(rows, "settings", "sampling", f"drawn anew: {', '.join(how)}")


def _settings(side: Side) -> dict[str, Any]:
    """What of a recipe shapes draws."""
    sampling = side.manifest.sampling if side.manifest else {}
    shape = {key: told for key, told in sampling.items() if key not in (*HOW_MANY, *NO_NUMBERS)}
    told: dict[str, Any] = {"seed": side.recipe.get("seed"), **shape}
    for number, source in enumerate(side.recipe.get("prompts") or ()):
        if isinstance(source, Mapping) and source.get("instruction"):
            told[f"prompts.{number}.instruction"] = source["instruction"]
    asked = side.recipe.get("teacher") or {}
    return told | {f"teacher.{key}": asked[key] for key in ("asked", "sampling") if key in asked}


def _further(way: Way, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that are further draws, asked as the others were."""
    how = _many(way) or _drawn(way)
    if rows.is_empty() or not how:
        return pl.DataFrame(schema=REASON)
    word = "was drawn since" if way.came else "does not count any more"
    detail = pl.format(f"draw {{}} {word}: {{}}", "draw", pl.lit(", ".join(how)))
    return _reasons(rows, "draws", "sampling", detail)


def _many(way: Way) -> list[str]:
    """What says that there are more or fewer draws."""
    sampling = [side.manifest.sampling if side.manifest else {} for side in way[:2]]
    own = [{key: one.get(key) for key in HOW_MANY} for one in sampling]
    return differences(*way.from_to(*own))


def _drawn(way: Way) -> list[str]:
    """How many draws there were and are, where they are others."""
    if way.has.made_by("draws") == way.lacks.made_by("draws"):
        return []
    counts = [side.manifest.cost.draws if side.manifest else None for side in way[:2]]
    was, now = way.from_to(*counts)
    return [f"{value(was)} draws, then {value(now)}"]
