"""Later verdicts of stored draws that were judged again, kept beside them and laid over them.

A round of judging is a folder; `applied.json` beside it lists those that count, in order. Draws are
never rewritten: `draws.py` lays the rounds over them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from factory.errors import StageError
from factory.records import SAMPLE
from factory.store.shards import Shards, among, write_text

GIVEN = ("verdict", "verdict_reason", "answer", "verdict_seconds")
"""The columns of a draw that say how it was judged."""
LATER = ("key", *GIVEN)
"""The columns of a draw that a later verdict takes the place of."""
VERDICT: dict[str, pl.DataType] = {
    "sample_id": pl.String(),
    "verifier": pl.String(),
    **{column: SAMPLE[column] for column in LATER},
}
"""A later verdict; `key` is the digest of verifier and reference."""
FAILURES = ("timeout", "crash", "sandbox_missing", "sandbox_failed", "machine_slow")
FAILURES += ("package_missing", "tests_failed", "checker_failed")
FAILURES += ("judge_failed", "judge_pending", "judge_missing")
"""Reasons that speak of the verifier or the machine, and not of the answer or its key."""


def word(reason: str = "verdict_reason") -> pl.Expr:
    """The word of a reason, without its details."""
    return pl.col(reason).str.split(":").list.first()


def applied(folder: Path) -> list[str]:
    """The rounds that count, the last one last."""
    file = _list(folder)
    return json.loads(file.read_text()) if file.exists() else []


def _list(folder: Path) -> Path:
    return folder / "applied.json"


def of_round(folder: Path, name: str) -> pl.DataFrame:
    """The verdicts of a round, one for each draw it judged.

    Raises:
        StageError: the round was applied and is not there any more.
    """
    if not (folder / name).is_dir():
        raise StageError(
            f"{folder / name}: these verdicts were applied and are gone. Bring the folder back, or "
            f"take {name!r} out of {_list(folder)}"
        )
    parts = [pl.read_parquet(part) for part in sorted((folder / name).glob("part-*.parquet"))]
    table = pl.concat([pl.DataFrame(schema=VERDICT), *parts])
    return table.unique("sample_id", keep="last", maintain_order=True)


def current(folder: Path) -> list[pl.DataFrame]:
    """The verdicts of all rounds that count, in order."""
    return [of_round(folder, name) for name in applied(folder)]


def over(draws: pl.DataFrame, rounds: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Draws with the verdicts of later rounds in place of their own.

    A failure to judge takes nothing away: where a later verifier timed out or crashed, an earlier
    correct or incorrect by the same key stands.

    Args:
        draws: with `sample_id`, `verdict`, `verdict_reason` and `key`.
        rounds: later verdicts, the last ones last.
    """
    there = [column for column in LATER if column in draws.columns]
    for verdicts in rounds:
        new = {f"later_{c}": pl.col(c) for c in there}
        rows = draws.join(
            among(verdicts.select("sample_id", **new), draws),
            on="sample_id",
            how="left",
            maintain_order="left",
        )
        failed = word("later_verdict_reason").is_in(FAILURES).fill_null(False)
        judged = pl.col("later_verdict").is_not_null()
        same = pl.col("key").eq_missing(pl.col("later_key"))
        taken = judged & ~(failed & same & (pl.col("verdict") != "unverifiable"))
        draws = rows.with_columns(
            pl.when(taken).then(f"later_{column}").otherwise(column).alias(column)
            for column in there
        ).select(draws.columns)
    return draws


def turned(
    shards: Path | str, before: Sequence[pl.DataFrame], after: Sequence[pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    """The draws of each shard that have another verdict, reason or answer after than before.

    What they had is in `was_verdict`, `was_verdict_reason` and `was_answer`.
    """
    told = ("verdict", "verdict_reason", "answer")
    for shard in Shards(shards).each(("sample_id", "prompt_id", "key", *told)):
        was = over(shard, before).select(pl.col(told).name.prefix("was_"))
        both = over(shard, after).hstack(was)
        yield both.filter(pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"was_{c}")) for c in told))


def turned_in(shards: Path | str, folder: Path) -> pl.DataFrame:
    """`sample_id` of the draws that a round that counts judged otherwise than what was said before,
    by another key included, and `judged_in`, the last such round."""
    found = [pl.DataFrame(schema={"sample_id": pl.String(), "judged_in": pl.String()})]
    told, rounds = ("key", "verdict", "verdict_reason", "answer"), current(folder)
    for rows in Shards(shards).each(("sample_id", *told)) if rounds else ():
        for name, round_ in zip(applied(folder), rounds, strict=True):
            after = over(rows, [round_])
            other = [after[column].ne_missing(rows[column]) for column in told]
            turned = rows.select("sample_id").filter(pl.any_horizontal(other))
            found.append(turned.with_columns(judged_in=pl.lit(name)))
            rows = after
    return pl.concat(found).unique("sample_id", keep="last", maintain_order=True)


def apply(folder: Path, name: str) -> None:
    """Make a round of this folder count, after all others."""
    order = [*(other for other in applied(folder) if other != name), name]
    write_text(json.dumps(order), _list(folder))
