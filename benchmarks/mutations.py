r"""Mutations: what makes another answer of an answer, by one sign, bound, unit, word or order.

Each is a name and a function from a text and a source of chance to the mutated text, or None where
there is nothing to mutate.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

Mutate = Callable[[str, Random], str | None]

NUMBER = r"-?\d+(?:\.\d+)?"
_PLAIN = re.compile(r"-?[\d.]+|-?\\d?frac\{-?\d+\}\{\d+\}|-?\d*\\sqrt\{\d+\}")

OPPOSITES = r"""
\sin|\cos \tan|\cot \sec|\csc \arcsin|\arccos \sinh|\cosh \ln|\log_{2} \log|\lg \max|\min
\sup|\inf \lfloor|\lceil \cup|\cap \in|\notin \forall|\exists \subset|\supset \sum|\prod
\leq|\geq \le|\ge \leq|< \geq|> \le|< \ge|> <|> =|\neq \pi|e \alpha|\beta \theta|\phi \wedge|\vee
\mathbb{N}|\mathbb{Z} \mathbb{R}|\mathbb{Q} \mathbb{Z}|\mathbb{Q} \cdot|+ \times|+ \pm|+ \pm|-
\infty|0 \cdots|\cdot \ldots|+ \equiv|= \perp|\parallel \rightarrow|\leftarrow \mid|\nmid
\hat|\bar \overline|\vec \circ|\prime \emptyset|\{0\}
"""
"""Signs of which one becomes the other."""
WORDS = """
even|odd positive|negative increasing|decreasing maximum|minimum yes|no true|false all|some
and|or less|greater more|fewer rational|irrational prime|composite left|right north|south east|west
before|after Monday|Tuesday January|February acute|obtuse first|second sufficient|necessary
always|never parabola|hyperbola ellipse|circle finite|infinite inside|outside convex|concave
none|all any|no only|not above|below least|most nonnegative|positive integer|prime
divides|equals square|cube
squares|cubes triangle|rectangle integers|primes distinct|equal red|blue if|unless row|column
converges|diverges dependent|independent consistent|inconsistent exists|vanishes
"""
"""Words of which one becomes the other."""
UNITS = r"""
cm|mm m|cm km|miles kg|g g|mg hours|minutes minutes|seconds days|weeks dollars|cents
square|cubic degrees|radians inches|feet feet|yards years|months units|degrees cm^2|cm^3 m^2|m^3
cm^{2}|cm^{3} J|kJ N|kN V|mV Hz|kHz mph|kph liters|milliliters m/s|km/h apples|oranges boys|girls
people|pairs a.m.|p.m. AM|PM Pa|kPa W|kW eV|keV K|C mol|kmol students|teachers ways|days
"""
"""Units and things that are counted, of which one becomes the other."""


def swap(pattern: str, new: str | Callable[[re.Match[str]], str | None]) -> Mutate:
    """Replaces one match, drawn by chance."""
    compiled = re.compile(pattern)

    def mutate(text: str, chance: Random) -> str | None:
        found = list(compiled.finditer(text))
        if not found:
            return None
        one = chance.choice(found)
        by = new(one) if callable(new) else one.expand(new)
        return None if by is None else text[: one.start()] + by + text[one.end() :]

    return mutate


def _pairs(text: str) -> list[list[str]]:
    return [pair.split("|") for pair in text.split()]


def _pair(one: str, two: str, word: bool) -> Mutate:
    """Replaces one of two by the other, at one place."""
    other = {one: two, two: one}
    parts = []
    for side in sorted(other, key=len, reverse=True):
        before = r"(?<![a-zA-Z\\])" if word or side.isalpha() else ""
        after = r"(?![a-zA-Z])" if word or side[-1].isalpha() else ""
        parts.append(before + re.escape(side) + after)
    return swap("|".join(parts), lambda match: _spaced(other[match[0]]))


def _spaced(sign: str) -> str:
    return f"{sign} " if sign.startswith("\\") and sign[-1].isalpha() else sign


def _digit(text: str, chance: Random) -> str | None:
    places = [place for place, sign in enumerate(text) if sign in "0123456789"]
    if not places:
        return None
    place = chance.choice(places)
    other = chance.choice([digit for digit in "123456789" if digit != text[place]])
    return text[:place] + other + text[place + 1 :]


def _raise(by: int) -> Callable[[re.Match[str]], str]:
    return lambda match: match[0].replace(match[1], str(int(match[1]) + by))


def _sign(text: str, _: Random) -> str | None:
    """The sign of all of it."""
    if re.search(r"[,;=<>]|\\(?:[lg]eq?|pm|text|in|cup)(?![a-z])", text) or not re.match(
        r"[-\d\\($]", text
    ):
        return None
    bare = text.strip("$")
    if re.search(r"[+](?![^({]*[)}])|(?<=.)-(?![^({]*[)}])", bare):
        return f"-({bare})"
    return bare[1:] if bare.startswith("-") else f"-{bare}"


def parts_of(text: str) -> tuple[str, list[str], str] | None:
    """What is before, between and after the commas of a list that is all of a text."""
    match = re.fullmatch(r"(\$?(?:\\left ?)?\\?[\[({])(.*?)((?:\\right ?)?\\?[\])}]\$?)", text)
    before, inside, after = match.groups() if match else ("", text, "")
    parts, depth = [""], 0
    for sign in inside:
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0:
            return None
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return (before, parts, after) if len(parts) > 1 and depth == 0 else None


def listed(
    change: Callable[[list[str], Random], list[str] | None], ordered: bool = False
) -> Mutate:
    def mutate(text: str, chance: Random) -> str | None:
        found = parts_of(text)
        if not found or (ordered and (not found[0].endswith(("(", "[")) or "{" in found[0])):
            return None
        before, parts, after = found
        changed = change(parts, chance)
        return None if changed is None else before + ",".join(changed) + after

    return mutate


def _reversed(parts: list[str], _: Random) -> list[str] | None:
    return None if parts == parts[::-1] else [f" {part.strip()}" for part in parts[::-1]]


def turned(parts: list[str], _: Random) -> list[str] | None:
    """A list without an order, from behind; None where something stands around it that keeps it."""
    return [f" {part.strip()}" for part in parts[::-1]] if len(set(parts)) == len(parts) else None


def _dropped(parts: list[str], chance: Random) -> list[str] | None:
    place = chance.randrange(len(parts))
    return [*parts[:place], *parts[place + 1 :]]


def _added(parts: list[str], chance: Random) -> list[str]:
    return [*parts, str(chance.randrange(11, 99))]


def _values(text: str, _: Random) -> str | None:
    """x = 1, y = 2 becomes x = 2, y = 1; the same where words name the values."""
    named = re.compile(rf"([a-zA-Z]\w*) ?([=:]) ?({NUMBER})")
    found = list(named.finditer(text))
    if len(found) < 2 or found[0][3] == found[1][3] or found[0][1] == found[1][1]:
        return None
    one, two = found[:2]
    middle = text[one.end(3) : two.start(3)]
    return text[: one.start(3)] + two[3] + middle + one[3] + text[two.end(3) :]


def _letter(text: str, chance: Random) -> str | None:
    """One variable becomes another, at one place of several."""
    found = [
        m for m in re.finditer(r"(?<![a-zA-Z\\])[a-zA-Z](?![a-zA-Z])", text) if m[0] not in "eidC"
    ]
    if not found or r"\text" in text:
        return None
    one = chance.choice(found)
    if sum(m[0] == one[0] for m in found) < 2 and len({m[0] for m in found}) < 2:
        return None
    other = chance.choice([letter for letter in "xynkabtm" if letter != one[0]])
    return text[: one.start()] + other + text[one.end() :]


def _case(text: str, _: Random) -> str | None:
    found = {
        m for m in re.findall(r"(?<![a-zA-Z\\])[a-zA-Z](?![a-zA-Z])", text) if m not in "eidCcK"
    }
    if len(found) < 2 or r"\text" in text:
        return None
    one = sorted(found)[0]
    return re.sub(rf"(?<![a-zA-Z\\]){one}(?![a-zA-Z])", one.swapcase(), text, count=1)


def _term(text: str, _: Random) -> str | None:
    """Loses what stands after the last plus or minus outside of brackets."""
    match = re.fullmatch(r"(\$?.*[\w)}])\s*[+-]\s*[\w\\^{}. ]+?(\$?)", text)
    return match[1] + match[2] if match and match[1].count("{") == match[1].count("}") else None


def _around(shapes: str) -> list[tuple[str, Mutate]]:
    def put(shape: str) -> Mutate:
        def mutate(text: str, _: Random) -> str | None:
            bare = text.strip("$")
            if not _PLAIN.fullmatch(bare) or bare.strip("0.-") in ("", "1"):
                return None
            return shape.replace("K", bare)

        return mutate

    return [(f"around: {shape}", put(shape)) for shape in re.split(r" ?;\s+", shapes.strip())]


AROUND = _around(
    r"""
