"""Why a row that both versions have is another now: which of its columns, and who says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from factory.versions.diff.dropped import OF_PROMPTS, OF_SETS, REASON, Way, in_words, verdict_turned
from factory.versions.diff.side import Side
from factory.versions.diff.words import turned
from filters import FILTERS

TEXT = "messages"
KEY = ("reference", "verifier")
TEACHER = ("teacher", "teacher_digest")
AT_ONCE = 10**7
"""Values of rows that are in memory at once."""
RECORDED = ("source", "domain", "language", "license", "teacher", "completion_tokens", "verdict")
"""What the record of a draw says of its row, where the rows themselves are not here."""


def altered(a: Side, b: Side, rows: pl.DataFrame) -> pl.DataFrame:
    """The reasons of rows that both versions have and that are not the same, as `REASON`: one for
    each thing that is another. A row with a change that nothing explains has none.

    Args:
        rows: `changed` of `rows.Rows`.
    """
    if rows.is_empty():
        return pl.DataFrame(schema=REASON)
    way = Way(a, b, came=False)  # the second one has these rows otherwise
    told = [_moved(rows)]
    other = _with_texts(way, rows.filter(~pl.col("same_row")))
    columns = dict.fromkeys([*a.columns, *b.columns]) if a.files and b.files else _recorded(a, b)
    judged = other.select("sample_id", "same_text").join(
        _judged(way, other), on="sample_id", how="left"
    )
    found, unexplained = _text(way, other.filter(pl.col("same_text").not_()))
    told.append(found)
    told.append(_of_one_side(way, other, columns))
    both = [name for name in columns if all(_has(side, name) for side in way[:2])]
    both = [name for name in both if name not in ("sample_id", TEXT)]
    for name, was, now in _values(way, both, other):
        found, lost = _of_column(way, name, other.select("sample_id", was, now), judged)
        told.append(found)
        unexplained = pl.concat([unexplained, lost])
    return pl.concat(told).join(unexplained, on="sample_id", how="anti")


def _moved(rows: pl.DataFrame) -> pl.DataFrame:
    moved = rows.filter(pl.col("split_a").ne_missing(pl.col("split_b")))
    return moved.select(
        "sample_id",
        reason=pl.lit("split"),
        stage=pl.lit("dataset"),
        detail=pl.format("split {} → {}", "split_a", "split_b"),
        pair=pl.lit(None, pl.String),
    )


def _with_texts(way: Way, rows: pl.DataFrame) -> pl.DataFrame:
    """The same with `same_text` of those too whose texts the indexes do not tell of."""
    unknown = rows.filter(pl.col("same_text").is_null())
    if unknown.is_empty() or not all(side.files and TEXT in side.columns for side in way[:2]):
        return rows
    was, now = (side.data([TEXT], unknown) for side in way[:2])
    both = was.join(now, on="sample_id", suffix="_now")
    read = both.select("sample_id", read=pl.col(TEXT) == pl.col(f"{TEXT}_now"))
    told = rows.join(read, on="sample_id", how="left", maintain_order="left")
    return told.with_columns(same_text=pl.coalesce("same_text", "read")).drop("read")


def _recorded(a: Side, b: Side) -> list[str]:
    """The columns that both records have, where rows are not here."""
    measures = [name for filter in FILTERS.values() for name in filter.columns]
    there = [side.noted if side.has_decisions else pl.Schema() for side in (a, b)]
    every = dict.fromkeys([*RECORDED, *measures])
    return [name for name in every if name in there[0] or name in there[1]]


def _judged(way: Way, rows: pl.DataFrame) -> pl.DataFrame:
    """Of each row the words for a mended key and for a turned verdict, `by_key` and `by_verdict`;
    and `because`, why a measure may be another though nobody measures otherwise, null where nothing
    that it may read is."""
    columns = ("sample_id", "key", "verdict", "verdict_reason", "judged_in", *OF_PROMPTS)
    now, was = way.lacks.decided(columns, rows), way.has.decided(columns, rows)
    both = now.join(was, on="sample_id", how="left", suffix="_has")
    reads = [pl.col(name).ne_missing(pl.col(f"{name}_has")) for name in columns[1:]]
    other_key = pl.col("key").ne_missing(pl.col("key_has"))
    later = pl.col("judged_in").ne_missing(pl.col("judged_in_has"))
    key, verdict = verdict_turned(way)
    return both.select(
        "sample_id",
        by_key=pl.coalesce(key, pl.when(other_key).then(pl.lit("another key"))),
        by_verdict=pl.coalesce(
            verdict, pl.when(later).then(pl.format("judged again in round {}", "judged_in"))
        ),
        because=pl.when(pl.any_horizontal(reads)).then(
            pl.lit("its question is described otherwise")
        ),
    )


def _of_one_side(way: Way, rows: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """The reason of all rows, where one of the versions has columns that the other has not."""
    there = {name: [_has(side, name) for side in way[:2]] for name in columns}
    new = [name for name, has in there.items() if has == [False, True]]
    old = [name for name, has in there.items() if has == [True, False]]
    said = [
        f"columns {word}: {', '.join(some)}" for word, some in (("new", new), ("gone", old)) if some
    ]
    return _told(rows if said else rows.clear(), "column", "dataset", pl.lit("; ".join(said)))


_OF_TEXT = pl.when(~pl.col("same_text")).then(pl.lit("its text is another"))
"""Why anything that is read of a text may be another."""


def _of_column(
    way: Way, name: str, values: pl.DataFrame, judged: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The reasons of rows that have another value of a column, and the ids of those among them that
    nothing explains.

    Args:
        values: `sample_id`, the column, and the same with `_now` behind its name.
    """
    other = values.lazy().select("sample_id", name, f"{name}_now").filter(
        pl.col(name).ne_missing(pl.col(f"{name}_now"))
    ).collect()  # fmt: skip
    if other.is_empty():
        return pl.DataFrame(schema=REASON), other.select("sample_id")
    other = other.join(judged, on="sample_id", how="left")
    if other.schema[name].is_nested():
        detail = pl.lit(f"{name} is another")
    else:
        detail = pl.format(f"{name} {{}} → {{}}", in_words(name), in_words(f"{name}_now"))
    reason, stage, explained, detail = _why(way, name, detail)
    told = other.with_columns(explained=explained)
    lost = told.filter(~pl.col("explained").fill_null(False)).select("sample_id")
    return _told(told.filter("explained"), reason, stage, detail), lost


