r"""Formulas and numbers in a sentence: which one it gives, where that is certain.

A sentence is looked at with each of its formulas and numbers masked, so that the words around them
can be read without the signs in them.
"""

# ruff: noqa: E501, RUF001

from __future__ import annotations

import re
from fractions import Fraction

MASK = "\N{CURRENCY SIGN}"
"""What stands for a sign of a formula or number."""
_HAN = "\u4e00-\u9fff"
_BENGALI = "\u0980-\u09ff"
_SIGN = r"(?: ?(?:\\?%|percent\b))?"
_FORMULA = (  # what begins as money does, $18, has no words in it
    r"\$\$.+?\$\$|\$(?!\d)[^$\n]+?(?<!\\)\$(?!\d)|\\\(.+?\\\)|\\\[.+?\\\]"
    r"|\$(?=\d)(?:\\(?:text|mathrm)\{[^{}]*\}|\\[A-Za-z]+|\\.|(?<![A-Za-z])[A-Za-z](?![A-Za-z])|[^A-Za-z$\\\n])+\$(?!\d)"
    r"|-?\\[dt]?frac(?:\{[^{}]*\}\{[^{}]*\}|\d\d)(?![\w^({\\*/])"
)
_NUMBER = (
    rf"(?<![^\W{_HAN}])(?<![.,^{{(])[-−]?(?:\\?[$€£₹¥] ?)?[-−]?(?:\d{{1,3}}(?:[ \u00a0\u202f]\d{{3}})+|\d[\d,]*(?<!,)|(?=\.\d))(?:\.\d+)?"
    rf"(?:/\d+|(?:[kcdm]?m[²³]?|[km]?g|s|h|min)(?!\w)|°C?|টি|টা)?(?![^\W{_HAN}]|[\^({{]|[.,]\d)"
)
_QUANTITY = re.compile(rf"(?:{_FORMULA}|{_NUMBER}){_SIGN}", re.DOTALL)
_LETTERS = (
    r"(?:[^\W\d_]|[\u0900-\u0dff\u0e30-\u0e4f\u064b-\u065f])+"  # with the marks of Asia's scripts
)
_UNIT = rf"(?:square |cubic )?{_LETTERS}(?:[-/]{_LETTERS})?"
_STOPS = (
    r"(?:an?|the|is|are|was|were|in|on|at|of|to|for|from|by|with|and|each|every|more|left|that|when|after"
    r"|before|as|than|now|will|would|can|has|have|had|think|times|per)\b"
)
"""Words behind a number that are no unit of it."""
_HAN_UNIT = (
    rf"(?![{_HAN}]*(?:[的之以多余倍半万千百亿]|[上下外内间起方](?![{_HAN}])))[{_HAN}]{{1,4}}"
)
_ONE = re.compile(rf"{MASK}+(?: ?{_HAN_UNIT}| (?!{_STOPS}){_UNIT}(?: per {_UNIT})?)?")
_SEVERAL = rf"{MASK}+(?:(?:,? and |,? or |, |; ){MASK}+)*"
_VALUE = re.compile(
    rf"(?:(?:about|approximately|around|exactly) )?{_SEVERAL}"
    rf"(?: ?{_HAN_UNIT}|(?: (?!times\b|more than\b|less than\b){_UNIT}){{0,3}})"
)
_COPULA = re.compile(
    r"(?:\b(?:is|are|was|were|equals?|becomes|(?:will|must|should|would) be)\b(?: (?:therefore|thus|also|simply)\b)?"
    rf"|(?<=[^\W\d_]{{2}}):(?=\s)|：|(?<![没沒不非未无])(?:[有是为為]|需要?|剩下?|得到?|等于|花了?|用了?)(?=\s*{MASK}))\s*"
)
_EQUALS = re.compile(r"=\s*")
_WORD = re.compile(rf"[^\W\d_]{{2,}}|[^\W\d_A-Za-zα-ωΑ-Ω{MASK}]")
_FUNCTIONS = {
    "sqrt",
    "sin",
    "cos",
    "tan",
    "log",
    "ln",
    "exp",
    "pi",
    "frac",
    "text",
    "cdot",
    "infty",
}
_SIGNS = re.compile(
    rf"[-+*/^=<>≤≥≠≈√×·÷|\\{{}}_](?! ?\w*-|(?<=-)[{_BENGALI}])|[+*/^=<>≤≥≠≈√×·÷|\\{{}}_]"
)
_DENIES = re.compile(
    r"至少|至多|不到|超过|不足|大于|小于|除了|如果|\b(?:cannot|never|neither|false|wrong|incorrect|impossible|not (?:true|the case)|if|unless|otherwise|either)\b",
    re.IGNORECASE,
)
"""Words of a sentence that takes back, or says for some cases only, what it says at its end."""
_WENT_ON = re.compile(r"[\w)}\]] ?[-+*/^×·÷] ?$|[+*/^×·÷] ?$")
_GOES_ON = re.compile(r" ?[-+*/^×·÷=<>] ?[\w\\({]")
_BOUNDS = re.compile(
    r"n['’]t\b|\b(?:not|no|never|none|neither|nor|cannot|except|unless|if|between|maybe|perhaps|possibly|(?:could|might|may) be|whether)\b"
    r"|\b(?:at (?:least|most)|up to|than|over|under|above|below|or|about|around|approximately|roughly|nearly"
    rf"|almost|degree|radius|case|step|part|option|day|page|row|problem|question|number) \**{MASK}|{MASK}\** or\b",
    re.IGNORECASE,
)
"""Words that leave open which number it is."""
_ALTERS = re.compile(
    r"\b(?:twice|thrice|half|halves|thirds?|quarters?|doubled?|tripled?|dozens?|hundreds?|thousands?|[mb]illions?"
    r"|times|squared|cubed|roots?|powers?|factorial|plus|minus|negative|divided|multipl\w+|sums?|products?"
    r"|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b",
    re.IGNORECASE,
)
"""Words that are numbers, or make another number of one."""
_BENGALI_WORDS = re.compile(
    "শতাংশ|গুণ|ভাগ|(?:^|[ *])(?:অর্ধেক|হাজার|লক্ষ|লাখ|কোটি|ডজন|কম|বেশি|অন্তত|কমপক্ষে|সর্বোচ্চ|সর্বাধিক|প্রায়|বা|অথবা|না|নয়|নেই|নাই"
    "|থেকে|পর্যন্ত|ছাড়া|যদি|যোগ|বিয়োগ|বর্গ|এক|দুই|তিন|চার|পাঁচ|ছয়|সাত|আট|দশ)(?=[ *.।,]|$)"
)
"""The like in Bengali."""
_ABOUT = re.compile(r"(?:about|approximately|roughly|equivalently) ")
_FRACTION = re.compile(r"(-?[\d.]+)(?:/([\d.]+))?( ?\\?%)?|(-?)\\[dt]?frac\{?(\d+?)\}?\{?(\d+)\}?")
_BOLD = re.compile(r"(?<![\w)*])\*\*(?=[^\s*])(.+?)(?<=\S)\*\*(?![\w(])")
_EMPHASIS = re.compile(r"(?<![\w)])\*\*(?=\S)|(?<=\S)\*\*(?![\w(])")
"""Bold, and not the power of `x**2`."""


