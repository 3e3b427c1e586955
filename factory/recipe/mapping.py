"""Which columns of a table hold the question and its key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, Self

from pydantic import Field, field_validator, model_validator

from factory.recipe.strict import Strict

Scalar = bool | int | float | str
Form = Literal[
    "boxed",
    "boxed_reply",
    "asserts",
    "humaneval",
    "test_program",
    "codeforces",
    "livecodebench",
    "ifeval",
    "if_constraints",
]

TASKS = ("code", "logic", "instructions", "rubric")
"""Verifiers whose references are no answers but tasks and tests: their cells stay as they are."""

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


class Place(NamedTuple):
    """Where a column goes in a question made of several."""

    column: str
    optional: bool = False
    """Whether it may be empty."""
    lines: bool = False
    """Whether a list is set line by line, without letters."""


def places(pattern: str) -> Iterator[str | Place]:
    r"""Text and columns of a pattern, in their order.

    Raises:
        ValueError: a brace stands alone.

    >>> list(places(r"{q} in \boxed{{}}:\n{tests:lines}")) == [
    ...     Place("q"), r" in \boxed", "{", "}", r":\n", Place("tests", lines=True)]
    True
    """
    end = 0
    for match in _PLACE.finditer(pattern):
        if before := pattern[end : match.start()]:
            yield before
        end = match.end()
        if match[0] in ("{", "}"):
            wrong = f"a brace stands alone at {pattern[match.start() :][:20]!r}"
            raise ValueError(f"{wrong}: columns stand in braces, and a brace as such is doubled")
        if match[1] is None:
            yield match[0][0]
            continue
        column, _, how = match[1].rpartition(":")
        known = how in ("optional", "lines")
        yield Place(column if known else match[1], how == "optional", how == "lines")
    if rest := pattern[end:]:
        yield rest


class Mapping(Strict):
    """Which columns hold what. Name one of `question`, `compose` and `messages`. Dots lead inside a
    column: `reward_model.ground_truth`, `options.0`."""

    question: str | None = None
    """Column with the question as text."""
    question_pattern: str | None = None
    """Regular expression whose one group is the question inside that column, or inside the last
    user turn; for data that has instructions around it."""
    compose: str | None = None
    """The question made of several columns, each in braces: `"{problem}\\n\\n{options}"`. A list is
    set as options, A., B. and so on; with `{tests:lines}` a line each. A row that lacks one is set
    aside, unless it is marked: `{hint:optional}`. Other braces are doubled."""
    messages: str | None = None
    """Column with a conversation, turns of role and content or of from and value; answers after the
    last user turn are left out."""
    system: str | None = None
    """Column with a system prompt, put before the question; rows may lack it."""
    reference: str | list[str] | None = None
    """Column with the key: the answer a verifier compares with. With several columns, or a list in
    one, any of them is right."""
    reference_pattern: str | None = None
    """Regular expression whose one group is the key inside that column; its last match counts."""
    reference_form: Form | None = None
    """How that column is read: `boxed`, a worked solution whose last box is the key; `boxed_reply`,
    a conversation whose last reply has it; `asserts`, a list of them; `test_program`, a program
    with tests; or as the dataset it is called by. Left out: the column is the key."""
    no_reference: list[str] = Field([])
    """Words in that column which say that there is no key."""
    where: dict[str, Scalar | list[Scalar]] = Field({})
    """Only rows where these columns have this value, or one of these; classes by their names."""
    keep: list[str] = Field([])
    """Columns that go along into `meta`."""

    @field_validator("question_pattern", "reference_pattern")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        try:
            groups = re.compile(pattern or "()").groups
        except re.error as error:
            raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
        if groups != 1:
            raise ValueError(f"{pattern!r} has {groups} groups, expected one")
        return pattern

    @field_validator("compose")
    @classmethod
    def _has_columns(cls, pattern: str | None) -> str | None:
        parts = list(places(pattern or "{x}"))
        if not any(isinstance(part, Place) for part in parts):
            raise ValueError(f"{pattern!r} names no column; write it in braces, as {{problem}}")
        return pattern

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if sum(way is not None for way in (self.question, self.compose, self.messages)) != 1:
            raise ValueError(
                "name one of `question` (a column), `compose` (a pattern of several columns) and "
                "`messages` (a column with a conversation)"
            )
        if self.question_pattern and self.compose:
            raise ValueError("question_pattern looks inside a column, and `compose` names several")
        if self.reference == []:
            raise ValueError("reference names no column; leave it out, or name one")
        if self.reference_form and self.reference is None:
            raise ValueError("reference_form says how a column is read: name it as `reference`")
        if self.reference_form and self.reference_pattern:
            raise ValueError("name reference_form or reference_pattern, not both")
        return self

    @property
    def references(self) -> list[str]:
        """The columns of the key."""
        return [self.reference] if isinstance(self.reference, str) else self.reference or []

    def columns(self) -> list[str]:
        """Every column that is read, each once; with dots where they lead inside."""
        parts = places(self.compose or "")
        asked = [part.column for part in parts if isinstance(part, Place)]
        named = [self.question, *asked, self.messages, self.system, *self.references]
        return list(dict.fromkeys(c for c in [*named, *self.where, *self.keep] if c is not None))
