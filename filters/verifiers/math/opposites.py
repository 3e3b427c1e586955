"""Words that turn an answer into its opposite: a rise of 20 % is no fall of 20 %."""

from __future__ import annotations

import re
from typing import NamedTuple


class Opposite(NamedTuple):
    """Two ways of saying, of which at most one is meant."""

    one: re.Pattern[str]
    two: re.Pattern[str]
    pair: tuple[str, str]
    """Two answers that would be the same without these words."""


_SAID = re.compile(r"[a-zA-Z]{2}|[增减升降顺逆盈亏]")
_NO_TURN = r"(?<!counter)(?<!counter-)(?<!anti)(?<!anti-)"
_ROWS = (
    (r"\b(?:increas|rise|rose|grow|grew)", r"\b(?:decreas|fall|fell|drop|reduc)",
     ("20% increase", "20% decrease")),
    (r"\b(?:gain|profit)", r"\b(?:loss|lose|lost)", ("20% gain", "20% loss")),
    (rf"{_NO_TURN}clockwise", "(?:counter|anti)-?clockwise",
     ("turned clockwise through 30 degrees", "turned anticlockwise through 30 degrees")),
    (r"\bnorth", r"\bsouth", ("5 km north", "5 km south")),
    (r"\beast", r"\bwest", ("5 km east", "5 km west")),
    (r"\bleft\b", r"\bright\b", ("shift left 3 units", "shift right 3 units")),
    (r"\bup(?:wards?)?\b", r"\bdown", ("5 m up", "5 m down")),
    (r"\babove\b", r"\bbelow\b", ("5 degrees above zero", "5 degrees below zero")),
    (r"\bmore\b", r"\b(?:less|fewer)\b", ("5 more", "5 fewer")),
    (r"\bfaster\b", r"\bslower\b", ("5 km/h faster", "5 km/h slower")),
    (r"\b(?:before|earlier)\b", r"\b(?:after|later)\b", ("arrives before 5", "arrives after 5")),
    (r"\bat least\b", r"\bat most\b",
     ("in each cell at least 5 are expected", "in each cell at most 5 are expected")),
    (r"\bm(?:ax(?:imum|imal)?)\b", r"\bmin(?:imum|imal)?\b",
     ("x = 1 is a maximum", "x = 1 is a minimum")),
    ("增", "减", ("增加20%", "减少20%")),
    ("上升", "下降", ("上升5度", "下降5度")),
    ("顺时针", "逆时针", ("顺时针30度", "逆时针30度")),
    ("盈利", "亏损", ("盈利20元", "亏损20元")),
)  # fmt: skip
OPPOSITES = tuple(Opposite(re.compile(one), re.compile(two), pair) for one, two, pair in _ROWS)


def opposite(one: str, two: str) -> bool:
    """Whether two texts say opposite things of the same number.

    >>> opposite("20% increase", "20% decrease"), opposite("20% increase", "20%")
    (True, False)
    """
    if not (_SAID.search(one) and _SAID.search(two)):
        return False
    one, two = one.casefold(), two.casefold()
    return any(_only(row, one, two) or _only(row, two, one) for row in OPPOSITES)


def _only(row: Opposite, one: str, two: str) -> bool:
    """Whether each text has its own side of a row and nothing of the other."""
    has = row.one.search(one) and row.two.search(two)
    return bool(has) and not row.one.search(two) and not row.two.search(one)
