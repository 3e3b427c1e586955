r"""Sets of real numbers: intervals, unions and inequalities, compared by their ends."""

from __future__ import annotations

import math
import re

from filters.verifiers.math import formulas
from filters.verifiers.math.inequalities import RELATION, chain, mirrored, relation
from filters.verifiers.math.intervals import (
    ALL,
    LEFT,
    RIGHT,
    End,
    Interval,
    Region,
    end,
    holes,
    merged,
    overlap,
    same,
)
from filters.verifiers.math.trees import Unclear

LONGEST = 300
"""Characters; no longer text is read as a region."""
MOST = 50
"""Integers; no larger set of them is written out."""
_INTERVAL = re.compile(r"([\[(\]]) ?([^\[\]]+?) ?[,;] ?([^\[\]]+?) ?([\])\[])")
_OR = re.compile(r" ?(?:\bor\b|\\(?:lor|vee|cup)(?![a-z])|或) ?")
_AND = re.compile(r" ?(?:\band\b|\\(?:land|wedge)(?![a-z])|且|,) ?")
_REALS = re.compile(
    r"(?:[a-zA-Z] ?\\in ?)?(?:\\mathbb ?\{? ?R ?\}?|R)|(?:all|any|every) reals?(?: numbers?)?"
    r"|(?:the )?(?:set of )?(?:all )?(?:the )?real numbers|全体实数|实数集",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"(?:the )?(?:set of )?(?:all |any )?((?:non-?)?(?:positive|negative)) "
    r"(?:reals?|real numbers?)",
    re.IGNORECASE,
)
_WITHOUT = re.compile(
    r"(?:[a-zA-Z] ?\\in ?)?(?:\\mathbb ?\{? ?R ?\}?|R) ?(?:\\setminus|\\backslash|-|\\) ?"
    r"\\\{(.+)\\\}"
)
_MEMBER = re.compile(r"([a-zA-Z]) ?\\in ?(.+)")
_INTEGERS = re.compile(
    r"\\\{ ?([a-zA-Z]) ?\\in ?\\mathbb ?\{? ?Z ?\}? ?(?:\\mid|\||:|,) ?(.+?) ?\\\}"
)
_BUILT = re.compile(
    r"\\\{ ?([a-zA-Z]) ?(?:\\in ?\\mathbb ?\{? ?R ?\}?)? ?(?:\\mid|\||:|,) ?(.+?) ?\\\}"
)


_WORDED = re.compile(
    r"(?:(?:all |any )?(?:real |the )?numbers? (?:x )?(?:that (?:is|are) )?)?"
    r"(?P<sign>at least|at most|(?:greater|more|larger|less|smaller|fewer) than(?: or equal to)?)"
    r" (?P<end>\S.*)"
)
_OR_MORE = re.compile(r"(?P<end>.*\S) (?P<sign>or (?:more|greater|larger|less|fewer|smaller))")
_SIGNS = {"at least": r"\ge ", "at most": r"\le "}
_SIGNS |= {f"or {word}": r"\ge " for word in ("more", "greater", "larger")}
_SIGNS |= {f"or {word}": r"\le " for word in ("less", "fewer", "smaller")}
_SIGNS |= {f"{word} than": ">" for word in ("more", "greater", "larger")}
_SIGNS |= {f"{word} than": "<" for word in ("less", "fewer", "smaller")}
_SIGNS |= {f"{word} than or equal to": r"\ge " for word in ("more", "greater", "larger")}
_SIGNS |= {f"{word} than or equal to": r"\le " for word in ("less", "fewer", "smaller")}


def agree(one: str, two: str) -> bool | None:
    r"""Whether two tidied texts are the same set of numbers; None where one is not certainly a set.

    >>> agree(r"x < 1 or x \ge 3", r"(-\infty, 1) \cup [3, \infty)"), agree("x > 1", "[1, 2]")
    (True, False)
    >>> agree("|x| < 2", "(-2, 2)"), agree("a < b", "b > a")
    (True, None)
    """
    if max(len(one), len(two)) > LONGEST:
        return None
    try:
        a, b = read(one), read(two)
        if a is None or b is None:
            single = one if a is None else two
            related = RELATION.search(two if a is None else one)
            return False if (a or b) and related and formulas.is_formula(single) else None
        if a.variable and b.variable and a.variable != b.variable:
            return False
        if len(a.intervals) != len(b.intervals):
            return False
        pairs = zip(a.intervals, b.intervals, strict=True)
        return all(same(x.low, y.low) and same(x.high, y.high) for x, y in pairs)
    except Unclear:
        return True if _rising(one) == _rising(two) else None


