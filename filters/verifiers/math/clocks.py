"""Times of day and dates: 3:30 p.m. is 15:30, and 6:00 is no ratio."""

from __future__ import annotations

import re

_CLOCK = re.compile(
    r"(?P<hour>[01]?\d|2[0-4])(?: ?: ?(?P<minute>[0-5]\d)(?: ?: ?(?P<second>[0-5]\d))?)?"
    r"(?: ?(?:(?P<half>[aApP])\.? ?[mM]\.?|(?P<whole>o'?clock|h|hrs|hours)))?"
)
_ZERO = re.compile(r"(?<!\d)0\d")
_HOURS = {"noon": "12 PM", "12 noon": "12 PM", "midnight": "12 AM", "12 midnight": "12 AM"}
_DAY = re.compile(r"(\d{4})[-/](\d\d?)[-/](\d\d?)")
_MONTHS = "january february march april may june july august september october november december"
_DATE = re.compile(rf"(?:\w+ ,? ?)?\b(?:{'|'.join(_MONTHS.split())})\b.*")


def agree(one: str, two: str) -> bool | None:
    """Whether two tidied texts are the same time of day; None where they may be ratios as well.

    7:30 may be in the morning or in the evening. With a zero before a digit it is no ratio.

    >>> agree("3:30 p.m.", "15:30"), agree("6:00", "7:00"), agree("7:30", "19:30")
    (True, False, True)
    >>> agree("3:4", "6:8"), agree("10:00", "1000"), agree("3", "3 PM")
    (None, False, True)
    """
    one, two = (_HOURS.get(side.lower(), side) for side in (one, two))
    a, b = _CLOCK.fullmatch(one), _CLOCK.fullmatch(two)
    if not a or not b:
        # 10:00 is not 1000 and no ratio either, though 1:2 is 0.5.
        on_the_hour = any(match and match["minute"] in ("00", "0") for match in (a, b))
        return False if on_the_hour and (one + two).replace(":", "").isdigit() else None
    if not any(match["minute"] or match["half"] for match in (a, b)):
        return None
    minutes = {(match["minute"] or "00", match["second"] or "00") for match in (a, b)}
    if len(minutes) == 1 and _hours(a) & _hours(b):
        return True
    return False if any(match["half"] or _ZERO.search(match.group()) for match in (a, b)) else None


def _hours(clock: re.Match[str]) -> set[int]:
    hour, half = int(clock["hour"]), clock["half"]
    if half is None:
        return {hour % 24} | ({hour + 12} if 0 < hour < 12 else set())
    return {hour % 12 + (12 if half in "pP" else 0)}


def days(one: str, two: str) -> bool | None:
    """Whether two texts are the same day; None where one is none.

    >>> days("2023-05-04", "2023/5/4"), days("June 5th", "5 June"), days("May", "5")
    (True, True, None)
    """
    numbers = _DAY.fullmatch(one), _DAY.fullmatch(two)
    if numbers[0] and numbers[1]:  # no difference
        return len({tuple(map(int, day.groups())) for day in numbers if day}) == 1
    one, two = one.casefold(), two.casefold()
    if _DATE.fullmatch(one) and _DATE.fullmatch(two):
        return _parts(one) == _parts(two)
    return None


def _parts(text: str) -> list[str]:
    """The parts of a date, in any order."""
    parts = re.findall(r"\d+(?=st|nd|rd|th)|\d+|[a-z]{3,}", text)
    return sorted(part for part in parts if part not in ("the", "day"))
