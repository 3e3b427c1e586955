"""Words before a value that only say what it is: `the total is 12`, `Tom has 12 marbles`.

A word that is in no row here may make another thing of a number, as "all but 12" and "multiples of
12" do: with it, the text is not this number.
"""

# ruff: noqa: E501, RUF001

from __future__ import annotations

import re
from typing import NamedTuple

from filters.verifiers.math.labels import singular


class Lead(NamedTuple):
    """A kind of words before a value."""

    words: re.Pattern[str]
    pair: tuple[str, str]
    """Two answers that are only seen to be the same where this row is known."""


_NUMBER = r"(?=(?:USD |\()?-?(?:USD )?[\d.(]|-?\\(?:frac|sqrt|pi))"
_CALLED = (
    r"(?!.*\b(?:because|since|if|not|n't|no|never|none|neither|nor|or|but|except|than|least|most|over|under|above|below"
    r"|between|from|until|without|nearly|almost|half|twice|thrice|double|triple|bounds?|multiples|powers|factors"
    r"|divisors|roots?|squares?|cubes?|logarithm|factorial|reciprocal|inverse|opposite|negative)\b)"
)
"""What makes another thing of a number, wherever it stands before it."""
_VERBS = (
    "ha(?:s|ve|d)|gets?|got|needs?|needed|makes?|made|earn(?:s|ed)?|spen[dt]s?|pays?|paid|costs?|takes?|took"
    "|sells?|sold|buys?|bought|eats?|ate|saves?|saved|receive[sd]?|weighs?|weighed|contains?|gives?|gave"
    "|walk(?:s|ed)?|runs?|ran|drives?|drove|travel(?:s|l?ed)?|reads?|lays?|laid|wins?|won|loses?|lost|collect(?:s|ed)?|owes?|owed|uses?|used"
)
_KINDS = (
    "total|sum|maximum|max|minimum|min|mean|average|median|mode|range|length|width|height|depth|radius|diameter"
    "|perimeter|circumference|area|volume|distance|speed|velocity|time|age|price|cost|profit|loss|gain|discount"
    "|increase|decrease|rise|fall|difference|result|value|score|probability|remainder|angle|slope|weight|mass"
    "|temperature|amount|rate|period|amplitude|degree|clockwise|counterclockwise|anticlockwise|up|down"
)
_PLACES = (
    "day|week|month|year|case|room|page|number|digit|step|position|place|term|row|column|level|floor|grade"
    "|door|house|player|team|box|figure|question|stage|round|line"
)
_ROWS = (
    (r"[A-Za-z] ?\\in ?", (r"x \in \{2, 3\}", r"\{2, 3\}")),
    (r"(?:about|approximately|roughly|around|\\(?:approx|sim|simeq)) ?", ("about 12", "12")),
    (rf"(?:exactly|precisely|only|just|so|thus|hence|therefore),? {_NUMBER}", ("just 12", "12")),
    (r"[Ii]t (?:is|was|will be) ", ("It will be Monday", "Monday")),
    (r"(?:故选|应选|选项|选|答案(?:是|为|选)?|答) ?[:：]? ?", ("选项 B", "B")),
    (r"(?:[Tt]he )?(?:final |correct )?(?:[Aa]nswer|[Oo]ption|[Cc]hoice)(?: is)? ?:? ?", ("Option B", "B")),
    (
        rf"{_CALLED}(?P<called>[A-Za-z][a-z']+(?:,? [\w']+,?){{0,7}}?) ?"
        rf"(?:(?: (?:is|are|was|were|will be|equals?)(?: (?:about|exactly|approximately))?|:) ?){_NUMBER}",
        ("the number of eggs is 12", "12"),
    ),
    (
        rf"{_CALLED}(?P<who>(?:[A-Z]|[Tt]he |[Ss]?[Hh]e\b|[Tt]hey\b|[Ii]t\b|[Ww]e\b|[Yy]ou\b|[Tt]here\b)"
        rf"[\w' ]*?)(?<=\w) (?:{_VERBS})(?: (?:about|exactly|a total of))? {_NUMBER}",
        ("Tom has 12 marbles", "12"),
    ),
    (
        r"(?:[Aa]n? |[Tt]he )?(?P<kind>(?:(?:total|common|average|mean|local|global|absolute|final|side|arc) )?"
        rf"(?:{_KINDS})(?: value)?)(?: of)? {_NUMBER}",
        ("a total of 12", "12"),
    ),
    (rf"(?:[Tt]he )?(?P<place>(?i:{_PLACES})) {_NUMBER}", ("Day 12", "12")),
)  # fmt: skip
LEADS = tuple(Lead(re.compile(words), pair) for words, pair in _ROWS)
_MORE = re.compile(r"(?:[,;]| and) ?[A-Za-z].*\d")
"""Further values with names: those are lists, which are compared by their parts."""
_IDLE_WORDS = """
the a an it its is are was were there of and in at for to he she they we you number total answer
result amount value final about exactly
"""
_IDLE = frozenset(_IDLE_WORDS.split())
"""Words before a number that name nothing."""


def split(text: str) -> tuple[frozenset[str], str] | None:
    """What a text says its value is of, in words, and the value; None without such words.

    >>> split("Tom has 12 marbles"), split("about 12"), split("all but 12")
    ((frozenset({'tom'}), '12 marbles'), (frozenset(), '12'), None)
    """
    for lead in LEADS:
        if (found := lead.words.match(text)) and (value := text[found.end() :].strip()):
            if lead.words.groups and _MORE.search(value):
                return None
            named = " ".join(filter(None, found.groupdict().values()))
            words = {
                word if re.fullmatch("[A-Z]", word) else singular(word.casefold())
                for word in re.findall(r"[^\W\d_]+", named)
            }
            return frozenset(words - _IDLE), value
    return None


def differ(one: str, two: str) -> bool:
    """Whether two texts say of two things what they say: a lead may be left out, not another one.

    >>> differ("Ann has 5", "Ben has 5"), differ("Ann has 5", "5"), differ("area: 5", "the area is 5")
    (True, False, False)
    """
    a, b = split(one), split(two)
    return a is not None and b is not None and not (a[0] <= b[0] or a[0] >= b[0])