def _rising(text: str) -> list[str]:
    """The parts of a chain in rising order: c > b > a is a < b < c."""
    parts = RELATION.split(text)
    if len(parts) > 3 and {relation(part)[0] for part in parts[1::2]} == {">"}:
        return [part if place % 2 == 0 else mirrored(relation(part))
                for place, part in enumerate(parts)][::-1]  # fmt: skip
    return [part if place % 2 == 0 else relation(part) for place, part in enumerate(parts)]


def integers(text: str) -> str | None:
    r"""The few integers of a bounded region as a set, or None.

    >>> integers(r"\{x \in \mathbb{Z} \mid 1 \le x < 4\}")
    '\\{1, 2, 3\\}'
    """
    match = _INTEGERS.fullmatch(text)
    if match is None:
        return None
    try:
        region = read(match[2])
    except Unclear:
        return None
    if region is None or region.variable != match[1]:
        return None
    low, high = region.intervals[0].low.value, region.intervals[-1].high.value
    if not (low > -1e6 and high < 1e6 and high - low <= MOST):
        return None
    whole = range(math.floor(low) - 1, math.ceil(high) + 2)
    inside = [number for number in whole if any(_holds(each, number) for each in region.intervals)]
    return rf"\{{{', '.join(map(str, inside))}\}}" if inside else None


def _holds(interval: Interval, number: int) -> bool:
    low, high = interval
    after = number > low.value or (number == low.value and low.closed)
    return after and (number < high.value or (number == high.value and high.closed))


def read(text: str) -> Region | None:
    """The region that a text is; None if it is none.

    Raises:
        Unclear: it may be one, but which is not certain.

    >>> read("at least 5") == read(r"\\ge 5") == read("5 or more"), read("5 apples")
    (True, None)
    """
    text = text.strip()
    if worded := _WORDED.fullmatch(text) or _OR_MORE.fullmatch(text):
        text = _SIGNS[worded["sign"]] + worded["end"]
    if RELATION.match(text):
        return chain(f"x {text}")._replace(variable=None)
    if built := _BUILT.fullmatch(text):
        region = read(built[2])
        return region if region and region.variable in (None, built[1]) else None
    if _REALS.fullmatch(text):
        return Region([ALL], None)
    if signed := _SIGNED.fullmatch(text):
        zero = End(0.0, signed[1].startswith("non"), "0")
        right = signed[1].replace("-", "") in ("positive", "nonnegative")
        return Region([Interval(zero, RIGHT) if right else Interval(LEFT, zero)], None)
    if without := _WITHOUT.fullmatch(text):
        ends = [end(part, False) for part in without[1].split(",")]
        return Region(merged(holes(ends)), None)
    variable = None
    if (member := _MEMBER.fullmatch(text)) and not RELATION.search(text):
        variable, text = member[1], member[2]
    parts = [part.strip() for part in _OR.split(text)]
    regions = [_conjunction(part) for part in parts]
    if any(region is None for region in regions):
        return None
    known = {variable} | {region.variable for region in regions if region}
    known.discard(None)
    if len(known) > 1:
        raise Unclear("several variables")
    intervals = [interval for region in regions if region for interval in region.intervals]
    return Region(merged(intervals), known.pop() if known else None)


def _conjunction(text: str) -> Region | None:
    if (built := _BUILT.fullmatch(text)) or (match := _INTERVAL.fullmatch(text)) is None:
        if built:
            return read(text)
    else:
        if match[1] == "]" or match[4] == "[":  # the French way: ]0, 1[
            opened, closed = match[1] == "]", match[4] == "["
            if (match[1] == "[" or opened) and (match[4] == "]" or closed):
                return _interval(match[2], match[3], not opened, not closed)
            return None
        return _interval(match[2], match[3], match[1] == "[", match[4] == "]")
    parts = [part for part in _AND.split(text) if part]
    if not all(RELATION.search(part) for part in parts):
        return None
    regions = [chain(part) for part in parts]
    variables = {region.variable for region in regions}
    if len(variables) != 1:
        raise Unclear("several variables")
    intervals = regions[0].intervals
    for region in regions[1:]:
        intervals = overlap(intervals, region.intervals)
    if not intervals:
        if "," not in text or len(parts) != 2:
            raise Unclear("nothing is left")
        intervals = merged([each for region in regions for each in region.intervals])
    return Region(intervals, variables.pop())


def _interval(low: str, high: str, low_closed: bool, high_closed: bool) -> Region:
    ends = end(low, low_closed), end(high, high_closed)
    if not ends[0].value < ends[1].value:
        raise Unclear("an interval without inside")
    return Region([Interval(*ends)], None)
