"""Shapes and texts of SVG, as few letters as will do; a class says how each looks, light and dark.

A text is nothing but text, whatever stands in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from factory.audit.page.words import plainly

SIZE = 11
"""Points of a text, if nothing else is said."""
POINTS = (
    "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
    "m-3-3h6v6h-6z",
    "m0-4l4 4-4 4-4-4z",
    "m0-3.5l3.5 6.5h-7z",
    "m0 3.5l3.5-6.5h-7z",
    "m-1-3.5h2v2.5h2.5v2h-2.5v2.5h-2v-2.5h-2.5v-2h2.5z",
)
"""How points of a series look: circle, square, diamond, triangles, cross."""
DASHES = ("", "8 3", "2 2.5", "11 3 3 3", "5 2", "14 5")
"""How lines of a series look."""


def chart(width: float, height: float, title: str, inside: Iterable[str]) -> str:
    """The whole picture, of so many points; the title is for those who do not see it."""
    return (
        f'<svg class="chart f-ink" viewBox="0 0 {short(width)} {short(height)}" role="img" '
        f'aria-label="{escape(plainly(title))}" font-size="{SIZE}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(inside)}</svg>'
    )


def mark(row: int, tip: str, inside: str) -> str:
    """What stands for a row of the table, and what is told when one points at it."""
    return f'<g class="mark" data-row="{row}"><title>{escape(tip, quote=False)}</title>{inside}</g>'


def box(left: float, top: float, right: float, bottom: float, look: str) -> str:
    """A rectangle between two corners, whichever they are."""
    (left, right), (top, bottom) = sorted((left, right)), sorted((top, bottom))
    return (
        f'<rect x="{short(left)}" y="{short(top)}" width="{short(right - left)}" '
        f'height="{short(bottom - top)}" class="f-{look}"/>'
    )


def line(
    points: Iterable[tuple[float, float]], look: str, width: float = 0.7, dashes: str = ""
) -> str:
    """Points joined."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="{_path(points)}" fill="none" class="s-{look}" stroke-width="{width}"{dashed}/>'
    )


def area(points: Iterable[tuple[float, float]], look: str) -> str:
    """What lies between points, faint."""
    return f'<path d="{_path(points)}z" class="f-{look}" fill-opacity=".15"/>'


def point(x: float, y: float, turn: int) -> str:
    """A point of a series."""
    return f'<path d="M{short(x)} {short(y)}{POINTS[turn % 6]}" class="f-s{turn % 6}"/>'


def text(
    x: float,
    y: float,
    told: str,
    *,
    anchor: str = "start",
    look: str = "ink",
    size: float = SIZE,
    turned: float = 0,
) -> str:
    """A line of text whose middle is at this height; it starts, ends or has its middle at `x`."""
    if not told:
        return ""
    y += 0.35 * size
    said = f' text-anchor="{anchor}"' if anchor != "start" else ""
    said += f' class="f-{look}"' if look != "ink" else ""
    said += f' font-size="{short(size)}"' if size != SIZE else ""
    said += f' transform="rotate({short(turned)} {short(x)} {short(y)})"' if turned else ""
    return f'<text x="{short(x)}" y="{short(y)}"{said}>{escape(told, quote=False)}</text>'


def short(value: float) -> str:
    """A number of points to a tenth.

    >>> short(12.04), short(-0.51), short(0.0)
    ('12', '-.5', '0')
    """
    told = f"{value:.1f}".removesuffix(".0")
    told = told.removeprefix("0") if told.startswith("0.") else told.replace("-0.", "-.", 1)
    return "0" if told == "-0" else told


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{short(x)} {short(y)}" for x, y in points)
