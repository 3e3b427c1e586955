r"""One spelling for the many in which people and models write the same mathematics."""

from __future__ import annotations

import re

LONGEST = 10_000
"""Characters; nothing longer is rewritten, and nothing longer is judged."""

_SYMBOLS = str.maketrans(
    {
        "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{MULTIPLICATION SIGN}": r"\times ",
        "\N{DIVISION SIGN}": "/", "·": r"\cdot ", "⋅": r"\cdot ", "π": r"\pi ", "θ": r"\theta ",
        "\N{DOUBLE-STRUCK CAPITAL R}": r"\mathbb{R}", "\N{DOUBLE-STRUCK CAPITAL Z}": r"\mathbb{Z}",
        "\N{DOUBLE-STRUCK CAPITAL N}": r"\mathbb{N}", "\N{RATIO}": ":",
        "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "±": r"\pm ",
        "\N{UNION}": r"\cup ", "∩": r"\cap ", "∈": r"\in ", "∅": r"\emptyset ", "°": r"^\circ ",
        "²": "^2", "³": "^3", "½": r"\frac12", "¼": r"\frac14", "¾": r"\frac34",
        "⅓": r"\frac13", "⅔": r"\frac23",
        "\N{FRACTION SLASH}": "/", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{THIN SPACE}": " ", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
    | {chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)}  # full-width forms
)  # fmt: skip
_PLAIN = re.compile(r"[-+]?\d[\d,/]*(?:\.\d+)?\.?")
_SPACES = re.compile(r"(?:(?<!\\)\\[,;:! ]|\\q?quad\b|~|\s)+")
_DRESS = re.compile(
    r"\\(?:left|right|displaystyle|textstyle|limits|[bB]igg?[lr]?)(?![a-zA-Z])|\\[()\[\]]|\$|\*\*"
)
_TEXT = re.compile(
    r"\\(?:text(?:bf|rm|it)?|math(?:rm|bf|it)|mbox|operatorname)\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
)
_DEGREES = re.compile(r"(?<=[\d)}]) ?deg(?:rees?)?(?! ?[A-Za-z])")
_THOUSANDS = re.compile(r"(?<=\d)(?:\\,|\{,\}|,\\! ?)(?=\d{3}(?!\d))")
_HABITS = [  # what is typed without LaTeX, and the LaTeX of it
    (re.compile(r"\\[dtc]frac(?![a-zA-Z])"), r"\\frac"),
    (re.compile(r"\\(?:varnothing(?![a-zA-Z])|\{ ?\\\})"), r"\\emptyset "),
    (re.compile(r"\\(?:leqslant|leq)(?![a-zA-Z])|<="), r"\\le "),
    (re.compile(r"\\(?:geqslant|geq)(?![a-zA-Z])|>="), r"\\ge "),
    (re.compile(r"(?<![\\A-Za-z])sqrt ?\(([^()]*)\)|√ ?\(([^()]*)\)|√ ?(\w+)"), r"\\sqrt{\1\2\3}"),
    (re.compile(r"(?<![\\A-Za-z])pi(?![A-Za-z])"), r"\\pi "),
    (re.compile(r"(?<![\\A-Za-z])inf(?:inity|ty)?(?![A-Za-z])"), r"\\infty "),
    (re.compile(r"(?<=[\w)])\*\*(?=[\w({-])"), "^"),
    (re.compile(r"\^ ?\(([^()]*)\)"), r"^{\1}"),
    (re.compile(r"\\dot ?\{?(\d)\}?(\d*)\\dot ?\{?(\d)\}?"), r"\\overline{\1\2\3}"),
    (re.compile(r"(?<=\d)\\dot ?\{?(\d)\}?|(?<=\.)\\dot ?\{?(\d)\}?"), r"\\overline{\1\2}"),
    (re.compile(r"\\(?:text)?color ?\{\w+\}"), ""),
    (re.compile(r"\\(?:operatorname ?\{ ?(?=[a-z]{2,7} ?\}))?(arc)?tg ?\}?(?![a-z])"), r"\\\1tan "),
    (
        re.compile(r"\\(?:operatorname ?\{ ?(?=[a-z]{2,7} ?\}))?(arc)?ctg ?\}?(?![a-z])"),
        r"\\\1cot ",
    ),
    (re.compile(r"\{ ?([^{}]*?) ?\\over(?![a-z]) ?([^{}]*?) ?\}"), r"{\\frac{\1}{\2}}"),
    (re.compile(r"\\gt(?![a-z])"), ">"),
    (re.compile(r"\\lt(?![a-z])"), "<"),
    (re.compile(r"(?<=\S) ?\\approx.*$"), ""),
    (re.compile(r"(?<![a-z])\{([:,;])\}"), r"\1"),
    (re.compile(r"(?<=\d) ?\\(?:text|mathrm) ?\{ ?[eE](-?)\} ?\{?(-?\d+)\}?"), r"e\1\2"),
    (re.compile(r"\\(?:large|Large|checkmark|quad)(?![a-zA-Z])"), ""),
    (re.compile(r"\\langle(?![a-z])"), "("),
    (re.compile(r"\\rangle(?![a-z])"), ")"),
    (re.compile(r"\^ ?\{ ?\\circ ?\}|\\degree(?![a-zA-Z])"), r"^\\circ "),
    (
        re.compile(r"\\(sin|cos|tan|cot|sec|csc) ?\(? ?(\d{1,4}) ?\^\\circ ?\)?"),
        r"\\\1{\\frac{\2\\pi}{180}}",
    ),
]


def latex(text: str) -> str:
    r"""An answer as LaTeX: Unicode's signs, typed roots and doubled backslashes are rewritten.

    >>> latex("$2√3 ≤ x$"), latex("sqrt(2)/2"), latex(r"\\dfrac{1}{2}")
    ('2\\sqrt{3} \\le x', '\\sqrt{2}/2', '\\frac{1}{2}')
    """
    if len(text) > LONGEST:
        return text
    if r"\begin" not in text:  # there, two backslashes end a row
        text = re.sub(r"\\\\(?=[a-zA-Z])", r"\\", text)
    text = _THOUSANDS.sub("", text.strip().translate(_SYMBOLS))
    for habit, spelling in _HABITS:
        text = habit.sub(spelling, text)
    return re.sub(r" {2,}", " ", _undollared(text)).strip()


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
    text = _DEGREES.sub(r"^\\circ ", _SPACES.sub(" ", text)).replace(" ^", "^").strip()
    return text if text.endswith("..") else text.rstrip(". ")


def _undollared(text: str) -> str:
    """Takes off dollar signs around all of a text; one alone is money."""
    whole = text.rstrip(". ")
    if whole.count("$") - whole.count(r"\$") == 1 and re.match(r"-?\$ ?-?[\d.]", whole):
        return whole.replace("$", r"\$")
    for mark in ("$$", "$"):
        inner = whole[len(mark) : -len(mark)]
        if len(whole) > 2 * len(mark) and whole == mark + inner + mark:
            return inner if "$" not in inner.replace(r"\$", "") and inner[-1] != "\\" else text
    return text
