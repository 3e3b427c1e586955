"""A figure's table as static SVG: text stays text, each bar knows its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from factory.audit.figures import Chart
from factory.audit.page import shapes
from factory.audit.page.plot import RIGHT, WIDTH, Plot, left_of, left_of_numbers, stroke
from factory.audit.page.scale import between
from factory.audit.page.series import (
    COLOURED,
    MOST,
    Rows,
    finite,
    name_of,
    names_of,
    series_of,
    turns,
)
from factory.audit.page.words import number, plainly

__all__ = ["MANY", "MOST", "Rows", "svg"]

STACKED = ("fate",)
"""Series of a histogram that share the samples of a bin, and so stand on each other."""
MANY = 20
"""Bars; of more, those of nothing are left to the table."""
SHADES = 8
"""Steps of a matrix's cells, from nothing to all."""
ROOM = 0.05
"""Share of an axis that is left free behind the numbers."""


def svg(title: str, rows: Rows, chart: Chart, words: Mapping[str, str]) -> str:
    """A chart of a table, or an empty text where it has no row with a number.

    Args:
        title: what it shows.
        rows: of the table, each with its number under `""`; the mark of row N says `data-row="N"`.
        chart: which columns are drawn, and how.
        words: what the columns mean.
    """
    drawn = [row for row in rows if row[chart.x] is not None and finite(row[chart.y])]
    return KINDS[chart.kind](drawn, chart, words).drawn(title) if drawn else ""


def bars(rows: Rows, chart: Chart, words: Mapping[str, str]) -> Plot:
    """A bar a row, from left to right, with its number behind it."""
    rows, chart = _seen(rows, chart), _told_apart(rows, chart)
    series, names = series_of(rows, chart), names_of(rows, chart)
    rows = [row for row in rows if plainly(row[chart.x]) in names]
    beside = 1 if len(rows) == len(names) or chart.series in STACKED else len(series)
    plot = Plot(max(17.0, 11.0 * beside) * len(names), left_of(names), series, chart, words)
    boxes, ends = _laid(rows, chart, names, series, beside)
    least, most = min(0.0, *(box[0] for box in boxes)), max(0.0, *(box[2] for box in boxes))
    wide = (most - least) or 1.0
    plot.spans(least - wide * 0.02 * (least < 0), most + wide * 0.15)
    plot.names(names)
    plot.across()
    for row, box in zip(rows, boxes, strict=True):
        look = f"h{turns(series)[name_of(row, chart)] % 6}"
        plot.draw(shapes.mark(row[""], _tip(row, chart), plot.box(*box, look)))
    for (right, middle), value in ends.items():
        plot.draw(shapes.text(plot.x.at(right) + 3, plot.y.at(middle), number(value), size=9.5))
    plot.legend("box")
    return plot


def _seen(rows: Rows, chart: Chart) -> Rows:
    """The rows, without those of nothing where there are many."""
    there = [row for row in rows if row[chart.y]]
    return there if there and len(rows) > MANY else rows


def _told_apart(rows: Rows, chart: Chart) -> Chart:
    """The chart without its series where there are more than colours."""
    return replace(chart, series=None) if len(series_of(rows, chart)) > len(COLOURED) else chart


Box = tuple[float, float, float, float]


def _laid(
    rows: Rows, chart: Chart, names: Sequence[str], series: Sequence[str], beside: int
) -> tuple[list[Box], dict[tuple[float, float], float]]:
    """A box a row (left, top, right, bottom), and the numbers behind the boxes with their places:
    stacked bars have one, their sum."""
    thick = 0.76 / beside
    reached: dict[float, float] = {}
    places: dict[int, Box] = {}
    for row in sorted(rows, key=lambda row: series.index(name_of(row, chart))):
        turn = series.index(name_of(row, chart)) if beside > 1 else 0
        top = names.index(plainly(row[chart.x])) + (turn - beside / 2) * thick
        start = reached.get(top, 0.0)
        reached[top] = start + row[chart.y]
        left, right = sorted((start, reached[top]))
        places[row[""]] = (left, top, right, top + thick * 0.96)
    ends = {(max(end, 0.0), top + thick / 2): end for top, end in reached.items()}
    return [places[row[""]] for row in rows], ends


