"""One very large row: CPU seconds of each filter, and how they grow with the row.

    python -m benchmarks.large_rows [--megabytes 50] [--filters NAME ...] [--shapes NAME ...]

A row of each shape is measured at a tenth of the size and at full size. Work that is linear takes
ten times as long: more than `STEEP` times is marked. Each shape stands in the thinking and in the
response, since filters look at both.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Callable

import polars as pl

from filters import FILTERS
from filters.filter import SAMPLE

STEEP = 20.0
LEAST = 0.2
"""Seconds below which growth says nothing."""
PATTERNS = {
    "one letter": "a", "blanks": " ", "blank lines": "\n \n", "digits": "7", "numbers": "12345 ",
    "numbers with dashes": "1-2 ", "numbers in brackets": "(212) ", "dots": "a.b.", "dollars": "$x",
    "open boxes": r"\boxed{", "boxes": r"\boxed{1} ", "braces": "{", "open brackets": r"\left( ",
    "open tags": "<think>", "closed tags": "</think>", "backticks": "`", "fences": "```\nx\n",
    "Chinese": "好的我再想一想", "Thai": "ลองคิดดู", "Arabic": "مرحبا بك ", "emoji": "🙂👩‍👩‍👧",
    "zero-width": "\u200b", "accents": "e\u0301", "three scripts": "hello 你好 мир ",
    "addresses": "a.b@c.de ", "half addresses": "a@b.", "at signs": "@", "half tokens": "<|a",
    "keys": "sk-", "half keys": "-----BEGIN ", "passwords": "password: ", "hexadecimal": "0af3",
    "links": "http://a.b/", "waiting": "Wait, ", "speaking": "I am ", "answers": "= 42 ",
    "sentences": "Let x be 1. So it is.\n", "cards": "4111 1111 1111 111", "accounts": "GB82 WEST ",
    "quotes": "\"'", "backslashes": "\\", "nul": "\x00",
}  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--megabytes", type=float, default=50)
    parser.add_argument("--filters", nargs="+", default=list(FILTERS), choices=FILTERS)
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=SHAPES)
    asked = parser.parse_args()
    size = int(asked.megabytes * 1e6)
    print(f"CPU seconds at {asked.megabytes:g} MB in thinking and response each\n")
    print(f"| shape | {' | '.join(asked.filters)} | peak GB |")
    print("|---|" + "---:|" * (len(asked.filters) + 1), flush=True)
    for name in asked.filters:
        FILTERS[name].measured(row("Fine.\n"))  # machine code is made, or read
    for shape in asked.shapes:
        small, large = (row(SHAPES[shape](part)) for part in (size // 10, size))
        told = [timed(name, small, large) for name in asked.filters]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"| {shape} | {' | '.join(told)} | {peak:.1f} |", flush=True)


def timed(name: str, small: pl.DataFrame, large: pl.DataFrame) -> str:
    """Seconds for the large row, and how many times those of the small one where that is steep."""
    seconds = []
    for rows in (small, large):
        start = time.process_time()
        error = FILTERS[name].measured(rows)[f"{name}_error"].item()
        seconds.append(time.process_time() - start)
        if error:
            return error[:60]
    growth = seconds[1] / max(seconds[0], 1e-3)
    steep = seconds[1] > LEAST and growth > STEEP
    return f"{seconds[1]:.1f}" + (f" (x {growth:.0f})" if steep else "")


def row(text: str) -> pl.DataFrame:
    """A sample with this text in both parts."""
    parts = {"text": f"<think>{text}</think>{text}", "reasoning": text, "response": text}
    facts = {"sample_id": "1", "prompt_id": "1", "language": "en", "answer": "42"}
    ended = {"verdict": "correct", "finish_reason": "stop", "completion_tokens": len(text)}
    return pl.DataFrame([parts | facts | ended], schema=SAMPLE)


def prose(size: int) -> str:
    """Words that are no language's."""
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghijklmnop", k=draw.randint(2, 9))) for _ in range(5000)]
    text = " ".join(draw.choices(words, k=min(size, 2_000_000) // 6))
    return (text * (size // len(text) + 1))[:size]


def counted(size: int) -> str:
    """Boxes that all differ."""
    return "".join(rf"\boxed{{{number}}} " for number in range(size // 15))


def filled(pattern: str) -> Callable[[int], str]:
    """A pattern over and over."""
    return lambda size: pattern * (size // len(pattern.encode()))


SHAPES = {"prose": prose, "different boxes": counted} | {
    name: filled(pattern) for name, pattern in PATTERNS.items()
}
"""What a row may be full of."""


if __name__ == "__main__":
    main()
