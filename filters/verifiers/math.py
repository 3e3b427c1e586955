r"""Mathematical answers: exact arithmetic where the answer is plain, math-verify for the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from filters.verifiers import pool
from filters.verifiers.verdict import Verdict, correct, incorrect, unverifiable

LONGEST = 200
"""Characters; nothing longer is read as a plain number."""
EXPONENT = 400
"""Largest power of ten that is read as a plain number."""
SLOW_LONGEST = 10_000
"""Characters; nothing longer is handed to the parser of the slow path."""

_SPACES = re.compile(r"(?:\\[,;: ]|\\q?quad\b|~|\s)+")
_DRESS = re.compile(r"\\(?:left|right|displaystyle|textstyle|limits)(?![a-zA-Z])|\\[()\[\]]|\$")
_NUMBER = r"\d{1,3}(?:(?:,\d{3})+|(?: \d{3})+)(?:\.\d+)?|\d+\.?\d*|\.\d+"
_DECIMAL = re.compile(
    rf"(?P<digits>[-+]? ?(?:{_NUMBER}))"
    r"(?: ?[eE](?P<e>[-+]?\d+)"
    r"| ?(?:\\times|\\cdot|[x\u00d7*]) ?10 ?\^ ?(?:\{(?P<t>-?\d+)\}|(?P<d>\d)))?"
)
_QUOTIENT = re.compile(
    r"(?P<sign>[-+]? ?)(?P<whole>\d+ ?(?=\\frac)|\d+ )?"
    r"(?:\\frac ?(?:\{(?P<a>-?[\d.]+)\}|(?P<b>\d)) ?(?:\{(?P<c>-?[\d.]+)\}|(?P<f>\d))"
    r"|(?P<p>[\d.]+) ?/ ?(?P<q>-?[\d.]+))"
)
_THOUSANDS = re.compile(r"(?<=\d)(?:\\,|\{,\})(?=\d{3}(?!\d))")
_PI = re.compile(r"(?<![\\A-Za-z])pi(?![A-Za-z])")
_ASSIGNED = re.compile(r"(?:(?P<variable>[A-Za-z]) ?= ?)?(?P<value>[^=]+)")
_TEXT = re.compile(r"\\(?:text|textbf|textrm|mathrm|mathbf|mbox)\s*\{([^{}]*)\}")
_UNIT = re.compile(
    # A letter alone is a unit only after a blank: 5m may be a product.
    r"(?P<value>.*?[\d}.%])(?P<unit> ?\^ ?\{? ?\\circ ?\}?| ?\\circ| ?°| ?\\degree|"
    r"(?: [mglsh]| ?(?:mm|cm|dm|km|mg|kg|ml|inch|inches|feet|foot|ft|yards?|miles?|meters?|grams?|"
    r"liters?|litres?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|dollars?|cents?|euros?|"
    r"degrees?|points?|units?|people|men|women|children|students?|ways?|times))"
    r"(?: ?\^ ?\{?[23]\}?)?)"
)
_CHOICE = re.compile(r"\(?([A-J])\)?[.:]?|\(?([A-J])(?:\)|[.:]) .+|\(([A-J])\) ?.+")
_TUPLE = re.compile(r"\((?P<round>[^()\[\]{}]+)\)|\\\{(?P<set>[^()\[\]{}]+)\\\}")


@dataclass(frozen=True)
class Plain:
    """A number that was read with certainty."""

    value: Fraction
    percent: bool = False
    unit: str = ""
    decimal: bool = False
    """Written with a point, so it may have been rounded."""


def shape(reference: object) -> str | None:
    """What is wrong with a reference; it must be a text or a number."""
    if isinstance(reference, bool) or not isinstance(reference, str | int | float):
        return f"a text or a number was expected, not {type(reference).__name__}"
    if len(str(reference)) > SLOW_LONGEST:
        return f"it has {len(str(reference)):,} characters, more than {SLOW_LONGEST:,}"
    return None if str(reference).strip() else "it is empty"


def key(reference: object) -> str:
    """The answer that must be judged correct."""
    return str(reference)


def judge(answer: str, reference: object) -> Verdict:
    r"""Compares exactly where both sides are plain; otherwise math-verify does, in the pool.

    Units and `\text{}` are taken off, and a side without a unit may have any. A rounded decimal
    beside a value close to it is not certain, and neither is 50 beside 50%.

    >>> judge(r"\frac{3}{4}", "0.75").outcome, judge("1,000", "1001").outcome
    ('correct', 'incorrect')
    """
    same = certain(answer, str(reference))
    if same is None:
        if len(answer) > SLOW_LONGEST:
            return incorrect("unreadable_answer", answer)
        outcome = pool.call(compare, answer, str(reference))
        if outcome == "bad_reference":
            return unverifiable("bad_reference: math-verify cannot read it", answer)
        return correct(answer) if outcome == "correct" else incorrect(outcome, answer)
    return correct(answer) if same else incorrect("wrong_answer", answer)


def certain(answer: str, reference: str) -> bool | None:
    r"""Whether two answers agree, or None where that takes more than arithmetic to tell.

    >>> certain("12", "x = 12"), certain("(1, 2)", "(2, 1)"), certain(r"\sqrt{2}", "1.4142")
    (True, False, None)
    """
    one, two = tidy(answer), tidy(reference)
    if one == two:
        return True
    assigned = _ASSIGNED.fullmatch(one), _ASSIGNED.fullmatch(two)
    if assigned[0] and assigned[1]:
        names = {match["variable"] for match in assigned if match and match["variable"]}
        one, two = (match["value"].strip() for match in assigned if match)
        if len(names) > 1:
            return None
    if (a := number(one)) and (b := number(two)):
        return _agree(a, b)
    choices = _CHOICE.fullmatch(one), _CHOICE.fullmatch(two)
    if choices[0] and choices[1]:
        return choices[0][choices[0].lastindex or 0] == choices[1][choices[1].lastindex or 0]
    if (a_tuple := _TUPLE.fullmatch(one)) and (b_tuple := _TUPLE.fullmatch(two)):
        return _tuples_agree(a_tuple, b_tuple)
    return None


def tidy(text: str) -> str:
    r"""An answer without what changes no meaning: math signs, spacing commands, `\text`.

    >>> tidy(r"$\dfrac12\,\text{ cm}$."), tidy("-1{,}000.")
    ('\\frac12 cm', '-1000')
    """
    if len(text) > SLOW_LONGEST:
        return text
    text = text.replace("\N{MINUS SIGN}", "-").replace(r"\$", "").replace(r"\%", "%")
    text = _THOUSANDS.sub("", text)
    text = re.sub(r"\\[dtc]frac(?![a-zA-Z])", r"\\frac", text)
    text = _TEXT.sub(r" \1 ", text)
    text = _SPACES.sub(" ", _DRESS.sub("", text.replace(r"\!", "")))
    return text.strip().rstrip(". ")


def number(text: str) -> Plain | None:
    """The rational number that a tidied text certainly is; it may have a percent sign or a unit."""
    if len(text) > LONGEST:
        return None
    unit = ""
    if measured := _UNIT.fullmatch(text):
        text, unit = measured["value"].strip(), measured["unit"].replace(" ", "")
    percent = text.endswith("%")
    text = text.rstrip("%").strip()
    if decimal := _DECIMAL.fullmatch(text):
        exponent = int(decimal["e"] or decimal["t"] or decimal["d"] or 0)
        if abs(exponent) > EXPONENT:
            return None
        digits = decimal["digits"].replace(",", "").replace(" ", "")
        value = Fraction(digits.rstrip(".")) * Fraction(10) ** exponent
        return Plain(value, percent, unit, decimal="." in digits)
    if quotient := _QUOTIENT.fullmatch(text):
        return _quotient(quotient, percent, unit)
    return None


def compare(answer: str, reference: str) -> str:
    """math-verify's opinion, to be asked in a worker: it has no clock and may not come back.

    Returns:
        `correct`, `wrong_answer`, `unreadable_answer` or `bad_reference`.
    """
    from math_verify import parse, verify

    gold = parse(_readable(reference), parsing_timeout=0, raise_on_error=True)
    if not gold:
        return "bad_reference"
    found = parse(_readable(answer), parsing_timeout=0, raise_on_error=True)
    if not found:
        return "unreadable_answer"
    same = verify(gold, found, timeout_seconds=None, raise_on_error=True)
    return "correct" if same else "wrong_answer"


def _readable(text: str) -> str:
    """An answer as math-verify finds it: one formula, without habits that its grammar lacks."""
    bare = _THOUSANDS.sub("", text.strip().strip("$"))
    return "$" + _PI.sub(r"\\pi", bare) + "$"


def _quotient(match: re.Match[str], percent: bool, unit: str) -> Plain | None:
    above, below = match["a"] or match["b"] or match["p"], match["c"] or match["f"] or match["q"]
    try:
        fraction, whole = (
            Fraction(above) / Fraction(below),
            Fraction((match["whole"] or "0").strip()),
        )
    except (ValueError, ZeroDivisionError):
        return None
    if match["whole"] and not 0 < fraction < 1:  # 2 5/3 is no mixed number; who knows what it is
        return None
    sign = -1 if "-" in match["sign"] else 1
    return Plain(sign * (whole + fraction), percent, unit)


def _agree(one: Plain, two: Plain) -> bool | None:
    if one.unit and two.unit and one.unit != two.unit:
        return None  # metres and meters, or metres and seconds?
    if one.percent != two.percent:
        plain, percent = (two, one) if one.percent else (one, two)
        return True if percent.value / 100 == plain.value else None
    if one.value == two.value:
        return True
    close = abs(one.value - two.value) * 1000 <= max(abs(one.value), abs(two.value))
    return None if close and (one.decimal or two.decimal) else False


def _tuples_agree(one: re.Match[str], two: re.Match[str]) -> bool | None:
    if one.lastgroup != two.lastgroup:
        return None
    texts = [(match["round"] or match["set"]) for match in (one, two)]
    if any(re.search(r"\d,\d{3}(?!\d)", text) for text in texts):
        return None  # (1,234) may be a pair or a number
    ones, twos = ([number(part.strip()) for part in text.split(",")] for text in texts)
    if not all(ones) or not all(twos):
        return None
    if one.lastgroup == "set":
        values = [{part.value for part in parts if part} for parts in (ones, twos)]
        return True if values[0] == values[1] else None
    if len(ones) != len(twos):
        return False
    verdicts = [_agree(a, b) for a, b in zip(ones, twos, strict=True) if a and b]
    return False if False in verdicts else None if None in verdicts else True
