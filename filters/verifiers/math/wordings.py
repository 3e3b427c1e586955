"""Answers that are no formulas: choices, words, times of day, ratios, numerals with a base."""

from __future__ import annotations

import re
from fractions import Fraction
from operator import ne

from filters.verifiers.math import clocks

_CHOICE = re.compile(
    r"\(?([A-J])\)?[.:]?|\(?([A-J])(?:\)|[.:])(?! ?(?:and\b|or\b|[,/&])).+|\(([a-j])\)"
)
_CHOICES = re.compile(r"[A-E](?:[,、;]? ?(?:and )?[A-E])+")
_WORDS = re.compile(r"[^\W\d_]+(?:[ '-][^\W\d_]+)*")
_BASED = re.compile(
    r"\(? ?(?P<digits>[0-9A-Fa-f]+) ?\)? ?_ ?\{? ?\(?(?P<base>\d{1,2}|[a-z]{3,7})\)? ?\}?"
)
_RATIO = re.compile(r"\d{1,9}(?:\.\d{1,9})?(?: ?: ?\d{1,9}(?:\.\d{1,9})?){1,20}")
_ARTICLE = re.compile(
    r"(?:(?:on|in|at|by) )?(?:(?:the|an?|any|all|every|each) )?(?:straight |quadrant )?(?=\w{2})"
)
_VERDICT = re.compile(
    r"(yes|true|false|no(?= it| th|[^ ]|$))(?:(?P<free>[.;:] .*"
    r"|,? (?:because|since|as|so|it|this|that|they|there|the|these)\b.*)|[,;.:]? (?!or\b|and\b).*)?"
)
"""A verdict, with its reasons, which are free; or with more, as in `yes, for n = 3`."""
_LONE = re.compile(r"(?<![^\W\d_])(?![aA] (?!and\b|n?or\b|is\b|are\b)[a-z]{2})[a-zA-Z](?![^\W\d_])")
"""Letters that stand for something: no article."""
_GENES = re.compile(r"(?:([A-Za-z])(?i:\1)){2,}")
"""AaBb is not AABB."""
_NOUN = re.compile(
    r"(?<=\w) (?:triangle|balls?|(?:integers?|numbers?)(?: of [a-z]+)?|function|quadrilateral"
    r"|sequence)(?=$| [a-z]$)|(?<=\w)条件$"
)
_ORDINAL = re.compile(r"(\d+)(st|nd|rd|th)?(?: (?!power|root)([a-z]{3,}(?: [a-z]+)?))?")
_ORDINALS = {"first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th"} | {
    "sixth": "6th", "seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th",
}  # fmt: skip
_CHAIN = re.compile(r"[a-zA-Z](?: ?< ?[a-zA-Z]){2,}|[a-zA-Z](?: ?> ?[a-zA-Z]){2,}")
_ORDER = re.compile(r"[a-zA-Z](?: ?, ?[a-zA-Z]){2,}")
_TOLD = re.compile(
    r"(?:[Tt]he [a-z]+|[Ii]t) (?P<does>[a-z]{4,}s)"
    r"|(?P<who>[A-Z][a-z]+) (?:will|was|should|must|can|[a-z]+s)\b.*"
    r"|.* (?:is|are) (?:an? )?(?P<how>[a-z]{3,})"
)
_WORD = re.compile("[A-Za-z]{3,}")
_NOT_SO = re.compile(r"\b(?:not|no|never|neither|nor|or|and|but|los[et]s?|except|unless|if)\b|n't")
_CODE = re.compile(r"(?=.*[A-Za-z]\d)[A-Za-z\d]+")
_ROMAN = re.compile(r"[IVX]{2,}|I")
_BASES = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7"} | {
    "eight": "8", "nine": "9", "ten": "10", "twelve": "12", "sixteen": "16",
}  # fmt: skip
_SAME = (
    {"no solution", "none", "empty set", r"\emptyset", "无解", "空集", "impossible"}
    | {"not possible", "cannot be done", "system is inconsistent", "inconsistent"},
    {"does not exist", "dne", "undefined", "不存在"},
    {"infinitely many", "infinite", "infinity", r"\infty", "infinitely many solutions", "无穷多"},
    {"yes", "是"},
    {"no", "否"},
    {r"\mathbb{z}", "integers", "set of integers", "set of all integers"},
    {r"\mathbb{q}", "rational numbers", "rationals", "set of rational numbers"},
    {r"\mathbb{n}", "natural numbers", "set of natural numbers"},
    {"true", "正确", "对", "t"},
    {"false", "错误", "错", "f"},
)
"""What says the same."""
_NOTHING = re.compile(
    r"(?:there (?:is|are|exists?) )?no (?:such )?(?:real |integer )?"
    r"(?:solutions?|roots?|numbers?|values?|integers?)(?: (?:exists?|of [a-z]))?"
)
"""Nothing that solves it, in one word or another."""


