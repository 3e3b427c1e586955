"""Values that have a name: `blue: 12`, `12 blue`, `Maximum = 2`."""

from __future__ import annotations

import re

from filters.verifiers.math import units

_NAME = r"[a-z]{3,}(?:['-][a-z]+)?(?: [a-z]{2,}){0,2}"
_BEFORE = re.compile(
    rf"(?:the )?(?P<name>{_NAME}?)(?: value)?(?: is| are)? ?[:=]? ?"
    r"(?P<value>(?:USD |-)?(?:[\d.(]|\\(?:frac|sqrt|pi)).*)",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"(?P<value>-?(?:\d[\d.,/]*|\\frac ?\{{\d+\}} ?\{{\d+\}}) ?%?) (?P<name>{_NAME})",
    re.IGNORECASE,
)
_COLON = re.compile(rf"(?P<name>{_NAME}) ?[:=] ?(?P<value>-?\d(?:[^:=,;]|,\d)*)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:^|[,;]? and |[,;] ?)(?P<word>[A-Za-z]{3,}) (?P<number>\d): ?")
_SHORT = {"maximum": "max", "minimum": "min", "largest": "max", "smallest": "min"}
_MANY = re.compile(r"\w+s|(?:wo)?men|children|people|mice|geese|feet|teeth|sheep|fish|oxen")
_GENERIC_NAMES = """
answer total sum result number count amount value people items things objects pieces units times
ways answers results
"""
"""What says nothing of which things are counted: `total: 12` may be 12 apples."""
_GENERIC = frozenset(_GENERIC_NAMES.split())


def titled(part: str) -> re.Match[str] | None:
    """A name and a value behind it.

    >>> titled("length 8")["name"], titled("8")
    ('length', None)
    """
    return _BEFORE.fullmatch(part)


def named(parts: list[str]) -> list[str]:
    """Parts that all have names of their own, as what these names are; others as they are.

    >>> named(["Maximum: 2", "Minimum: 1"]), named(["3/4 switch", "1/4 stay"])
    (['max = 2', 'min = 1'], ['switch = 3/4', 'stay = 1/4'])
    >>> named(["5 cm", "3 m"])
    ['5 cm', '3 m']
    """
    for read in (_BEFORE, _AFTER):
        found = [match for part in parts if (match := read.fullmatch(part))]
        if len(found) < len(parts) or len(parts) == 1:
            continue
        if read is _AFTER and not all(_noun(match["name"]) for match in found):
            continue
        names = [_plain(match["name"]) for match in found]
        if len(set(names)) == len(parts):
            return [f"{name} = {match['value']}" for name, match in zip(names, found, strict=True)]
    return parts


def joined(text: str) -> str:
    """Lists behind one word and their numbers as one list; other texts as they are.

    >>> joined("Sequence 1: 1, 2 and Sequence 2: 5, 6"), joined("Set 1: 1, 2")
    ('1, 2, 5, 6', 'Set 1: 1, 2')
    """
    found = list(_NUMBERED.finditer(text))
    numbers = [match["number"] for match in found]
    if len(found) < 2 or found[0].start() or len({match["word"] for match in found}) > 1:
        return text
    if numbers != [str(number) for number in range(1, len(found) + 1)]:
        return text
    ends = [*(match.start() for match in found[1:]), len(text)]
    parts = [text[match.end() : end] for match, end in zip(found, ends, strict=True)]
    return ", ".join(parts) if all("," in part for part in parts) else text


def conflict(one: str, two: str) -> bool:
    """Whether two texts name different things: girls are no boys, whatever their number.

    >>> conflict("girls: 12", "12 boys"), conflict("boys: 12", "12 boys")
    (True, False)
    >>> conflict("total: 12", "12 boys"), conflict("time: 12", "12 hours")
    (False, False)
    """
    names = [_named_thing(side) for side in (one, two)]
    if not all(names) or not any(_COLON.fullmatch(side) for side in (one, two)):
        return False
    a, b = ({singular(word) for word in name.split()} for name in names if name)
    if a & b or (a | b) & {singular(word) for word in _GENERIC}:
        return False
    many = [bool(_MANY.fullmatch(name.split()[-1])) for name in names if name]
    return many[0] == many[1]


def aligned(ones: list[str], twos: list[str]) -> dict[str, str] | None:
    """Which name of one list is which of the other, where one has words that the other leaves out.

    >>> aligned(["blue", "red"], ["red marble", "blue marble"])
    {'blue': 'blue marble', 'red': 'red marble'}
    """
    pairs = {}
    for one in ones:
        words = set(one.split())
        like = [two for two in twos if words <= set(two.split()) or words >= set(two.split())]
        if len(like) != 1:
            return None
        pairs[one] = like[0]
    return pairs if len(set(pairs.values())) == len(twos) == len(ones) else None


def extremes(names: list[str]) -> bool:
    """Whether names say themselves which value is the larger."""
    return set(names) == {"max", "min"}


def _named_thing(text: str) -> str | None:
    """The name before a colon, or the noun after a number; None for a unit of measure."""
    if match := _COLON.fullmatch(text):
        return match["name"].casefold()
    match = _AFTER.fullmatch(text)
    return match["name"].casefold() if match and _noun(match["name"]) else None


def _noun(name: str) -> bool:
    return units.known(name) is None and units.counted(name) is not None


def _plain(name: str) -> str:
    """A name in lower case and singular, short where there is a short form."""
    words = [singular(word) for word in name.casefold().split()]
    return " ".join(_SHORT.get(word, word) for word in words if word not in ("the", "value"))


def singular(word: str) -> str:
    """A noun without the mark of many."""
    return word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word
