"""Repetition: text said again, and loops at the end."""

from __future__ import annotations

import re
from typing import ClassVar

import polars as pl
from pydantic import Field

from filters.filter import Filter

NGRAM = 20
"""Words in the window that must come again. Short windows come again in honest arithmetic."""
KEY = 32
"""Characters at the end of a text whose earlier occurrence hints at a loop's period."""
CANDIDATES = 32
"""How many earlier occurrences are tried; a loop's own period is among the nearest ones."""

# Scripts written without spaces give a word a letter (kana, Chinese characters, Thai).
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


class Repetition(Filter):
    r"""Drops samples that say the same again and again, and those that end in a loop.

    `repeated_share` is the share of words that stand in a run of 20 words which occurred before in
    the same part (thinking or response). Gopher (arXiv 2112.11446, table A1) looks at characters in
    duplicate runs of 5 to 10 words; ours are longer, since a chain of thought rightly repeats short
    phrases. Short arithmetic lines repeat no run of 20 words and pass.

    `loop_chars` is how many characters at the end of a part are one block written over and over,
    `loop_repeats` how many times the block stands there in full. Distilled students loop more often
    than their teachers (arXiv 2512.12895).

    Not covered: loops that count up ("step 1, step 2, ..."), and loops in mid-text of fewer than 20
    words in all.

    >>> Repetition.of(text="<think>So 12?" + " Wait, let me check that again." * 10)
    {'repeated_share': 0.8709677419354839, 'loop_repeats': 10, 'loop_chars': 310}
    >>> Repetition.of(text="<think>1+2=3\n3+4=7\n7+5=12</think> 12")
    {'repeated_share': 0.0, 'loop_repeats': 0, 'loop_chars': 0}
    """

    name: ClassVar[str] = "repetition"
    reads: ClassVar[tuple[str, ...]] = ("reasoning", "response")
    columns: ClassVar[dict[str, pl.DataType]] = {
        "repeated_share": pl.Float64(),
        "loop_repeats": pl.Int32(),
        "loop_chars": pl.Int32(),
    }

    max_share: float = Field(0.2, ge=0, le=1)
    """Largest share of words that stand in a repeated run of 20 words, 0 to 1."""
    min_loop_repeats: int = Field(4, ge=2)
    """How many times a block must stand at the end to be called a loop."""
    min_loop_chars: int = Field(100, ge=1)
    """How many characters these blocks must have together to be called a loop."""

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        facts = []
        for parts in rows.iter_rows():
            words = [_WORD.findall(part or "") for part in parts]
            repeated = sum(map(repeated_words, words))
            loop = max((tail_loop(part or "") for part in parts), key=lambda loop: loop[1])
            facts.append((repeated / max(1, sum(map(len, words))), *loop))
        return pl.DataFrame(facts, schema=Repetition.columns, orient="row")

    def reasons(self) -> dict[str, pl.Expr]:
        return {
            "repetitive": pl.col("repeated_share") > self.max_share,
            "loop": (pl.col("loop_repeats") >= self.min_loop_repeats)
            & (pl.col("loop_chars") >= self.min_loop_chars),
        }


def repeated_words(words: list[str], n: int = NGRAM) -> int:
    """How many words stand in a run of `n` words that occurred before.

    >>> repeated_words("a b c a b c a".split(), n=3)
    4
    """
    seen: set[tuple[str, ...]] = set()
    repeated = covered = 0  # `covered`: the words before this index are counted already
    windows = zip(*(words[start:] for start in range(n)), strict=False)
    for start, window in enumerate(windows):
        if window in seen:
            repeated += start + n - max(covered, start)
            covered = start + n
        seen.add(window)
    return repeated


def tail_loop(text: str) -> tuple[int, int]:
    """How many times one block stands at the end of a text, and how many characters that covers.

    The last characters are looked up further left; each place they are found at proposes a period,
    the nearest first, and the longest loop wins. (0, 0) where no block stands there twice.

    >>> tail_loop("Fine so far. " + "and on and on we go " * 5)
    (5, 100)
    """
    text = text.rstrip()
    if len(text) <= KEY:
        return (0, 0)
    key, at = text[-KEY:], len(text) - KEY
    best = (0, 0)
    for _ in range(CANDIDATES):
        at = text.rfind(key, 0, at + KEY - 1)
        if at < 0:
            break
        period = len(text) - KEY - at
        block, repeats = text[-period:], 1
        while text.endswith(block, 0, max(0, len(text) - repeats * period)):
            repeats += 1
        if repeats > 1 and repeats * period > best[1]:
            best = (repeats, repeats * period)
    return best
