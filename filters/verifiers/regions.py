r"""Sets of real numbers: intervals, unions and inequalities, compared by their ends."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import NamedTuple

from filters.verifiers import formulas
from filters.verifiers.normal import ONE, Forms
from filters.verifiers.syntax import Tree, Unclear, names

LONGEST = 300
"""Characters; no longer text is read as a region."""
INFINITY = float("inf")
MOST = 50
"""Integers; no larger set of them is written out."""
_INTERVAL = re.compile(r"([\[(\]]) ?([^\[\]]+?) ?[,;] ?([^\[\]]+?) ?([\])\[])")
_RELATION = re.compile(r" ?(\\leq?(?![a-z])|\\geq?(?![a-z])|\\ne(?:q)?(?![a-z])|<|>) ?")
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


class End(NamedTuple):
    """An end of an interval."""

    value: float
    closed: bool
    text: str
    """The formula; empty at infinity."""


class Interval(NamedTuple):
    """The numbers between two ends."""

    low: End
    high: End


class Region(NamedTuple):
    """Intervals that do not touch, from the left to the right, and the variable they are for."""

    intervals: list[Interval]
    variable: str | None


_LEFT, _RIGHT = End(-INFINITY, False, ""), End(INFINITY, False, "")
_ALL = Interval(_LEFT, _RIGHT)


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
            related = _RELATION.search(two if a is None else one)
            return False if (a or b) and related and formulas.is_formula(single) else None
        if a.variable and b.variable and a.variable != b.variable:
            return False
        if len(a.intervals) != len(b.intervals):
            return False
        pairs = zip(a.intervals, b.intervals, strict=True)
        return all(_same(x.low, y.low) and _same(x.high, y.high) for x, y in pairs)
    except Unclear:
        return True if _rising(one) == _rising(two) else None


def _rising(text: str) -> list[str]:
    """The parts of a chain in rising order: c > b > a is a < b < c."""
    parts = _RELATION.split(text)
    if len(parts) > 3 and {_sign(part)[0] for part in parts[1::2]} == {">"}:
        return [part if place % 2 == 0 else _mirrored(_sign(part))
                for place, part in enumerate(parts)][::-1]  # fmt: skip
    return [part if place % 2 == 0 else _sign(part) for place, part in enumerate(parts)]


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
    """
    text = text.strip()
    if built := _BUILT.fullmatch(text):
        region = read(built[2])
        return region if region and region.variable in (None, built[1]) else None
    if _REALS.fullmatch(text):
        return Region([_ALL], None)
    if signed := _SIGNED.fullmatch(text):
        zero = End(0.0, signed[1].startswith("non"), "0")
        right = signed[1].replace("-", "") in ("positive", "nonnegative")
        return Region([Interval(zero, _RIGHT) if right else Interval(_LEFT, zero)], None)
    if without := _WITHOUT.fullmatch(text):
        ends = [_end(part, False) for part in without[1].split(",")]
        return Region(_merged(_holes(ends)), None)
    variable = None
    if (member := _MEMBER.fullmatch(text)) and not _RELATION.search(text):
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
    return Region(_merged(intervals), known.pop() if known else None)


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
    if not all(_RELATION.search(part) for part in parts):
        return None
    regions = [_chain(part) for part in parts]
    variables = {region.variable for region in regions}
    if len(variables) != 1:
        raise Unclear("several variables")
    intervals = regions[0].intervals
    for region in regions[1:]:
        intervals = _common(intervals, region.intervals)
    if not intervals:
        if "," not in text or len(parts) != 2:
            raise Unclear("nothing is left")
        intervals = _merged([each for region in regions for each in region.intervals])
    return Region(intervals, variables.pop())


def _interval(low: str, high: str, low_closed: bool, high_closed: bool) -> Region:
    ends = _end(low, low_closed), _end(high, high_closed)
    if not ends[0].value < ends[1].value:
        raise Unclear("an interval without inside")
    return Region([Interval(*ends)], None)


def _end(text: str, closed: bool) -> End:
    text = text.strip()
    bare = text.replace(" ", "").replace("{", "").replace("}", "")
    if bare in (r"\infty", r"+\infty"):
        return End(INFINITY, False, "")
    if bare == r"-\infty":
        return End(-INFINITY, False, "")
    value = formulas.constant(text)
    if value is None:
        raise Unclear(f"an end that is no number: {text}")
    return End(value, closed, text)


def _chain(text: str) -> Region:
    """One inequality, or a chain of two: 1 < x < 3."""
    pieces = _RELATION.split(text)
    sides = [piece.strip() for piece in pieces[::2]]
    signs = [_sign(piece) for piece in pieces[1::2]]
    if not all(sides) or len(signs) > 2:
        raise Unclear("an unusual chain")
    if len(signs) == 1:
        return _solved(sides[0], signs[0], sides[1])
    if "!" in signs or signs[0][0] != signs[1][0]:
        raise Unclear("an unusual chain")
    one, two = _solved(sides[0], signs[0], sides[1]), _solved(sides[1], signs[1], sides[2])
    if one.variable != two.variable:
        raise Unclear("several variables")
    common = _common(one.intervals, two.intervals)
    if not common:
        raise Unclear("nothing is left")
    return Region(common, one.variable)


def _sign(text: str) -> str:
    bare = text.strip()
    return {"<": "<", ">": ">"}.get(bare) or (
        "!" if bare.startswith(r"\n") else "<=" if bare.startswith(r"\l") else ">="
    )


