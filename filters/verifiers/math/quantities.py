"""Quantities: a rational number, perhaps a percentage, perhaps with a unit, read exactly."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from filters.verifiers.math import units
from filters.verifiers.math.units import Unit

LONGEST = 200
"""Characters; nothing longer is read as a number."""
EXPONENT = 400
"""Largest power of ten that is worked out."""
TOLERANCE = Fraction(1, 10**6)
"""Numbers written with a point agree when they differ by less, as math-verify has it."""
CLOSE = Fraction(1, 1000)
"""And by less than this part of the larger: 1.2e-8 is not 1.3e-8."""

FLOAT = Fraction(1, 10**9)
"""Part of a number by which floats may be off after a calculation."""

_DIGITS = r"[1-9]\d{0,2}(?:(?:,\d{3})+|(?: \d{3})+)(?![\d,])(?:\.\d+)?|\d+\.?\d*|\.\d+"
_DECIMAL = re.compile(
    rf"(?P<digits>{_DIGITS})(?:\\overline ?\{{ ?(?P<again>\d+) ?\}})?"
    r"(?: ?[eE](?P<e>[-+]?\d+)(?![\w.])"
    r"| ?(?:\\times|\\cdot|[x*]) ?10 ?\^ ?(?:\{ ?(?P<t>[-+]?\d+) ?\}|(?P<d>-?\d+)))?"
)
_QUOTIENT = re.compile(
    r"(?P<whole>\d+ ?(?=\\frac)|\d+ (?=\d))?"
    r"(?:\\frac ?(?:\{ ?(?P<a>-?[\d.]+) ?\}|(?P<b>\d)) ?(?:\{ ?(?P<c>-?[\d.]+) ?\}|(?P<f>\d))"
    r"|(?P<p>\d[\d.]*) ?/ ?(?P<q>-?[\d.]+))"
)
_SIGN = re.compile(r"(?P<before>[-+]?) ?(?P<money>USD|[€£¥])? ?(?P<after>[-+]?) ?")
_SCALE_ROWS = """
12 | dozen of | dozens of | dozen | dozens
100 | hundred
1000 | thousand | tausend | mille | тысяч | тысячи | тысяча | হাজার | हज़ार | हजार
100000 | lakh | lakhs | লক্ষ | লাখ | लाख
1000000 | million | millions | Million | Millionen | millones | миллион | миллиона | миллионов
10000000 | crore | crores | কোটি | करोड़
1000000000 | billion | Milliarde | Milliarden | milliard | milliards | миллиард | миллиардов
1000000000000 | trillion
"""
_SCALES = {
    name: int(size)
    for size, *names in (row.split(" | ") for row in _SCALE_ROWS.strip().splitlines())
    for name in names
}
_TAIL = re.compile(
    rf" ?(?:(?P<scale>{'|'.join(sorted(_SCALES, key=len, reverse=True))})(?![^\W\d_]))?"
    r" ?(?P<percent>%|(?:percent|percentage|pct|[Pp]rozent|por ?ciento|процент(?:ов|а)?)\b)?"  # noqa: RUF001
    r" ?(?P<unit>.*)"
)
_PERCENT_OF = re.compile(
    "increase|decrease|discount|profit|gain|loss|chance|probability|more|less|mehr|weniger"
)
_OF_IT = re.compile(r"^of (?:the|all(?: the)?|his|her|their|its|an?) ")
"""4/5 of the cake."""
_HAN_SCALES = {"万": 10**4, "亿": 10**8, "万亿": 10**12}
_NEGATIVE = re.compile(r"^(?:negative|minus) (?=\w)")
_EACH = re.compile(r" (?:per|each|an?|every|in)\b[a-z ]*")
_PRICE = re.compile(r"-?(?:USD|[€£¥]).* (?:per|an?|every) ([a-z]+)")
_COMPOUND = re.compile(r"(\d[\d.]* ?[a-z]+\.?),? (?:and )?(\d[\d.]* ?[a-z]+\.?)", re.IGNORECASE)
_MINUTES = re.compile(r"(\d+)\^\\circ ?(\d\d?)'(?: ?(\d\d?)'')?")
_MONEY = {"USD": "usd", "€": "eur", "£": "gbp", "¥": "cny"}
_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = {word: value for value, word in enumerate(_ONES.split())}
_NUMBERS |= {word: 10 * place for place, word in enumerate(_TENS.split(" "), start=2)}
_HAN_NUMBERS = {sign: str(value) for value, sign in enumerate("零一二三四五六七八九十")} | {
    "两": "2"
}
_GROUPS = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORD = "|".join((*_NUMBERS, *_GROUPS))
_SPOKEN = re.compile(rf"(?:{_WORD})(?:(?:[ -]| and )(?:{_WORD}))*(?![a-z])", re.IGNORECASE)


class Quantity(NamedTuple):
    """A number that was read with certainty."""

    value: Fraction
    step: Fraction | None = None
    """How much one in the last digit is, where it is written with a point: it may be rounded."""
    percent: bool = False
    unit: Unit | None = None

    @property
    def last_digit(self) -> Fraction | None:
        """How much one in the last digit is; of a percentage, as part of 1."""
        return self.step and self.step / (100 if self.percent else 1)


def read(text: str) -> Quantity | None:
    r"""The quantity that a tidied text certainly is, or None.

    >>> read("1,234.5").value, read("3 million").value, read(r"0.\overline{3}").value
    (Fraction(2469, 2), Fraction(3000000, 1), Fraction(1, 3))
    >>> read("2 hours 30 minutes").value, read("five percent").percent
    (Fraction(5, 2), True)
    >>> read("50%").percent, read("5 cm").unit.factor, read("2x"), read("10^{99}")
    (True, Fraction(1, 100), None, None)
    """
    if len(text) > LONGEST:
        return None
    if compound := _COMPOUND.fullmatch(text):
        return _sum(read(compound[1]), read(compound[2]))
    if parts := _MINUTES.fullmatch(text):
        degrees, minutes, seconds = (int(part or 0) for part in parts.groups())
        size = degrees + Fraction(minutes, 60) + Fraction(seconds, 3600)
        return Quantity(size, unit=units.known(r"^\circ"))
    text = _HAN_NUMBERS.get(text, _NEGATIVE.sub("-", text))
    if spoken := _SPOKEN.match(text):
        text = f"{_number(spoken.group())}{text[spoken.end() :]}"
    sign = _SIGN.match(text)
    assert sign  # every part of it may be missing
    if sign["before"] and sign["after"]:
        return None
    body = text[sign.end() :]
    if sign["money"]:
        body = _EACH.sub("", body)
    if not (found := _quotient(body) or _decimal(body)):
        return None
    size, step, end = found
    if (tail := _tail(body[end:])) is None:
        return None
    scale, percent, unit = tail
    if sign["money"]:
        if unit or percent:
            return None
        unit = units.known(_MONEY[sign["money"]])
    size = -size if "-" in (sign["before"], sign["after"]) else size
    return Quantity(size * scale, step and step * scale, percent, unit)


def rates_differ(one: str, two: str) -> bool:
    """Whether two texts are prices of different things: 5 dollars per kg, and per lb.

    >>> rates_differ("USD 5 per kg", "USD 5 per lb"), rates_differ("USD 5 per kg", "USD 5")
    (True, False)
    """
    a, b = _PRICE.fullmatch(one), _PRICE.fullmatch(two)
    return a is not None and b is not None and units.known(a[1]) != units.known(b[1])


def agree(one: Quantity, two: Quantity) -> bool:
    """Whether two quantities are the same; a side without a unit may have any.

    >>> agree(read("50%"), read("0.5")), agree(read("50%"), read("50"))
    (True, False)
    >>> agree(read("5 cm"), read("50 mm")), agree(read("5 cm"), read("5 m"))
    (True, False)
    """
    apart = gap(one, two)
    if not apart:
        return apart is not None
    largest = abs(two.value) / (100 if two.percent else 1) + apart
    return exact_enough(apart, largest, one.last_digit, two.last_digit)


def exact_enough(apart: Fraction, size: Fraction, *steps: Fraction | None) -> bool:
    """Whether the coarser of two numbers is a decimal right to its last digit, or to as many as a
    float has, and to six after the point.

    Args:
        apart: how far they are from each other.
        size: how large they are.
        steps: what one in the last digit is, for each that is written with a point.
    """
    written = max((step for step in steps if step), default=None)
    if written is None or apart >= TOLERANCE or apart >= CLOSE * size:
        return False
    if len([step for step in steps if step]) == 2 and len(set(steps)) == 1:
        return written <= FLOAT / 1000 * size and apart <= FLOAT * size  # floats, digit for digit
    return apart <= written or apart <= FLOAT * size


def gap(one: Quantity, two: Quantity) -> Fraction | None:
    """How far one quantity is from another, in the other's unit; None if they cannot be compared.

    >>> gap(read("5 cm"), read("51 mm")), gap(read("5 cm"), read("5 s"))
    (Fraction(1, 1), None)
    """
    if (one.percent and two.unit) or (two.percent and one.unit):
        return None
    a, b = (side.value / 100 if side.percent else side.value for side in (one, two))
    if one.unit and two.unit:
        if one.unit.dimension != two.unit.dimension:
            return None
        a = a * one.unit.factor / two.unit.factor
    return abs(a - b)


def percent_reading(answer: Quantity | None, key: Quantity | None) -> str | None:
    """How a percentage is read beside a key without the sign, where one reading agrees.

    70% is 0.7, and it is 70 where the key is no part of 1. A key with the sign wants the sign.

    >>> percent_reading(read("70%"), read("70")), percent_reading(read("70%"), read("0.7"))
    ('70% read as 70', '70% read as 0.7')
    >>> percent_reading(read("0.7%"), read("0.7")), percent_reading(read("70"), read("70%"))
    (None, None)
    """
    if not answer or not key or not answer.percent or key.percent or key.unit:
        return None
    if agree(answer, key):
        return f"{_written(answer.value)}% read as {_written(answer.value / 100)}"
    whole = abs(key.value) > 1 and agree(answer._replace(percent=False), key)
    return f"{_written(answer.value)}% read as {_written(answer.value)}" if whole else None


def _written(value: Fraction) -> str:
    return f"{float(value):.12g}"


def _sum(one: Quantity | None, two: Quantity | None) -> Quantity | None:
    """2 hours 30 minutes, in hours; None where the units are not of one kind, or the same."""
    if not one or not two or not one.unit or not two.unit:
        return None
    if one.unit.dimension != two.unit.dimension or one.unit.factor <= two.unit.factor:
        return None
    return one._replace(value=one.value + two.value * two.unit.factor / one.unit.factor)


def _number(words: str) -> int:
    """The number that words say.

    >>> _number("two thousand three hundred and forty-five"), _number("one million")
    (2345, 1000000)
    """
    total = group = 0
    for word in re.split(r"[ -]| and ", words.casefold()):
        if word == "and":
            continue
        size = _GROUPS.get(word)
        if size is None:
            group += _NUMBERS[word]
        elif size == 100:
            group = max(group, 1) * size
        else:
            total, group = total + max(group, 1) * size, 0
    return total + group


def _decimal(text: str) -> tuple[Fraction, Fraction | None, int] | None:
    """The size of a decimal, how much one in its last digit is, and where it ends."""
    if not (match := _DECIMAL.match(text)):
        return None
    exponent = int(match["e"] or match["t"] or match["d"] or 0)
    if abs(exponent) > EXPONENT:
        return None
    digits = match["digits"].replace(",", "").replace(" ", "").rstrip(".")
    value, power = Fraction(digits), Fraction(10) ** exponent
    places = len(digits.partition(".")[2])
    if again := match["again"]:
        if "." not in match["digits"]:
            return None
        value += Fraction(int(again), (10 ** len(again) - 1) * 10**places)
    step = power / 10**places if places and not again else None
    return value * power, step, match.end()


def _quotient(text: str) -> tuple[Fraction, None, int] | None:
    if not (match := _QUOTIENT.match(text)):
        return None
    above, below = match["a"] or match["b"] or match["p"], match["c"] or match["f"] or match["q"]
    try:
        size = Fraction(above) / Fraction(below)
    except (ValueError, ZeroDivisionError):
        return None
    if match["whole"]:
        if not 0 < size < 1:  # 2 5/3 is no mixed number; who knows what it is
            return None
        size += int(match["whole"])
    return size, None, match.end()


def _tail(text: str) -> tuple[int, bool, Unit | None] | None:
    """What stands after the digits: (how many of one, is it a percentage, unit), or None."""
    if text == "K":  # 25K are 25 thousand; of kelvins they are some way off
        return 1000, False, None
    if text in _HAN_SCALES:
        return _HAN_SCALES[text], False, None
    tail = _TAIL.fullmatch(text)
    if tail is None:
        return None
    scale, percent, name = tail["scale"], bool(tail["percent"]), tail["unit"].strip()
    name = _OF_IT.sub("", name)
    if scale and not text.startswith(" "):
        return None
    size = _SCALES.get(scale or "", 1)
    if not name:
        return size, percent, None
    letter = len(name.split("^")[0].split("/")[0]) == 1 and name[0].isalpha() and name.isascii()
    if letter and not text.startswith(" "):  # 5m may be a product
        return None
    unit = units.known(name) or (units.counted(name) if text.startswith(" ") else None)
    if percent:  # 5% increase
        of_it = name != tail["unit"].strip() and units.counted(name)
        return (size, True, None) if of_it or _PERCENT_OF.fullmatch(name) else None
    return (size, False, unit) if unit else None
