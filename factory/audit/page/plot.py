"""The frame of a chart: its axes, thresholds and legend."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from factory.audit.figures import Chart
from factory.audit.page import shapes
from factory.audit.page.scale import Scale
from factory.audit.page.series import LONGEST, brief, turns
from factory.audit.page.words import number, plainly

WIDTH, LINE = 440, 13
"""Points: of a chart, and of a line of its text."""
RIGHT = 14
"""Points beside the frame."""
SMALL = 10
"""Points of texts that explain."""
LETTER = 6.5
"""Points of a letter, about."""


class Plot:
    """A frame with a left edge wide enough for its labels, and nothing that is not needed.

    What is drawn later stands above what was drawn before.
    """

    def __init__(
        self,
        height: float,
        left: float,
        names: Sequence[str],
        chart: Chart,
        words: Mapping[str, str],
        below: float = 26,
    ):
        self.chart, self.series = chart, list(names)
        self.upright = chart.kind in ("histogram", "lines")  # what y means stands above
        self.columns = max(1, min(3, int(WIDTH / (26 + 5.2 * _longest(names)))))
        self.told = {axis: _told(words, getattr(chart, axis)) for axis in ("x", "y")}
        self.under = textwrap.wrap(self.told["x" if self.upright else "y"], 62)[:3]
        lines = -(-len(names) // self.columns) if len(names) > 1 else 0
        self.top = 6.0 + LINE * self.upright + 15 * lines + LINE * min(3, len(chart.thresholds))
        self.bottom, self.left, self.right = self.top + height, left, WIDTH - RIGHT
        self.whole = self.bottom + below + LINE * len(self.under) * (chart.kind != "matrix")
        self.x = Scale(0, 1, self.left, self.right)
        self.y = Scale(0, 1, self.bottom, self.top)
        self.parts: list[str] = []

    def spans(self, low: float, high: float, log: bool = False) -> None:
        """The numbers at the left and at the right edge."""
        self.x = Scale(low, high, self.left, self.right, log)

    def rises(self, low: float, high: float) -> None:
        """The numbers at the bottom and at the top."""
        self.y = Scale(low, high, self.bottom, self.top)

    def draw(self, *parts: str) -> None:
        """Put shapes above those that are there."""
        self.parts += parts

    def box(self, left: float, low: float, right: float, high: float, look: str) -> str:
        """A rectangle between numbers."""
        x, y = self.x.at, self.y.at
        return shapes.box(x(left), y(low), x(right), y(high), look)

    def across(self) -> None:
        """The axis of numbers from left to right, its lines and what it means."""
        for tick in self.x.ticks():
            at = self.x.at(tick)
            self.draw(shapes.line([(at, self.top), (at, self.bottom)], "grid"))
            at = min(at, WIDTH - 0.5 * LETTER * len(number(tick)))  # the last one stays whole
            self.draw(shapes.text(at, self.bottom + 10, number(tick), anchor="middle"))
        middle = (self.left + self.right) / 2
        for place, words in enumerate(self.under):
            at = self.bottom + 13 + LINE * (place + 0.9)
            self.draw(shapes.text(middle, at, words, anchor="middle", look="soft", size=SMALL))
        self.draw(shapes.line([(self.left, self.bottom), (self.right, self.bottom)], "soft"))

    def upwards(self) -> None:
        """The axis of numbers from bottom to top; what it means stands above it."""
        for tick in self.y.ticks():
            at = self.y.at(tick)
            self.draw(shapes.line([(self.left, at), (self.right, at)], "grid"))
            self.draw(shapes.text(self.left - 5, at, number(tick), anchor="end"))
        told = textwrap.shorten(self.told["y"], 70, placeholder=" …")
        self.draw(shapes.text(5, 9, told, look="soft", size=SMALL))
        self.draw(shapes.line([(self.left, self.bottom), (self.left, self.top)], "soft"))

    def names(self, labels: Sequence[str]) -> None:
        """The labels of rows from top to bottom: row N is at N on the axis."""
        self.rises(len(labels) - 0.4, -0.6)
        for place, label in enumerate(labels):
            self.draw(shapes.text(self.left - 5, self.y.at(place), brief(label), anchor="end"))

    def slanted(self, labels: Sequence[str]) -> None:
        """The labels of columns from left to right, below them; what is counted at the end."""
        self.spans(-0.6, len(labels) - 0.4)
        for place, label in enumerate(labels):
            x, y = self.x.at(place + 0.15), self.bottom + 7
            self.draw(shapes.text(x, y, brief(label), anchor="end", turned=-40))
        told = textwrap.shorten(self.told["y"], 70, placeholder=" …")
        self.draw(shapes.text(5, self.whole - 8, told, look="soft", size=SMALL))

    def limits(self) -> None:
        """The thresholds, each with its name and value."""
        for place, (name, value) in enumerate(self.chart.thresholds.items()):
            if not self.x.low <= value <= self.x.high:
                continue
            at, row = self.x.at(value), place % 3
            ends = [(at, self.bottom), (at, self.top)]
            self.draw(shapes.line(ends, "limit", 1.3, "6.5 2.6"))
            anchor = "end" if at > (self.left + self.right) / 2 else "start"
            told, y = f"{plainly(name)} {number(value)}", self.top - 6 - LINE * row
            self.draw(shapes.text(at, y, told, anchor=anchor, look="limit", size=SMALL))

    def legend(self, kind: str) -> None:
        """The names of series, above the frame, each behind a `box`, a `stroke` or a `point`."""
        if len(self.series) < 2:
            return
        for place, (name, turn) in enumerate(turns(self.series).items()):
            row, column = divmod(place, self.columns)
            x, y = 5 + column * (WIDTH - 5) / self.columns, 9 + LINE * self.upright + 15 * row
            match kind:
                case "box":
                    self.draw(shapes.box(x, y - 4, x + 12, y + 4, f"h{turn % 6}"))
                case "stroke":
                    self.draw(stroke([(x, y), (x + 24, y)], turn))
                case _:
                    self.draw(shapes.point(x + 6, y, turn))
            room = 30 if kind == "stroke" else 17
            self.draw(shapes.text(x + room, y, brief(name), size=SMALL))

    def drawn(self, title: str) -> str:
        """The picture."""
        return shapes.chart(WIDTH, self.whole, title, self.parts)


def stroke(points: Sequence[tuple[float, float]], turn: int) -> str:
    """The line of a series."""
    return shapes.line(points, f"s{turn % 6}", 1.6, shapes.DASHES[turn % 6])


def left_of(names: Sequence[str]) -> float:
    """Points that labels of rows take."""
    return 14 + LETTER * _longest(names)


def left_of_numbers(low: float, high: float) -> float:
    """Points that the numbers of an axis take, from bottom to top."""
    return left_of([number(tick) for tick in Scale(low, high, 0, 1).ticks()])


def _longest(names: Sequence[str]) -> int:
    return min(LONGEST, max(map(len, names), default=0))


def _told(words: Mapping[str, str], column: str) -> str:
    """A column and what it means; `=COLUMN` says all of it."""
    if whole := words.get(f"={column}"):
        return plainly(whole)
    meaning = plainly(words.get(column, ""))
    name = plainly(column).replace("_", " ")
    return f"{name}: {meaning}" if meaning else name
