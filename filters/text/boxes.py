r"""Boxes, `\boxed{...}`: what models were told to put their answers in."""

# ruff: noqa: E501

from __future__ import annotations

import re
from typing import NamedTuple

# One or two backslashes: answers that went through JSON are often escaped twice. The pattern starts
# with a set of signs, so that the search runs over plain text at the speed of memory.
_TOKEN = re.compile(r"[{}\\](?:(?<=\\)(?:(?P<box>\\?(?:boxed|fbox)\s*\{)|.))?", re.DOTALL)
_LABEL = re.compile(r"\((?:[a-d]|[1-9]|i{1,3})\)")
_BETWEEN = re.compile(r"\\(?:text|mathrm)\s?\{|\\q?quad\b|\\[()\[\];, ]|[$}.]|\b\w{1,3}\s?=|\s")
_JOINED = re.compile(
    r"[,;]*(?:and|or|和|或),?(?:possibly|perhaps|maybe|also|else)?|[,;]+(?:possibly|perhaps|maybe)?"
)
_CASES = re.compile(r"[^.!?\n]*\b(?:if|when|otherwise|for (?:even|odd|\$?[a-z]\b))[^.!?\n]*$")
"""Between the answers of several cases: "\\boxed{4} if n is even and \\boxed{5} if it is odd"."""
_NAMED = re.compile(
    r"(?:^|[\s$(])(?:(?P<place>first|second|third|fourth|fifth|last)(?: \w{1,12})?"
    r"|(?:the )?(?!answer|result|value|total|final|solution)(?P<name>[a-z]{2,15}) (?P<is>is|are|[:=]))"
    r"[:\s$]*(?:\\[(\[]\s*)?$",
    re.IGNORECASE,
)
"""What stands before one of several boxes with words between: "first \\boxed{1}, second \\boxed{2}",
"the minimum is \\boxed{1} and the maximum is \\boxed{2}"; but "\\boxed{1}, so the answer is
\\boxed{2}" is one answer."""
_GOES_ON = re.compile(r"[\s$.]*(?:\\[)\]])?\s*(?:,|;|\band\b|\n)", re.IGNORECASE)
_SIGNS = r"[\s$:]*(?:\\[(\[]\s*)?\$?"
_FURTHER = re.compile(
    r"[\s$.]*(?:\\[)\]])?\s*(?:,|;|\band\b|\bor\b)[^.!?\n]*"
    rf"\b(?:also|as well as|(?:the other|another)(?: \w+)?(?: is)?){_SIGNS}(?:[a-zA-Z](?:_\d)? ?= ?)?$"
)
"""Between two boxes of which the second is said to be one more."""
_SAME_NAME = re.compile(
    rf"(?P<name>[a-zA-Z]) ?= ?\n[\s$]*(?:\\[)\]])?\s*(?:from|for|in|by)\b[^.!?\n]*?,? (?:and|or){_SIGNS}(?P=name) ?= ?$"
)
"""Around the first box, with a line break for it: "x = \\boxed{2} from the first factor, and x = \\boxed{3}"."""
_CONCLUDES = re.compile(r"\b(?:so|thus|hence|therefore|then|answer|giving|which)\b", re.IGNORECASE)
"""Between two boxes of which the second draws a conclusion."""
_IN_TURN = re.compile(
    r"[\s$]*(?:\\[)\]])?\s*(?:for|in) (?:the first|part \(?[aA1i]\)?)\b[^.!?\n]{0,20}?,? and[\s$]*(?:\\[(\[]\s*)?"
)
"""Between "\\boxed{1} for the first part and \\boxed{2} for the second"."""
_LARGEST = re.compile(r"\b(?:max(?:imum|imal)?|largest|greatest|most)\b", re.IGNORECASE)
_SMALLEST = re.compile(r"\b(?:min(?:imum|imal)?|smallest|least|fewest)\b", re.IGNORECASE)
_LONGEST_JOINT = 60
_LONGEST_CLAUSE = 160
"""Characters between the largest and the smallest of something."""


class Box(NamedTuple):
    """A box, by the places of its parts."""

    start: int
    """The backslash, or the second of two."""
    inside: int
    end: int
    """The brace that closes it."""


