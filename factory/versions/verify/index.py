"""A version's rows against its index, and among each other: who changed, who is twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from factory.versions.folder import index_of
from factory.versions.layout import INDEX
from factory.versions.manifest import Manifest
from factory.versions.verify.fault import Fault, row, some
from factory.versions.verify.tables import whole


def read(folder: Path) -> tuple[pl.DataFrame | None, list[Fault]]:
    """The index; None where it is not there or cannot be read."""
    file = index_of(folder)
    table = whole(file)
    if table is None:
        return None, []
    if lacks := [name for name in INDEX if name not in table.columns]:
        found = ", ".join(table.columns)
        return None, [Fault(file.name, "", f"columns {', '.join(lacks)}", found)]
    return table.select(pl.col(name).cast(kind) for name, kind in INDEX.items()), []


def against(index: pl.DataFrame, seen: pl.DataFrame, changed: set[str], name: str) -> list[Fault]:
    """Rows that are not as the index has them.

    Args:
        seen: as `reading.SEEN`.
        changed: files that have not the content they should.
        name: the index's own.
    """
    blame = name if name in changed else None
    there = index.with_columns(
        place=pl.int_range(pl.len()).over("split", "shard"), known=pl.lit(True)
    )
    both = seen.filter("whole").join(there, on="sample_id", how="left", suffix="_said")
    elsewhere = pl.any_horizontal(
        pl.col(part) != pl.col(f"{part}_said") for part in ("split", "shard")
    )
    other = pl.col("digest") != pl.col("digest_said")
    asked = pl.col("prompt_id").ne_missing(pl.col("prompt_id_said"))
    told = [
        *_told(both.filter(pl.col("known").is_null()), "no such row", "a row", None),
        *_told(both.filter(elsewhere), "it in another file", "it here", blame),
        *_told(both.filter(~elsewhere & other), "digest_said", "digest", blame),
        *_told(both.filter(~other & asked), "prompt_id_said", "prompt_id", blame),
    ]
    gone = there.join(seen, on="sample_id", how="anti").with_columns(
        file=pl.format("data/{}, file {}", "split", "shard")
    )
    told += _told(gone, "a row", "none with this id", blame)
    return told + list(_order(both.filter(~elsewhere), blame))


def _told(rows: pl.DataFrame, expected: str, found: str, blame: str | None) -> list[Fault]:
    """A fault for each row; `expected` and `found` are words, or columns of what is told."""

    def words(one: dict[str, object], told: str) -> str:
        if told not in one:
            return told
        value = one[told]
        return f"digest {value.hex()}" if isinstance(value, bytes) else f"prompt {value}"

    faults = (
        Fault(blame or one["file"], row(one["place"], one["sample_id"]),
              words(one, expected), words(one, found))
        for one in rows.iter_rows(named=True)
    )  # fmt: skip
    return list(some(faults))


def _order(both: pl.DataFrame, blame: str | None) -> Iterator[Fault]:
    """The first row of each file that stands where another should."""
    for (file,), own in both.group_by("file", maintain_order=True):
        wanted = own.sort("place_said")["sample_id"]
        moved = (own["sample_id"] != wanted).arg_true()
        if moved.len():
            place, ids = own["place"][moved[0]], own["sample_id"]
            yield Fault(
                blame or str(file), f"row {place} and {moved.len() - 1:,} others",
                f"{wanted[moved[0]]} by the index's order", ids[moved[0]],
            )  # fmt: skip


def twice(seen: pl.DataFrame) -> Iterator[Fault]:
    """Rows whose id another row before them has."""
    later = seen.filter(pl.int_range(pl.len()).over("sample_id") > 0)
    for one in later.iter_rows(named=True):
        yield Fault(one["file"], row(one["place"], one["sample_id"]), "an id once", "it twice")


def content(manifest: Manifest, seen: pl.DataFrame, files: list[str]) -> Iterator[Fault]:
    """Whether all rows together have the manifest's digest."""
    total = hashlib.sha256(b"".join(seen.drop_nulls("digest").sort("sample_id")["digest"]))
    if total.hexdigest() != manifest.digest:
        named = ", ".join(files) or "data"
        yield Fault(named, "", f"content digest {manifest.digest}", total.hexdigest())


def between_splits(seen: pl.DataFrame) -> Iterator[Fault]:
    """Rows whose prompt stands in another split as well."""
    first = seen.select("prompt_id", "split").unique(maintain_order=True).drop_nulls("prompt_id")
    home = first.unique("prompt_id", keep="first").rename({"split": "home"})
    rows = seen.join(home, on="prompt_id").filter(pl.col("split") != pl.col("home"))
    for one in rows.iter_rows(named=True):
        yield Fault(
            one["file"], row(one["place"], one["sample_id"]),
            f"a prompt in one split, {one['prompt_id']} is in {one['home']}", f"in {one['split']}",
        )  # fmt: skip
