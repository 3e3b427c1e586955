r"""What arithmetic alone can tell of two answers: numbers, lists, intervals, choices, words."""

from __future__ import annotations

import re
from typing import NamedTuple

from filters.verifiers import quantities
from filters.verifiers.notation import LONGEST, tidy

LONGEST_LIST = 500
"""Characters; no longer list is compared here, since every part is held against every other."""
DEEPEST = 10
"""Brackets inside brackets; no deeper list is compared here."""

_NAME = (
    r"[A-Za-z](?:_\{?\w{1,5}\}?)?'?(?: ?\([A-Za-z]\))?|[A-Z][a-z]+|\\[a-z]+"
    r"|\\frac\{d\w?\}\{d\w\}|(?:\\angle )?[A-Z]{2,3}"
)
_ASSIGNED = re.compile(rf"(?P<name>{_NAME}) ?= ?(?P<value>[^=<>]+)")
_MEMBER = re.compile(
    r"(?:[A-Za-z] ?\\in|about|approximately|roughly|\\approx|\\sim) ?(?P<value>.+)"
)
_CHOICE = re.compile(r"\(?([A-J])\)?[.:]?|\(?([A-J])(?:\)|[.:]) .+|\(([A-J])\) ?.+|\(([a-j])\)")
_WORDS = re.compile(r"[^\W\d_]+(?:[ '-][^\W\d_]+)*")
_BASED = re.compile(r"(?P<digits>[0-9A-Fa-f]+)_ ?\{? ?(?P<base>\d{1,2}|two|eight) ?\}?")
_RATIO = re.compile(r"\d{1,9}(?: ?: ?\d{1,9}){1,5}")
_CLOCK = re.compile(r"([0-2]?\d) ?: ?([0-5]\d)(?: ?([aApP])\.? ?[mM]\.?)?")
_COMMA = re.compile(r"-?\d+,\d+")
_BASES = {"two": "2", "eight": "8"}
_SEPARATORS = re.compile(r" ?[,;] ?(?:and|or)? ?| (?:and|or) ")
_OPENING, _CLOSING = "([{", ")]}"
_NOTHING = (
    {"no solution", "no solutions", "no real solution", "no real solutions", "none", "empty set"}
    | {r"\emptyset"},
    {"does not exist", "dne"},
)
"""What says the same of what is not there."""


class Listing(NamedTuple):
    """Parts between brackets, or between none."""

    open: str
    close: str
    parts: list[str]


def certain(answer: str, reference: str) -> bool | None:
    r"""Whether two answers agree, or None where that takes more than arithmetic to tell.

    >>> certain("12", "x = 12"), certain("(1, 2)", "(2, 1)"), certain(r"\sqrt{2}", "1.4142")
    (True, False, None)
    """
    if max(len(answer), len(reference)) > LONGEST:
        return None
    return _tidied(tidy(answer), tidy(reference))


def _tidied(one: str, two: str) -> bool | None:
    if one == two:
        return True if one else None
    names = {match["name"] for side in (one, two) if (match := _ASSIGNED.fullmatch(side))}
    if len(names) > 1:
        return None
    one, two = unassigned(one), unassigned(two)
    if one == two:
        return True
    a, b = quantities.read(one), quantities.read(two)
    if a and b:
        return quantities.agree(a, b)
    for compare in (_choices, _based, _ratios, _listings, _words):
        if (same := compare(one, two)) is not None:
            return same
    return None


def unassigned(text: str) -> str:
    r"""A tidied text without `x =` or `x \in` before it.

    >>> unassigned("x = 5"), unassigned(r"x \in [0, 1]"), unassigned("2x = 5")
    ('5', '[0, 1]', '2x = 5')
    """
    match = _ASSIGNED.fullmatch(text) or _MEMBER.fullmatch(text)
    return match["value"].strip() if match else text.strip()


def _choices(one: str, two: str) -> bool | None:
    matches = _CHOICE.fullmatch(one), _CHOICE.fullmatch(two)
    if not all(matches):
        return None
    letters = [match[match.lastindex or 0].upper() for match in matches if match]
    return letters[0] == letters[1]


def _based(one: str, two: str) -> bool | None:
    """Numerals with a base below them; a side that leaves it out may mean any."""
    matches = [_BASED.fullmatch(side) for side in (one, two)]
    if not any(matches):
        return None
    digits = [
        match["digits"] if match else side for match, side in zip(matches, (one, two), strict=True)
    ]
    bases = {_BASES.get(match["base"], match["base"]) for match in matches if match}
    if not all(re.fullmatch(r"[0-9A-Fa-f]+", each) for each in digits):
        return None
    return len(bases) == 1 and digits[0].upper().lstrip("0") == digits[1].upper().lstrip("0")


def _ratios(one: str, two: str) -> bool | None:
    """Times of day, then ratios, in lowest terms or not."""
    clocks = _CLOCK.fullmatch(one), _CLOCK.fullmatch(two)
    if clocks[0] and clocks[1]:
        hour, minute, half = zip(*(clock.groups() for clock in clocks if clock), strict=True)
        halves = {each.lower() for each in half if each}
        return int(hour[0]) == int(hour[1]) and minute[0] == minute[1] and len(halves) < 2
    if not _RATIO.fullmatch(one) or not _RATIO.fullmatch(two):
        return None
    ones, twos = ([int(part) for part in side.split(":")] for side in (one, two))
    return len(ones) == len(twos) and all(
        a * twos[0] == b * ones[0] for a, b in zip(ones, twos, strict=True)
    )


