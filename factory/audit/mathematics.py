"""Formulas of a text as MathML, which browsers draw without a script.

Whoever wrote the text may be hostile. latex2mathml's own `convert` must not be used: it takes the
escapes off again, so that `\\text{<script>}` becomes a script, and it has `\\href`, `\\style` and
macros that call themselves. Here a formula is a tree of allowed elements and attributes, or stays
text.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element

from markupsafe import Markup, escape

LONGEST = 2_000
"""Characters of a formula; a longer one stays text."""
DEEPEST = 40
"""Elements inside each other: browsers lay out deep trees slowly."""
MOST = 5_000
"""Elements of a formula."""
SECONDS = 1.0
"""Time for all formulas of a page; later ones stay text."""

_NAMES = """
math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover
mtable mtr mtd mstyle mpadded mphantom menclose mmultiscripts mprescripts none
"""
ELEMENTS = frozenset(_NAMES.split())
ATTRIBUTES = {
    "display": r"inline|block",
    "displaystyle|stretchy|fence|movablelimits|largeop|accent|accentunder|separator": r"true|false",
    "mathvariant": r"[a-z-]{1,30}",
    "linethickness": r"\d{1,2}(\.\d{1,3})?(em|ex|px|pt)?|medium",
    "scriptlevel": r"[+-]?\d",
    "columnalign|columnlines|rowlines": r"[a-z ]{1,100}",
    "width|height|depth|voffset|lspace|rspace|minsize|maxsize": r"[+-]?\d?(\.\d{1,3})?(em|ex|px)?",
}
"""What an attribute may say; anything else is left out: colours, links, styles, far distances."""
_ALLOWED = {
    name: re.compile(told) for names, told in ATTRIBUTES.items() for name in names.split("|")
}
_DEFINES = re.compile(
    r"\\(?:(?:re|provide)?newcommand|[gex]?def|let|newenvironment|input)(?![a-zA-Z])"
)
_OPENING = re.compile(
    r"(?<!\\)(?:\$\$|\$|\\\[|\\\(|\\begin\{(?:equation|align|gather|alignat|eqnarray)\*?\}|\\boxed\{)"
)
_CLOSING = {"$$": "$$", "$": "$", r"\[": r"\]", r"\(": r"\)"}
_BOXED = re.compile(r"\\boxed\{(?:[^{}$\n]|\{[^{}$\n]{0,200}\}){1,500}\}")


class Formula(NamedTuple):
    """A formula in a text."""

    start: int
    end: int
    """Where its delimiters begin and end."""
    tex: str
    display: Literal["inline", "block"]


@dataclass
class Mathematics:
    """Draws the formulas of one page, for as long as it has time."""

    seconds: float = SECONDS
    left_out: int = 0
    """Formulas that stayed text for want of time."""
    clock: Callable[[], float] = time.thread_time
    _spent: float = field(default=0.0, init=False)

    def __call__(self, formula: Formula) -> Markup | None:
        """The formula as MathML; none if it stays text."""
        if self._spent >= self.seconds:
            self.left_out += 1
            return None
        began = self.clock()
        drawn = mathml(formula.tex, formula.display)
        self._spent += self.clock() - began
        return drawn


def formulas(text: str) -> Iterator[Formula]:
    r"""The formulas of a text, first to last: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`, environments of
    equations, and a bare `\boxed{…}`. Sums of money are none.

    >>> [formula.tex for formula in formulas(r"It costs $5 and $6, so $x = 1$ or \(y\).")]
    ['x = 1', 'y']
    """
    at = 0
    while opening := _OPENING.search(text, at):
        found = _closed(text, opening.start(), opening.group())
        if found:
            yield found
        at = found.end if found else opening.end()


def _closed(text: str, start: int, opening: str) -> Formula | None:
    """The formula that begins here, if it ends."""
    inner = start + len(opening)
    if opening == r"\boxed{":
        boxed = _BOXED.match(text, start)
        return Formula(start, boxed.end(), boxed.group(), "inline") if boxed else None
    closing = _CLOSING.get(opening) or opening.replace("begin", "end")
    end = text.find(closing, inner, inner + LONGEST + len(closing))
    if end <= inner:
        return None
    tex, after = text[inner:end], end + len(closing)
    if opening == "$" and (
        tex != tex.strip() or "\n" in tex or tex.endswith("\\") or text[after : after + 1].isdigit()
    ):
        return None
    if opening.startswith(r"\begin"):
        tex = text[start:after]
    display = "inline" if opening in ("$", r"\(") else "block"
    return Formula(start, after, tex.strip(), display)


def mathml(tex: str, display: Literal["inline", "block"] = "inline") -> Markup | None:
    r"""A formula as MathML that is safe in any page; none where it cannot be drawn.

    >>> print(mathml(r"x^2"))
    <math display="inline"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>
    >>> mathml(r"\def\x{\x\x}\x") is None
    True
    """
    from latex2mathml.converter import convert_to_element

    if len(tex) > LONGEST or _DEFINES.search(tex):
        return None
    try:
        tree = convert_to_element(tex, display=display)
        return Markup("").join(_written(tree, Budget(MOST), 0))
    except Exception:  # a parser of others', given anything: what it cannot read stays text
        return None


@dataclass
class Budget:
    """How many elements may still be written."""

    left: int


class TooMuch(ValueError):
    """A formula has more, or other, elements than are drawn."""


def _written(element: Element, budget: Budget, depth: int) -> Iterator[Markup]:
    budget.left -= 1
    if element.tag not in ELEMENTS or budget.left < 0 or depth > DEEPEST:
        raise TooMuch(element.tag)
    boxed = element.tag == "menclose" and element.get("notation") == "box"  # most draw no menclose
    tag = Markup("mrow" if boxed else element.tag)
    yield Markup("<") + tag + Markup(' class="boxed"' if boxed else "")
    for name, value in element.attrib.items():
        if name in _ALLOWED and _ALLOWED[name].fullmatch(value):
            yield Markup(' {}="{}"').format(name, value)
    yield Markup(">") + escape(html.unescape(element.text or ""))
    for child in element:
        yield from _written(child, budget, depth + 1)
        yield escape(html.unescape(child.tail or ""))
    yield Markup("</") + tag + Markup(">")
