r"""One spelling for the many in which people and models write the same mathematics."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from filters.verifiers.math.habits import HABITS

LONGEST = 10_000
"""Characters; nothing longer is rewritten, and nothing longer is judged."""

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda _ nu xi _ pi rho _ sigma tau"
)
_GREEK_LETTERS = {
    chr(code): rf"\{name} "
    for code, name in enumerate((*_GREEK.split(), "upsilon", "phi", "chi", "psi", "omega"), 0x3B1)
    if name != "_"
}
"""Small ones; μ is left alone, as it may be a millionth, and so are o and a closing sigma."""
_MATHEMATICAL = range(0x1D400, 0x1D800)
"""Unicode's letters and digits in italics, bold, script and so on."""
_PARTS = {
    sign: Fraction(unicodedata.numeric(sign)).limit_denominator(20) for sign in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
}
_RAISED, _LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "₀₁₂₃₄₅₆₇₈₉"
_SYMBOLS = str.maketrans(
    {
        "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{MULTIPLICATION SIGN}": r"\times ",
        "\N{DIVISION SIGN}": "/", "·": r"\cdot ", "⋅": r"\cdot ",
        "\N{DOUBLE-STRUCK CAPITAL R}": r"\mathbb{R}", "\N{DOUBLE-STRUCK CAPITAL Z}": r"\mathbb{Z}",
        "\N{DOUBLE-STRUCK CAPITAL N}": r"\mathbb{N}", "\N{RATIO}": ":",
        "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "±": r"\pm ",
        "\N{UNION}": r"\cup ", "∩": r"\cap ", "∈": r"\in ", "∅": r"\emptyset ", "°": r"^\circ ",
        "≈": r"\approx ", "≃": r"\approx ", "∀": r"\forall ", "∃": r"\exists ",
        "\N{FRACTION SLASH}": "/", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{THIN SPACE}": " ", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{PRIME}": "'", "\N{DOUBLE PRIME}": "''",
    }
    | _GREEK_LETTERS
    | {sign: rf"\frac{{{part.numerator}}}{{{part.denominator}}}" for sign, part in _PARTS.items()}
    | {
        chr(code): _GREEK_LETTERS.get(plain, plain)
        for code in _MATHEMATICAL
        for plain in [unicodedata.normalize("NFKC", chr(code))]
    }
    | {chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)}  # full-width forms
)  # fmt: skip
_SCRIPTS = re.compile(rf"([{_RAISED}]+)|([{_LOWERED}]+)")
_LEVEL = str.maketrans(_RAISED + _LOWERED, "0123456789+-n0123456789")
_PLAIN = re.compile(r"[-+]?\d[\d,/]*(?:\.\d+)?\.?")
_SPACES = re.compile(r"(?:(?<!\\)\\[,;:! ]|\\q?quad(?![a-zA-Z])|~|\s)+")
_DRESS = re.compile(
    r"\\(?:left|right)(?= ?(?:$|[()\[\]|.<>/]|\\[{}|]|\\[lr]?(?:angle|floor|ceil|[vV]ert|brace)))"
    r"|\\(?:displaystyle|textstyle|limits|[bB]igg?[lr]?)(?![a-zA-Z])|\\[()\[\]]|\$|\*\*"
)
_TEXT = re.compile(
    r"\\(?:text(?:bf|rm|it|sf|tt)?|math(?:rm|bf|it|sf|tt)|mbox|operatorname|underline|emph)\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
)
_BRACED = re.compile(r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})+)\}")
_DEGREES = re.compile(r"(?<=[\d)}]) ?deg(?:rees?)?(?! ?[A-Za-z])")
_THOUSANDS = re.compile(r"(?<=\d)(?:\\,|\{,\}|,\\! ?|'(?!\d{3}'(?!\d)))(?=\d{3}(?!\d))")
_SIUNITX = re.compile(
    r"\\(?:SI|qty|si|unit) ?(?:\{(?P<number>[^{}]*)\})? ?\{(?P<unit>(?:[^{}]|\{[^{}]*\})*)\}"
)
_PREFIX = re.compile(r"\\(nano|micro|milli|centi|deci|kilo|mega|giga) ?\\")
_UNIT_SIGNS = {
    "degreeCelsius": r"^\circ C",
    "celsius": r"^\circ C",
    "degree": r"^\circ",
    "percent": r"\%",
}


