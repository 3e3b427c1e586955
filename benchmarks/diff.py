"""Time and memory of comparing two versions of many rows.

    python -m benchmarks.diff                       # 100,000 rows: index and decisions alone
    python -m benchmarks.diff --rows 1000000
    python -m benchmarks.diff --rows 20000 --data   # with rows of 8 KB, shown and uploaded

Of the rows 1 in 50 is dropped by a lower `max_tokens`, 1 in 100 has a verdict that turned, 1 in 100
lost its place to a new draw, and 1 in 100 is measured otherwise; with --all-changed every row has
another value of a measure. Without --data the time is that of pairing, reasons, distributions and
cost, which read no texts whatever the size of rows.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from factory.records import text_digests
from factory.store.shards import write_text
from factory.versions.choose import CAME_BY, GONE_BY
from factory.versions.content import ContentDigest
from factory.versions.folder import decisions_of, index_of, manifest_of
from factory.versions.grounds import grounds
from factory.versions.layout import INDEX, Shards, write_plain
from factory.versions.manifest import Cost, Manifest, Rule, Teacher
from filters import FILTERS
from filters.correctness import Correctness
from filters.length import Length
from filters.rules import Rules

LIMITS = (8000, 7000)
ROUND = "0123456789ab"


def main() -> None:
    """Make two versions, and compare them in a process of their own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--data", action="store_true", help="write rows of 8 KB as well")
    parser.add_argument("--all-changed", action="store_true", help="every row is another")
    parser.add_argument("--compare", nargs=2, type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.compare:
        return compare(*asked.compare)
    with tempfile.TemporaryDirectory() as folder:
        homes = [Path(folder) / name for name in ("v1", "v2")]
        for number, home in enumerate(homes):
            home.mkdir()
            version(home, number, asked.rows, asked.data, asked.all_changed)
        command = [sys.executable, "-m", "benchmarks.diff", "--compare", *map(str, homes)]
        subprocess.run(command, check=True)


def compare(a: Path, b: Path) -> None:
    """Print what it took, and what was found."""
    from factory.hub.new_bytes import new_bytes
    from factory.versions.diff import Side, difference
    from factory.versions.diff.shown import shown
    from factory.versions.diff.told import document, write_details

    def lap(what: str) -> None:
        nonlocal wall, spent
        now, cpu = time.monotonic(), time.process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{what:12} {now - wall:6.1f} s, CPU {cpu - spent:6.1f} s, peak {peak:.2f} GB")
        wall, spent = time.monotonic(), time.process_time()

    wall, spent = time.monotonic(), time.process_time()
    began = wall
    sides = Side(a, "v1"), Side(b, "v2")
    found = difference(*sides)
    lap("difference")
    told = document(found, None, 10)
    lap("document")
    print(f"{'together':12} {time.monotonic() - began:6.1f} s")
    write_details(found, a / "details.parquet")
    (a / "details.parquet").unlink()
    lap("details")
    if sides[0].files:
        list(shown(found, told))
        lap("texts")
        print(new_bytes(sides[0].files, sides[1].files, a))
        lap("upload")
    print(found.counts, found.rows.prompts, f"unexplained {len(told['unexplained']):,}")
    for line in told["reasons"]:
        print(f"  {line['rows']:8,} {line['change']:7} {line['reason']:10} {line['stage']}")


def version(home: Path, number: int, rows: int, data: bool, every: bool) -> None:
    """Write one of the two versions: about so many rows, and two draws of each question."""
    decided = decisions(number, rows, every)
    write_plain(decided, decisions_of(home))
    chosen = decided.filter(fate="chosen")
    if data:
        with Shards(home, ContentDigest()) as shards:
            for part in chosen.iter_slices(2000):
                shards.add(_with_texts(part))
        write_plain(shards.index(), index_of(home))
    else:
        salt = pl.concat_str("sample_id", pl.col("repeated_share").cast(pl.String))
        index = chosen.select("sample_id", "prompt_id", split=pl.lit("train"), shard=0)
        texts = chosen.select(salt).to_series()
        digests = pl.Series("digest", text_digests(texts, hashlib.sha256), dtype=pl.Binary)
        same = pl.Series("text", text_digests(chosen["sample_id"]), dtype=pl.Binary)
        write_plain(index.with_columns(digests, same).cast(pl.Schema(INDEX)), index_of(home))
    write_text(manifest(number, chosen.height, decided.height).model_dump_json(), manifest_of(home))


def decisions(number: int, rows: int, every: bool) -> pl.DataFrame:
    """The record of two draws a question, and of a third of some in the second version."""
    base = pl.DataFrame({"n": range(rows + rows // 20)}).with_columns(
        prompt_id=_ids("prompt", rows + rows // 20)
    )
    draws = [base.with_columns(draw=pl.lit(draw)) for draw in (0, 1)]
    if number:
        draws.append(base.filter(pl.col("n") % 100 == 7).with_columns(draw=pl.lit(2)))
    table = pl.concat(draws).with_row_index("row")
    mixed = (pl.col("n") * 7919 + pl.col("draw") * 104729) % 10_007
    table = table.with_columns(
        sample_id=pl.Series(_hex(table.select(pl.format("{}/{}", "n", "draw")).to_series())),
        mixed=mixed,
    )
    tokens = pl.when(draw=2).then(5).otherwise(pl.col("mixed") * 8200 // 10_007)
    turned = (pl.col("mixed") % 100 == 3) & pl.lit(bool(number))
    verdict = pl.when((pl.col("mixed") % 10 == 1) | turned).then(pl.lit("incorrect"))
    measured = pl.lit(True) if every else pl.col("mixed") % 100 == 5
    table = table.with_columns(
        completion_tokens=tokens.cast(pl.Int32),
        verdict=verdict.otherwise(pl.lit("correct")),
        judged_in=pl.when(turned).then(pl.lit(ROUND)),
        repeated_share=pl.col("mixed") / 20_000 + pl.when(measured).then(number / 100).otherwise(0),
    )
    return _fates(table.with_columns(tokens="completion_tokens"), LIMITS[number])


def _fates(table: pl.DataFrame, limit: int) -> pl.DataFrame:
    long, wrong = pl.col("tokens") > limit, pl.col("verdict") == "incorrect"
    reasons = [
        pl.when(wrong).then(pl.lit("incorrect")),
        pl.when(long).then(pl.lit("too_long")),
    ]
    by = pl.when(wrong).then(pl.lit("correctness")).when(long).then(pl.lit("length"))
    table = table.with_columns(
        reasons=pl.concat_list(reasons).list.drop_nulls(), dropped_by=by.otherwise(None)
    )
    good = table.filter(pl.col("dropped_by").is_null()).sort("tokens", "draw")
    first = good.unique("prompt_id", keep="first").select("row", first=pl.lit(True))
    spare = pl.col("dropped_by").is_null() & pl.col("first").is_null()
    table = table.join(first, on="row", how="left").with_columns(
        spare_by=pl.when(spare).then(pl.lit("per_prompt")),
        fate=pl.when(pl.col("dropped_by").is_not_null())
        .then(pl.lit("dropped"))
        .when(spare)
        .then(pl.lit("spare"))
        .otherwise(pl.lit("chosen")),
    )
    return _recorded(table)


def _recorded(table: pl.DataFrame) -> pl.DataFrame:
    """All columns that a record has, the other measures as numbers by lot."""
    told = {"source": "sums", "domain": "math", "language": "en", "license": "mit"}
    told |= {"teacher": "t" * 32, "settings": "s" * 32, "key": "k" * 32}
    chance = pl.Series("chance", random.Random(1).choices(range(1000), k=table.height))
    extra = []
    for filter in FILTERS.values():
        for name, kind in filter.columns.items():
            if name not in table.columns:
                nothing = kind.is_nested() or kind in (pl.String, pl.Boolean)
                value = pl.lit(None, kind) if nothing else chance.cast(kind)
                extra.append(value.alias(name))
    table = table.with_columns(
        *extra,
        *(pl.lit(value).alias(name) for name, value in told.items()),
        verdict_reason=pl.lit(None, pl.String),
        max_tokens=pl.lit(8200, pl.Int32),
    )
    others = [n for n in (GONE_BY | CAME_BY) if n not in table.columns]
    table = table.with_columns(pl.lit(None, (GONE_BY | CAME_BY)[n]).alias(n) for n in others)
    return table.drop("n", "row", "mixed", "first").sort("sample_id")


def _ids(what: str, count: int) -> pl.Series:
    return pl.Series(_hex(pl.Series([f"{what}{n}" for n in range(count)])))


def _hex(texts: pl.Series) -> list[str]:
    return [digest.hex() for digest in text_digests(texts)]


def _with_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as a dataset has them, with 8 KB of words each."""
    texts = []
    for id in rows["sample_id"]:
        chance = random.Random(id)
        texts.append(" ".join(f"{chance.getrandbits(40):x}" for _ in range(750)))
    turns = [
        [{"role": "user", "content": f"Question {id[:6]}?"}, {"role": "assistant", "content": text}]
        for id, text in zip(rows["prompt_id"], texts, strict=True)
    ]
    columns = ("sample_id", "prompt_id", "source", "domain", "language", "license")
    columns += ("completion_tokens", "tokens", "repeated_share")
    return rows.select(*columns, pl.Series("messages", turns), answer=pl.lit("5"))


def manifest(number: int, rows: int, draws: int) -> Manifest:
    """What such a version says of itself."""
    filters = {"correctness": Correctness(), "length": Length(max_tokens=LIMITS[number])}
    rules = [
        Rule(
            filter=name, thresholds=filter.model_dump(mode="json", exclude_none=True),
            entering=draws, dropped=0, left=draws, grounds=grounds(Rules.of(filter)),
        )
        for name, filter in filters.items()
    ]  # fmt: skip
    told: dict[str, Any] = {"inputs": [], "sampling": {}, "ledger": {}, "software": {}, "files": {}}
    return Manifest(
        name="large", number=number + 1, digest=f"{number}" * 64, rows=rows,
        splits={"train": rows}, created="2026-01-01T00:00:00Z", recipe={},
        made_by={"draws": number, "verdicts": [ROUND] * number, "select": {"per_prompt": 1}},
        teachers=[Teacher(name="A teacher", digest="t" * 32, draws=draws, rows=rows)],
        measures={"length": 1, "repetition": 3 + number}, rules=rules,
        rounds={ROUND: {"verifiers": "abc", "packages": {"math-verify": "0.9"}}} if number else {},
        cost=Cost(draws=draws), **told,
    )  # fmt: skip


if __name__ == "__main__":
    main()
