"""Which columns of a table hold the question and its key, with ready answers for known datasets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from factory.strict import Strict

Scalar = bool | int | float | str


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


class Mapping(Strict):
    """Which columns hold what. Name a column for the question, or one for messages."""

    question: str | None = None
    """Column with the question as text."""
    messages: str | None = None
    """Column with a list of role and content; answers after the last user turn are left out."""
    reference: str | None = None
    """Column with the key: the answer a verifier compares with."""
    reference_pattern: str | None = None
    """Regular expression whose one group is the key inside that column; its last match counts."""
    no_reference: list[str] = Field([])
    """Words in that column which say that there is no key."""
    where: dict[str, Scalar | list[Scalar]] = Field({})
    """Only rows where these columns have this value, or one of these."""
    keep: list[str] = Field([])
    """Columns that go along into `meta`."""

    @field_validator("reference_pattern")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        try:
            groups = re.compile(pattern or "()").groups
        except re.error as error:
            raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
        if groups != 1:
            raise ValueError(f"{pattern!r} has {groups} groups, expected one: the key")
        return pattern

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.question is None) == (self.messages is None):
            raise ValueError("name either the column `question` or the column `messages`")
        return self

    def columns(self) -> list[str]:
        """Every column that is read, each once."""
        named = [self.question, self.messages, self.reference, *self.where, *self.keep]
        return list(dict.fromkeys(name for name in named if name is not None))

    def draft(self, cells: dict[str, Any]) -> Draft:
        """What the cells of one row give a prompt. Raises BadRow."""
        for column, wanted in self.where.items():
            value = _cell(cells, column)
            if value not in (wanted if isinstance(wanted, list) else [wanted]):
                raise BadRow("not_selected", f"{column} is {_short(value)}")
        reference, why = self._reference(cells)
        meta = {column: _cell(cells, column) for column in self.keep if column in cells}
        return Draft(self._messages(cells), reference, meta, why)

    def _messages(self, cells: dict[str, Any]) -> list[dict[str, str]]:
        if self.messages is not None:
            return _turns(_cell(cells, self.messages), self.messages)
        question = _cell(cells, self.question)
        if question is not None and not isinstance(question, str):
            raise BadRow("wrong_type", f"{self.question} is {_short(question)}, expected text")
        if not question or not question.strip():
            raise BadRow("no_question", f"{self.question} is empty")
        return [{"role": "user", "content": question}]

    def _reference(self, cells: dict[str, Any]) -> tuple[Any, str]:
        """The key, numbers as text; or None and why."""
        if self.reference is None:
            return None, "no column is named for it"
        value = _cell(cells, self.reference)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str):
            value = value.strip()
            if not value or value in self.no_reference:
                return None, f"{self.reference} is {_short(value)}"
            if self.reference_pattern is not None:
                found = re.findall(self.reference_pattern, value)
                key = found[-1].strip() if found else ""
                return key or None, f"{self.reference_pattern} finds nothing in {self.reference}"
        return value, f"{self.reference} is empty"


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
    text = "empty" if value in (None, "") else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


MAPPINGS: dict[str, Mapping] = {
    "openai/gsm8k": Mapping(
        question="question",
        reference="answer",  # a worked solution that ends in "#### 42"
        reference_pattern=r"####[ \t]*(\S.*)",
    ),
    "HuggingFaceH4/MATH-500": Mapping(
        question="problem",
        reference="answer",
        keep=["subject", "level", "unique_id"],
    ),
    "AI-MO/NuminaMath-1.5": Mapping(
        question="problem",
        reference="answer",
        no_reference=["proof", "notfound"],
        where={"problem_is_valid": "Yes", "solution_is_valid": "Yes"},
        keep=["problem_type", "question_type", "source", "synthetic"],
    ),
    "open-r1/OpenR1-Math-220k": Mapping(
        question="problem",
        reference="answer",
        no_reference=["proof", "notfound"],
        keep=["problem_type", "question_type", "source", "uuid"],
    ),
}
"""Mappings for known datasets, by their name on the Hub."""
