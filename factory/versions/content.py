"""The content digest of a dataset: a claim about its rows that anyone can recompute.

It depends on the rows and on nothing else: not on their shards, their order, or who wrote them.

1. A row is written as JSON, as Python does it:
   `json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))`. All columns are in
   it, nulls too. Keys are in order, in nested objects as well; there are no spaces; characters
   beyond ASCII stand as they are; a float has the fewest digits that give it back (`repr`).
2. The row's digest is the sha256 of that text in UTF-8: 32 bytes.
3. The dataset's digest is the sha256 of all rows' digests, one after the other in the order of
   `sample_id` (by code points), in hexadecimal.

So with nothing but `datasets`:

    digests = {
        row["sample_id"]: hashlib.sha256(
            json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        ).digest()
        for row in datasets.load_dataset(folder, split="train")
    }
    hashlib.sha256(b"".join(digests[id] for id in sorted(digests))).hexdigest()
"""

from __future__ import annotations

import hashlib

import polars as pl

from factory.records import ROWS_AT_ONCE, canonical, text_digests


class ContentDigest:
    """Takes in rows, in whatever pieces and order; remembers 32 bytes of each, and its id."""

    def __init__(self) -> None:
        self._seen = [pl.DataFrame(schema={"sample_id": pl.String(), "digest": pl.Binary()})]

    def add(self, rows: pl.DataFrame) -> tuple[pl.Series, int]:
        """Take in rows with a column `sample_id`; returns their digests, and the bytes of their
        JSON."""
        size, told = 0, [pl.Series("digest", [], dtype=pl.Binary)]
        for piece in rows.iter_slices(ROWS_AT_ONCE):
            texts = canonical(piece)
            digests = pl.Series("digest", text_digests(texts, hashlib.sha256), dtype=pl.Binary)
            self._seen.append(piece.select("sample_id").with_columns(digests))
            told.append(digests)
            size += int(texts.str.len_bytes().sum())
        return pl.concat(told), size

    def each(self) -> pl.DataFrame:
        """`sample_id` and `digest` of each row, in the order in which they came."""
        return pl.concat(self._seen)

    @property
    def rows(self) -> int:
        """How many rows it has taken in."""
        return sum(table.height for table in self._seen)

    def hexdigest(self) -> str:
        """The digest of the rows so far: 64 hexadecimal digits."""
        total = hashlib.sha256()
        for digest in pl.concat(self._seen).sort("sample_id")["digest"]:
            total.update(digest)
        return total.hexdigest()


def content_digest(rows: pl.DataFrame) -> str:
    """The content digest of rows that are all in memory."""
    total = ContentDigest()
    total.add(rows)
    return total.hexdigest()
