"""Units of measure: which are the same, and how many of one make another."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from filters.verifiers.math.notation import tidy


class Unit(NamedTuple):
    """A product of powers: of metres, kilograms, seconds, dollars, or of things counted."""

    dimension: tuple[tuple[str, int], ...]
    """Names of bases with their powers, sorted."""
    factor: Fraction
    """How many of the bases make one of this unit."""


_TABLE = """
m | 1 | m meter meters metre metres
m | 1/1000 | millimeter millimeters millimetre millimetres
m | 1/100 | cm centimeter centimeters centimetre centimetres
m | 1/10 | dm decimeter decimeters
m | 1000 | kilometer kilometers kilometre kilometres
m | 1/1000000 | micrometer micrometers micron microns
m | 1/1000000000 | nanometer nanometers
m | 127/5000 | in inch inches
m | 381/1250 | ft foot feet
m | 1143/1250 | yd yard yards
m | 201168/125 | mi mile miles
kg | 1 | kg kilogram kilograms
kg | 1/1000 | g gram grams gm
kg | 1/1000000 | milligram milligrams
kg | 1000 | ton tons tonne tonnes
lb | 1 | lb lbs
lb | 1/16 | oz ounce ounces
s | 1 | s sec secs second seconds
s | 1/1000 | millisecond milliseconds
s | 1/1000000 | microsecond microseconds
s | 60 | min mins minute minutes
s | 3600 | h hr hrs hour hours
s | 86400 | day days
s | 604800 | week weeks
month | 1 | month months
month | 12 | year years yr yrs
usd | 1 | usd dollar dollars
usd | 1/100 | cent cents
eur | 1 | eur euro euros €
gbp | 1 | gbp £
cny | 1 | cny yuan rmb ¥ 元
inr | 1 | rs rupee rupees
degree | 1 | degree degrees deg ^\\circ
rad | 1 | rad rad radian radians
celsius | 1 | ^\\circC ^\\circc celsius
fahrenheit | 1 | ^\\circF ^\\circf fahrenheit
kelvin | 1 | K ^\\circK kelvin kelvins
kg m s-2 | 1 | N newton newtons
kg m2 s-2 | 1 | J joule joules
kg m2 s-3 | 1 | W watt watts
kg m2 s-3 | 1000 | kilowatt kilowatts
kg m2 s-2 | 1000 | kilojoule kilojoules
kg m2 s-2 | 3600000 | kWh
kg m2 s-2 | 4184/1000 | cal calorie calories
kg m2 s-2 | 4184 | kcal
kg m2 s-2 | 1602176634/10000000000000000000000000000 | eV
kg m-1 s-2 | 1 | Pa pascal pascals
kg m-1 s-2 | 101325 | atm
A | 1 | A amp amps ampere amperes
kg m2 s-3 A-1 | 1 | V volt volts
kg m2 s-3 A-2 | 1 | \\Omega Ω ohm ohms
A s | 1 | C coulomb coulombs
A2 s4 kg-1 m-2 | 1 | F farad farads
kg s-2 A-1 | 1 | T tesla teslas
kg m2 s-2 A-1 | 1 | Wb weber webers
kg m2 s-2 A-2 | 1 | H henry henries
s-1 | 1 | Hz hz hertz
mol | 1 | mol mole moles
mol m-3 | 1000 | M molar
m2 | 10000 | ha hectare hectares 公顷
m2 | 316160658/78125 | acre acres
unit | 1 | unit units
m | 1 | 米
m | 1000 | 千米 公里
m | 1/10 | 分米
m | 1/100 | 厘米
m | 1/1000 | 毫米
m2 | 1 | 平方米
m2 | 1/10000 | 平方厘米
m2 | 1/100 | 平方分米
m2 | 1000000 | 平方千米 平方公里
m3 | 1 | 立方米
m3 | 1/1000000 | 立方厘米 毫升
m3 | 1/1000 | 立方分米 升
kg | 1 | 千克 公斤
kg | 1/2 | 斤
kg | 1/1000 | 克
kg | 1000 | 吨
s | 1 | 秒
s | 60 | 分钟
s | 3600 | 小时
s | 86400 | 天
month | 1 | 个月
month | 12 | 年
cny | 1/10 | 角
cny | 10000 | 万元
degree | 1 | 度
"""
_PREFIXES = {"n": -9, "μ": -6, "\N{MICRO SIGN}": -6, r"\mu": -6, "m": -3, "k": 3, "M": 6, "G": 9}
_PREFIXABLE = "m g s M N J W Pa A V \\Omega Ω C F T H Hz mol eV cal"


def _bases() -> dict[str, tuple[dict[str, int], Fraction]]:
    """Every name with the bases that it is made of, and how many of them it is."""
    bases: dict[str, tuple[dict[str, int], Fraction]] = {}
    for row in _TABLE.strip().splitlines():
        dimension, factor, names = row.split(" | ")
        powers = {}
        for part in dimension.split():
            match = re.fullmatch(r"([A-Za-z]+?)(-?\d)?", part)
            assert match  # the table above is ours
            powers[match[1]] = int(match[2] or 1)
        bases |= dict.fromkeys(names.split(), (powers, Fraction(factor)))
    for name in _PREFIXABLE.split():
        powers, factor = bases[name]
        for prefix, power in _PREFIXES.items():
            bases.setdefault(prefix + name, (powers, factor * Fraction(10) ** power))
    return bases


_BASES = _bases()
_LITRES = dict.fromkeys(["l", "L", "liter", "liters", "litre", "litres"], Fraction(1, 1000)) | (
    dict.fromkeys(["ml", "mL", "milliliter", "milliliters"], Fraction(1, 10**6))
)
_SPEEDS = {"mph": "mi/h", "kph": "km/h", "kmh": "km/h"}
_POWER = re.compile(
    r"(?:(square|sq|cubic|cu)\.? )?(\S+?)(?:\^ ?\{? ?(-?[1-4]) ?\}?| (squared|cubed))?"
)
_PER = re.compile(r" ?/ ?| per ")
_TIMES = re.compile(
    r" ?(?:\\cdot|\\times|\*) ?|(?<!sq)(?<!cu)(?<!sq\.)(?<!cu\.)"
    r"(?<!square)(?<!cubic) (?!squared|cubed)"
)
_QUOTIENT = re.compile(r"\\frac ?\{ ?([^{}]+?) ?\} ?\{ ?([^{}]+?) ?\}")
_SEVERAL = re.compile(r"[,;<>]|\\(?:[lg]e|to)(?![a-z])| (?:to|and|or) ")
_ROMAN = re.compile(r"\d[ ,;\\!~]*\\(?:text|mathrm)\s*\{[^{}]*[A-Za-z]")
"""Words in roman type after a number."""
_LETTER = "[a-zß-öø-ÿœа-яё\u0900-\u0963\u0980-\u09e3\u0c00-\u0c63\u0e01-\u0e4e\u0621-\u065f]"
_WORDS = re.compile(rf"{_LETTER}{{3,}}(?: {_LETTER}{{2,}}){{0,2}}", re.IGNORECASE)
_NO_NOUNS = """
and or of out to by over times plus minus from mod with per sin cos tan sec csc cot log exp sqrt ln
pi remainder about approximately is not than the each max min dozen hundred thousand million billion
trillion percent more less squared cubed factorial half thirds quarters root roots power powers
halves fourths fifths sixths eighths tenths hundredths thousandths tens hundreds thousands millions
dozens score power base wrong right incorrect correct false true invalid rejected impossible maybe
extraneous undefined ago later earlier before after above below under beyond short fewer greater
smaller larger bigger lower higher deep between except without unless if when where only if either
"""
_NO_UNIT = frozenset(_NO_NOUNS.split())
_FOREIGN_WORDS = """
prozent procent por ciento cent cento million millionen milliarden tausend hundert
dutzend mal millones mil mille milliers milliards docenas douzaines oder und weniger mehr
moins plus menos más
ou et o y процентов процента тысяч миллионов или больше меньше
শতাংশ গুণ হাজার লক্ষ লাখ কোটি ডজন বা কম বেশি प्रतिशत गुना हज़ार हजार लाख करोड़ दर्जन या
శాతం వేల లక్షలు కోట్లు ร้อยละ พัน หมื่น แสน ล้าน โหล เท่า ألف مليون بالمائة
"""
_NO_NOUN = _NO_UNIT | frozenset(_FOREIGN_WORDS.split())
_SMALL_WORDS = "no yes all any one two six ten if so as be we he she it its on for dne"
_SMALL = frozenset(_SMALL_WORDS.split())


@lru_cache(maxsize=2_000)
def known(text: str) -> Unit | None:
    """The unit that a text is for certain, or None.

    >>> known("cm") == known("centimeters"), known("km/h").dimension, known("x")
    (True, (('m', 1), ('s', -1)), None)
    >>> known("N m") == known("J"), known("m s^{-2}") == known("m/s^2")
    (True, True)
    """
    text = _QUOTIENT.sub(r"\1/\2", text.strip().replace(r"^\circ ", r"^\circ"))
    text = _SPEEDS.get(text, text).replace(r"\mu ", r"\mu")
    powers: dict[str, int] = {}
    factor = Fraction(1)
    for place, part in enumerate(_PER.split(text)):
        for piece in _TIMES.split(part.removeprefix("(").removesuffix(")")):
            if not (found := _piece(piece)):
                return None
            bases, size, power = found
            power = -power if place else power
            for base, exponent in bases.items():
                powers[base] = powers.get(base, 0) + power * exponent
            factor *= size**power
    return Unit(tuple(sorted((base, n) for base, n in powers.items() if n)), factor)


def _piece(text: str) -> tuple[dict[str, int], Fraction, int] | None:
    """One factor of a unit: its bases, its size, and the power it is raised to."""
    if not (match := _POWER.fullmatch(text)):
        return None
    before, name, exponent, after = match.groups()
    power = int(exponent or {"s": 2, "c": 3}.get((before or after or " ")[0], 1))
    name = name if name in _BASES else name.casefold()
    if name in _LITRES:
        return {"m": 3}, _LITRES[name], power
    return (*_BASES[name], power) if name in _BASES else None


def counted(text: str) -> Unit | None:
    """The unit that words after a number are: any noun, with two words before it at most.

    >>> counted("red apples").dimension, counted("out of"), counted("x")
    ((('apple', 1),), None, None)
    """
    each, _, per = text.partition(" per ")
    if per:
        one, two = counted(each), known(per) or counted(per)
        if not one or not two:
            return None
        turned = tuple((base, -power) for base, power in two.dimension)
        return Unit(tuple(sorted(one.dimension + turned)), one.factor / two.factor)
    if not _WORDS.fullmatch(text):
        return None
    words = text.casefold().split()
    if (_NO_NOUN | _SMALL) & set(words):
        return None
    if words[0].endswith("s") and len(words) > 1 and (unit := known(words[0])):
        return unit  # 74 inches tall
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
            letter = len(re.split(r"[\^/]", unit)[0]) == 1 and "/" not in unit
            if letter and not letters:
                continue
            if found := known(unit) or (counted(unit) if value[-1] in "0123456789})" else None):
                return value, found
    return text, None


def alike(answer: str, reference: str) -> tuple[str, str] | None:
    r"""Two answers without their units, in one of them; None where they cannot be compared.

    Nothing is a unit that nobody knows, and only one value can be converted.

    >>> alike(r"\sqrt{2} cm", r"\sqrt{2}"), alike(r"\sqrt{2} cm", r"\sqrt{2} kg")
    (('\\sqrt{2}', '\\sqrt{2}'), None)
    """
    sides = [tidy(side) for side in (answer, reference)]
    (one, a), (two, b) = (
        trailing(tidied, letters=r"\text" in side or r"\mathrm" in side)
        for tidied, side in zip(sides, (answer, reference), strict=True)
    )
    if a and b:
        ratio = a.factor / b.factor
        if a.dimension != b.dimension or (ratio != 1 and any(map(_SEVERAL.search, sides))):
            return None
        name, sign, value = one.rpartition("=")
        factor = rf"\frac{{{ratio.numerator}}}{{{ratio.denominator}}}"
        return one if ratio == 1 else f"{name}{sign}{factor} ({value.strip()})", two
    if (a or b) and (ends(sides[bool(a)]) or _ROMAN.search(reference if a else answer)):
        return None
    return one if a else answer, two if b else reference


def ends(text: str) -> bool:
    """Whether the last word of a text may be a unit.

    >>> ends("height = 5 m"), ends("2x")
    (True, False)
    """
    return bool(known(text.rpartition(" ")[2]))


def may_be_product(word: str) -> bool:
    """Whether a run of letters may be a product of variables: not a small word.

    >>> may_be_product("ab"), may_be_product("or")
    (True, False)
    """
    return word.casefold() not in _NO_UNIT | _SMALL
