"""Repetition: text said again, and loops at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from filters.filter import Filter
from filters.places import Place, each
from filters.text.loops import ECHO, ECHOED, PIECE
from filters.text.shorten import shorten

if TYPE_CHECKING:
    import numpy as np  # where it is used: it takes long to import

NGRAM = 20
"""Words in the window that must come again. Short windows come again in honest arithmetic."""
LOOPS = pl.List(pl.Struct({"repeats": pl.Int32(), "chars": pl.Int32()}))


class Repetition(Filter):
    r"""Drops samples that say the same again and again, and those that end in a loop.

    Gopher (arXiv 2112.11446, table A1) looks at characters in duplicate runs of 5 to 10 words. Our
    runs have 20, since a chain of thought rightly repeats short phrases: short arithmetic lines
    repeat no run of 20 words and pass. Distilled students loop more often than their teachers
    (arXiv 2512.12895). A part is the thinking or the response.

    Measures:
        repeated_share: share of words in a run of 20 words that occurred before in the same part
        loop_repeats: how many times one block stands at the end of a part, in full; of the longest
            loop
        loop_chars: characters of these blocks together
        loop_others: loops with shorter blocks inside it or at the end of the other part, where
            they are written more often: {repeats, chars} each
        counting_repeats: the same, where only numbers differ and each goes on by a step that stays
            the same ("Check 17 again. Check 18 again."); in sums the steps change
        counting_chars: characters of these blocks together
        counting_others: such loops with shorter blocks, as above
        echo_share: share of the last 5,000 characters, in pieces of 100, that stand in the same
            part at least four times: a loop with a word changed here and there
        compression: bytes of thinking and response in UTF-8 over their bytes compressed by zstd at
            level 1; 0 where there is no text. Another version of zstd may move the third digit

    A word is what stands between blanks. In scripts without spaces each letter is looked at by
    itself: two letters of Chinese or Japanese count as a word, four of Thai, Lao, Tibetan, Burmese
    or Khmer.

    Of 13,396 real traces that others call right the defaults drop 34. Read: 13 are loops, in
    Bengali, whose answer stood before; five are songs with a chorus; the others work the same out
    twice or say the answer again and again.

    `filters.watch` stops a draw for the same loops while it is written.

    Not covered: loops whose numbers jump about, those with another word in every sentence, and
    those in mid-text of fewer than 20 words in all. Not right for tasks whose right answer repeats
    itself, such as the 255 moves of a tower of eight disks.

    >>> looping = Repetition.of(text="<think>So 12?" + " Wait, let me check that again." * 10)
    >>> looping["repeated_share"], looping["loop_repeats"], looping["loop_chars"]
    (0.8709677419354839, 10, 310)
    >>> sums = Repetition.of(text="<think>1+2=3\n3+4=7\n7+5=12</think> 12")
    >>> sums["repeated_share"], sums["loop_repeats"], sums["loop_chars"]
    (0.0, 0, 0)
    """

    name: ClassVar[str] = "repetition"
    version: ClassVar[int] = 4
    compiles: ClassVar[str | None] = "loop_kernels"
    reads: ClassVar[tuple[str, ...]] = ("reasoning", "response")
    columns: ClassVar[dict[str, pl.DataType]] = {
        "repeated_share": pl.Float64(),
        "loop_repeats": pl.Int32(),
        "loop_chars": pl.Int32(),
        "loop_others": LOOPS,
        "counting_repeats": pl.Int32(),
        "counting_chars": pl.Int32(),
        "counting_others": LOOPS,
        "echo_share": pl.Float64(),
        "compression": pl.Float64(),
    }

    max_share: float = Field(0.2, ge=0, le=1)
    """Largest share of words that stand in a repeated run of 20 words, 0 to 1."""
    min_loop_repeats: int = Field(4, ge=2)
    """How many times a block must stand at the end to be called a loop."""
    min_loop_chars: int = Field(100, ge=1)
    """How many characters these blocks must have together to be called a loop."""
    min_counting_repeats: int = Field(16, ge=3)
    """How many times, where the block's numbers count: short lists and tables count rightly."""
    min_counting_chars: int = Field(1000, ge=1)
    """How many characters, where the block's numbers count."""
    max_echo: float = Field(0.6, ge=0, le=1)
    """Largest share of the last 5,000 characters that may stand there four times, 0 to 1."""
    max_compression: float | None = Field(None, ge=1)
    """Largest compression ratio, in bytes per byte. Sound chains of thought reach 5, loops 20."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        import numpy as np

        parts = [_measured(part) for part in rows.get_columns()]
        words, repeated, echo = zip(*(shares.T for shares, _ in parts), strict=True)
        loops = pl.concat([found for _, found in parts])
        return pl.DataFrame(
            {
                "repeated_share": sum(repeated) / np.maximum(sum(words), 1),
                **_loops("loop", loops.filter(counts=0), rows.height),
                **_loops("counting", loops.filter(counts=1), rows.height),
                "echo_share": np.maximum(*echo),
                "compression": compression(rows),
            },
            schema=Repetition.columns,
        )

    def reasons(self) -> dict[str, pl.Expr]:
        rules = {
            "repetitive": pl.col("repeated_share") > self.max_share,
            "loop": _any("loop", self.min_loop_repeats, self.min_loop_chars),
            "counting_loop": _any("counting", self.min_counting_repeats, self.min_counting_chars),
            "near_loop": pl.col("echo_share") > self.max_echo,
        }
        if self.max_compression is not None:
            rules["compressible"] = pl.col("compression") > self.max_compression
        return rules

    def places(self, reason: str, sample: Mapping[str, Any]) -> list[Place]:
        from filters.text import echoes

        found: list[Place] = []
        for part in ("reasoning", "response"):
            text = sample.get(part) or ""
            if reason in ("loop", "counting_loop"):
                found += self._loops(part, text, reason == "counting_loop")
            elif reason == "near_loop":
                words = f"stands in the text {ECHOED} times"
                found += each(part, echoes.echoes(text), words)
            else:
                words = f"{NGRAM} words and more that were said before"
                found += each(part, echoes.again(text, NGRAM), words)
        if reason == "compressible" and not found:  # short blocks, or numbers that go on
            return self.places("loop", sample) or self.places("counting_loop", sample)
        return found

    def _loops(
        self, part: Literal["reasoning", "response"], text: str, counts: bool
    ) -> Iterator[Place]:
        """The longest loop at a text's end that the rules call one; else the longest of all."""
        from filters.text import echoes

        repeats = self.min_counting_repeats if counts else self.min_loop_repeats
        chars = self.min_counting_chars if counts else self.min_loop_chars
        loops = echoes.loops(text, counts)
        named = [one for one in loops if one.loop.repeats >= repeats and one.loop.chars >= chars]
        for start, end, loop in (named or loops)[:1]:
            block = repr(shorten(loop.block, 40))
            yield Place(part, start, end, f"{block} is written {loop.repeats:,} times")