def _solved(left: str, sign: str, right: str) -> Region:
    """What solves an inequality that is linear in one variable, or in its absolute value."""
    for one, two, turned in ((left, right, sign), (right, left, _mirrored(sign))):
        if one.startswith("|") and one.endswith("|") and one.count("|") == 2:
            return _absolute(one[1:-1], turned, two)
    if squared := _quadratic(left, sign, right):
        return squared
    slope, point, variable = _linear(left, right)
    sign = _mirrored(sign) if slope < 0 else sign
    if sign == "!":
        return Region(_holes([point]), variable)
    end = point._replace(closed=sign.endswith("="))
    one = Interval(_LEFT, end) if sign[0] == "<" else Interval(end, _RIGHT)
    return Region([one], variable)


def _quadratic(left: str, sign: str, right: str) -> Region | None:
    """What solves an inequality of second degree with rational numbers; None if it is none."""
    one, two = formulas.tree(left), formulas.tree(right)
    letters = names(one) | names(two)
    if len(letters) != 1 or "^" not in left + right or sign == "!":
        return None
    (variable,) = letters
    above, below = Forms(False).form(Tree("+", (one, Tree("*", (formulas.tree("-1"), two)))))
    square, line = (((f"v:{variable}", Fraction(power)),) for power in (2, 1))
    if set(below) != {ONE} or not set(above) <= {ONE, line, square} or square not in above:
        return None
    zero = Fraction(0)
    a, b, c = (above.get(term, zero) / below[ONE] for term in (square, line, ONE))
    if b * b - 4 * a * c <= 0:
        raise Unclear("no two roots")
    if a < 0:
        a, b, c, sign = -a, -b, -c, _mirrored(sign)
    root = rf"\sqrt{{{_rational(b * b - 4 * a * c)}}}"
    closed = sign.endswith("=")
    low, high = (
        _end(rf"\frac{{{_rational(-b)} {way} {root}}}{{{_rational(2 * a)}}}", closed)
        for way in "-+"
    )
    if sign[0] == "<":
        return Region([Interval(low, high)], variable)
    return Region([Interval(_LEFT, low), Interval(high, _RIGHT)], variable)


def _rational(value: Fraction | int) -> str:
    return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"


def _absolute(inside: str, sign: str, bound: str) -> Region:
    if (formulas.constant(bound) or 0) <= 0 or sign == "!":
        raise Unclear("an unusual bound")
    one = _solved(inside, sign, bound)
    two = _solved(inside, _mirrored(sign), f"-({bound})")
    if sign[0] == "<":
        return Region(_common(one.intervals, two.intervals), one.variable)
    return Region(_merged(one.intervals + two.intervals), one.variable)


def _mirrored(sign: str) -> str:
    return sign.replace("<", "_").replace(">", "<").replace("_", ">")


def _linear(left: str, right: str) -> tuple[float, End, str]:
    """Slope of left minus right, where it is zero, and its variable."""
    one, two = formulas.tree(left), formulas.tree(right)
    letters = names(one) | names(two)
    if len(letters) != 1:
        raise Unclear("not one variable")
    (variable,) = letters
    if one == Tree("variable", value=variable) and not names(two):
        return 1, _end(right, False), variable
    if two == Tree("variable", value=variable) and not names(one):
        return -1, _end(left, False), variable
    above, below = Forms(False).form(Tree("+", (one, Tree("*", (formulas.tree("-1"), two)))))
    term = ((f"v:{variable}", 1),)
    if set(below) != {ONE} or not set(above) <= {ONE, term} or term not in above:
        raise Unclear("not linear")
    zero = -above.get(ONE, 0) / above[term]
    return float(above[term] / below[ONE]), _end(_rational(zero), False), variable


def _holes(points: list[End]) -> list[Interval]:
    """All numbers but these."""
    ordered = sorted((point._replace(closed=False) for point in points), key=lambda p: p.value)
    lows, highs = [_LEFT, *ordered], [*ordered, _RIGHT]
    return [Interval(low, high) for low, high in zip(lows, highs, strict=True)]


def _order(one: End, two: End) -> int:
    """-1, 0 or 1, as the first is left of, at, or right of the second."""
    if one.text == two.text and one.value == two.value:
        return 0
    if one.text and two.text and abs(one.value - two.value) <= 1e-9 * max(1, abs(one.value)):
        if formulas.agree(one.text, two.text) is not True:
            raise Unclear("ends too close to tell apart")
        return 0
    return -1 if one.value < two.value else 1


def _common(ones: list[Interval], twos: list[Interval]) -> list[Interval]:
    result = []
    for one in ones:
        for two in twos:
            low = _inner(one.low, two.low, 1)
            high = _inner(one.high, two.high, -1)
            order = _order(low, high)
            if order < 0 or (order == 0 and low.closed and high.closed):
                result.append(Interval(low, high))
    return result


def _inner(one: End, two: End, side: int) -> End:
    order = _order(one, two) * side
    if order == 0:
        return one if not one.closed else two
    return one if order > 0 else two


def _merged(intervals: list[Interval]) -> list[Interval]:
    """The same numbers in intervals that do not touch."""
    ordered = sorted(intervals, key=lambda each: (each.low.value, not each.low.closed))
    result: list[Interval] = []
    for each in ordered:
        if result:
            last = result[-1]
            order = _order(each.low, last.high)
            if order < 0 or (order == 0 and (each.low.closed or last.high.closed)):
                outer = _order(last.high, each.high)
                high = last.high if outer > 0 else each.high
                if outer == 0:
                    high = high._replace(closed=last.high.closed or each.high.closed)
                result[-1] = Interval(last.low, high)
                continue
        result.append(each)
    return result


def _same(one: End, two: End) -> bool:
    if one.closed != two.closed:
        return False
    if not one.text or not two.text:
        return one.value == two.value
    same = formulas.agree(one.text, two.text)
    if same is None:
        raise Unclear("ends that cannot be compared")
    return same
