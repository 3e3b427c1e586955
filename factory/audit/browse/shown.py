"""A text as HTML: passages marked, formulas drawn, and what cannot be seen written as an escape."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from factory.audit.mathematics import Formula, Mathematics, formulas
from factory.audit.reading import Passage, pieces
from filters.text.visible import visible


def plain(text: str) -> Markup:
    """A text of anybody's, escaped, with nothing in it that hides or turns the writing around."""
    return escape(visible(text, newlines=True))


def shown(text: str, passages: Sequence[Passage] = (), draw: Mathematics | None = None) -> Markup:
    """A text as HTML.

    Args:
        passages: to be marked; their places are characters of this text.
        draw: draws formulas; none: they stay text.
    """
    waiting = list(formulas(text))[::-1] if draw else []
    told, at = [], 0
    for piece in pieces(text, passages):
        inner = _with_formulas(piece.text, at, waiting, draw) if draw else plain(piece.text)
        told.append(_marked(inner, piece.passages) if piece.passages else inner)
        at += len(piece.text)
    return Markup("").join(told)


def _with_formulas(text: str, start: int, waiting: list[Formula], draw: Mathematics) -> Markup:
    """A stretch of a text; a formula that reaches out of it stays text."""
    told, at, end = [], start, start + len(text)
    while waiting and waiting[-1].start < end:
        formula = waiting.pop()
        drawn = draw(formula) if at <= formula.start and formula.end <= end else None
        if drawn is not None:
            told += [plain(text[at - start : formula.start - start]), drawn]
            at = formula.end
    return Markup("").join([*told, plain(text[at - start :])])


def _marked(inner: Markup, passages: Sequence[Passage]) -> Markup:
    words = "; ".join(dict.fromkeys(f"{one.reason}: {one.words}" for one in passages))
    return Markup('<mark title="{}">{}</mark>').format(visible(words), inner)