def histogram(rows: Rows, chart: Chart, words: Mapping[str, str]) -> Plot:
    """A bar a bin; several series stand on each other where they share the samples of a bin, and
    are stepped lines otherwise."""
    end = chart.x_end or chart.x
    rows = [row for row in rows if finite(row[chart.x]) and finite(row[end])]
    if chart.log:  # a bin that begins at nothing is drawn as wide as the next
        rows = [row | {chart.x: row[chart.x] or row[end] / 2} for row in rows if row[end] > 0]
    series = series_of(rows, chart)
    stacked = len(series) == 1 or chart.series in STACKED
    heights: dict[float, float] = {}
    for row in rows:
        tall = heights.get(row[chart.x], 0.0)
        heights[row[chart.x]] = tall + row[chart.y] if stacked else max(tall, row[chart.y])
    most = max(heights.values(), default=0) * (1 + ROOM) or 1
    plot = Plot(132, left_of_numbers(0, most), series, chart, words)
    _framed(plot, [row[side] for row in rows for side in (chart.x, end)])
    plot.rises(0, most)
    plot.across()
    plot.upwards()
    _stack(plot, rows) if stacked else _steps(plot, rows)
    plot.limits()
    plot.legend("box" if stacked else "stroke")
    return plot


def _framed(plot: Plot, values: Sequence[float]) -> None:
    """Room for the numbers, and for thresholds that lie a little beyond."""
    chart = plot.chart
    low, high = between(values, 0.02, chart.log)
    far = (low / 8, high * 8) if chart.log else (low - (high - low), high + (high - low))
    near = [limit for limit in chart.thresholds.values() if far[0] <= limit <= far[1]]
    plot.spans(min([low, *near]), max([high, *(limit * 1.03 for limit in near)]), chart.log)


def _stack(plot: Plot, rows: Rows) -> None:
    """Bars on each other, a little apart from the next bin."""
    chart, looks = plot.chart, turns(plot.series)
    end = chart.x_end or chart.x
    reached: dict[float, float] = {}
    for row in sorted(rows, key=lambda row: plot.series.index(name_of(row, chart))):
        left, right = row[chart.x], row[end]
        floor = reached.get(left, 0.0)
        reached[left] = floor + row[chart.y]
        right = right / (right / left) ** 0.05 if chart.log else right * 0.95 + left * 0.05
        box = plot.box(left, floor, right, reached[left], f"h{looks[name_of(row, chart)] % 6}")
        plot.draw(shapes.mark(row[""], _tip(row, chart), box))


def _steps(plot: Plot, rows: Rows) -> None:
    """A line a series, which goes down to nothing in bins that are left out as they are empty."""
    chart = plot.chart
    end = chart.x_end or chart.x
    for name, turn in turns(plot.series).items():
        own = sorted((row for row in rows if name_of(row, chart) == name), key=lambda r: r[chart.x])
        points = [(own[0][chart.x], 0.0)]
        for row in own:
            if row[chart.x] > points[-1][0]:
                points += [(points[-1][0], 0.0), (row[chart.x], 0.0)]
            points += [(row[chart.x], row[chart.y]), (row[end], row[chart.y])]
        points.append((points[-1][0], 0.0))
        plot.draw(stroke([(plot.x.at(x), plot.y.at(y)) for x, y in points], turn))


def intervals(rows: Rows, chart: Chart, words: Mapping[str, str]) -> Plot:
    """A point a row, and how far it may be off."""
    series, names = series_of(rows, chart), names_of(rows, chart)
    rows = [row for row in rows if plainly(row[chart.x]) in names]
    plot = Plot(max(17.0, 11.0 * len(series)) * len(names), left_of(names), series, chart, words)
    plot.spans(*between([v for row in rows for v in _ends(row, chart)], ROOM, chart.log), chart.log)
    plot.names(names)
    plot.across()
    for row in rows:
        beside = series.index(name_of(row, chart)) - (len(series) - 1) / 2
        y = plot.y.at(names.index(plainly(row[chart.x])) + beside / len(series) * 0.7)
        turn = turns(series)[name_of(row, chart)]
        low, middle, high = map(plot.x.at, _ends(row, chart))
        plot.draw(shapes.line([(low, y), (high, y)], f"s{turn % 6}", 2))
        plot.draw(shapes.mark(row[""], _tip(row, chart), shapes.point(middle, y, turn)))
    plot.limits()
    plot.legend("point")
    return plot


