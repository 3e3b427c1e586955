"""A version's rows, read row group by row group: digests and what else is compared, few bytes each.

A text is in memory only while its row group is read, so memory grows by some 200 bytes a row.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import polars as pl

from factory.records import canonical, text_digests
from factory.versions.folder import shards_of
from factory.versions.verify.fault import Fault, row, some
from factory.versions.verify.tables import (
    WRONG_BYTES,
    Group,
    groups,
    pieces,
    readable,
    unreadable,
)

BATCH_BYTES = 8 * 10**6
"""About so many bytes of rows become a table at once."""
NAME = re.compile(r"(?P<split>.+)-(?P<number>\d{5})-of-\d{5}")
SEEN = {
    "file": pl.String(),
    "split": pl.String(),
    "shard": pl.Int32(),
    "place": pl.Int64(),
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "digest": pl.Binary(),
    "said": pl.UInt64(),
    "duplicate_cluster": pl.String(),
    "whole": pl.Boolean(),
}
"""What is kept of each row: `place` in its file, from 0; a hash of what its messages say; `whole`:
it could be read. Of one that could not, the index tells the id."""
_EITHER = ("prompt_id", "duplicate_cluster")
"""What rows may lack."""
ROLES = ("system", "user", "assistant")
NEVER_NULL = ("sample_id", "prompt_id", "messages", "source")


class Look(Protocol):
    """What else is looked for in rows."""

    def columns(self) -> set[str]:
        """What of them it wants: no texts, as it gets all of a row group at once."""
        ...

    def look(self, file: str, start: int, table: pl.DataFrame) -> list[Fault]:
        """What is wrong with rows of this file, from this place on."""
        ...


Piece = tuple[pl.DataFrame, list[Fault]]


class Shard(NamedTuple):
    """A row group of a file of rows."""

    group: Group
    name: str
    """The file's path in the version."""
    split: str
    shard: int


class Seen(NamedTuple):
    """All rows of a version."""

    rows: pl.DataFrame
    """As `SEEN`."""
    faults: list[Fault]
    bytes: int
    """Of all columns, not compressed."""


def seen(
    folder: Path, changed: set[str], index: pl.DataFrame | None, look: Look, workers: Executor
) -> Seen:
    """Read all rows of the default form.

    Args:
        changed: files that have not the content they should: they are read with care.
        index: the index of rows, which names those that cannot be read; None: it cannot either.
        look: further checks.
    """
    faults: list[Fault] = []
    parts: list[Shard] = []
    lost = [pl.DataFrame(schema=SEEN)]
    schemas: dict[str, Any] = {}
    for file in shards_of(folder):
        name, ids = file.relative_to(folder).as_posix(), _ids(index, file)
        try:
            own, schemas[name] = groups(file)
        except WRONG_BYTES as error:
            faults.append(unreadable(name, 0, ids or ["all"], error, "a Parquet file"))
            lost.append(_lost(file, name, 0, ids))
            continue
        parts += [Shard(group, name, *split_and_shard(file)) for group in own]
    faults += _schemas(schemas)

    def read(part: Shard) -> Piece:
        try:
            return _read(part, look, part.name in changed)
        except WRONG_BYTES as error:
            ids = _ids(index, part.group.file)
            start = part.group.start
            return _damaged(part, ids[start : start + part.group.rows], error)

    told = list(workers.map(read, parts))
    faults += [fault for _, own in told for fault in own]
    rows = pl.concat([*(piece for piece, _ in told), *lost])
    return Seen(rows, faults, sum(part.group.size for part in parts))


def split_and_shard(file: Path) -> tuple[str, int]:
    """What a shard's name tells."""
    found = NAME.fullmatch(file.stem)
    return (found["split"], int(found["number"])) if found else (file.stem, 0)


def _ids(index: pl.DataFrame | None, file: Path) -> list[str]:
    """The ids of a shard's rows, by the index."""
    if index is None:
        return []
    split, shard = split_and_shard(file)
    return index.filter(split=split, shard=shard)["sample_id"].to_list()


def _schemas(schemas: dict[str, Any]) -> Iterator[Fault]:
    """Files whose schema is not that of the first, or lacks what rows must have."""
    if not schemas:
        return
    first = next(iter(schemas.values()))
    for name, schema in schemas.items():
        if not schema.equals(first):
            ours, theirs = set(map(str, first)), set(map(str, schema))
            lacks, more = sorted(ours - theirs), sorted(theirs - ours)
            found = f"{', '.join(more) or 'another order'}"
            yield Fault(name, "", f"columns as in all shards: {', '.join(lacks)}", found)
    for name, schema in list(schemas.items())[:1]:
        for column in ("sample_id", "messages"):
            if column not in schema.names:
                yield Fault(name, "", f"a column {column}", f"{', '.join(schema.names)}")


