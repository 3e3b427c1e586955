"""Loops: what is written over and over at the end of a text, finished or growing."""

from __future__ import annotations

from typing import NamedTuple

PIECE = 100
"""Characters in a piece that is looked up further left. A truth table repeats shorter ones."""
ECHO = 5000
"""Characters at the end of a text that are taken apart into pieces. The moves of a tower of seven
disks rightly repeat themselves for 4,000."""
ECHOED = 4
"""How many times a piece must stand in the text."""


class Loop(NamedTuple):
    """One block over and over at the end of a text; all zero or empty where there is none."""

    repeats: int
    """How many times the block stands there in full, at least twice."""
    chars: int
    """How many characters these blocks have together."""
    block: str
    """The block, where it counts with 0 for each number."""

    @property
    def is_bare(self) -> bool:
        """Whether no two letters stand together: a row of zeros, a rule, blanks, sums."""
        from filters.text import compiled, loop_kernels

        return not loop_kernels.worded(compiled.codes_of(self.block), compiled.classes())


NO_LOOP = Loop(0, 0, "")


class Tail:
    """The end of a text, which may still be growing, and the loops it is in.

    The watch lets it grow and keeps the last `keep` characters. The filter `repetition` has the
    same compiled functions look at whole texts.

    >>> tail = Tail("Fine so far. " + "and on and on we go " * 5)
    >>> tail.loop()
    Loop(repeats=5, chars=100, block='and on and on we go ')
    >>> tail.add("".join(f"Is it {n}? Then {2 * n} is right. " for n in range(8, 14)))
    >>> tail.loop().repeats, tail.counting_loop()
    (0, Loop(repeats=6, chars=166, block='Is it 0? Then 0 is right. '))
    """

    def __init__(self, text: str = "", keep: int | None = None):
        self.keep = keep
        self.text = ""
        self.add(text)

    def add(self, text: str) -> None:
        """More of the text; what is further back than `keep` characters is forgotten."""
        start = 0 if self.keep is None else -self.keep
        self.text = (self.text + text)[start:]

    def loop(self, longest: int | None = None) -> Loop:
        """The longest loop at the end in which a block is written again letter by letter.

        Args:
            longest: characters in the longest block looked for; any where it is left out.
        """
        return max(self.loops(longest), key=_chars, default=NO_LOOP)

    def loops(self, longest: int | None = None) -> list[Loop]:
        """All loops at the end: a loop may have loops in its block, of more repeats and shorter."""
        from filters.text import compiled, loop_kernels

        codes = compiled.codes_of(self.text)
        found = loop_kernels.periods(codes, longest or len(codes)).tolist()
        return [
            Loop(extent // period, extent // period * period, self.text[-period:])
            for period, extent in found
        ]

    def counting_loop(self, longest: int | None = None) -> Loop:
        """The longest loop at the end whose blocks differ in numbers that count.

        Every number of the block goes on by a step of its own, the same each time, and at least
        one does not stand still; three blocks are needed to see this. A number at the very end may
        be unfinished and is left out.

        Args:
            longest: characters in the longest block looked for, a number counted as one.
        """
        return max(self.counting_loops(longest), key=_chars, default=NO_LOOP)

    def counting_loops(self, longest: int | None = None) -> list[Loop]:
        """All loops at the end whose blocks differ in numbers that count."""
        from filters.text import compiled, loop_kernels

        codes, classes = compiled.codes_of(self.text), compiled.classes()
        shape = loop_kernels.shape_of(codes, classes)
        found = []
        for period, extent in loop_kernels.periods(shape, longest or len(shape)).tolist():
            repeats, chars = loop_kernels.counting(codes, classes, shape, period, extent)
            if repeats:
                found.append(Loop(repeats, chars, "".join(map(chr, shape[-period:]))))
        return found

    def echo(self) -> float:
        """Share of the last `ECHO` characters, in pieces, that stand in the text `ECHOED` times.

        Pieces without words are no echo. The share is 0 for a text that is shorter, and where the
        last two pieces are new.
        """
        from filters.text import compiled, loop_kernels

        codes = compiled.codes_of(self.text)
        return loop_kernels.echo(codes, compiled.classes(), PIECE, ECHO, ECHOED)


def _chars(loop: Loop) -> int:
    return loop.chars
