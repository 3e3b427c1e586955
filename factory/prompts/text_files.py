"""Text files as lines: packed or not, in whatever encoding their first bytes or the recipe say."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from factory.errors import RecipeError
from factory.recipe.paths import kind

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""What a file begins with that says how it is written; UTF-32's begins like UTF-16's."""


@dataclass(frozen=True)
class TextFile:
    """A text file of a recipe."""

    path: Path
    name: str
    """As messages call it."""
    encoding: str | None = None
    """As the recipe names it; None where its first bytes tell, or else it is UTF-8."""

    @contextmanager
    def unpacked(self) -> Generator[Any]:
        """The unpacked bytes. Raises RecipeError while they are read, where the file is damaged."""
        packed = kind(self.path)[1]
        try:
            if packed == "gzip":
                with gzip.open(self.path, "rb") as stream:
                    yield stream
            elif packed == "zstd":
                import pyarrow as pa

                with pa.CompressedInputStream(pa.OSFile(str(self.path)), "zstd") as stream:
                    yield io.BufferedReader(stream)  # pyrefly: ignore  (it reads as raw files do)
            else:
                with self.path.open("rb") as stream:
                    yield stream
        except (EOFError, OSError, zlib.error) as error:
            raise self._damaged(error) from error

    @contextmanager
    def text(self, errors: str = "strict") -> Generator[IO[str]]:
        """The text, its line ends as they are. Raises RecipeError as `unpacked` does, or where the
        bytes are no text in this encoding."""
        with self.unpacked() as stream:
            lines = io.TextIOWrapper(stream, self.written_as(), errors, newline="")
            try:
                yield lines
            except UnicodeError as error:
                told = self.written_as().removesuffix("-sig").upper()
                why = "as its `encoding` says" if self.encoding else "as its first bytes say"
                why = "" if told == "UTF-8" and not self.encoding else f", {why}"
                way = "save it as UTF-8, or name what it is written in, as `encoding: cp1252`"
                raise RecipeError(f"{self.name}: not {told}{why} ({error}): {way}") from error

    def written_as(self) -> str:
        """The encoding. Raises RecipeError where the recipe names another than its first bytes."""
        with self.unpacked() as stream:
            start = stream.read(4)
        marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
        if self.encoding is None and marked is None and b"\0" in start:
            way = "name what it is written in, as `encoding: utf-16-le`"
            raise RecipeError(f"{self.name}: its first bytes are no text in UTF-8: {way}")
        if self.encoding is None:
            return marked or "utf-8-sig"
        named = codecs.lookup(self.encoding).name
        if marked and not named.startswith(marked.removesuffix("-sig")):
            told = marked.removesuffix("-sig").upper()
            wrong = f"its first bytes say {told}, and the recipe `encoding: {self.encoding}`"
            raise RecipeError(f"{self.name}: {wrong}: leave that out")
        return marked or named

    def lines(self) -> Iterator[bytes]:
        """Line by line, in UTF-8, so that one that is none does not take its neighbours along."""
        if self.written_as() in ("utf-8", "utf-8-sig"):
            with self.unpacked() as stream:
                yield from stream
            return
        with self.text() as lines:
            for line in _lines(lines):
                yield line.encode()

    def _damaged(self, error: Exception) -> RecipeError:
        """A file that cannot be read to its end."""
        if isinstance(error, OSError) and error.strerror:
            return RecipeError(f"{self.name}: cannot be read: {error.strerror}")
        packed = kind(self.path)[1]
        what = "ends in the middle" if _is_cut(error) else f"is damaged ({error})"
        if packed and isinstance(error, gzip.BadGzipFile) and "Not a gzipped" in str(error):
            what = "is not packed as its name says"
        return RecipeError(f"{self.name}: the file {what}: get it again")


def _lines(text: IO[str]) -> Iterator[str]:
    """Lines that end with a line feed; other signs that end lines may stand inside JSON."""
    rest = ""
    while block := text.read(2**20):
        *whole, rest = (rest + block).split("\n")
        yield from whole
    if rest:
        yield rest


def _is_cut(error: Exception) -> bool:
    return isinstance(error, EOFError) or "Truncated" in str(error)