def _ends(row: dict[str, Any], chart: Chart) -> tuple[float, float, float]:
    """From where to where the number of a row may be off; nowhere if nobody knows."""
    told = [None if name is None else row.get(name) for name in (chart.low, chart.high)]
    low, high = (float(end) if finite(end) else row[chart.y] for end in told)  # pyrefly: ignore
    return low, row[chart.y], high


def lines(rows: Rows, chart: Chart, words: Mapping[str, str]) -> Plot:
    """Points joined in order of x, a line a series, with the band from low to high."""
    series = series_of(rows, chart)[:MOST]
    rows = sorted((row for row in rows if name_of(row, chart) in series), key=lambda r: r[chart.x])
    low, high = between([end for row in rows for end in _ends(row, chart)], ROOM)
    plot = Plot(132, left_of_numbers(low, high), series, chart, words)
    _framed(plot, [row[chart.x] for row in rows])
    plot.rises(low, high)
    plot.across()
    plot.upwards()
    for name, turn in turns(series).items():
        own = [row for row in rows if name_of(row, chart) == name]
        x = [plot.x.at(row[chart.x]) for row in own]
        low, middle, high = zip(*(map(plot.y.at, _ends(row, chart)) for row in own), strict=True)
        if chart.low and chart.high:
            round_ = [*zip(x, low, strict=True), *reversed([*zip(x, high, strict=True)])]
            plot.draw(shapes.area(round_, f"s{turn % 6}"))
        plot.draw(stroke([*zip(x, middle, strict=True)], turn))
    plot.limits()
    plot.legend("stroke")
    return plot


def matrix(rows: Rows, chart: Chart, words: Mapping[str, str]) -> Plot:
    """A cell a row, darker the more, with its number."""
    other = chart.series or chart.x
    down = list(dict.fromkeys(plainly(row[other]) for row in rows))[:MOST]
    over = names_of(rows, chart)
    left = left_of(down)
    plot = Plot(19.0 * len(down), left, (), chart, words, below=left_of(over) * 0.66 + 18)
    plot.names(down)
    plot.slanted(over)
    rows = [row for row in rows if plainly(row[other]) in down and plainly(row[chart.x]) in over]
    most = max(abs(row[chart.y]) for row in rows) or 1.0
    told = {row[""]: _brief(row[chart.y]) for row in rows}
    roomy = (WIDTH - RIGHT - left) / len(over) > 6 + 5.6 * max(map(len, told.values()))
    for row in rows:
        x, y = over.index(plainly(row[chart.x])), down.index(plainly(row[other]))
        shade = min(SHADES - 1, int(abs(row[chart.y]) / most * SHADES))
        cell = plot.box(x - 0.48, y - 0.46, x + 0.48, y + 0.46, f"m{shade}")
        plot.draw(shapes.mark(row[""], _tip(row, chart), cell))
        if roomy:
            look, x, y = "ground" if shade > 4 else "ink", plot.x.at(x), plot.y.at(y)
            plot.draw(shapes.text(x, y, told[row[""]], anchor="middle", look=look, size=9.5))
    return plot


KINDS: dict[str, Callable[[Rows, Chart, Mapping[str, str]], Plot]] = {
    "bars": bars,
    "histogram": histogram,
    "intervals": intervals,
    "lines": lines,
    "matrix": matrix,
}


def _brief(value: float) -> str:
    return number(value) if isinstance(value, int) or abs(value) >= 100 else f"{value:.2g}"


def _tip(row: dict[str, Any], chart: Chart) -> str:
    named = [chart.series, chart.x, chart.x_end, chart.y, chart.low, chart.high]
    told = [(name, row.get(name)) for name in named if name]
    return ", ".join(f"{name} {plainly(number(value))}" for name, value in told)
