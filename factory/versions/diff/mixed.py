"""Why a row of one version is none of the other, where one of them is a mix of versions."""

from __future__ import annotations

from typing import Any

import polars as pl

from factory.versions.diff.dropped import REASON, Way
from factory.versions.diff.side import Side
from factory.versions.diff.words import differences

WORDS = {
    "same_row": "duplicate",
    "same_prompt": "duplicate",
    "near_prompt": "duplicate",
    "not_asked_for": "source",
}
"""The reason of a row that a mix drops, by why it does; a benchmark's questions are others."""
NAMED = ("place", "columns", "config", "split")
"""What says where a part is, and not how much of it is taken."""


def is_mix(side: Side) -> bool:
    """Whether a version was made of others."""
    return side.made_by("parts") is not None


def by_mix(way: Way, rows: pl.DataFrame, record: pl.DataFrame) -> pl.DataFrame:
    """Reasons of rows of a mix, or of what a mix was made of, as `REASON`.

    Args:
        rows: the rows that one version lacks.
        record: what that version tells of them, where it does.
    """
    how = differences(*way.from_to(*(_settings(side) for side in way[:2])))
    if not how:
        return pl.DataFrame(schema=REASON)
    because = "; ".join(["", ", ".join(how)])
    absent = rows.join(record, on="sample_id", how="anti")
    return pl.concat(
        [
            _dropped(way, record.filter(fate="dropped"), because),
            _spare(way, record.filter(fate="spare"), because),
            _of_parts(way, absent),
        ]
    )


def _settings(side: Side) -> dict[str, Any]:
    """What a mix's rows depend on, its parts by their names."""
    made_by = side.manifest.made_by if side.manifest else {}
    if not is_mix(side):
        return {"parts": None}
    parts = {part["name"]: _short(part) for part in made_by["parts"]}
    others = {key: told for key, told in made_by.items() if key != "parts"}
    return others | {"order": list(parts), "parts": parts}


def _short(part: dict[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in part.items() if key not in ("name", *NAMED)}
    return told | {"digest": str(told.get("digest"))[:8]}


def _dropped(way: Way, record: pl.DataFrame, because: str) -> pl.DataFrame:
    of = way.lacks.decided(("sample_id", "of"), record).cast({"of": pl.String})
    told = record.join(of, on="sample_id", how="left", maintain_order="left")
    word = pl.col("dropped_by").replace_strict(
        list(WORDS), list(WORDS.values()), default="contamination", return_dtype=pl.String
    )
    verb = " no more" if way.came else ""
    whose = pl.when(pl.col("of").is_not_null()).then(pl.format(": of {}", "of"))
    detail = pl.concat_str(
        pl.format("{}{}", "dropped_by", pl.lit(verb)), whose, pl.lit(because), ignore_nulls=True
    )
    return told.select(
        "sample_id",
        reason=word,
        stage=pl.lit("mix"),
        detail=detail,
        pair=pl.when(dropped_by="same_row").then("of"),
    )


def _spare(way: Way, record: pl.DataFrame, because: str) -> pl.DataFrame:
    verb = " left it out before" if way.came else " left it out"
    return record.select(
        "sample_id",
        reason=pl.lit("selection"),
        stage=pl.lit("mix"),
        detail=pl.concat_str("spare_by", pl.lit(verb + because)),
        pair=pl.lit(None, pl.String),
    )


def _of_parts(way: Way, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that no part of the other version has."""
    own = way.has.decided(("sample_id", "part"), rows).cast({"part": pl.String})
    theirs = _settings(way.lacks)["parts"] or {}
    mine = _settings(way.has)["parts"] or {}
    told = [pl.DataFrame(schema=REASON)]
    for (part,), some in own.group_by("part", maintain_order=True):
        told.append(_of_part(way, str(part), some, mine, theirs))
    return pl.concat(told)


def _of_part(
    way: Way, part: str, rows: pl.DataFrame, mine: dict[str, Any], theirs: dict[str, Any]
) -> pl.DataFrame:
    if part not in mine:
        detail = "no part has it" if not way.came else "it is of no part"
    elif part not in theirs:
        detail = f"part {part} was {'added' if way.came else 'dropped'}"
    else:
        how = differences(*way.from_to(mine[part], theirs[part]))
        if not how:  # the same part has the row in one version alone
            return pl.DataFrame(schema=REASON)
        detail = f"part {part} is another: {', '.join(how)}"
    return rows.select(
        "sample_id",
        reason=pl.lit("source"),
        stage=pl.lit("mix"),
        detail=pl.lit(detail),
        pair=pl.lit(None, pl.String),
    )