def _why(way: Way, name: str, detail: pl.Expr) -> tuple[str, str, pl.Expr, pl.Expr]:
    """The word, the stage and the condition by which another value of a column is explained, and
    the sentence."""
    yes, prompts = pl.lit(True), pl.lit(_made_otherwise(way, "prompts"))
    if name == TEXT:
        return "text", "sampling", pl.lit(_made_otherwise(way, "draws", "prompts")), detail
    if name in KEY:
        return "key", "prompts", yes, detail
    if name in ("answer", "verdict", "verdict_reason"):
        by = pl.coalesce(_OF_TEXT, "by_key", "by_verdict")
        said = pl.format("{}; {}", detail, by)
        return "verdict", "verdicts", by.is_not_null(), said
    if name == "license":
        return "licence", "prompts", yes, detail
    if name in TEACHER:
        return "teacher", "teacher", pl.lit(_made_otherwise(way, "teacher", "draws")), detail
    if name in ("completion_tokens", "draw"):
        drawn = ~pl.col("same_text") | pl.lit(_made_otherwise(way, "draws"))
        return "text", "sampling", drawn, detail
    if filter := measured_by(way.lacks, name) or measured_by(way.has, name):
        return _measure(way, filter, detail)
    word = "question" if name in OF_PROMPTS else "source"
    return word, "prompts", prompts, detail


def _measure(way: Way, filter: str, detail: pl.Expr) -> tuple[str, str, pl.Expr, pl.Expr]:
    stamps = [side.manifest.measures.get(filter) if side.manifest else None for side in way[:2]]
    stage = f"measures: {filter}"
    if stamps[0] != stamps[1]:
        said = pl.format("{}; {}", detail, pl.lit(turned(f"measure {filter}", *stamps)))
        return "measure", stage, pl.lit(True), said
    if filter in OF_SETS:
        anew = _made_otherwise(way, "compared", "prompts", "draws")
        return "measure", stage, pl.lit(anew), pl.format("{}; compared anew", detail)
    by = pl.coalesce(_OF_TEXT, "by_key", "by_verdict", "because")
    return "measure", stage, by.is_not_null(), pl.format("{}; {}", detail, by)


def measured_by(side: Side, column: str) -> str | None:
    """The filter that a column is a measure of."""
    for name, filter in FILTERS.items():
        if column in filter.columns and name != "correctness":
            return name
    for name, rule in side.rules.items():
        if any(column in ground.measures for ground in rule.grounds.values()):
            return name
    return None


def _made_otherwise(way: Way, *parts: str) -> bool:
    return any(way.has.made_by(part) != way.lacks.made_by(part) for part in (*parts, "parts"))


def _has(side: Side, name: str) -> bool:
    return name in side.columns if side.files else name in side.noted


def _values(
    way: Way, names: Sequence[str], rows: pl.DataFrame
) -> Iterator[tuple[str, pl.Series, pl.Series]]:
    """Of each column its name, and what the rows have there in the first version and the second,
    the latter with `_now` behind its name."""
    if rows.is_empty():
        return
    places = [side.places(rows) for side in way[:2]]
    some = max(1, AT_ONCE // max(side.height for side in way[:2]))
    for start in range(0, len(names), some):
        part = names[start : start + some]
        was, now = (side.values(part, at) for side, at in zip(way[:2], places, strict=True))
        for name in part:
            yield name, was[name], now[name].alias(f"{name}_now")


def _text(way: Way, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows whose conversation is another, as the indexes say."""
    word, stage, explained, _ = _why(way, TEXT, pl.lit(""))
    told = rows.filter(explained)
    detail = pl.lit("its text is another under the same id: drawn anew, or asked in other words")
    return _told(told, word, stage, detail), rows.filter(~explained).select("sample_id")


def _told(rows: pl.DataFrame, reason: str, stage: str, detail: pl.Expr) -> pl.DataFrame:
    return rows.select(
        "sample_id",
        reason=pl.lit(reason),
        stage=pl.lit(stage),
        detail=detail,
        pair=pl.lit(None, pl.String),
    )
