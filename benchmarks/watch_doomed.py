"""Doomed texts for `benchmarks/watch.py`: sound beginnings that fall into a loop, or leave their
language, made from seeds.
"""

# ruff: noqa: RUF001 (other scripts are what this is about)

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Callable, Iterator

from benchmarks.watch_sound import SENTENCES, Text, argue


def loops(each: int) -> Iterator[Text]:
    """Draws that begin soundly and end in a loop of some 30,000 characters."""
    for name, write in LOOPS.items():
        for seed in range(each):
            draw = random.Random(f"{name}{seed}")
            begin = argue("en", draw.randrange(5, 60), draw)
            loop = write(draw)
            yield Text(f"loop: {name}", begin + loop, "en", len(begin))


def _words(draw: random.Random, chars: int) -> str:
    """So many characters of an argument, without two alike."""
    text = ""
    while len(text) < chars:
        text += argue("en", 3, draw)
    return text[: chars - 1] + " " if chars > 1 else text[:1]


def _over_and_over(block: str) -> str:
    return block * (30_000 // len(block) + 1)


def _period(shortest: int, longest: int) -> Callable[[random.Random], str]:
    def write(draw: random.Random) -> str:
        period = round(math.exp(draw.uniform(math.log(shortest), math.log(longest))))
        return _over_and_over(_words(draw, period))

    return write


def _bare_loop(draw: random.Random) -> str:
    return _over_and_over(draw.choice(["=", "0 ", "\n", "| - ", "1, ", "?", "0 & ", ") (", "-- "]))


COUNTING = [
    "Wait, let me check {n} again. ",
    "Step {n}: we repeat the last step.\n",
    "{n}. The answer is the same as in line {m}.\n",
    "Case {n}: if x = {n} then x + {k} is {s}, which does not help.\n",
    "Let me try with {n}. That is not it, so next comes {m}. ",
    "第{n}步：我们继续检查下一个数。",
    "x_{n} = x_{m} + {k}\n",
]


def _counting_loop(draw: random.Random) -> str:
    form, first, step, k = draw.choice(COUNTING), draw.randrange(200), draw.randrange(1, 4), 7
    numbers = (first + step * at for at in itertools.count())
    lines = (form.format(n=n, m=n + step, k=k, s=n + k) for n in numbers)
    return "".join(itertools.islice(lines, 900))


def _counting_blocks(draw: random.Random) -> str:
    """A paragraph of 200 to 600 characters without other numbers, under a number that goes up."""
    block = re.sub(r"\d+", "some", _words(draw, draw.randrange(200, 600)))
    return "".join(f"Attempt {n}. {block}\n" for n in range(1, 61))


def _noise(every: int) -> Callable[[random.Random], str]:
    """A paragraph over and over, with another word in place of one in about `every` words."""

    def write(draw: random.Random) -> str:
        words = _words(draw, draw.randrange(150, 900)).split()
        others = ["thus", "maybe", "really", "now", "however", "clearly", "surely", "then"]
        text = ""
        while len(text) < 30_000:
            said = (draw.choice(others) if draw.random() * every < 1 else word for word in words)
            text += " ".join(said) + " "
        return text

    return write


def _few_sentences(draw: random.Random) -> str:
    """Some of four sentences, in an order that chance gives."""
    four = [
        "Wait, let me check that again. ",
        "Hmm, that is not right. ",
        "But the answer is clear. ",
        "Let me think about it once more. ",
    ][: draw.randrange(2, 5)]
    return "".join(draw.choice(four) for _ in range(1200))


LOOPS: dict[str, Callable[[random.Random], str]] = {
    "period 1 to 10": _period(1, 10),
    "period 11 to 100": _period(11, 100),
    "period 101 to 1000": _period(101, 1000),
    "period 1001 to 3000": _period(1001, 3000),
    "no words": _bare_loop,
    "counting": _counting_loop,
    "counting paragraphs": _counting_blocks,
    "other word in 200": _noise(200),
    "other word in 50": _noise(50),
    "other word in 15": _noise(15),
    "few sentences by chance": _few_sentences,
}


def switches(each: int) -> Iterator[Text]:
    """Arguments that change their language after 20 to 60 sentences and stay there."""
    for own, other in itertools.permutations(SENTENCES, 2):
        for seed in range(each):
            draw = random.Random(f"{own}{other}{seed}")
            begin = argue(own, draw.randrange(20, 60), draw)
            yield Text(f"switch: {own}", begin + argue(other, 250, draw), own, len(begin))
