"""Units of measure: which are the same, and how many of one make another."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple


class Unit(NamedTuple):
    """A product of powers: of metres, kilograms, seconds, dollars, or of things counted."""

    dimension: tuple[tuple[str, int], ...]
    """Names of bases with their powers, sorted."""
    factor: Fraction
    """How many of the bases make one of this unit."""


_TABLE = """
m 1 m meter meters metre metres
m 1/1000 mm millimeter millimeters millimetre millimetres
m 1/100 cm centimeter centimeters centimetre centimetres
m 1/10 dm decimeter decimeters
m 1000 km kilometer kilometers kilometre kilometres
m 127/5000 in inch inches
m 381/1250 ft foot feet
m 1143/1250 yd yard yards
m 201168/125 mi mile miles
kg 1 kg kilogram kilograms
kg 1/1000 g gram grams gm
kg 1/1000000 mg milligram milligrams
kg 1000 ton tons tonne tonnes
lb 1 lb lbs
lb 1/16 oz ounce ounces
s 1 s sec secs second seconds
s 1/1000 ms millisecond milliseconds
s 60 min mins minute minutes
s 3600 h hr hrs hour hours
s 86400 day days
s 604800 week weeks
month 1 month months
month 12 year years yr yrs
usd 1 usd dollar dollars
usd 1/100 cent cents
eur 1 eur euro euros €
gbp 1 gbp £
cny 1 cny yuan rmb ¥ 元
degree 1 degree degrees deg ^\\circ
rad 1 rad radian radians
celsius 1 ^\\circC ^\\circc celsius
fahrenheit 1 ^\\circF ^\\circf fahrenheit
kelvin 1 kelvin
N 1 newton newtons
J 1 joule joules
W 1 watt watts
V 1 volt volts
Hz 1 hz hertz
mol 1 mol moles
unit 1 unit units
"""
_BASES = {
    name: (row.split()[0], Fraction(row.split()[1]))
    for row in _TABLE.strip().splitlines()
    for name in row.split()[2:]
}
_LITRES = dict.fromkeys(["l", "liter", "liters", "litre", "litres"], Fraction(1, 1000)) | (
    dict.fromkeys(["ml", "milliliter", "milliliters"], Fraction(1, 10**6))
)
_SPEEDS = {"mph": "mi/h", "kph": "km/h", "kmh": "km/h"}
_POWER = re.compile(
    r"(?:(square|sq|cubic|cu) )?(\S+?)(?:\^ ?\{? ?(-?[1-4]) ?\}?| (squared|cubed))?"
)
_QUOTIENT = re.compile(r"\\frac ?\{ ?([^{}]+?) ?\} ?\{ ?([^{}]+?) ?\}")
_WORDS = re.compile(r"[a-z]{3,}(?: [a-z]{2,}){0,2}", re.IGNORECASE)
_NO_NOUNS = """
and or of out to by over times plus minus from mod with per sin cos tan sec csc cot log exp sqrt ln
pi remainder about approximately is not than the each max min dozen hundred thousand million billion
trillion percent more less
"""
_NO_UNIT = frozenset(_NO_NOUNS.split())


def known(text: str) -> Unit | None:
    """The unit that a text is for certain, or None.

    >>> known("cm") == known("centimeters"), known("km/h").dimension, known("x")
    (True, (('m', 1), ('s', -1)), None)
    """
    text = _QUOTIENT.sub(r"\1/\2", text.strip().replace(r"^\circ ", r"^\circ"))
    text = _SPEEDS.get(text, text)
    powers: dict[str, int] = {}
    factor = Fraction(1)
    for place, part in enumerate(re.split(r" ?/ ?| per ", text)):
        if not (match := _POWER.fullmatch(part)):
            return None
        before, name, exponent, after = match.groups()
        power = int(exponent or {"s": 2, "c": 3}.get((before or after or " ")[0], 1))
        name = name if name in _BASES else name.casefold()
        if name in _LITRES:
            base, size, cubed = "m", _LITRES[name], 3
        elif name in _BASES:
            (base, size), cubed = _BASES[name], 1
        else:
            return None
        power = -power if place else power
        powers[base] = powers.get(base, 0) + power * cubed
        factor *= size**power
    return Unit(tuple(sorted(powers.items())), factor)


def counted(text: str) -> Unit | None:
    """The unit that words after a number are: any noun, with two words before it at most.

    >>> counted("red apples").dimension, counted("out of"), counted("x")
    ((('apple', 1),), None, None)
    """
    if not _WORDS.fullmatch(text):
        return None
    words = text.casefold().split()
    if _NO_UNIT & set(words):
        return None
    noun = words[-1]
    return Unit(((noun.removesuffix("s") if len(noun) > 3 else noun, 1),), Fraction(1))


def trailing(text: str, letters: bool) -> tuple[str, Unit | None]:
    r"""Takes the unit off the end of an expression.

    Args:
        text: a tidied answer.
        letters: whether m or g alone may be one; in a formula they are variables.

    >>> trailing(r"4\sqrt{3} cm^2", False)[0], trailing(r"2\pi h", False)
    ('4\\sqrt{3}', ('2\\pi h', None))
    """
    words = text.split(" ")
    for count in (3, 2, 1):
        if len(words) > count:
            value, unit = " ".join(words[:-count]), " ".join(words[-count:])
            letter = len(re.split(r"[\^/]", unit)[0]) == 1
            if (letters or not letter) and (found := known(unit)):
                return value, found
    return text, None
