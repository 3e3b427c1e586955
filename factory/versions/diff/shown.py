"""A difference for a person: three lines, then why, then rows with what is another in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.versions.diff import DELETE, INSERT, UPDATE, Difference, texts

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table
    from rich.text import Text

SIGNS = {INSERT: ("+", "green"), DELETE: ("-", "red"), UPDATE: ("~", "yellow")}
LINES = 8
"""Values of a distribution that are shown."""
ID = 12
"""Characters of an id that are shown."""


def shown(found: Difference, told: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What is printed of a difference.

    Args:
        told: its document, from `told.document`.
    """
    yield from head(told)
    if told["unexplained"]:
        yield _unexplained(found, told)
    if found.same:
        return
    yield ""
    yield _why(told)
    if told["changes"]:
        yield ""
        yield _rows(found, told["changes"])
    if lines := list(_distributions(told["distributions"])):
        yield ""
        yield from lines


def head(told: Mapping[str, Any]) -> list[Text]:
    """The first three lines."""
    from rich.text import Text

    rows, asked = told["rows"], told["questions"]
    parts: list[Any] = [f"{told['a']['name']} → {told['b']['name']}: "]
    for change, name in ((INSERT, "added"), (DELETE, "removed"), (UPDATE, "changed")):
        sign, colour = SIGNS[change]
        parts += [(f"{sign} {rows[name]:,} {name}", colour if rows[name] else ""), ", "]
    parts.append(f"{rows['same']:,} the same, of {told['a']['rows']:,} rows")
    some = {
        "other_answer": "with another answer", "new": "new", "gone": "gone",
        "more": "with more rows", "fewer": "with fewer",
    }  # fmt: skip
    moved = ", ".join(f"{asked[key]:,} {word}" for key, word in some.items() if asked[key])
    return [
        Text.assemble(*parts),
        Text(f"{asked['all']:,} questions: {moved or 'the same ones'}"),
        Text(f"{_uploaded(told['upload'])}; {_sampled(told['sampled'])}"),
    ]


def _uploaded(upload: Mapping[str, int] | None) -> str:
    if upload is None:
        return "bytes to upload: not measured (--bytes)"
    return f"a re-publish uploads {size(upload['new'])} of {size(upload['all'])}"


def _sampled(sampled: Mapping[str, int | None]) -> str:
    draws, tokens = sampled["draws"], sampled["tokens"]
    if draws is None:
        return "sampled between: not known"
    many = "1 draw" if draws == 1 else f"{draws:,} draws"
    return f"sampled between: {many}" + (f", {tokens:,} tokens" if tokens else "")


def size(amount: float) -> str:
    """Bytes in words.

    >>> size(512), size(24_516), size(3_400_000_000)
    ('512 bytes', '24.5 kB', '3.4 GB')
    """
    if amount < 1000:
        return f"{amount:,} bytes"
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 1000 or unit == "GB":
            break
    return f"{amount:,.1f} {unit}"


def _unexplained(found: Difference, told: Mapping[str, Any]) -> Text:
    from rich.text import Text

    ids = told["unexplained"]
    some = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
    if found.recorded:
        said = f"{len(ids):,} rows are different for no reason that the versions tell: {some}"
        return Text(said, "bold red")
    side = next(s.name for s in (found.a, found.b) if not (s.manifest and s.has_decisions))
    return Text(f"no reason is known of {len(ids):,} rows: {side} does not tell how it was made")


def _why(told: Mapping[str, Any]) -> Table:
    """How many rows have which reason."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rows", justify="right")
    for name in ("", "reason", "stage"):
        table.add_column(name)
    for line in told["reasons"]:
        sign, colour = SIGNS[line["change"]]
        table.add_row(f"{line['rows']:,}", sign, line["reason"], line["stage"], style=colour)
    return table


def _rows(found: Difference, changes: list[dict[str, Any]]) -> Group:
    """Some rows, each with its reasons and what is another in it."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    ids = {name for row in changes for name in (row["sample_id"], row["pair"]) if name}
    table = pl.DataFrame({"sample_id": sorted(ids)}, schema={"sample_id": pl.String})
    was, now = texts.shown(found.a, table), texts.shown(found.b, table)
    parts: list[Any] = []
    for row in changes:
        sign, colour = SIGNS[row["change"]]
        own = (now if row["change"] == INSERT else was).get(row["sample_id"])
        heading = Text(f"{sign} {row['sample_id'][:ID]}", colour)
        parts.append(heading.append(f"  {texts.question(own)}", "dim"))
        parts += [Padding(Text(line), (0, 0, 0, 4), expand=False) for line in _lines(row, was, now)]
    left = found.different.height - len(changes)
    if left:
        parts.append(Text(f"… and {left:,} more rows (--rows, or --details FILE for all)", "dim"))
    return Group(*parts)


def _lines(row: Mapping[str, Any], was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    lines = [f"{one['reason']}: {one['detail']}" for one in row["reasons"]] or ["no known reason"]
    id, pair = row["sample_id"], row["pair"]
    if row["change"] == UPDATE:
        return lines + texts.changes(was.get(id), now.get(id))
    if pair:
        both = (pair, id) if row["change"] == INSERT else (id, pair)
        word = "in place of" if row["change"] == INSERT else "its place has"
        lines += [
            ", ".join([f"{word} {pair[:ID]}", *texts.answers(was.get(both[0]), now.get(both[1]))])
        ]
    return lines


def _distributions(told: Mapping[str, list[dict[str, Any]]]) -> Iterator[Table]:
    """What is another in the distributions, before and after."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rows by")
    table.add_column("")
    for name in ("before", "after"):
        table.add_column(name, justify="right")
    for name, lines in told.items():
        moved = [line for line in lines if line["a"] != line["b"]]
        for line in moved[:LINES]:
            value = "none" if line["value"] is None else str(line["value"])
            table.add_row(name, value, _number(name, line["a"]), _number(name, line["b"]))
    if table.row_count:
        yield table


def _number(name: str, told: float) -> str:
    """A share in per cent, a length in tokens."""
    return f"{told:,.0f}" if name == "length" else f"{told:.1%}"
