"""JSON files as rows: a line each, or all of them in one list or object."""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from factory.errors import RecipeError
from factory.prompts.rows import BadRow, Cells, Opened, cell, named_by_rows, picked
from factory.prompts.text_files import TextFile
from factory.recipe.paths import kind

BLANK = b" \t\r\n\xef\xbb\xbf"
EVERY = 256
"""Rows between two places of a file that are remembered."""


def opened(file: TextFile, field: str | None, by_line: bool) -> Opened:
    """The rows of a file.

    Some files of lines are called .json, and some lists .jsonl: its first line tells.

    Args:
        file: the file.
        field: the place of the rows in an object that has several lists.
        by_line: whether its name says that each line is a row.

    Raises:
        RecipeError: it is neither.
    """
    if field or _is_document(file, by_line):
        return named_by_rows(file.name, lambda: _document(file, field))
    return named_by_rows(file.name, lambda: _lines(file), Lines(file).at)


def _is_document(file: TextFile, by_line: bool) -> bool:
    filled = (line.strip(BLANK) for line in file.lines() if line.strip(BLANK))
    first, second = next(filled, b""), next(filled, None)
    row = _row(first) if first else {}
    if isinstance(row, dict):
        return not by_line and second is None
    if by_line and first == b"{":
        way = "JSON lines has each row in one line (jq -c . makes them)"
        raise RecipeError(f"{file.name}:1: a JSON object over several lines: {way}")
    if by_line:
        return first.startswith(b"[") and (row.reason == "not_json" or second is None)
    return True


def _lines(file: TextFile) -> Cells:
    for number, line in enumerate(file.lines(), start=1):
        if line.strip(BLANK):
            yield f"{file.name}:{number}", _row(line)


@dataclass(frozen=True)
class Lines:
    """The rows of a file of lines by their numbers. Where it is not packed, where rows begin is
    remembered now and then, so that only the first look reads what stands before them."""

    file: TextFile
    marks: list[tuple[int, int, int]] = field(default_factory=lambda: [(0, 0, 1)])
    """Number of a row, the byte and the number of the line where reading may begin for it."""

    def at(self, numbers: Sequence[int]) -> Cells:
        """Some rows, by numbers that ascend."""
        if not numbers:
            return
        if kind(self.file.path)[1] or self.file.written_as() not in ("utf-8", "utf-8-sig"):
            yield from picked(_lines(self.file), numbers)
            return
        with self.file.unpacked() as stream:
            yield from self._found(stream, numbers)

    def _found(self, stream: Any, numbers: Sequence[int]) -> Cells:
        row, place, offset = -1, 0, -1
        for number in numbers:
            mark = self.marks[bisect_right(self.marks, (number, sys.maxsize)) - 1]
            if mark[0] > row:
                row, offset, place = mark
                stream.seek(offset)
            while line := stream.readline():
                here, place, offset = place, place + 1, offset + len(line)
                if not line.strip(BLANK):
                    continue
                row += 1
                if row >= self.marks[-1][0] + EVERY:
                    self.marks.append((row, offset, place))
                if row > number:
                    yield f"{self.file.name}:{here}", _row(line)
                    break
            else:
                told = f"{self.file.name}: it has no row {number + 1} any more"
                raise RecipeError(f"{told}: the file was changed, run the command again")


def _row(line: bytes) -> dict[str, Any] | BadRow:
    try:
        value = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        what = f"byte {error.start + 1} of the line is not UTF-8"
        return BadRow(
            "not_utf8", f"{what}; a file in another encoding names it: `encoding: cp1252`"
        )
    except (ValueError, RecursionError) as error:
        return BadRow("not_json", str(error))
    except BadRow as bad:
        return bad
    if not isinstance(value, dict):
        return BadRow("wrong_type", "the line is JSON, but not an object with columns")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRow("not_json", f"an object has {twice!r} twice: which counts is not said")
    return found


def _document(file: TextFile, field: str | None) -> Cells:
    rows = _rows(file, field)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict | BadRow):
            row = BadRow("wrong_type", "the entry is JSON, but not an object with columns")
        yield f"{file.name} row {number}", row


def _rows(file: TextFile, field: str | None) -> Iterator[Any]:
    with file.text() as stream:
        text = stream.read()
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "[" and not field:
        yield from _entries(text, start + 1, file.name)
        return
    try:
        whole = json.loads(text, object_pairs_hook=_object)
    except BadRow as bad:
        raise RecipeError(f"{file.name}: {bad.detail}") from None
    except (ValueError, RecursionError) as error:
        raise _no_json(file.name, text, error) from None
    yield from _listed(whole, field, file.name)


def _entries(text: str, at: int, name: str) -> Iterator[Any]:
    """The entries of a list, one at a time: the texts of a large file take room enough."""
    decoder, between = json.JSONDecoder(object_pairs_hook=_object), re.compile(r"[\s,]*")
    while (at := between.match(text, at).end()) < len(text):  # pyrefly: ignore  (always matches)
        if text[at] == "]":
            return
        try:
            entry, at = decoder.raw_decode(text, at)
        except BadRow as bad:
            raise RecipeError(f"{name}: {bad.detail}") from None
        except (ValueError, RecursionError) as error:
            raise _no_json(name, text, error) from None
        yield entry
    raise RecipeError(f"{name}: the list of rows does not end: the file was cut, get it again")


def _no_json(name: str, text: str, error: Exception) -> RecipeError:
    if isinstance(error, json.JSONDecodeError):
        return RecipeError(f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg}")
    return RecipeError(f"{name}: not JSON that can be read: {error}")


def _listed(whole: Any, field: str | None, name: str) -> Iterator[Any]:
    if field:
        inside = cell(whole, field) if isinstance(whole, dict) else None
        if inside is None:
            found = f"it has {', '.join(whole)}" if isinstance(whole, dict) else "it is a list"
            raise RecipeError(f"{name}: there is no field {field!r}; {found}")
        whole = inside
    if isinstance(whole, list):
        yield from whole
        return
    if not isinstance(whole, dict):
        raise RecipeError(f"{name}: expected a list of rows, or an object that has one")
    lists = [key for key, value in whole.items() if _is_rows(value)]
    if len(lists) == 1:
        yield from whole[lists[0]]
    elif lists:
        raise RecipeError(f"{name}: rows are in {', '.join(lists)}: name one as `field`")
    elif columns := _columns(whole):
        yield from (
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        )
    elif whole and all(isinstance(value, dict) for value in whole.values()):
        yield from whole.values()  # an object of rows, by their ids
    else:
        yield whole  # one row


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _columns(whole: dict[str, Any]) -> dict[str, list[Any]] | None:
    """Columns side by side: lists of one length, or pandas' objects with the same keys."""
    values = list(whole.values())
    if values and all(isinstance(value, list) for value in values):
        same = len({len(value) for value in values}) == 1
        return whole if same else None
    numbered = values and all(isinstance(value, dict) and "0" in value for value in values)
    if numbered and all(value.keys() == values[0].keys() for value in values):
        return {name: list(value.values()) for name, value in whole.items()}
    return None
