"""Answers that are no formulas: choices, words, times of day, ratios, numerals with a base."""

from __future__ import annotations

import re

_CHOICE = re.compile(
    r"\(?([A-J])\)?[.:]?|\(?([A-J])(?:\)|[.:])(?! ?(?:and\b|or\b|[,/&])).+|\(([a-j])\)"
)
_CHOICES = re.compile(r"[A-E](?:[,、;]? ?(?:and )?[A-E])+")
_WORDS = re.compile(r"[^\W\d_]+(?:[ '-][^\W\d_]+)*")
_BASED = re.compile(
    r"\(? ?(?P<digits>[0-9A-Fa-f]+) ?\)? ?_ ?\{? ?\(?(?P<base>\d{1,2}|[a-z]{3,7})\)? ?\}?"
)
_RATIO = re.compile(r"\d{1,9}(?:\.\d{1,9})?(?: ?: ?\d{1,9}(?:\.\d{1,9})?){1,5}")
_CLOCK = re.compile(
    r"([0-2]?\d) ?: ?([0-5]\d)(?: ?([aApP])\.? ?[mM]\.?)?|(1?\d) ?([aApP])\.? ?[mM]\.?"
)
_HOURS = {"noon": "12 PM", "12 noon": "12 PM", "midnight": "12 AM", "12 midnight": "12 AM"}
_ARTICLE = re.compile(r"(?:(?:on|in|at|by) )?(?:(?:the|an?) )?(?:straight |quadrant )?(?=\w{2})")
_VERDICT = re.compile(r"(yes|true|false|no(?= it| th|[^ ]|$))(?:[,;.:]? (?!or\b|and\b).*)?")
_NOUN = re.compile(
    r"(?<=\w) (?:triangle|balls?|integers?|numbers?|function|quadrilateral|sequence)|(?<=\w)条件$"
)
_ORDINAL = re.compile(r"(\d+)(st|nd|rd|th)?")
_ORDINALS = {"first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th"} | {
    "sixth": "6th", "seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th",
}  # fmt: skip
_ROMAN = re.compile(r"[IVX]{2,}|I")
_DAY = re.compile(r"(\d{4})[-/](\d\d?)[-/](\d\d?)")
_SAID = re.compile(r"[a-zA-Z]{2}|[增减升降顺逆盈亏]")
_OPPOSITES = [
    (re.compile(one), re.compile(two))
    for one, two in (
        (r"\b(?:increas|rise|rose|grow|grew)", r"\b(?:decreas|fall|fell|drop|reduc)"),
        (r"\b(?:gain|profit)", r"\b(?:loss|lose|lost)"),
        (r"(?<!counter)(?<!counter-)(?<!anti)(?<!anti-)clockwise", "(?:counter|anti)-?clockwise"),
        (r"\bnorth", r"\bsouth"), (r"\beast", r"\bwest"), (r"\bleft\b", r"\bright\b"),
        (r"\bup(?:wards?)?\b", r"\bdown"), (r"\babove\b", r"\bbelow\b"),
        (r"\bmore\b", r"\b(?:less|fewer)\b"), (r"\bfaster\b", r"\bslower\b"),
        (r"\b(?:before|earlier)\b", r"\b(?:after|later)\b"), (r"\bat least\b", r"\bat most\b"),
        ("增", "减"), ("上升", "下降"), ("顺时针", "逆时针"), ("盈利", "亏损"),
    )
]  # fmt: skip
_MONTHS = "january february march april may june july august september october november december"
_DATE = re.compile(rf"(?:\w+ ,? ?)?\b(?:{'|'.join(_MONTHS.split())})\b.*")
_BASES = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7"} | {
    "eight": "8", "nine": "9", "ten": "10", "twelve": "12", "sixteen": "16",
}  # fmt: skip
_SAME = (
    {"no solution", "no solutions", "no real solution", "no real solutions", "none", "empty set"}
    | {r"\emptyset", "no such number", "no such numbers", "no real number", "无解", "空集"}
    | {"no integer solution", "no integer solutions", "there is no solution", "impossible"}
    | {"there are no solutions", "no roots", "no real roots", "not possible", "cannot be done"},
    {"does not exist", "dne", "undefined", "不存在"},
    {"infinitely many", "infinite", "infinity", r"\infty", "infinitely many solutions", "无穷多"},
    {"yes", "是"},
    {"no", "否"},
    {"true", "正确", "对", "t"},
    {"false", "错误", "错", "f"},
)
"""What says the same."""


def agree(one: str, two: str) -> bool | None:
    """Whether two tidied texts agree; None where they are of none of these kinds.

    >>> agree("(B) 12", "B"), agree("6:8", "3:4"), agree("ABD", "A, B, D"), agree("1", "2")
    (True, True, True, None)
    """
    for compare in (_choices, _several_choices, _based, _days, _ratios, _ordinals, _romans):
        if (same := compare(one, two)) is not None:
            return same
    return None


def _choices(one: str, two: str) -> bool | None:
    matches = _CHOICE.fullmatch(one), _CHOICE.fullmatch(two)
    if {len(one), len(two)} == {1} and one.lower() == two.lower() and one.upper() in "ABCDE":
        return True
    if not all(matches):
        return None
    letters = [match[match.lastindex or 0].upper() for match in matches if match]
    return letters[0] == letters[1]


