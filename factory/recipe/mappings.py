"""Which columns of a table hold the question and its key, with ready answers for known datasets."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from factory.recipe.strict import Strict

Scalar = bool | int | float | str


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