def boxes(text: str) -> list[str]:
    r"""The contents of all complete `\boxed{...}`, outermost ones only, in order of their ends.

    Braces are matched as TeX does: nested ones count, escaped ones do not. One pass, so that
    thousands of boxes that never close take no longer than plain text.

    >>> boxes(r"\boxed{\frac{1}{2}} or \boxed{\{1, 2\}} or \boxed{3")
    ['\\frac{1}{2}', '\\{1, 2\\}']
    """
    return [text[box.inside : box.end].strip() for box in spans(text)]


def spans(text: str) -> list[Box]:
    """Where the boxes are that `boxes` names."""
    found: list[Box] = []
    open_: list[tuple[int, int] | None] = []  # the box that is open here; None for a plain brace
    for token in _TOKEN.finditer(text, _first(text)):
        sign = token.group()
        if token["box"]:
            open_.append(token.span())
        elif sign == "{":
            open_.append(None)
        elif sign == "}" and open_:
            box = open_.pop()
            if box is not None:
                while found and found[-1].start > box[0]:  # boxes inside this one
                    found.pop()
                found.append(Box(*box, token.start()))
    return found


def box_spans(text: str) -> list[tuple[int, int]]:
    r"""Where the boxes stand that `boxes` names, with their braces.

    >>> box_spans(r"So \boxed{4}.")
    [(3, 12)]
    """
    return [(_backslash(text, box.start), box.end + 1) for box in spans(text)]


def last_boxed(text: str, found: list[Box]) -> str:
    r"""What the last box says, together with those that belong to it; it may be nothing.

    >>> told = r"\boxed{1} or \boxed{2}"
    >>> last_boxed(told, spans(told))
    '1, 2'
    """
    content = text[found[-1].inside : found[-1].end].strip()
    if inner := boxes(content):
        return inner[-1]
    joined = [content]
    for number in range(len(found) - 1, 0, -1):
        if not _belongs(text, found, number):
            break
        before = found[number - 1]
        joined.append(text[before.inside : before.end].strip())
    return ", ".join(reversed(joined))


def _belongs(text: str, found: list[Box], number: int) -> bool:
    """Whether a box and the one before it are one answer of several parts."""
    before, box = found[number - 1], found[number]
    joint = text[before.end + 1 : box.start]
    if len(joint) > _LONGEST_JOINT:
        return len(joint) <= _LONGEST_CLAUSE and _extremes(text, before, joint)
    if _JOINED.fullmatch(_BETWEEN.sub("", _LABEL.sub(",", joint))):
        return True
    if _CASES.fullmatch(joint):
        return True
    if text[before.inside : before.end].strip() == text[box.inside : box.end].strip():
        return False  # said again
    if _CONCLUDES.search(joint):
        return False
    if _IN_TURN.fullmatch(joint.rstrip("\\")) or _FURTHER.fullmatch(joint.rstrip("\\")):
        return True
    lead = text[max(0, before.start - 5) : _backslash(text, before.start)]
    if _SAME_NAME.search(f"{lead}\n{joint}") or _extremes(text, before, joint):
        return True
    ours = _NAMED.search(joint)
    since = max(before.start - _LONGEST_JOINT, found[number - 2].end + 1 if number > 1 else 0)
    theirs = _NAMED.search(text[max(0, since) : _backslash(text, before.start)])
    if not ours or not theirs or not _GOES_ON.match(joint):
        return False
    return bool(ours["place"]) == bool(theirs["place"]) and ours["is"] == theirs["is"]


def _extremes(text: str, before: Box, joint: str) -> bool:
    """Whether one box has the largest and the next the smallest of something, or the reverse."""
    start = max(0, before.start - _LONGEST_CLAUSE)
    lead = re.split(r"[.!?\n]", text[start : before.start])[-1]
    if not _GOES_ON.match(joint) or _CONCLUDES.search(joint) or re.search(r"[.!?]\s", joint):
        return False
    kinds = [
        (bool(_LARGEST.search(side)), bool(_SMALLEST.search(side)))
        for side in (lead, joint)
    ]  # fmt: skip
    return sorted(kinds) == [(False, True), (True, False)]


def _first(text: str) -> int:
    """Where the first box may start; braces before it change nothing."""
    places = [place for name in (r"\boxed", r"\fbox") if (place := text.find(name)) >= 0]
    return max(0, min(places) - 1) if places else len(text)


def _backslash(text: str, start: int) -> int:
    """The first backslash of a box, whose token begins behind it."""
    return start - 1 if text[start - 1 : start] == "\\" and text[start] != "\\" else start