2(K) ; (K)^2 ; \sqrt{K} ; \frac{1}{K} ; (K)! ; Kn ; Ki ; K\pi ; K + x ; K x ; <K ; >K ;
\leq K ; \geq K ; \neq K ; x < K ; x \geq K ; at least K ; at most K ; less than K ;
more than K ; not K ; no more than K ; \text{not } K ; \text{at most } K ; K or more ;
K or less ; K and above ; K or 77 ; K, 77 ; 77, K ; \{K, 77\} ; (K, 77) ; K \text{ or } 77 ;
between 2 and K ; multiples of K ; all but K ; powers of K ; K:1 ; K/1000 ; K \pmod{7} ;
x \equiv K \pmod{7} ; \{1, 2, \ldots, K\} ; [0, K] ; (K, \infty) ; (-\infty, K] ; \pm K ;
K^{-1} ; K \cdot 10^{3} ; K \times 10^{-2} ; e^{K} ; \ln K ; \log_{2} K ; \sin(K) ; K^n ;
K n! ; O(K) ; |x| = K ; \infty - K ; K... ; K\ldots ; K + \ldots ; K million ; K thousand ;
K \text{ million} ; K dozen ; K pairs ; half of K ; twice K ; square root of K ; K squared ;
K if n is even ; K \text{ if } n > 2 ; x = K or x = 77 ; x = K, y = 77 ; minus K ; negative K ;
K percent ; K^K ; 0K.5 ; K - 77 ; 77K ; K does not work ; K is impossible ; anything but K ;
K is not a solution ; K is too small ; nearly K ; K is a lower bound ; upper bound K ; f(K) ;
a_{K} ; \binom{K}{2} ; K!! ; K' ; \overline{K} ; K_{8} ; K \text{ in base } 8 ; K m or K cm ;
? K ; K? ; K or so ; undefined, K ; no solution, K ; K (wrong) ; K, not 77 ; 77, not K ;
77 (not K) ; 77, rather than K ; 77 instead of K ; 77 \ne K ; 77 = K ; K = 77 ; 77 \approx K ;
77 \Rightarrow K ; 77 - 2 = K ; from K to 77 ; from 77 to K
"""
)
"""What is written around a whole key, that makes it another answer; K is the key."""

MUTATIONS: list[tuple[str, Mutate]] = [
    ("a digit", _digit),
    ("a digit less", swap(r"(?<=\d)\d(?![\d.]*\})", "")),
    ("a digit twice", swap(r"[1-9]", r"\g<0>\g<0>")),
    ("digits change places", swap(r"(\d)(?!\1)(\d)", r"\2\1")),
    ("a sign", _sign),
    ("plus to minus", swap(r"(?<=[\w})!])\s*\+\s*", " - ")),
    ("minus to plus", swap(r"(?<=[\d})!])\s*-\s*(?=[\w\\({])", " + ")),
    ("a minus less", swap(r"(?<![\w}).])-(?=[\d\\(])", "")),
    ("a minus more", swap(r"(?<=[({,=] )\d|(?<=[({,=])\d", r"-\g<0>")),
    ("exponent", swap(r"\^\{?(\d+)", _raise(1))),
    ("exponent's sign", swap(r"\^\{-", "^{")),
    ("no exponent", swap(r"\^(?:\{[^{}]*\}|\w)", "")),
    (
        "exponent to factor",
        swap(r"(?<=\w)\^(?:\{(\d+)\}|(\d))", lambda m: rf" \cdot {m[1] or m[2]}"),
    ),
    ("index", swap(r"_\{?(\d+)", _raise(1))),
    (
        "numerator and denominator",
        swap(
            r"(\\[dt]?frac) ?\{([^{}]*)\}\{([^{}]*)\}",
            lambda m: None if m[2] == m[3] else rf"{m[1]}{{{m[3]}}}{{{m[2]}}}",
        ),
    ),
    (
        "sides of a slash",
        swap(r"\b(\d+)/(\d+)\b", lambda m: None if m[1] == m[2] else f"{m[2]}/{m[1]}"),
    ),
    ("numerator", swap(r"frac\{-?(\d+)", _raise(1))),
    ("fraction to product", swap(r"\\[dt]?frac ?\{([^{}]*)\}\{([^{}]*)\}", r"(\1)(\2)")),
    ("root to cube root", swap(r"\\sqrt ?\{", r"\\sqrt[3]{")),
    ("no root", swap(r"\\sqrt ?\{([^{}]*)\}", r"(\1)")),
    ("index of a root", swap(r"\\sqrt\[(\d)\]", _raise(1))),
    ("no factorial", swap("!", "")),
    ("double factorial", swap(r"(?<!!)!(?!!)", "!!")),
    ("factorial of more", swap(r"(\w)!", r"(\1+1)!")),
    ("binomial", swap(r"binom\{([^{}]*)\}\{([^{}]*)\}", r"binom{\2}{\1}")),
    ("lower of a binomial", swap(r"binom\{[^{}]*\}\{(\d+)\}", _raise(1))),
    ("no bars", swap(r"\|([^|]+)\|", r"(\1)")),
    (
        "first bracket",
        swap(
            r"^(\$?(?:\\left ?)?)([\[(])(?=[^\[\]()]*,[^,\[\]()]*[\])])",
            lambda m: m[1] + "[("["[(".index(m[2]) - 1],
        ),
    ),
    (
        "last bracket",
        swap(
            r"(?<=\d)((?:\\right ?)?)([\])])(?=\$?$)", lambda m: m[1] + "])"["])".index(m[2]) - 1]
        ),
    ),
    ("parts change places", listed(_reversed, ordered=True)),
    ("a part less", listed(_dropped)),
    ("a part more", listed(_added)),
    ("values change names", _values),
    (
        "ratio",
        swap(rf"({NUMBER}) ?: ?({NUMBER})", lambda m: None if m[1] == m[2] else f"{m[2]}:{m[1]}"),
    ),
    ("a letter", _letter),
    ("case of a letter", _case),
    ("a letter less", swap(r"(?<=\d) ?[a-z](?![a-z])", "")),
    ("a coefficient less", swap(r"(?<![\w.}^{_])[2-9](?= ?[a-z\\](?!text|circ|%|[a-z]{2}))", "")),
    ("a term less", _term),
    ("the point", swap(r"(\d)\.(\d)(?=\d)", r"\1\2.")),
    ("no point", swap(r"(?<=[1-9])\.(?=\d*[1-9])", "")),
    ("a zero more", swap(r"(?<![\d.])[1-9]\d*(?![\d.,])", r"\g<0>0")),
    ("a last place", swap(r"(\.\d*[1-9])(?!\d)", lambda m: m[1] + "5")),
    ("no percent", swap(r"\\?%", "")),
    ("modulus", swap(r"(?:mod|pmod\{?)\s*(\d+)", _raise(1))),
    ("no modulus", swap(r"\\?\(?\\?p?mod.*$", "")),
    ("lower bound of a sum", swap(r"(?<=[a-z]=)(\d+)", _raise(1))),
    ("brackets less", swap(r"(?<=[\w}])\(([^()]*[+-][^()]*)\)", r"\1")),
    (
        "a name's value for another's",
        swap(r"^([a-z])(?= ?[=<>])", lambda m: "z" if m[1] != "z" else "w"),
    ),
    ("a remark that forbids", swap(r"^(\$?[^$]*\$?)$", r"\1 \\text{ is not possible}")),
    ("a condition more", swap(r"^([^$,]*[a-z][^$,]*)$", r"\1, n > 77")),
    *[(f"{one} | {two}", _pair(one, two, False)) for one, two in _pairs(OPPOSITES)],
    *[(f"word: {one} | {two}", _pair(one, two, True)) for one, two in _pairs(WORDS)],
    *[(f"unit: {one} | {two}", _pair(one, two, True)) for one, two in _pairs(UNITS)],
    *AROUND,
]
"""Name and function, in the order of the report."""
