r"""What an announcement says: its sentence, and the formula or number that the sentence gives.

A value is taken from a sentence only where nothing else can be meant: it is all that follows the
last "is", or the only one there. Otherwise the sentence stays whole, which is no number.
"""

# ruff: noqa: E501, RUF001

from __future__ import annotations

import re

from filters.text.quantities import MASK, in_bold, masked, one_alone, said_last, said_twice

LONGEST = 2_000
"""Characters of an announcement that are read."""

_LEAD = re.compile(r"(?:[\s:：*_✅]|[-=─━═–—]{3,}|•|(?<=\n)> )+")
_LEADS = re.compile(r"(?:[:：=]|\b(?:is|are))[ *]*$")
_DISPLAY = re.compile(
    r"\\\[(.+?)\\\]|\$\$(.+?)\$\$|\\begin\{(?P<aligned>(?:align|equation|gather)\*?)\}(.+?)\\end\{(?P=aligned)\}",
    re.DOTALL,
)
_JOINT = re.compile(r"\s*(?:,|and|or|和|或)\s*(?=\\\[|\$\$)")
_BULLET = re.compile(r"^[-*•] +(?=[$\\(])")
_FENCE = re.compile(r"```\w*\n(.+?)\n?```", re.DOTALL)
_ITEM = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)]|\([a-z\d]\)) +(?=\S)")
_END = re.compile(
    r"(?<!\b[DMS]r)(?<!\bMrs)(?<!\bvs)[.!?](?:\*\*|[\"')])?(?=\s+(?:[^\W\da-z]|[\"'(\[*<✅]|$)|$)"
    r"|[。！？।](?:\*\*)?"
)
_POLITE = re.compile("(?:です|となります|になります|である|입니다|이다)$")
_CONCLUDES = re.compile(r"(?:so|thus|therefore|hence)\b", re.IGNORECASE)
_BOLD_FIRST = re.compile(r"\*\*[^*]+\*\*\s*[,;(–—]")
_ORNAMENTS = re.compile("[\\s\u220e\u25a0-\u25ff\u2600-\u27bf\ufe0f\U0001f300-\U0001faff]+$")
"""Ticks, boxes and faces behind an answer."""
_MARK = re.compile(r"<[a-z_|/]{1,20}>$")
_ASIDES = re.compile(
    r"(?:,| ) ?(?:because|since|as we|as was|so that|hence|therefore|thus)\b"
    r"|, (?:which|so|not|in total|altogether|rather than|i\.e\.|that is)\b"
    r"|, as (?:required|desired|needed|stated|shown|expected|claimed)\b"
    r"|,? (?:and|but) not (?=[$\d\\(−-])|, as (?=[$\d\\(−-])"
    r"| [-–—] (?:an?|the|as|just|which|not|exactly|this|so) [a-z\d]{2,}"
    r"|,? \((?:since|because|as|by|from|recall|note|using|see|not|and not)\b"
    r"|, (?:both|all|each) of which (?:check|work|hold|satisfy|are (?:valid|solutions))\b"
)
"""What stands behind an answer and adds nothing to it: "72, in total, so the farmer earns that",
"12, not 13", "5, as required", "5 (since 2 + 3 = 5)", "2 or 3, both of which check"."""
_NOTHING = re.compile(
    r"(?:indeed |therefore |also )?(?:(?:as |what )?(?:(?:is|was|we|I) )?(?:have )?(?:see|shown?|given|stated"
    r"|boxed|found|written|above|below|earlier)\b|(?:in|inside|within) (?:the|a) box\b"
    r"|(?:clearly|already|now) (?:highlighted|marked|enclosed|labelled)\b"
    r"|not [$\\(]*[\d\\-]|(?:correct|right|verified|confirmed|consistent|valid|reasonable|the same)\b)",
    re.IGNORECASE,
)
"""What says nothing new: "the final answer is correct", "Final answer: see above", "the answer is not 7"."""


