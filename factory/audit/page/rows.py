"""Samples to read as data of the page: texts in pieces, passages marked, formulas in MathML."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal
from xml.etree import ElementTree

from factory.audit.mathematics import Formula, formulas, mathml
from factory.audit.page.words import plainly
from factory.audit.reading import Cut, Gap, Passage, Row, Shown, Where, pieces
from filters.text.visible import visible

FORMULAS, KINDS = 150, 6_000
"""Formulas that are drawn at most: of a sample, and different ones of a page. Further ones stay
LaTeX, which the page says."""
FACETS = (
    "source", "domain", "language", "teacher", "strategy", "verdict", "verdict_reason", "fate",
    "dropped_by",
)  # fmt: skip
"""What rows are told apart by, with their reasons and why they are shown."""

Made = Any
"""A piece for the page: a text; or `s` (text) with `p` (numbers of passages), `m` (MathML) with `s`
(its LaTeX), or `g` (characters left out)."""


def rows(shown: Shown, place: str, longest: int) -> list[dict[str, Any]]:
    """The rows of the page.

    Args:
        shown: what is to be read.
        place: what was audited, as in the command that tells more.
        longest: characters of a question or a text at most.
    """
    drawn = _Drawn()
    return [_row(_capped(row, place, longest), place, drawn) for row in shown.rows]


def _row(row: Row, place: str, drawn: _Drawn) -> dict[str, Any]:
    told = [plainly(one.words) for one in row.passages]
    budget = _Budget(drawn)
    return {
        "id": plainly(row.sample_id),
        "why": [_why(one) for one in row.why],
        "facets": {
            **{name: _name(getattr(row, name)) for name in FACETS},
            "reason": [plainly(one) for one in row.reasons],
            "shown for": list(dict.fromkeys(_shown_for(one) for one in row.why)),
        },
        "question": None if row.question is None else _text(row, "question", budget),
        "text": None if row.text is None else _text(row, "text", budget),
        "answer": _whole(row.answer),
        "reference": _whole(row.reference),
        "passages": [
            [plainly(one.reason), words] for one, words in zip(row.passages, told, strict=True)
        ],
        "measures": {plainly(k): _value(v) for k, v in row.measures.items()},
        "cut": row.cut and f"{row.cut.chars:,} characters are left out. {plainly(row.cut.how)}",
        "plain": budget.refused,
        "more": f"factory why {shlex.quote(plainly(row.sample_id))} {plainly(place)}",
    }


def _why(one: Any) -> dict[str, Any]:
    return {name: _value(getattr(one, name)) for name in one.__dataclass_fields__}


def _shown_for(one: Any) -> str:
    return one.side if one.filter is None else f"{plainly(one.filter)}, {one.side}"


def _value(value: Any) -> Any:
    return visible(value) if isinstance(value, str) else value


def _name(value: str | None) -> str:
    return "not known" if value is None else plainly(value)


def _whole(value: str | None) -> str | None:
    return None if value is None else visible(value, newlines=True)


@cache
def _tree(tex: str, display: Literal["inline", "block"]) -> list[Any] | None:
    """A formula as [element, attributes, children …]; None where it stays text."""
    drawn = mathml(tex, display)
    return None if drawn is None else _nested(ElementTree.fromstring(str(drawn)))


def _nested(element: ElementTree.Element) -> list[Any]:
    parts: list[Any] = [element.text] if element.text else []
    for child in element:
        parts += [_nested(child), *([child.tail] if child.tail else [])]
    return [element.tag, dict(element.attrib), *parts]


@dataclass
class _Drawn:
    """The different formulas of a page so far."""

    kinds: set[tuple[str, str]] = field(default_factory=set)

    def tree(self, one: Formula) -> list[Any] | None:
        kind = (one.tex, one.display)
        if len(self.kinds) >= KINDS and kind not in self.kinds:
            return None
        self.kinds.add(kind)
        hidden = visible(one.tex, newlines=True) != one.tex
        return None if hidden else _tree(one.tex, one.display)


@dataclass
class _Budget:
    """How many formulas of a sample may still be drawn, and how many were not."""

    drawn: _Drawn
    left: int = FORMULAS
    refused: int = 0

    def tree(self, one: Formula) -> list[Any] | None:
        tree = self.drawn.tree(one) if self.left else None
        self.left -= tree is not None
        self.refused += tree is None
        return tree


def _text(row: Row, where: Where, budget: _Budget) -> list[Made]:
    """A text in pieces; formulas that a passage's edge cuts through stay text."""
    own = [one for one in row.passages if one.where == where]
    numbers = {id(one): place for place, one in enumerate(row.passages)}
    found: list[Made] = []
    for piece in pieces(getattr(row, where), own, row.gaps.get(where, ())):
        if piece.left_out:
            found.append({"g": piece.left_out})
            continue
        over = [numbers[id(one)] for one in piece.passages]
        found += _rendered(piece.text, over, budget)
    return found


def _rendered(text: str, over: Sequence[int], budget: _Budget) -> list[Made]:
    def made(part: str) -> Made:
        seen = visible(part, newlines=True)
        return {"s": seen, "p": list(over)} if over else seen

    found: list[Made] = []
    start = 0
    for formula in formulas(text):
        shown = budget.tree(formula)
        if shown is None:
            continue
        if start < formula.start:
            found.append(made(text[start : formula.start]))
        one = {"m": shown, "s": visible(text[formula.start : formula.end], newlines=True)}
        found.append({**one, "p": list(over)} if over else one)
        start = formula.end
    if start < len(text):
        found.append(made(text[start:]))
    return found


def _capped(row: Row, place: str, longest: int) -> Row:
    """The row with no text longer than this, and a word where it ends."""
    left_out = 0
    gaps: dict[Where, tuple[Gap, ...]] = dict(row.gaps)
    passages: list[Passage] = list(row.passages)
    texts: dict[str, Any] = {"question": row.question, "text": row.text}
    for where in ("question", "text"):
        text = texts[where]
        if text is None or len(text) <= longest:
            continue
        left_out += len(text) - longest
        texts[where] = text[:longest]
        earlier = [gap for gap in gaps.get(where, ()) if gap.at < longest]
        gaps[where] = (*earlier, Gap(longest, len(text) - longest))
        passages = [one for one in passages if one.where != where or one.start < longest]
    for name in ("answer", "reference"):
        value = getattr(row, name)
        if value is not None and len(value) > longest:
            left_out += len(value) - longest
            texts[name] = f"{value[:longest]} [… {len(value) - longest:,} characters left out]"
    if not left_out:
        return row
    how = row.cut.how if row.cut else "`factory why` writes all of it, with the command above."
    cut = Cut(left_out + (row.cut.chars if row.cut else 0), how)
    return replace(row, **texts, gaps=gaps, passages=tuple(passages), cut=cut)
