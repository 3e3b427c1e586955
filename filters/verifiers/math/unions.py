r"""Sets of numbers with single points in them, or without: x \le -2 or x = 1."""

from __future__ import annotations

import re

from filters.verifiers.math import listings, regions
from filters.verifiers.math.listings import Same

_OR = re.compile(r" ?(?:\bor\b|\\(?:lor|vee|cup)(?![a-z])|或) ?")
_POINT = re.compile(r"(?:(?P<name>[a-zA-Z]) ?= ?)?(?P<value>[^=<>,{}\[\]]+|\\\{.+\\\})")
_WITHOUT = re.compile(
    r"(?P<set>.*[)\]}]|\\mathbb ?\{? ?R ?\}?|R) ?(?:\\setminus|\\backslash|-|\\) ?"
    r"\\\{ ?(?P<points>[^{}]*(?:\{[^{}]*\}[^{}]*)*) ?\\\}"
)
_BUILT = re.compile(
    r"\\\{ ?(?P<name>[a-zA-Z]) ?(?:\\in ?\\mathbb ?\{? ?R ?\}?)? ?(?:\\mid|\||:) ?"
    r"(?P<rule>.+?) ?\\\}"
)
_INTERVAL = re.compile(r"\((?P<low>[^,()\[\]]+),(?P<high>[^,()\[\]]+)\)")


def agree(one: str, two: str, same: Same) -> bool | None:
    r"""Whether two tidied texts are the same union of regions and points; None where unsure.

    >>> from filters.verifiers.math.formulas import agree as equal
    >>> agree(r"a \le -2 or a = 1", r"(-\infty, -2] \cup \{1\}", equal)
    True
    >>> agree(r"\{x | x < 3\} - \{-6\}", r"(-\infty, -6) \cup (-6, 3)", equal)
    True
    """
    without = [_without(side) for side in (one, two)]
    if without != [one, two]:
        return regions.agree(*without)
    a, b = _parted(one), _parted(two)
    if a is None or b is None:
        return None
    if len({name for name in (a[2], b[2]) if name}) > 1:
        return False
    if not regions.agree(a[0], b[0]):
        return regions.agree(a[0], b[0])
    if len(a[1]) == len(b[1]) == 1:
        return same(a[1][0], b[1][0])
    return listings.agree(", ".join(a[1]), ", ".join(b[1]), same)


def _parted(text: str) -> tuple[str, list[str], str | None] | None:
    """The regions of a union, its points, and the variable of these; None if it lacks either."""
    rest, points, names = [], [], set()
    for part in _OR.split(text):
        point = _POINT.fullmatch(part.strip())
        if not point or (not point["name"] and not point["value"].startswith(r"\{")):
            rest.append(part)
            continue
        names.add(point["name"])
        found = listings.listing(point["value"])
        points += found.parts if found else [point["value"]]
    names.discard(None)
    if not rest or not points or len(names) > 1:
        return None
    return " or ".join(rest), points, names.pop() if names else None


def _without(text: str) -> str:
    """A set without points as an inequality with ≠, or as intervals beside the point."""
    if not (match := _WITHOUT.fullmatch(text)):
        return text
    points = [point.strip() for point in match["points"].split(",")]
    if built := _BUILT.fullmatch(match["set"]):
        holes = "".join(rf", {built['name']} \ne {point}" for point in points)
        return f"{built['rule']}{holes}"
    interval = _INTERVAL.fullmatch(match["set"])
    if not interval or len(points) != 1:
        return text
    low, high = interval["low"], interval["high"]
    return rf"({low}, {points[0]}) \cup ({points[0]}, {high})"