def _words(one: str, two: str) -> bool | None:
    """Words are no products of letters: listen is not silent. Short ones may be, so ask further."""
    one, two = (side.casefold().removeprefix("the ") for side in (one, two))
    if any(one in ways and two in ways for ways in _NOTHING):
        return True
    if not _WORDS.fullmatch(one) or not _WORDS.fullmatch(two):
        return None
    if one == two:
        return True if len(one) > 1 else None
    return False if min(len(one), len(two)) > 3 or " " in one + two else None


def _listings(one: str, two: str) -> bool | None:
    a, b = listing(one), listing(two)
    if a is None and b is None:
        return None
    if a is None or b is None:
        return _alone(one, two, a or b)
    if len(a.parts) == len(b.parts) == 1:
        if (a.open, a.close) != (b.open, b.close) and "[" in a.open + b.open:
            return None
        return _tidied(a.parts[0], b.parts[0])
    if any(re.search(r"\d,\d{3}(?!\d)", side) for side in (one, two)):
        return None  # (1,234) may be a pair or a number
    unordered = {a.open, b.open} <= {"", "{"}
    pair = {a.open + a.close, b.open + b.close}
    if len(pair) > 1 and not unordered and pair != {"", "()"}:
        lists = pair == {"()", "[]"} and len(a.parts) == len(b.parts) > 2
        return None if lists or "" in pair else False  # open and closed intervals, tuples and sets
    if len(pair) > 1 and not unordered and any(_repeated(each.parts) for each in (a, b)):
        return False  # x = 1 or x = 2 is no pair
    return _unordered(a.parts, b.parts) if unordered else _ordered(a.parts, b.parts)


def _alone(one: str, two: str, several: Listing | None) -> bool | None:
    """One side is a list, the other none."""
    if several and len(several.parts) == 1 and several.open in "({":
        inside = several.parts[0]
        return _tidied(inside, two) if listing(one) else _tidied(one, inside)
    single, list_ = (two, one) if listing(one) else (one, two)
    if not quantities.read(single):
        return None
    # 3,14 beside one number is written with a decimal comma.
    return bool(_COMMA.fullmatch(list_)) and _tidied(list_.replace(",", "."), single)


def listing(text: str) -> Listing | None:
    r"""The parts of a tuple, set, interval, or of a bare list with commas; None if it is none.

    >>> listing(r"\{1, (2, 3)\}"), listing("1 and 2").parts, listing("(1, 2) (3, 4)")
    (Listing(open='{', close='}', parts=['1', '(2, 3)']), ['1', '2'], None)
    """
    text = text.replace(r"\{", "\x00").replace(r"\}", "\x01").strip()
    if len(text) > LONGEST_LIST:
        return None
    depths, depth = [], 0
    for sign in text:
        depth += (sign in "([{\x00") - (sign in ")]}\x01")
        depths.append(depth)
        if not 0 <= depth <= DEEPEST:
            return None
    if depth or not text:
        return None
    brackets = "", ""
    if text[0] in "([\x00" and text[-1] in ")]\x01" and 0 not in depths[:-1]:
        brackets = text[0].replace("\x00", "{"), text[-1].replace("\x01", "}")
        text, depths = text[1:-1], [depth - 1 for depth in depths[1:-1]]
    parts, start = [], 0
    for separator in _SEPARATORS.finditer(text):
        if depths[separator.start()] == 0:
            parts.append(text[start : separator.start()].strip())
            start = separator.end()
    parts.append(text[start:].strip())
    if not all(parts) or (len(parts) == 1 and not brackets[0]):
        return None
    return Listing(*brackets, [_escaped(part) for part in parts])


def _escaped(part: str) -> str:
    return part.replace("\x00", r"\{").replace("\x01", r"\}")


def _ordered(ones: list[str], twos: list[str]) -> bool | None:
    if all(_named(parts) for parts in (ones, twos) if any("=" in part for part in parts)):
        ones, twos = (sorted(parts) if _named(parts) else parts for parts in (ones, twos))
    verdicts = [_tidied(one, two) for one, two in zip(ones, twos, strict=False)]
    if len(ones) != len(twos):
        numbers = all(quantities.read(part) for part in ones + twos)
        return False if numbers else None
    return False if False in verdicts else None if None in verdicts else True


def _named(parts: list[str]) -> bool:
    """Whether each part gives another variable its value, so that their order means nothing."""
    return len(set(_names(parts))) == len(parts)


def _repeated(parts: list[str]) -> bool:
    """Whether a variable is given two values."""
    return len(set(_names(parts))) < len(_names(parts))


def _names(parts: list[str]) -> list[str]:
    return [match["name"] for part in parts if (match := _ASSIGNED.fullmatch(part))]


def _unordered(ones: list[str], twos: list[str]) -> bool | None:
    """Each part must have a partner; nothing is certain unless every pair is."""
    unsure = False
    for part, others in [(one, twos) for one in ones] + [(two, ones) for two in twos]:
        verdicts = [_tidied(part, other) for other in others]
        if True in verdicts:
            continue
        if None not in verdicts:
            return False
        unsure = True
    return None if unsure else True