def _several_choices(one: str, two: str) -> bool | None:
    """ABD and A, B, D; both must have their letters in order, as a choice has and a product not."""
    if not _CHOICES.fullmatch(one) or not _CHOICES.fullmatch(two):
        return None
    a, b = (re.findall("[A-E]", side) for side in (one, two))
    if all(len(side) == len(set(side)) for side in (a, b)) and [sorted(a), sorted(b)] == [a, b]:
        return a == b
    return None


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
        return False if "%" in one + two else None
    return len(bases) == 1 and digits[0].upper().lstrip("0") == digits[1].upper().lstrip("0")


def _ratios(one: str, two: str) -> bool | None:
    """Times of day, then ratios, in lowest terms or not."""
    one, two = (re.sub(r" to |\\colon", ":", side) for side in (one, two))
    one, two = (_HOURS.get(side.lower(), side) for side in (one, two))
    if (same := _clocks(one, two)) is not None:
        return same
    if not _RATIO.fullmatch(one) or not _RATIO.fullmatch(two):
        return None
    ones, twos = ([float(part) for part in side.split(":")] for side in (one, two))
    return len(ones) == len(twos) and all(
        abs(a * twos[0] - b * ones[0]) <= 1e-12 * abs(a * twos[0])
        for a, b in zip(ones, twos, strict=True)
    )


def _ordinals(one: str, two: str) -> bool | None:
    """3rd, third, and 3 beside one of them."""
    places = [_ORDINALS.get(side.casefold().removeprefix("the "), side) for side in (one, two)]
    matches = [_ORDINAL.fullmatch(place) for place in places]
    if not all(matches) or not any(match and match[2] for match in matches):
        return None
    return len({match[1] for match in matches if match}) == 1


def _romans(one: str, two: str) -> bool | None:
    """IV is not VI, though as products of letters they would be the same."""
    return one == two if all(_ROMAN.fullmatch(side) for side in (one, two)) else None


def _days(one: str, two: str) -> bool | None:
    """2023-05-04 is a day and no difference."""
    days = _DAY.fullmatch(one), _DAY.fullmatch(two)
    if not days[0] or not days[1]:
        return None
    return [int(part) for part in days[0].groups()] == [int(part) for part in days[1].groups()]


def opposite(one: str, two: str) -> bool:
    """Whether two texts say opposite things of the same number.

    >>> opposite("20% increase", "20% decrease"), opposite("20% increase", "20%")
    (True, False)
    """
    if not (_SAID.search(one) and _SAID.search(two)):
        return False
    one, two = one.casefold(), two.casefold()
    return any(
        bool(a.search(one)) and bool(b.search(two)) and not a.search(two) and not b.search(one)
        for a, b in (*_OPPOSITES, *((b, a) for a, b in _OPPOSITES))
    )


def _clocks(one: str, two: str) -> bool | None:
    """Times of day; 7:30 may be in the morning or in the evening."""
    if all(side.isdigit() for side in (one, two)):
        return None
    one, two = (f"{side}:00" if re.fullmatch(r"[0-2]?\d", side) else side for side in (one, two))
    clocks = _CLOCK.fullmatch(one), _CLOCK.fullmatch(two)
    if not clocks[0] or not clocks[1]:
        return None
    times = [(m[1] or m[4], m[2] or "00", m[3] or m[5]) for m in clocks if m]
    hours = [_hours(hour, half) for hour, _, half in times]
    same = times[0][1] == times[1][1] and bool(hours[0] & hours[1])
    return same if same or times[0][2] or times[1][2] else None


def _hours(hour: str, half: str | None) -> set[int]:
    if half is None:
        return {int(hour)} | ({int(hour) + 12} if 0 < int(hour) < 12 else set())
    return {int(hour) % 12 + (12 if half in "pP" else 0)}


def words(one: str, two: str) -> bool | None:
    """Words are no products of letters: listen is not silent. Short ones may be, so ask further.

    >>> words("The circle", "circle"), words("yes", "no"), words("ab", "ba")
    (True, False, None)
    """
    capital = len(one) == 3 and (one + two).isupper()  # the triangle ABC, or an order of three
    one, two = (_ARTICLE.sub("", side.casefold(), count=1) for side in (one, two))
    if _DATE.fullmatch(one) and _DATE.fullmatch(two):
        return _day(one) == _day(two)
    groups = [[place for place, ways in enumerate(_SAME) if side in ways] for side in (one, two)]
    if groups[0] and groups[1] and (len(one) > 1 or len(two) > 1):
        return groups[0] == groups[1]
    if (groups[0] and two.isdigit()) or (groups[1] and one.isdigit()):
        return False
    if (a := _VERDICT.fullmatch(one)) and (b := _VERDICT.fullmatch(two)):
        return a[1] == b[1]
    if not _WORDS.fullmatch(one) or not _WORDS.fullmatch(two):
        return None
    one, two = (_NOUN.sub("", side) for side in (one, two))
    if one == two:
        return True if len(one) > 1 else None
    if " " in one + two or min(len(one), len(two)) > 3 or capital or sorted(one) != sorted(two):
        return False
    return None


def _day(text: str) -> list[str]:
    """The parts of a date, in any order: June 5th and 5 June."""
    parts = re.findall(r"\d+(?=st|nd|rd|th)|\d+|[a-z]{3,}", text)
    return sorted(part for part in parts if part not in ("the", "day"))