def agree(one: str, two: str) -> bool | None:
    """Whether two tidied texts agree; None where they are of none of these kinds.

    >>> agree("(B) 12", "B"), agree("6:8", "3:4"), agree("ABD", "A, B, D"), agree("1", "2")
    (True, True, True, None)
    """
    for compare in (
        *(_choices, _several_choices, _based, clocks.days),
        *(_ratios, _ordinals, _romans, _orders, _told),
    ):
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
    if min(len(one), len(two)) > 3 and re.findall(r"\d+", one) != re.findall(r"\d+", two):
        return None
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
    if (same := clocks.agree(one, two)) is not None:
        return same
    if not _RATIO.fullmatch(one) or not _RATIO.fullmatch(two):
        return None
    if any(re.search(r"(?<![\d.])0\d", side) for side in (one, two)):
        return False  # 1:01 is a time
    ones, twos = ([Fraction(part) for part in side.split(":")] for side in (one, two))
    if 0 in ones + twos:
        return ones == twos  # from 0 to 5: a range
    return len(ones) == len(twos) and all(
        a * twos[0] == b * ones[0] for a, b in zip(ones, twos, strict=True)
    )


def _ordinals(one: str, two: str) -> bool | None:
    """3rd, third, third place, and 3 beside one of them; a third place is no third row."""
    matches = []
    for side in (one, two):
        first, *rest = side.casefold().removeprefix("the ").split(" ")
        matches.append(_ORDINAL.fullmatch(" ".join([_ORDINALS.get(first, first), *rest])))
    if not all(matches) or not any(match and match[2] for match in matches):
        return None
    if any(match and match[3] and not match[2] for match in matches):
        return False  # 3 days are no third day
    nouns = {match[3] for match in matches if match and match[3]}
    return len(nouns) < 2 and len({match[1] for match in matches if match}) == 1


def _romans(one: str, two: str) -> bool | None:
    """IV is not VI, nor AB12 BA12, though as products of letters they would be the same."""
    alike = any(all(map(kind.fullmatch, (one, two))) for kind in (_ROMAN, _CODE))
    return one == two if alike else None


def _orders(one: str, two: str) -> bool | None:
    """b < a < c, and the letters in this order: b, a, c."""
    if not any(_CHAIN.fullmatch(a) and _ORDER.fullmatch(b) for a, b in ((one, two), (two, one))):
        return None
    letters = [re.findall("[a-zA-Z]", side) for side in (one, two)]
    return letters[0] == letters[1]


def _told(one: str, two: str) -> bool | None:
    """A sentence that says one word of something: Ann will win, and Ann; f is odd, and odd."""
    for word, sentence in ((one, two), (two, one)):
        word = _NOUN.sub("", _ARTICLE.sub("", word, count=1))
        told = _TOLD.fullmatch(sentence)
        if not told or not _WORD.fullmatch(word) or _NOT_SO.search(sentence):
            continue
        if word.casefold() not in ("yes", "true", "false", "no"):
            return word == told["who"] or word.casefold() in (told["how"], told["does"])
    return None


def words(one: str, two: str) -> bool | None:
    """Words are no products of letters: listen is not silent. Short ones may be, so ask further.

    >>> words("The circle", "circle"), words("yes", "no"), words("ab", "ba")
    (True, False, None)
    """
    capital = len(one) == 3 and (one + two).isupper()  # the triangle ABC, or an order of three
    if one.casefold() == two.casefold() and (
        _GENES.fullmatch(one) or any(map(ne, *(_LONE.findall(side) for side in (one, two))))
    ):
        return None  # the line a B is not the line A B
    one, two = (_ARTICLE.sub("", side.casefold(), count=1) for side in (one, two))
    one, two = (_NOTHING.sub("no solution", side) if _NOTHING.fullmatch(side) else side
                for side in (one, two))  # fmt: skip
    groups = [[place for place, ways in enumerate(_SAME) if side in ways] for side in (one, two)]
    if groups[0] and groups[1] and (len(one) > 1 or len(two) > 1):
        return groups[0] == groups[1]
    if (groups[0] and two.isdigit()) or (groups[1] and one.isdigit()):
        return False
    if (a := _VERDICT.fullmatch(one)) and (b := _VERDICT.fullmatch(two)):
        if a[1] == b[1] and one != two and not all(m["free"] or m.group() == m[1] for m in (a, b)):
            return None
        return a[1] == b[1]
    if not _WORDS.fullmatch(one) or not _WORDS.fullmatch(two):
        return None
    one, two = (_NOUN.sub("", side) for side in (one, two))
    if one == two:
        return True if len(one) > 1 else None
    if " " in one + two or min(len(one), len(two)) > 3 or capital or sorted(one) != sorted(two):
        return False
    return None
