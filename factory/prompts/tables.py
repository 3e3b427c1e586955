"""Rows of CSV and TSV files, as Excel and others write them."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from typing import IO

from factory.errors import RecipeError
from factory.prompts.rows import BadRow, Cells, Opened, root, roots
from factory.prompts.text_files import TextFile

SEPARATORS = (",", ";", "\t", "|")
"""What may stand between cells: that which gives most of the columns that are wanted."""
Row = tuple[str, "list[str] | BadRow"]


def opened(file: TextFile, wanted: Sequence[str], separators: Sequence[str] = SEPARATORS) -> Opened:
    """The rows of a file.

    Args:
        file: the file. Excel's first line `sep=;` is followed.
        wanted: columns that it should have, which tell what stands between cells.
        separators: what may.

    Raises:
        RecipeError: its first line is no list of columns.
    """
    csv.field_size_limit(sys.maxsize)
    told = _told(file)
    separators = told or separators
    headers = [_header(file, separator, bool(told)) for separator in separators]
    fits = [sum(root(column, header) in header for column in wanted) for header in headers]
    best = max(range(len(headers)), key=lambda n: (fits[n], len(headers[n]), -n))
    header = headers[best]
    roots(wanted, header, f"{file.name}:1")  # none of them is there twice
    return Opened(file.name, header, lambda: _cells(file, separators[best], header, bool(told)))


def _told(file: TextFile) -> list[str]:
    """What the first line of a file says stands between cells, as Excel has it: `sep=;`."""
    with file.text("surrogateescape" if _is_utf8(file) else "strict") as lines:
        first = lines.readline().strip()
    return [first[4]] if first.startswith("sep=") and len(first) == 5 else []


def _header(file: TextFile, separator: str, told: bool) -> list[str]:
    _, row = next(_rows(file, separator, told), (file.name, []))
    if isinstance(row, BadRow):
        raise RecipeError(f"{file.name}:1: the line with the names of the columns: {row.detail}")
    return row


def _cells(file: TextFile, separator: str, header: list[str], told: bool) -> Cells:
    rows = _rows(file, separator, told)
    next(rows, None)
    for place, row in rows:
        if isinstance(row, BadRow):
            yield place, row
        elif len(row) != len(header):
            wrong = f"{len(row)} cells, expected {len(header)} as in the first line"
            yield place, BadRow("not_csv", wrong)
        else:
            yield place, dict(zip(header, row, strict=True))


def _rows(file: TextFile, separator: str, told: bool) -> Iterator[Row]:
    """Each with the line that it begins in. Bytes that are not UTF-8 end it: a table has one
    encoding, and where it is another each such row would be lost."""
    utf8 = _is_utf8(file)
    with file.text("surrogateescape" if utf8 else "strict") as lines:
        number = 1
        if told:
            lines.readline()
            number = 2
        for before, row in _read(lines, separator, number - 1):
            place = f"{file.name}:{before}"
            if isinstance(row, BadRow) and row.reason == "open_quote":
                raise RecipeError(f"{place}: {row.detail}")
            if utf8 and not isinstance(row, BadRow):
                _check_utf8(row, place)
            yield place, row


def _read(lines: IO[str], separator: str, skipped: int) -> Iterator[tuple[int, list[str] | BadRow]]:
    reader, number = csv.reader(lines, delimiter=separator, strict=True), 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad = BadRow("not_csv", str(error))
            if "unexpected end" in str(error):
                way = "all behind it would be one cell; close it, or double it where it is text"
                bad = BadRow("open_quote", f"a quote is opened here and never closed: {way}")
            yield number + skipped, bad
        else:
            if any(cell for cell in row):
                yield number + skipped, row
        number = reader.line_num + 1


def _is_utf8(file: TextFile) -> bool:
    return file.written_as() in ("utf-8", "utf-8-sig")


def _check_utf8(row: list[str], place: str) -> None:
    for text in row:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            found = text[max(0, error.start - 10) : error.start + 11]
            shown = found.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
            raise RecipeError(
                f"{place}: not UTF-8 (as cp1252 it reads {shown!r}): save the file as UTF-8 (in "
                "Excel: CSV UTF-8), or name what it is written in, as `encoding: cp1252`"
            ) from None