def _any(kind: str, repeats: int, chars: int) -> pl.Expr:
    """Whether the longest loop, or any other, is as long and as often written as that."""
    longest = (pl.col(f"{kind}_repeats") >= repeats) & (pl.col(f"{kind}_chars") >= chars)
    each = pl.element().struct
    other = (each.field("repeats") >= repeats) & (each.field("chars") >= chars)
    return longest | pl.col(f"{kind}_others").list.eval(other).list.any()


def _measured(part: pl.Series) -> tuple[np.ndarray, pl.DataFrame]:
    """Words, repeated words and echo of each text; and the loops at their ends."""
    import numpy as np

    from filters.text import compiled, loop_kernels

    classes = compiled.classes()

    def look(codes: np.ndarray, starts: np.ndarray, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        shares = loop_kernels.shares_of(codes, starts, classes, NGRAM, PIECE, ECHO, ECHOED)
        loops = loop_kernels.loops_of(codes, starts, classes)
        loops[:, 0] += rows.start
        return shares, loops

    shares, loops = zip(*compiled.over_texts(part, look), strict=True)
    names = ["row", "counts", "repeats", "chars"]
    return np.concatenate(shares), pl.DataFrame(np.concatenate(loops), schema=names)


def _loops(kind: str, found: pl.DataFrame, rows: int) -> dict[str, pl.Series]:
    """The longest loop of each row, and those of others that are written more often than it."""
    loops = found.sort("row", "chars", "repeats", descending=[False, True, True])
    other = pl.struct(pl.col("repeats", "chars").cast(pl.Int32))
    grouped = loops.group_by("row", maintain_order=True).agg(
        pl.first("repeats", "chars"),
        others=other.filter(pl.col("repeats") > pl.first("repeats")),
    )
    every = pl.DataFrame({"row": pl.int_range(rows, dtype=pl.Int64, eager=True)})
    table = every.join(grouped, on="row", how="left", maintain_order="left").select(
        pl.col("repeats", "chars").fill_null(0).cast(pl.Int32),
        pl.col("others").fill_null(pl.lit([], dtype=LOOPS)),
    )
    return {f"{kind}_{column.name}": column for column in table.get_columns()}


def compression(rows: pl.DataFrame) -> np.ndarray:
    """Bytes of thinking and response over their bytes compressed; 0 where there is no text."""
    import numpy as np
    import pyarrow as pa

    codec = pa.Codec("zstd", compression_level=1)
    text = pl.concat_str(pl.all(), separator="\n", ignore_nulls=True)
    column = rows.select(text).to_series().fill_null("")
    texts = column.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64)[texts.offset :][: rows.height + 1].tolist()
    ratios = np.zeros(rows.height)
    for row, (start, end) in enumerate(pairwise(ends)):
        if end > start:
            ratios[row] = (end - start) / codec.compress(data.slice(start, end - start)).size
    return ratios
