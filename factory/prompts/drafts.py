"""What a row gives a prompt: question, key and what is kept, by the mapping of its columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from factory.recipe.mappings import Mapping
from filters.text.shorten import shorten

VERSION = 2
"""Raised whenever the same cells would give another prompt, or none."""


class BadRow(Exception):
    """A row that cannot become a prompt: a reason to count by, a sentence for people."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail  # `vars` of it are a row of the table set aside


@dataclass(frozen=True)
class Draft:
    """What a row gives a prompt: `messages` of role and content, the key or None, what is kept."""

    messages: list[dict[str, str]]
    reference: Any
    meta: dict[str, Any]
    no_reference: str = "it has none"  # why `reference` is None, where it is


def asked(question: str, instruction: str | None) -> str:
    """A question as the model is asked it."""
    return f"{question}\n\n{instruction}" if instruction else question


def draft(mapping: Mapping, cells: dict[str, Any]) -> Draft:
    """What the cells of one row give a prompt. Raises BadRow."""
    for column, wanted in mapping.where.items():
        value = _cell(cells, column)
        if value not in (wanted if isinstance(wanted, list) else [wanted]):
            raise BadRow("not_selected", f"{column} is {_short(value)}")
    reference, why = _reference(mapping, cells)
    meta = {column: _cell(cells, column) for column in mapping.keep if column in cells}
    return Draft(_messages(mapping, cells), reference, meta, why)


def _messages(mapping: Mapping, cells: dict[str, Any]) -> list[dict[str, str]]:
    if mapping.messages is not None:
        return _turns(_cell(cells, mapping.messages), mapping.messages)
    question = _cell(cells, mapping.question)
    if question is not None and not isinstance(question, str):
        raise BadRow("wrong_type", f"{mapping.question} is {_short(question)}, expected text")
    if not question or not question.strip():
        raise BadRow("no_question", f"{mapping.question} is empty")
    return [{"role": "user", "content": question}]


def _reference(mapping: Mapping, cells: dict[str, Any]) -> tuple[Any, str]:
    """The key, numbers as text; or None and why."""
    if mapping.reference is None:
        return None, "no column is named for it"
    value = _cell(cells, mapping.reference)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str):
        value = value.strip()
        if not value or value in mapping.no_reference:
            return None, f"{mapping.reference} is {_short(value)}"
        if mapping.reference_pattern is not None:
            found = re.findall(mapping.reference_pattern, value)
            key = found[-1].strip() if found else ""
            return key or None, f"{mapping.reference_pattern} finds nothing in {mapping.reference}"
    return value, f"{mapping.reference} is empty"


def _cell(cells: dict[str, Any], column: str | None) -> Any:
    """The value, or None where it is missing; tables write NaN for a missing number."""
    value = cells.get(column or "")
    return None if isinstance(value, float) and value != value else value


def _turns(value: Any, column: str) -> list[dict[str, str]]:
    """The conversation up to the last user turn: what comes after it is an answer."""
    turns = []
    for turn in value if isinstance(value, list) else [value]:
        role, content = (turn.get("role"), turn.get("content")) if isinstance(turn, dict) else "??"
        if role not in ("system", "user", "assistant") or not isinstance(content, str):
            raise BadRow("wrong_type", f"{column} is {_short(value)}, expected role and content")
        turns.append({"role": role, "content": content})
    while turns and turns[-1]["role"] != "user":
        turns.pop()
    if not turns or not turns[-1]["content"].strip():
        raise BadRow("no_question", f"{column} has no user turn with text")
    return turns


def _short(value: Any) -> str:
    return shorten("empty" if value in (None, "") else repr(value), 60)