def _read(part: Shard, look: Look, careful: bool) -> Piece:
    group, faults, found = part.group, [], [pl.DataFrame(schema=SEEN)]
    start, light = group.start, []
    size = max(1, int(BATCH_BYTES * group.rows / max(1, group.size)))
    wanted = look.columns()
    for table in pieces(group.file, size, group=group.number, careful=careful):
        digests = text_digests(canonical(table), hashlib.sha256)
        found.append(_row(part, start, table, pl.Series(digests, dtype=pl.Binary)))
        faults += _malformed(part.name, start, table)
        light.append(table.select([name for name in table.columns if name in wanted]))
        start += table.height
    if light:
        faults += look.look(part.name, group.start, pl.concat(light))
    return pl.concat(found), faults


def _row(part: Shard, start: int, table: pl.DataFrame, digests: pl.Series) -> pl.DataFrame:
    """What is kept of rows, as `SEEN`."""
    contents = pl.element().struct.field("content").hash()
    place = pl.int_range(start, start + table.height, eager=True)
    told = {name: table[name] for name in _EITHER if name in table.columns}
    said = table["messages"].list.eval(contents).hash()
    plain = {"place": place, "sample_id": table["sample_id"], "digest": digests, "said": said}
    whole = {"file": part.name, "split": part.split, "shard": part.shard, "whole": True}
    rows = pl.DataFrame(plain | told).with_columns(**{k: pl.lit(v) for k, v in whole.items()})
    lacks = {name: pl.lit(None) for name in SEEN if name not in rows.columns}
    return rows.with_columns(**lacks).select(pl.col(name).cast(kind) for name, kind in SEEN.items())


def _malformed(name: str, start: int, table: pl.DataFrame) -> Iterator[Fault]:
    """Rows with a null where none may be, or messages that are no conversation to learn from."""
    turns = pl.element().struct
    role, content = turns.field("role"), turns.field("content")
    messages = pl.col("messages")
    if _well_formed(table):
        return
    rules = {
        "messages, at least two": messages.list.len() < 2,
        "no null in messages": messages.list.eval(role.is_null() | content.is_null()).list.any(),
        f"roles {', '.join(ROLES)}": messages.list.eval(~role.is_in(ROLES)).list.any(),
        "a last turn of the assistant": messages.list.last().struct.field("role") != "assistant",
    } | {
        f"a value of {column}": pl.col(column).is_null()
        for column in NEVER_NULL
        if column in table.columns
    }
    named = {str(number): rule for number, rule in enumerate(rules.values())}
    for told, one in zip(rules, table.select(**named).get_columns(), strict=True):
        places = one.fill_null(False).arg_true().to_list()
        ids = table["sample_id"]
        yield from some(
            Fault(name, row(start + place, ids[place]), told, _shown(told, table, place))
            for place in places
        )


def _well_formed(table: pl.DataFrame) -> bool:
    """Whether all rows are, as nearly always: looked at without a turn back to their rows."""
    never = [name for name in NEVER_NULL if name in table.columns]
    if any(table[name].null_count() for name in never):
        return False
    told = table["messages"]
    turns, last = told.explode().struct, told.list.last().struct.field("role")
    role, content = turns.field("role"), turns.field("content")
    return bool(
        not (role.null_count() or content.null_count())
        and (told.list.len() >= 2).all()
        and (last == ROLES[-1]).all()
        and role.is_in(ROLES).all()
    )


def _shown(told: str, table: pl.DataFrame, place: int) -> str:
    """What stands there: the roles, or null."""
    if told.startswith("a value of"):
        return "null"
    turns = table["messages"][place]
    return f"turns of {', '.join(str(turn['role']) for turn in turns)}" if len(turns) else "no turn"


def _damaged(group: Shard, ids: Sequence[str], error: Exception) -> Piece:
    """A row group whose rows cannot all be read: the index tells who they are."""
    first, said = readable(group.group)
    start = group.group.start
    fault = unreadable(group.name, start + first, ids[first:] or ["?"], said or error)
    return _lost(group.group.file, group.name, start, ids), [fault]


def _lost(file: Path, name: str, start: int, ids: Sequence[str]) -> pl.DataFrame:
    """Rows that the index names and nobody can read."""
    split, shard = split_and_shard(file)
    nothing = {key: pl.lit(None, kind) for key, kind in SEEN.items()}
    return pl.DataFrame({"sample_id": ids}, {"sample_id": pl.String()}).select(
        **nothing
        | {
            "file": pl.lit(name),
            "split": pl.lit(split),
            "shard": pl.lit(shard, pl.Int32()),
            "place": pl.int_range(start, start + len(ids)),
            "sample_id": pl.col("sample_id"),
            "whole": pl.lit(False),
        }
    )