def masked(text: str) -> str:
    """A text of the same length with a mask for each formula and number.

    >>> masked("Tom has 12 of $x$.")
    'Tom has \xa4\xa4 of \xa4\xa4\xa4.'
    """
    return _QUANTITY.sub(lambda found: MASK * len(found[0]), text)


def last_of(text: str) -> str | None:
    """The last formula or number of a text; None where it is but a part of one.

    >>> last_of("So 6 * 7 is $42$."), last_of("It is x^2 + 1.")
    ('$42$', None)
    """
    found = [*_QUANTITY.finditer(text)][-1:]
    if not found or _GOES_ON.match(text, found[0].end()):
        return None
    before = text[max(0, found[0].start() - 3) : found[0].start()]
    return None if _WENT_ON.search(before) else found[0][0]


def said_last(sentence: str) -> str | None:
    """All that follows the last "is" of a sentence, where it is a value, and the only one said to be.

    >>> said_last("The probability of 3 aces in 39 cards is 1"), said_last("x is 5 and y is 7")
    ('1', None)
    """
    bare = _EMPHASIS.sub("", sentence)
    mask = masked(bare)
    words = any(word not in _FUNCTIONS for word in _WORD.findall(mask))
    copulas = list(_COPULA.finditer(mask)) or (list(_EQUALS.finditer(mask)) if words else [])
    ends = [found.end() for found in copulas]
    start = ends[-1] if ends else 0
    rest = mask[start:].rstrip(" .")
    if ";" in mask[:start] and MASK in mask[: mask.rindex(";", 0, start)]:
        return None  # x = 1; the other root is 3
    if _DENIES.search(mask) or any(mask.startswith(MASK, end) for end in ends[:-1]):
        return None
    if _VALUE.fullmatch(rest):
        one = _ONE.match(rest)
        end = one.end() if one and rest.count(MASK) == one[0].count(MASK) else len(rest)
        return bare[start : start + end].strip()
    return bare[start : start + len(rest)].strip() if _is_formula(rest) else None