def announced(text: str) -> str:
    r"""All that an announcement says, from where it begins: a line, a list, a displayed formula.

    >>> announced(":\n\n\\[\n\\frac{3}{4}\n\\]\nas required.")
    '\\frac{3}{4}'
    >>> announced(" the largest is 5. I hope it is correct.\nMore.")
    'the largest is 5. I hope it is correct.'
    """
    text = text[:LONGEST]
    for _ in range(3):  # a line that ends with a colon leads to what comes next
        text = text[lead.end() :] if (lead := _LEAD.match(text)) else text
        if display := _DISPLAY.match(text):
            return _displays(text, display)
        if fence := _FENCE.match(text):
            return fence[1].strip()
        line, _, rest = text.partition("\n")
        leads = _LEADS.search(line) or _DISPLAY.match(rest.lstrip())
        leads = leads and MASK not in masked(line)
        if not leads or not rest.strip():
            break
        text = rest
    line = _BULLET.sub("", text.partition("\n")[0])
    return _items(text) or unmarked(line.rstrip(" |") if line.count("|") == 1 else line)


def unmarked(text: str) -> str:
    """A text without the blanks and marks of an end of text that it ends with.

    >>> unmarked("So 5. <eoa> ✅\\n")
    'So 5.'
    """
    while True:
        text = text.rstrip("\n\t ")
        text = _ORNAMENTS.sub("", text)
        mark = _MARK.search(text, max(0, len(text) - 22))
        if not mark:
            return text
        text = text[: mark.start()]


def _displays(text: str, first: re.Match[str]) -> str:
    """A displayed formula, with those that "and" or a comma joins to it."""
    found = [first]
    while (joint := _JOINT.match(text, found[-1].end())) and (
        more := _DISPLAY.match(text, joint.end())
    ):
        found.append(more)
    said = (display[1] or display[2] or _rows(display[4]) for display in found)
    return ", ".join(part.strip().rstrip(".,") for part in said)


def _rows(aligned: str) -> str:
    """The rows of aligned formulas as a list; one that begins with = goes on."""
    rows = [row.replace("&", "").strip().rstrip(".,") for row in aligned.split(r"\\")]
    return re.sub(r", (?==)", " ", ", ".join(row for row in rows if row))


def _items(text: str) -> str | None:
    """The items of a list that a text starts with, in one line; None where there are not two."""
    items: list[str] = []
    for line in text.split("\n"):
        if (item := _ITEM.match(line)) is None:
            break
        items.append(line[item.end() :].strip().rstrip(".,;"))
    return ", ".join(items) if len(items) > 1 else None


def sentences(text: str) -> list[str]:
    """The sentences of what was announced, without what adds nothing to them.

    >>> sentences("12, not 13. I hope it is correct.")
    ['12', 'I hope it is correct']
    """
    parts, start = [], 0
    for end in _END.finditer(text):
        parts.append(text[start : end.start()])
        start = end.end()
    parts.append(text[start:])
    bare = (_POLITE.sub("", _ended(_ASIDES.split(part.strip(), maxsplit=1)[0])) for part in parts)
    return [undollared(part) for part in bare if part]


def _ended(text: str) -> str:
    """A sentence without its full stop; an ellipsis stays, since something is left out."""
    text = text.rstrip(" ,")
    text = text if text.endswith("..") else text.rstrip(" .,")
    return text.strip("* ") if text.count("**") % 2 else text


def says_nothing(sentence: str) -> bool:
    """Whether an announcement only points at an answer: "see above", "correct"."""
    return bool(_NOTHING.match(sentence.lstrip("*_ ")))


def value(said: list[str], language: str = "en") -> str | None:
    r"""The formula or number that sentences announce; None where it is not certain.

    The first sentence says it, unless a later one draws a conclusion.

    Args:
        said: as `sentences` gives them.
        language: "en", "bn", or any other, of which it is not known what words make another number
            of a number.

    >>> value(["The volume of ABCDEFGH is 120", "I hope it is correct"])
    '120'
    >>> value(["Tom makes **\\$180** a week"]), value(["It is at least 5"])
    ('\\$180', None)
    """
    if said and not any(map(str.isalpha, said[0])) and len(said) == 1:
        return said[0]  # as most do
    ends = [one for one in said[1:] if _CONCLUDES.match(one) and MASK in masked(one)]
    for sentence in ends[-1:] or said[:1]:
        first = in_bold(sentence) if _BOLD_FIRST.match(sentence) else None
        found = first or said_twice(sentence) or said_last(sentence) or in_bold(sentence)
        known = language in ("en", "bn")
        if found := found or (one_alone(sentence, language) if known else None):
            return undollared(found)
    return None


def undollared(text: str) -> str:
    """A text without the dollar signs or backticks around all of it."""
    whole = re.fullmatch(r"([$`\"'])([^$`\"']+)\1|[“‘]([^“‘’”]+)[’”]", text.strip())
    return (whole[2] or whole[3] if whole else text).strip()
