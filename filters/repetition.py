"""Repetition: text said again, and loops at the end."""

from __future__ import annotations

import re
from typing import ClassVar

import polars as pl
from pydantic import Field

from filters.filter import Filter
from filters.text.languages import UNSPACED_LETTERS
from filters.text.loops import Tail

NGRAM = 20
"""Words in the window that must come again. Short windows come again in honest arithmetic."""

_WORD = re.compile(rf"[{UNSPACED_LETTERS}]|[^\s{UNSPACED_LETTERS}]+")


class Repetition(Filter):
    r"""Drops samples that say the same again and again, and those that end in a loop.

    Gopher (arXiv 2112.11446, table A1) looks at characters in duplicate runs of 5 to 10 words. Our
    runs have 20, since a chain of thought rightly repeats short phrases: short arithmetic lines
    repeat no run of 20 words and pass. Distilled students loop more often than their teachers
    (arXiv 2512.12895). A part is the thinking or the response.

    Measures:
        repeated_share: share of words in a run of 20 words that occurred before in the same part
        loop_repeats: how many times one block stands at the end of a part, in full
        loop_chars: characters of these blocks together
        counting_repeats: the same, where only numbers differ and each goes on by a step that stays
            the same ("Check 17 again. Check 18 again."); in sums the steps change
        counting_chars: characters of these blocks together
        echo_share: share of the last 5,000 characters, in pieces of 100, that stand in the same
            part at least four times: a loop with a word changed here and there

    `filters.watch` stops a draw for the same loops while it is written.

    Not covered: loops whose numbers jump about, those with another word in every sentence, and
    those in mid-text of fewer than 20 words in all. Not right for tasks whose right answer repeats
    itself, such as the 255 moves of a tower of eight disks.

    >>> Repetition.of(text="<think>So 12?" + " Wait, let me check that again." * 10) == {
    ...     "repeated_share": 0.8709677419354839,
    ...     "loop_repeats": 10,
    ...     "loop_chars": 310,
    ...     "counting_repeats": 0,
    ...     "counting_chars": 0,
    ...     "echo_share": 0.0,
    ... }
    True
    >>> any(Repetition.of(text="<think>1+2=3\n3+4=7\n7+5=12</think> 12").values())
    False
    """

    name: ClassVar[str] = "repetition"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("reasoning", "response")
    columns: ClassVar[dict[str, pl.DataType]] = {
        "repeated_share": pl.Float64(),
        "loop_repeats": pl.Int32(),
        "loop_chars": pl.Int32(),
        "counting_repeats": pl.Int32(),
        "counting_chars": pl.Int32(),
        "echo_share": pl.Float64(),
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

    @staticmethod
    def measure(rows: pl.DataFrame) -> pl.DataFrame:
        facts = []
        for parts in rows.iter_rows():
            words = [_WORD.findall(part or "") for part in parts]
            repeated = sum(map(repeated_words, words))
            tails = [Tail((part or "").rstrip()) for part in parts]
            loop = max((tail.loop() for tail in tails), key=lambda loop: loop.chars)
            counting = max((tail.counting_loop() for tail in tails), key=lambda loop: loop.chars)
            share = repeated / max(1, sum(map(len, words)))
            echo = max(tail.echo() for tail in tails)
            facts.append((share, *loop[:2], *counting[:2], echo))
        return pl.DataFrame(facts, schema=Repetition.columns, orient="row")

    def reasons(self) -> dict[str, pl.Expr]:
        return {
            "repetitive": pl.col("repeated_share") > self.max_share,
            "loop": (pl.col("loop_repeats") >= self.min_loop_repeats)
            & (pl.col("loop_chars") >= self.min_loop_chars),
            "counting_loop": (pl.col("counting_repeats") >= self.min_counting_repeats)
            & (pl.col("counting_chars") >= self.min_counting_chars),
            "near_loop": pl.col("echo_share") > self.max_echo,
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
