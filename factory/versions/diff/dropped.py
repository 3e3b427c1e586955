"""Why a rule drops in one version what is a row of the other: threshold, measure, verdict, set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from factory.versions.diff.side import RECORD, Side
from factory.versions.diff.words import differences, turned, values
from factory.versions.manifest import Compared, Ground, Rule

REASON: dict[str, Any] = dict.fromkeys(
    ("sample_id", "reason", "stage", "detail", "pair"), pl.String
)
"""A reason of a changed row: a word, the stage of the line that it is of, a sentence, and the row
that it names."""
OF_SETS = ("duplicates", "contamination")
"""Filters that compare rows with others."""
SIGNS = {
    "<": pl.Expr.lt, "<=": pl.Expr.le, ">": pl.Expr.gt, ">=": pl.Expr.ge,
    "==": pl.Expr.eq, "!=": pl.Expr.ne,
}  # fmt: skip
OF_PROMPTS = ("domain", "language")
JUDGED = ("key", "verdict", "verdict_reason", "judged_in")


class Way(NamedTuple):
    """The version that has the rows, and the one that lacks them."""

    has: Side
    lacks: Side
    came: bool
    """Whether the rows came, so that the one that lacks them is the first of the two."""

    def from_to(self, has: Any, lacks: Any) -> tuple[Any, Any]:
        """Something of both, in the order of the two versions."""
        return (lacks, has) if self.came else (has, lacks)


@dataclass(frozen=True)
class Fault:
    """One reason to drop rows of some domain in the version that lacks them."""

    filter: str
    reason: str
    domain: str | None
    ground: Ground
    settings: dict[str, Any]
    """Of the entry that judged these rows where they were dropped."""
    moved: list[str]
    """What of the rule is another in the other version, from the first to the second."""
    known: bool
    """Whether the other version has the rule at all."""

    @property
    def measures(self) -> list[str]:
        """The measures that the reason goes by."""
        return [name for name in self.ground.measures if name != "accepted"]

    @property
    def wanted(self) -> list[str]:
        """What is read of the records to say it."""
        extra = ["contamination_item", "duplicate_cluster"] if self.filter in OF_SETS else []
        return [*self.measures, *extra]


def by_rules(way: Way, rows: pl.DataFrame, here: pl.DataFrame) -> pl.DataFrame:
    """Reasons of rows that a rule drops in the version that lacks them, as `REASON`.

    Args:
        rows: the records of the draws in that version, as `side.RECORD`.
        here: their records in the other one, and perhaps those of more.
    """
    if rows.is_empty():
        return pl.DataFrame(schema=REASON)
    faulty = rows.with_columns(fault=pl.col("reasons").list.first())
    groups = faulty.group_by("dropped_by", "fault", "domain", maintain_order=True)
    faults = {
        key: _fault(way, str(key[0]), str(key[1]), None if key[2] is None else str(key[2]))
        for key, _ in groups
    }
    wanted = {name for fault in faults.values() for name in fault.wanted} - RECORD.keys()
    there = _with_measures(way.lacks, faulty, wanted)
    was = _with_measures(way.has, here.join(rows, on="sample_id", how="semi"), wanted)
    was = was.cast({name: there.schema[name] for name in wanted}, strict=False)
    both = there.join(was, on="sample_id", how="left", suffix="_has", maintain_order="left")
    keys = ["dropped_by", "fault", "domain"]
    some = both.partition_by(keys, as_dict=True, maintain_order=True)
    return pl.concat([_told(way, faults[key], table) for key, table in some.items()])


def _with_measures(side: Side, rows: pl.DataFrame, wanted: set[str]) -> pl.DataFrame:
    """Records with these measures beside them."""
    if not wanted:
        return rows
    told = side.decided(("sample_id", *sorted(wanted)), rows)
    return rows.join(told, on="sample_id", how="left", maintain_order="left")


def entry(rule: Rule | None, domain: str | None) -> dict[str, Any] | None:
    """The settings by which a filter judges draws of a domain; None where it does not."""
    if rule is None:
        return None
    entries: list[dict[str, Any]] = rule.thresholds.get("entries", [rule.thresholds])
    own = [one for one in entries if domain in (one.get("domains") or ())]
    others = [one for one in entries if not one.get("domains")]
    return next(iter(own or others), None)


def _fault(way: Way, filter: str, reason: str, domain: str | None) -> Fault:
    rule, other = way.lacks.rules.get(filter), way.has.rules.get(filter)
    settings, theirs = entry(rule, domain) or {}, entry(other, domain)
    ground = rule.grounds.get(reason) if rule else None
    names = set(ground.settings) if ground else settings.keys() | (theirs or {}).keys()
    has, lacks = ({n: v for n, v in (s or {}).items() if n in names} for s in (theirs, settings))
    moved = differences(*way.from_to(has, lacks)) if theirs is not None else []
    return Fault(
        filter, reason, domain, ground or Ground(measures=[]), settings, moved, theirs is not None
    )


def _told(way: Way, fault: Fault, rows: pl.DataFrame) -> pl.DataFrame:
    """The reasons of rows that one rule drops: what it says, and why it says so there alone.

    Args:
        rows: their records where they are dropped, and with `_has` behind the name where they are
            rows.
    """
    causes = _causes(way, fault)
    rows = rows.with_columns(*_said(way, fault, rows), *causes)
    names = [cause.meta.output_name() for cause in causes]
    because = pl.concat_str(*names, separator="; ", ignore_nulls=True)
    word = pl.coalesce(pl.when(pl.col(n).is_not_null()).then(pl.lit(n)) for n in names)
    kind = {"duplicates": "duplicate", "contamination": "contamination"}.get(fault.filter)
    return (
        rows.with_columns(because=because, word=word)
        .drop_nulls("word")  # what nothing explains has no reason
        .select(
            "sample_id",
            reason=pl.lit(kind) if kind else pl.col("word"),
            stage=pl.lit(f"filters: {fault.filter}"),
            detail=pl.concat_str("said", "because", separator="; "),
            pair="pair",
        )
    )


def _causes(way: Way, fault: Fault) -> list[pl.Expr]:
    """Why the rule says so in one version alone: columns of words, null where that is not why; the
    first word is the reason of the row."""
    found: list[pl.Expr] = []
    if not fault.known:
        gone = "is not applied any more" if way.came else "is new"
        found.append(pl.lit(f"the rule {gone}").alias("rule"))
    elif fault.moved:
        found.append(pl.lit(", ".join(fault.moved)).alias("threshold"))
    stamps = [
        side.manifest.measures.get(fault.filter) if side.manifest else None for side in way[:2]
    ]
    measured = [name for name in fault.measures if name not in JUDGED]
    if fault.reason == f"{fault.filter}_not_measured":
        found.append(pl.lit("it could not be measured").alias("measure"))
    elif fault.known and measured and (stamps[0] != stamps[1] or fault.filter in OF_SETS):
        found.append(_another_value(way, fault, measured, stamps).alias("measure"))
    if set(fault.measures) & {"verdict", "verdict_reason"} or _reads_verdicts(fault):
        found += verdict_turned(way)
    other = [pl.col(name).ne_missing(pl.col(f"{name}_has")) for name in OF_PROMPTS]
    told = [_from_to(way, name) for name in OF_PROMPTS]
    found.append(
        pl.concat_str(
            (pl.when(o).then(t) for o, t in zip(other, told, strict=True)),
            separator=", ", ignore_nulls=True,
        ).replace("", None).alias("question")
    )  # fmt: skip
    if "accepted" in fault.ground.measures and fault.known and not fault.moved:
        found.append(
            pl.lit("other rows are accepted" if _pool(way) else None, pl.String).alias("set")
        )
    return found


def _reads_verdicts(fault: Fault) -> bool:
    """Whether the filter's measures are made of what a verifier said: `thinking` looks for the
    answer."""
    return fault.filter == "thinking"


def _pool(way: Way) -> bool:
    """Whether other draws may be accepted: rules, measures, verdicts or draws are others."""
    parts = ("filters", "measures", "prompts", "draws", "verdicts", "teacher", "compared")
    return any(way.has.made_by(part) != way.lacks.made_by(part) for part in parts)


def verdict_turned(way: Way) -> list[pl.Expr]:
    """By which key, and by which later verdict, in words; two columns, `key` and `verdict`."""
    other_key = pl.col("key").is_not_null() & (pl.col("key") != pl.col("key_has"))
    other = pl.col("verdict").ne_missing(pl.col("verdict_has"))
    was, now = way.from_to("verdict_has", "verdict")
    round_ = "judged_in_has" if way.came else "judged_in"
    before = "judged_in" if way.came else "judged_in_has"
    later = pl.when(pl.col(round_).is_not_null()).then(pl.format(" by round {}", round_))
    earlier = pl.when(pl.col(before).is_not_null()).then(pl.format(", without round {}", before))
    same = pl.col(round_).eq_missing(pl.col(before))
    how = pl.when(same).then(pl.lit(" when it was drawn")).otherwise(pl.coalesce(later, earlier))
    turn = pl.format("verdict {} → {}{}{}", was, now, how.fill_null(""), _verifiers(way, round_))
    key_from, key_to = way.from_to("key_has", "key")
    heads = [pl.col(name).fill_null("none").str.head(8) for name in (key_from, key_to)]
    mended = pl.format("key {} → {}, verdict {} → {}", *heads, was, now)
    return [
        pl.when(other_key & other).then(mended).alias("key"),
        pl.when(other & ~other_key.fill_null(False)).then(turn).alias("verdict"),
    ]


def _verifiers(way: Way, round_: str) -> pl.Expr:
    """Who judged a later round, in words."""
    side = way.has if way.came else way.lacks
    rounds = side.manifest.rounds if side.manifest else {}
    names = [
        f" (verifiers {str(note.get('verifiers'))[:8]}, "
        f"{', '.join(f'{k} {v}' for k, v in (note.get('packages') or {}).items() if v)})"
        for note in rounds.values()
    ]
    if not names:
        return pl.lit("")
    told = pl.col(round_).replace_strict(list(rounds), names, default="", return_dtype=pl.String)
    return told.fill_null("")


def _another_value(way: Way, fault: Fault, measured: list[str], stamps: list[Any]) -> pl.Expr:
    """What another version of a measure, or another comparison, says of the rows, in words."""
    if stamps[0] != stamps[1]:
        head = turned(f"measure {fault.filter}", *way.from_to(stamps[0], stamps[1]))
    else:
        head = "compared anew"
    other = [pl.col(name).ne_missing(pl.col(f"{name}_has")) for name in measured]
    told = [pl.when(o).then(_from_to(way, name)) for o, name in zip(other, measured, strict=True)]
    if fault.filter in OF_SETS:
        return pl.when(pl.any_horizontal(other)).then(pl.lit(head))
    values_ = pl.concat_str(told, separator=", ", ignore_nulls=True)
    return pl.when(pl.any_horizontal(other)).then(pl.format("{}: {}", pl.lit(head), values_))


def _from_to(way: Way, name: str) -> pl.Expr:
    was, now = way.from_to(in_words(f"{name}_has"), in_words(name))
    return pl.format(f"{name} {{}} → {{}}", was, now)


def in_words(name: str) -> pl.Expr:
    """The values of a column, short."""
    return pl.col(name).map_batches(values, return_dtype=pl.String)


def _said(way: Way, fault: Fault, rows: pl.DataFrame) -> list[pl.Expr | pl.Series]:
    """What the rule says of the rows: `said`, and `pair`, the row that it names."""
    of = " no more" if way.came else ""
    nobody = pl.lit(None, pl.String).alias("pair")
    if fault.filter == "contamination":
        item = pl.format(": {}", "contamination_item")
        said = pl.concat_str(
            pl.lit(f"{fault.reason}{of}"), item, _values(fault, rows), ignore_nulls=True
        )
        return [said.alias("said"), nobody]
    if fault.filter == "duplicates":
        kept = _kept(way.lacks, rows)
        first = pl.Series("pair", kept, dtype=pl.String)
        said = pl.select(pl.format(f"{fault.reason}{of}: of row {{}}", first.fill_null("none")))
        return [said.to_series().alias("said"), first]
    said = pl.concat_str(pl.lit(f"{fault.reason}{of}"), _values(fault, rows), ignore_nulls=True)
    return [said.alias("said"), nobody]


def _values(fault: Fault, rows: pl.DataFrame) -> pl.Expr:
    """What was measured against what is allowed: `: tokens 9,012 > max_tokens 8,192`."""
    plain = [one for one in fault.ground.compared if rows[one.measure].dtype != pl.Null]
    if plain:
        told = [_comparison(one, fault.settings, rows) for one in plain]
    else:
        shown = [name for name in fault.measures if name in rows.columns and name not in JUDGED]
        shown = [name for name in shown if not rows.schema[name].is_nested()]
        told = [pl.format(f"{name} {{}}", in_words(name)) for name in shown]
    if not told or fault.filter == "correctness":
        return pl.lit(None, pl.String)
    every = pl.concat_str(told, separator=", ", ignore_nulls=True)
    return pl.when(every != "").then(pl.format(": {}", every))


def _comparison(one: Compared, settings: dict[str, Any], rows: pl.DataFrame) -> pl.Expr:
    """A comparison with its numbers; null where it is not so."""
    from factory.versions.diff.words import value

    limit = settings.get(one.setting, one.value) if one.setting else one.value
    right = f"{one.setting} {value(limit)}" if one.setting else value(limit)
    words = pl.format(f"{one.measure} {{}} {one.sign} {right}", in_words(one.measure))
    try:
        holds = rows.select(SIGNS[one.sign](pl.col(one.measure), limit)).to_series()
    except pl.exceptions.PolarsError:  # the setting is of another kind than the measure
        return words
    return pl.when(holds).then(words)


def _kept(side: Side, rows: pl.DataFrame) -> list[str | None]:
    """Of the cluster of each row, the first draw of those that no other rule drops."""
    columns = ("sample_id", "draw", "fate", "dropped_by", "duplicate_cluster", "duplicate_place")
    members = side.decided(columns, rows.drop_nulls("duplicate_cluster"), "duplicate_cluster")
    good = members.filter(pl.col("fate") != "dropped")
    order = [pl.col("duplicate_place"), pl.col("fate") != "chosen", pl.col("draw"), "sample_id"]
    first = good.sort(order).unique("duplicate_cluster", keep="first", maintain_order=True)
    told = first.select("duplicate_cluster", kept="sample_id")
    return rows.join(told, on="duplicate_cluster", how="left", maintain_order="left")[
        "kept"
    ].to_list()