def latex(text: str) -> str:
    r"""An answer as LaTeX: Unicode's signs, typed roots and doubled backslashes are rewritten.

    >>> latex("$2√3 ≤ x$"), latex("x**2"), latex(r"\\dfrac{1}{2}")
    ('2\\sqrt{3} \\le x', 'x^2', '\\frac{1}{2}')
    """
    if len(text) > LONGEST:
        return text
    if r"\begin" not in text:  # there, two backslashes end a row
        text = re.sub(r"\\\\(?=[a-zA-Z])", r"\\", text)
    if _SIUNITX.search(text):
        text = _SIUNITX.sub(_measured, text)
    text = _THOUSANDS.sub("", _levelled(text.strip("\n ")).translate(_SYMBOLS))
    for habit in HABITS:
        if habit.mark in text:
            text = habit.written.sub(habit.spelling, text)
    text = undollared(text).rstrip("\\ ")  # a line break that breaks nothing
    return re.sub(r" {2,}", " ", text).strip()


def _measured(found: re.Match[str]) -> str:
    r"""A quantity of siunitx: \SI{5}{\centi\meter\per\second} is 5 centimeter per second."""
    unit = _PREFIX.sub(r"\\\1", found["unit"])
    unit = re.sub(r"\\([a-zA-Z]+) ?", lambda name: _UNIT_SIGNS.get(name[1], name[1]) + " ", unit)
    unit = re.sub(r"(?<=[a-zA-Z])\.(?=[a-zA-Z])", " ", unit)
    return rf"{found['number'] or ''} \text{{{unit.strip()}}}"


def _levelled(text: str) -> str:
    """Raised and lowered digits as powers and indices: 10⁻³ is 10^{-3}."""
    if text.isascii():
        return text
    return _SCRIPTS.sub(
        lambda found: ("^{" if found[1] else "_{") + found.group().translate(_LEVEL) + "}", text
    )


def tidy(text: str) -> str:
    r"""An answer without what changes no meaning: math signs, spacing commands, `\text`.

    >>> tidy(r"$\dfrac12\,\text{ cm}$."), tidy("-1{,}000."), tidy(r"\$5")
    ('\\frac12 cm', '-1000', 'USD 5')
    """
    if len(text) > LONGEST:
        return text
    if _PLAIN.fullmatch(text):  # as most answers are; this takes half of the time
        return text.rstrip(".")
    text = latex(text).replace(r"\$", "USD ").replace(r"\%", "%")
    text = _DRESS.sub("", _TEXT.sub(r" \1 ", text))
    text = _DEGREES.sub(r"^\\circ ", _SPACES.sub(" ", text)).replace(" ^", "^").replace(" _", "_")
    text = _unbraced(text.strip())
    return text if text.endswith("..") else text.rstrip(". ")


def _unbraced(text: str) -> str:
    r"""A text without braces around all of it; with commas they are those of a set."""
    if not (match := _BRACED.fullmatch(text)):
        return text
    return rf"\{{{match[1]}\}}" if "," in match[1] else match[1].strip()


def undollared(text: str) -> str:
    """Takes off dollar signs around all of a text; one alone is money."""
    whole = text.rstrip(". ")
    if whole.count("$") - whole.count(r"\$") == 1 and re.match(r"-?\$ ?-?[\d.]", whole):
        return whole.replace("$", r"\$")
    for mark in ("$$", "$"):
        inner = whole[len(mark) : -len(mark)]
        if len(whole) > 2 * len(mark) and whole == mark + inner + mark:
            return inner if "$" not in inner.replace(r"\$", "") and inner[-1] != "\\" else text
    return text
