"""What a row gives a prompt: question, key and what is kept, by the mapping of its columns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from factory.prompts import turns
from factory.prompts.compose import composed
from factory.prompts.keys import key
from factory.prompts.rows import BadRow, cell, short
from factory.recipe.mapping import Mapping
from factory.recipe.sources import Source, Table

VERSION = 3
"""Raised whenever the same cells would give another prompt, or none."""
R1 = "Please reason step by step, and put your final answer within \\boxed{}."
"""How R1 is asked; data that was made for it often carries this behind its questions."""


@dataclass(frozen=True)
class Draft:
    """What a row gives a prompt: `messages` of role and content, the key or None, what is kept."""

    messages: list[dict[str, str]]
    reference: Any
    meta: dict[str, Any]
    no_reference: str = "it has none"  # why `reference` is None, where it is


Drafts = Iterator[tuple[str, "Draft | BadRow"]]
"""Rows as (place, what they give a prompt, or why they cannot)."""


def asked(question: str, instruction: str | None) -> str:
    """A question as the model is asked it."""
    return f"{question}\n\n{instruction}" if instruction else question


def draft(mapping: Mapping, cells: dict[str, Any], verifier: str = "math") -> Draft:
    """What the cells of one row give a prompt that this verifier will judge. Raises BadRow."""
    for column, wanted in mapping.where.items():
        value = cell(cells, column)
        if not any(same(value, one) for one in (wanted if isinstance(wanted, list) else [wanted])):
            raise BadRow("not_selected", f"{column} is {short(value)}")
    reference, why = key(mapping, cells, verifier)
    meta = {column: _kept(cell(cells, column)) for column in mapping.keep}
    return Draft(question(mapping, cells), reference, meta, why)


def fault(draft: Draft, source: Source) -> BadRow | None:
    """What is wrong with a prompt by its source's verifier, or None: see `filters.tries`."""
    from filters.tries import faults

    if draft.reference is None and isinstance(source, Table) and source.names_a_key:
        return BadRow("no_reference", draft.no_reference)
    found = faults(draft.messages[-1]["content"], draft.reference, source.judged_by)
    if not found:
        return None
    if draft.reference is None:
        return BadRow("no_reference", draft.no_reference)
    return BadRow(found[0].reason, "; ".join(each.detail for each in found))


def same(value: Any, wanted: Any) -> bool:
    """Whether a cell has the value that is wanted; CSV knows nothing but text."""
    if isinstance(value, str) and not isinstance(wanted, str):
        return value.strip().lower() == str(wanted).lower()
    return value == wanted


def question(mapping: Mapping, cells: dict[str, Any]) -> list[dict[str, str]]:
    if mapping.messages is not None:
        said = turns.question(cell(cells, mapping.messages), mapping.messages)
    else:
        said = [{"role": "user", "content": _question(mapping, cells)}]
    if mapping.question_pattern:
        said[-1]["content"] = _inside(mapping.question_pattern, said[-1]["content"])
    if mapping.system is not None:
        said = turns.with_system(said, cell(cells, mapping.system), mapping.system)
    return said


def _question(mapping: Mapping, cells: dict[str, Any]) -> str:
    if mapping.compose is not None:
        return composed(mapping.compose, cells)
    question = cell(cells, mapping.question or "")
    if question is not None and not isinstance(question, str):
        what = f"{mapping.question} is {short(question)}, expected text"
        if isinstance(question, list) and question and isinstance(question[0], dict):
            what += "; a column of turns is named as `messages`"
        raise BadRow("wrong_type", what)
    if not question or not question.strip():
        raise BadRow("no_question", f"{mapping.question} is empty")
    return question


def _inside(pattern: str, question: str) -> str:
    found = re.search(pattern, question)
    if not found or not (found[1] or "").strip():
        raise BadRow("no_question", f"{pattern} finds nothing in {short(question)}")
    return found[1]


def _kept(value: Any) -> Any:
    """As JSON can have it: a missing number inside is null, an infinite one a word."""
    match value:
        case float() if math.isnan(value):
            return None
        case float() if math.isinf(value):
            return str(value)
        case dict():
            return {str(name): _kept(part) for name, part in value.items()}
        case list() | tuple():
            return [_kept(part) for part in value]
    return value
