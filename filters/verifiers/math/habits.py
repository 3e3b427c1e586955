"""What people and models write in other ways than LaTeX's, and the LaTeX of it."""

from __future__ import annotations

import re
from typing import NamedTuple


class Habit(NamedTuple):
    """A way of writing."""

    mark: str
    """What a text must have in it, so that most texts are passed over at once."""
    written: re.Pattern[str]
    spelling: str
    pair: tuple[str, str]
    """An answer and a key that are only seen to be the same where this is rewritten."""


_FUNCTION = r"\\(?:operatorname ?\{ ?(?=[a-z]{2,7} ?\}))?(arc)?"
_NAME = r"[a-zA-Z]\w{0,2}(?: ?_ ?\{?[ \w\\]{1,9}\}?)?(?: ?\([a-zA-Z0-9]+\))?|\\[a-z]+"
_TH = "st|nd|rd|th"
_CONSTANT = (
    r"\+ ?(\\(?:text|mathrm) ?\{ ?)?(?:an? )?(?:arbitrary )?[cC]onst(?:ant|\.)?"
    r"(?: of integration)? ?(?(1)\})"
)
_ROWS = (
    # In JSON \t, \f, \b and \r are signs, and so \text and \frac lose their beginnings.
    ("rac", r"\x0c(?=rac)|(?<![a-zA-Z\\\x0c])(?=rac ?\{)", r"\\f", ("\x0crac{1}{2}", "0.5")),
    ("\t", r"\t(?=ext|imes|heta|frac|an(?:gle)?\b|riangle)", r"\\t", ("\text{ odd}", "odd")),
    ("\x08", r"\x08(?=inom|egin|ar\b|eta\b)", r"\\b", ("\x08inom{5}{2}", "10")),
    ("\r", r"\r(?=ight|ho\b|angle)", r"\\r", ("2\rho g", r"g \cdot 2\rho")),
    ("<sup>", r"<sup>(\w)</sup>(?!\d)", r"^\1", ("∀t: 3<sup>t</sup>", r"∀t: 3^t")),
    ("<sup>", r"<sup>([^<>]*)</sup>", r"^{\1}", ("x<sup>12</sup>", "x^{12}")),
    ("<sub>", r"<sub>([^<>]*)</sub>", r"_{\1}", ("a<sub>12</sub>", "a_{12}")),
    ("_", r"\{ ?([a-zA-Z]) ?\} ?(?=_)", r"\1", ("{g}_{k} + 1", "g_k + 1")),
    ("0", r"(?<![a-zA-Z\\_])([a-df-z])0(?![\d.,])", r"\1_0", ("v0^2", "v_0^2")),
    ("num", r"\\num ?\{ ?([^{}]+?) ?\}", r"\1", (r"\num{1200}", "1200")),
    ("ang", r"\\ang ?\{ ?([\d.]+) ?\}", r"\1^\\circ ", (r"\ang{30}", r"30^\circ")),
    ("frac", r"\\[dtcs]frac(?![a-zA-Z])", r"\\frac", (r"\sfrac{1}{2}", "0.5")),
    ("=", r"^ ?= ?(?=\S)", "", ("= 5", "5")),
    ("+/", r"\+ ?/ ?- ?", r"\\pm ", ("+/-4", r"\pm 4")),
    ("\\", r"(?<![\\\d,.])\\(?=\d)", "", (r"\15", "15")),
    ("onst", _CONSTANT, "+ C", (r"x^2 + \text{constant}", "x^2 + C")),
    ("∛", r"∛ ?(?:\(([^()]*)\)|(\d+|\w))", r"\\sqrt[3]{\1\2}", ("∛54", r"3\sqrt[3]{2}")),
    ("verline", r"\\overline ?\{ ?([A-Z]{2}) ?\}", r"\1", (r"\overline{AB}", "AB")),
    ("m", r"(?<=\d,\d{3})((?:\.\d+)?)([ckm]?m)(?= ?\^|$)", r"\1 \2", ("1,000.99m²", "1000.99")),
    ("ট", r"(?<=\d) ?(?:টি|টা)(?![\u0980-\u09ff])", " ", ("32টি মাছ", "32")),
    ("^", r"\^ ?\{ ?([+-]) ?\}", r"^\1", (r"\lim_{x \to 0^{+}} f(x)", r"\lim_{x \to 0^+} f(x)")),
    ("vee", r"\\vee(?![a-z])", r"\\lor ", (r"p \vee q", r"p \lor q")),
    ("wedge", r"\\wedge(?![a-z])", r"\\land ", (r"p \wedge q", r"p \land q")),
    ("lnot", r"\\lnot(?![a-z])", r"\\neg ", (r"\lnot p", r"\neg p")),
    ("arrow", r"\\(?:long)?rightarrow(?![a-z])", r"\\to ", (r"p \rightarrow q", r"p \to q")),
    ("implies", r"\\implies(?![a-z])", r"\\Rightarrow ", (r"p \implies q", r"p \Rightarrow q")),
    (r"\{", r"^(\\\{[^|:]*?) ?(?:\\mid(?![a-z])|:) ?", r"\1 | ",
     (r"\{2n : n \in \mathbb{Z}\}", r"\{2k \mid k \in \mathbb{Z}\}")),
    ("elsius", r"(?:\^ ?\\circ|degrees?) ?Celsius\b", r"^\\circ C",
     ("20 degrees Celsius", r"20^\circ C")),
    ("ahrenheit", r"(?:\^ ?\\circ|degrees?) ?Fahrenheit\b", r"^\\circ F",
     ("20 degrees Fahrenheit", r"20^\circ F")),
    ("C", r"(?<![\w})])(?:\{ ?\} ?)?[_^] ?\{? ?(\d+) ?\}? ?C ?_ ?\{? ?(\d+) ?\}?",
     r"\\binom{\1}{\2}",
     ("{}_{10}C_{3}", "120")),
    ("\\bar", r"\\bar ?\{ ?([a-zA-Z]) ?\}", r"\\overline{\1}", (r"\bar{z}", r"\overline{z}")),
    ("triangle", r"\\triangle ?(?=[A-Z]{3}(?![A-Za-z]))", "", (r"\triangle ABC", "ABC")),
    ("varn", r"\\varnothing(?![a-zA-Z])", r"\\emptyset ", (r"\varnothing", "no solution")),
    (r"\{", r"\\\{ ?\\\}", r"\\emptyset ", (r"\{\}", "no solution")),
    ("leq", r"\\(?:leqslant|leqq?)(?![a-zA-Z])", r"\\le ", (r"x \leqslant 2", r"(-\infty, 2]")),
    ("<=", r"<=", r"\\le ", ("x <= 2", r"(-\infty, 2]")),
    ("geq", r"\\(?:geqslant|geqq?)(?![a-zA-Z])", r"\\ge ", (r"x \geqslant 2", r"[2, \infty)")),
    (">=", r">=", r"\\ge ", ("x >= 2", r"[2, \infty)")),
    ("√", r"√ ?\(([^()]*)\)", r"\\sqrt{\1}", ("√(2x)", r"\sqrt{2x}")),
    ("√", r"√ ?(\d+|\w)", r"\\sqrt{\1}", ("2√12", r"4\sqrt{3}")),
    ("pi", r"(?<![\\A-Za-z])pi(?![A-Za-z])", r"\\pi ", ("2pi", r"2\pi")),
    ("inf", r"(?<![\\A-Za-z])inf(?:inity|ty)?(?![A-Za-z])", r"\\infty ", ("(2, inf)", "x > 2")),
    ("**", r"(?<=[\w)])\*\*(?=[\w({-])", "^", ("x**2", "x^2")),
    (
        "dot",
        r"\\dot ?\{?(\d)\}?(\d*)\\dot ?\{?(\d)\}?",
        r"\\overline{\1\2\3}",
        (r"0.\dot12\dot3", "41/333"),
    ),
    ("dot", r"\\dot ?\{?(\d)\}?", r"\\overline{\1}", (r"0.1\dot{6}", "1/6")),
    ("color", r"\\(?:text)?color ?\{\w+\}", "", (r"\color{red}{5}", "5")),
    ("tg", _FUNCTION + r"tg ?\}?(?![a-z])", r"\\\1tan ", (r"\operatorname{tg} x", r"\tan x")),
    ("ctg", _FUNCTION + r"ctg ?\}?(?![a-z])", r"\\\1cot ", (r"\operatorname{ctg} x", r"\cot x")),
    (
        "over",
        r"\{ ?([^{}]*?) ?\\over(?![a-z]) ?([^{}]*?) ?\}",
        r"{\\frac{\1}{\2}}",
        (r"{1 \over 2}", "0.5"),
    ),
    ("gt", r"\\gt(?![a-z])", ">", (r"x \gt 2", r"(2, \infty)")),
    ("lt", r"\\lt(?![a-z])", "<", (r"x \lt 2", r"(-\infty, 2)")),
    ("eq", r"\\(?:simeq|doteq)(?![a-z])", r"\\approx ", (r"x \simeq 2.5", "2.5")),
    ("approx", rf"^( ?\$?(?:{_NAME}) ?)\\approx(?![a-z])", r"\1=", (r"v_1 \approx 2.5", "2.5")),
    ("boxed", r"\\boxed ?\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", (r"\boxed{5}", "5")),
    ("}", r"(?<![a-z])\{([:,;])\}", r"\1", ("3{:}4", "6:8")),
    (
        "}",
        r"(?<=\d) ?\\(?:text|mathrm) ?\{ ?[eE](-?)\} ?\{?(-?\d+)\}?",
        r"e\1\2",
        (r"1.2\mathrm{E}3", "1200"),
    ),
    # A point between groups of three digits, where a decimal comma or another point says so.
    (
        ",",
        r"(?<![\d.,(\[])(\d{1,3})[. ](\d{3})(?:[. ](\d{3}))?(?:[. ](\d{3}))?,(\d{1,2})(?![\d.,])",
        r"\1\2\3\4.\5",
        ("1.234,56", "1234.56"),
    ),
    (".", r"(?<![\d.,])(\d{1,3})\.(\d{3})\.(\d{3})(?![\d.,])", r"\1\2\3", ("1.234.567", "1234567")),
    (".", r"(?<=[\w}])\.(?= ?(?:\\right ?)?[\])])", "", ("(1, \\sqrt{2}.]", r"(1, \sqrt{2}]")),
    ("^", rf"(?<=\d) ?\^ ?\{{ ?({_TH}) ?\}}", r"\1", ("12^{th}", "12")),
    (
        "^",
        rf"(?<=\d) ?\^ ?(\{{ ?)?\\[a-z]+ ?\{{ ?({_TH}) ?\}}(?(1) ?\}})",
        r"\2",
        (r"12^{\text{th}}", "12"),
    ),
    ("prime", r"\^ ?\{ ?\\prime ?\}|\^ ?\\prime(?![a-z])", "'", (r"60^\circ 30^{\prime}", "60.5")),
    ("arge", r"\\(?:large|Large)(?![a-zA-Z])", "", (r"\large 5", "5")),
    ("check", r"\\checkmark(?![a-zA-Z])", "", (r"5 \checkmark", "5")),
    ("langle", r"\\langle(?![a-z])", "(", (r"\langle 1, 2 \rangle", "(1, 2)")),
    ("rangle", r"\\rangle(?![a-z])", ")", (r"\langle 1, 2 \rangle", "(1, 2)")),
    ("circ", r"\^ ?\{ ?\\circ ?\}", r"^\\circ ", (r"30^{\circ} 15'", "30.25")),
    ("degree", r"\\degree(?![a-zA-Z])", r"^\\circ ", (r"90\degree", "90")),
)  # fmt: skip
HABITS = tuple(
    Habit(mark, re.compile(written), spelling, pair) for mark, written, spelling, pair in _ROWS
)