def said_twice(sentence: str) -> str | None:
    r"""The first of two spellings of a number that "or" joins.

    >>> said_twice(r"$\frac{3}{4}$, or 75%"), said_twice("3/4, or 80%")
    ('$\\frac{3}{4}$', None)
    >>> said_twice(r"$\sqrt{2}$, or about 1.41"), said_twice("5, or about 6")
    ('$\\sqrt{2}$', None)
    """
    first, _, second = sentence.partition(" or ")
    said = said_last(first.rstrip(", "))
    if not said or not second:
        return None
    about = _ABOUT.match(second)
    value, again = _fraction(said), _fraction(second[about.end() :] if about else second)
    if again is None or (value is None and not about):
        return None
    apart = 0 if value is None else abs(value - again)
    return said if apart <= (abs(again) / 50 if about else 0) else None


def _fraction(text: str) -> Fraction | None:
    found = _FRACTION.fullmatch(re.sub(r"[$\s.]+$|^[$\s]+|\\[()]", "", text))
    if not found:
        return None
    try:
        if found[1]:
            return Fraction(found[1]) / Fraction(found[2] or 1) / (100 if found[3] else 1)
        return Fraction(int(found[4] + found[5]), int(found[6]))
    except (ValueError, ZeroDivisionError):  # two points, or nothing to divide by
        return None


def in_bold(sentence: str) -> str | None:
    """The value in bold of a sentence, where there is one.

    >>> in_bold("It costs $3 + $4 = **$7**."), in_bold("Ann has **5**, Tom has **7**.")
    ('$7', None)
    """
    mask = masked(sentence)
    found = [bold for bold in _BOLD.finditer(mask) if MASK in bold[1]]
    if len(found) != 1 or _BOUNDS.search(mask):
        return None
    start, end = found[0].span(1)
    return said_last(sentence[start:end].strip(" ."))


def one_alone(sentence: str, language: str = "en") -> str | None:
    """The only quantity of a sentence, with its unit, in English or Bengali ("bn").

    >>> one_alone("Ann makes $18 a day"), one_alone("It is half of 12"), one_alone("She has 5 or 6")
    ('$18', None, None)
    """
    bare = _EMPHASIS.sub("", sentence)
    mask = masked(bare)
    found = list(_ONE.finditer(mask))
    altering = (_BENGALI_WORDS, _SIGNS) if language == "bn" else (_BOUNDS, _ALTERS, _SIGNS)
    if len(found) != 1 or any(words.search(mask) for words in altering):
        return None
    one = bare[found[0].start() : found[0].end()]
    return one if any(map(str.isdigit, one)) else None


def _is_formula(mask: str) -> bool:
    """Whether a masked text has quantities, signs, letters and names of functions alone."""
    return MASK in mask and all(word in _FUNCTIONS for word in _WORD.findall(mask))
