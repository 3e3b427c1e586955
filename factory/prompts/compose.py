"""Questions made of several columns, by a pattern with the columns in braces."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_uppercase
from typing import Any

from factory.prompts.rows import BadRow, cell, literal, short
from factory.recipe.mapping import Place, places


def composed(pattern: str, cells: dict[str, Any]) -> str:
    r"""The pattern with its columns filled in.

    A list is set as options, each behind its letter; an object as lines behind its own keys;
    objects in a list, as tests and examples are, as paragraphs.

    Raises:
        BadRow: a column is empty that is not marked as optional.

    >>> composed("{q}\n\n{options}", {"q": "Best?", "options": ["Paris", "Rome"]})
    'Best?\n\nA. Paris\nB. Rome'
    >>> composed("{q}\n\n{hint:optional}", {"q": "Best?", "hint": None})
    'Best?'
    """
    parts = (part if isinstance(part, str) else _filled(part, cells) for part in places(pattern))
    return "".join(parts).strip()


def _filled(place: Place, cells: dict[str, Any]) -> str:
    value = literal(cell(cells, place.column))
    text = (
        "\n".join(_lines(value, place)) if isinstance(value, list | dict) else _text(value, place)
    )
    if not text.strip() and not place.optional:
        raise BadRow("no_question", f"{place.column} is empty")
    return text


def _lines(value: Any, place: Place) -> Iterator[str]:
    if isinstance(value, dict):
        if value.keys() >= {"label", "text"}:  # ARC and CommonsenseQA keep two lists side by side
            value = dict(zip(*(literal(value[name]) for name in ("label", "text")), strict=False))
        for key, entry in value.items():
            yield f"{key}. {_text(entry, place)}"
    elif value and all(isinstance(entry, dict) for entry in value):
        for number, entry in enumerate(value):
            yield from ["", *_fields(entry, place)] if number else _fields(entry, place)
    elif place.lines:
        yield from (_text(entry, place) for entry in value)
    elif len(value) > len(ascii_uppercase):
        wrong = f"{place.column} has {len(value)} entries, more than there are letters"
        raise BadRow("wrong_type", f"{wrong}; for a line each write {{{place.column}:lines}}")
    else:
        for letter, entry in zip(ascii_uppercase, value, strict=False):
            yield f"{letter}. {_text(entry, place)}"


def _fields(entry: dict[str, Any], place: Place) -> Iterator[str]:
    for key, value in entry.items():
        yield f"{key}:\n{_text(value, place).rstrip()}"


def _text(value: Any, place: Place) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    raise BadRow("wrong_type", f"{place.column} has {short(value)}, expected text")
