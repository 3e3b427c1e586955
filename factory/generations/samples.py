"""A row of any table becomes samples: one for each generation in it, or a named error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from factory.engines.endings import finished
from factory.errors import EngineFailure
from factory.generations.written import several, text_of
from factory.prompts import turns
from factory.prompts.collect import prompt_id
from factory.prompts.drafts import question, same
from factory.prompts.keys import key
from factory.prompts.rows import BadRow, cell, literal, short
from factory.recipe.layout import Layout
from filters.text.thinking import split

SAMPLE: dict[str, Any] = {
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "source": pl.String(),
    "file": pl.Int32(),
    "row": pl.Int64(),
    "draw": pl.Int32(),
    "id": pl.String(),
    "error": pl.String(),
    "prompt_error": pl.String(),
    "prompt": pl.String(),
    "text": pl.String(),
    "reasoning": pl.String(),
    "response": pl.String(),
    "finish_reason": pl.String(),
    "completion_tokens": pl.Int32(),
    "domain": pl.String(),
    "language": pl.String(),
    "teacher": pl.String(),
    "verifier": pl.String(),
    "reference": pl.String(),
    "key_error": pl.String(),
    "verdict": pl.String(),
}
"""A sample as it was read. `sample_id` is its place, `file` and `row` count from 0; `draw` is its
number among the generations of its row. `error` says why there is no text. `reference` is JSON."""

GSM8K = re.compile(r"\n####[ \t]*(\S[^\n]*?)\s*\Z")
RIGHT = ("correct", "true", "1", "right", "yes", "pass", "passed")
ENDED = "stop"
"""How a text is taken to have ended of which no column says it."""
WRONG = ("incorrect", "false", "0", "wrong", "no", "fail", "failed")


@dataclass(frozen=True)
class Told:
    """What the command says of all rows."""

    layout: Layout
    verifier: str
    domain: str | None = None
    language: str | None = None
    finish_reason: str | None = None
    """How texts ended of which no column says it."""
    unsaid: tuple[str, ...] = ()
    """Names of the tables that lack the column which says in others how texts ended."""
    tokenizer: str | None = None
    """What counts the tokens that no column counts."""
    opened: bool = False
    """The chat template wrote `<think>`, so that texts lack it."""
    instructions: tuple[str, ...] = ()
    """What may stand behind a question, and is no part of it."""

    def of_table(self, name: str) -> Told:
        """What is told of the rows of one table."""
        if name not in self.unsaid:
            return self
        layout = self.layout.model_copy(update={"finish_reason": None})
        return replace(self, layout=layout, finish_reason=ENDED)

    def names(self) -> list[Any]:
        """All that samples depend on beside their rows."""
        own = [self.verifier, self.domain, self.language, self.finish_reason]
        own += [self.tokenizer, self.opened, self.unsaid]
        return [self.layout.model_dump(mode="json"), *own, *self.instructions]


def samples(place: str, cells: dict[str, Any] | BadRow, told: Told) -> Iterator[dict[str, Any]]:
    """The samples of one row: `SAMPLE` without `source`, `file` and `row`; at least one.

    Args:
        place: where the row stands.
        cells: by column, or why they cannot be read.
        told: which columns hold what, and what holds for all rows.
    """
    try:
        if isinstance(cells, BadRow):
            raise cells
        shared, written = _shared(cells, told), _written(cells, told.layout)
    except Exception as bad:
        yield {"sample_id": place, "draw": 0, "error": _said(bad)}
        return
    for number, value in enumerate(written):
        name = f"{place}#{number + 1}" if len(written) > 1 else place
        own = {"sample_id": name, "draw": number}
        try:
            yield _utf8(shared | own | _of_one(cells, value, number, told))
        except Exception as bad:
            yield own | {"error": _said(bad), "id": _plain(shared.get("id"))}


def _shared(cells: dict[str, Any], told: Told) -> dict[str, Any]:
    """What all samples of a row have in common."""
    layout = told.layout
    for column, wanted in layout.where.items():
        value = cell(cells, column)
        if not any(same(value, one) for one in (wanted if isinstance(wanted, list) else [wanted])):
            raise BadRow("not_selected", f"{column} is {short(value)}")
    row = {
        "domain": _word(cells, layout.domain) or told.domain,
        "language": _word(cells, layout.language) or told.language,
        "teacher": _word(cells, layout.teacher),
        "verifier": _word(cells, layout.verifier) or told.verifier,
        "id": None if layout.id is None else _as_text(cell(cells, layout.id)),
    }
    if layout.asks:
        try:
            messages = asked(layout, cells)
            "".join(m["content"] for m in messages).encode()
            row["prompt"] = "\n".join(turn["content"] for turn in messages)
            row["prompt_id"] = prompt_id(messages, told.instructions)
        except BadRow as bad:
            row["prompt_error"] = _said(bad)
        except UnicodeEncodeError:
            row["prompt_error"] = _said(_half_a_character())
    try:
        found, why = key(layout, cells, row["verifier"])
        found = _last_line(found, layout)
        row["reference"] = None if found is None else json.dumps(found, default=str)
        row["key_error"] = None if found is not None else f"no_reference: {why}"
    except BadRow as bad:
        row["key_error"] = _said(bad)
    return row


def _last_line(found: Any, layout: Layout) -> Any:
    """The key out of a worked solution that ends in `#### 42`, as GSM8K's do, by whatever name the
    dataset goes and where nobody said how keys are read."""
    if layout.reference_pattern or layout.reference_form or not isinstance(found, str):
        return found
    last = GSM8K.search(found)
    return last[1] if last else found


def asked(layout: Layout, cells: dict[str, Any]) -> list[dict[str, str]]:
    """The question, which may be a conversation where a text was expected, as in TRL's `prompt`."""
    value = literal(cell(cells, layout.question)) if layout.question else None
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return turns.question(value, layout.question or "")
    return question(layout, cells)


def place_of_row(sample_id: pl.Expr) -> pl.Expr:
    """The place of the row that a sample stands in: `a.jsonl:3` of `a.jsonl:3#2`."""
    return sample_id.str.replace(r"(:| row )(\d+)#\d+$", "${1}${2}")


def _written(cells: dict[str, Any], layout: Layout) -> list[Any]:
    if layout.generation is None:
        return [turns.reply(cell(cells, layout.messages or ""), layout.messages or "")]
    found = several(cells, layout.generation)
    if not found:
        raise BadRow("no_text", f"{layout.generation} is an empty list")
    return found


def _of_one(cells: dict[str, Any], value: Any, number: int, told: Told) -> dict[str, Any]:
    layout = told.layout
    column = layout.generation or layout.messages or ""
    thinking = _beside(cells, layout.thinking, number)
    text = text_of(value, thinking, column, told.opened)
    thought = split(text)
    return {
        "text": text,
        "reasoning": thought.reasoning,
        "response": thought.response,
        "finish_reason": _ended(_beside(cells, layout.finish_reason, number), told.finish_reason),
        "completion_tokens": _count(_beside(cells, layout.completion_tokens, number)),
        "verdict": _outcome(_beside(cells, layout.verdict, number), layout.verdict),
    }


def _beside(cells: dict[str, Any], column: str | None, number: int) -> Any:
    """The value that goes with a generation: one of a list, or one for all of them."""
    if column is None:
        return None
    found = several(cells, column)
    if number < len(found):
        return found[number]
    return found[0] if len(found) == 1 else None


def _ended(word: Any, otherwise: str | None) -> str | None:
    if word is None:
        return otherwise
    try:
        return finished(word)[0]
    except EngineFailure:
        return "abort"


def _count(value: Any) -> int | None:
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value
    return int(value) if whole and 0 <= value < 2**31 else None


def _outcome(value: Any, column: str | None) -> str | None:
    if column is None or value is None:
        return None
    word = str(value).strip().lower().removesuffix(".0")
    if word in RIGHT:
        return "correct"
    if word in WRONG:
        return "incorrect"
    if word == "unverifiable":
        return word
    raise BadRow("wrong_type", f"{column} is {short(value)}, expected correct or incorrect")


def _word(cells: dict[str, Any], column: str | None) -> str | None:
    value = None if column is None else cell(cells, column)
    return value.strip() or None if isinstance(value, str) else None


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, bool | int | float) else json.dumps(value, default=str)


def _utf8(row: dict[str, Any]) -> dict[str, Any]:
    """The row, if all of its texts can be written. Raises BadRow."""
    try:
        for value in row.values():
            if isinstance(value, str):
                value.encode()
    except UnicodeEncodeError:
        raise _half_a_character() from None
    return row


def _half_a_character() -> BadRow:
    return BadRow("not_utf8", "it has half a character, or bytes that are not UTF-8")


def _plain(text: str | None) -> str | None:
    return None if text is None else text.encode(errors="replace").decode()


def _said(bad: Exception) -> str:
    """What is wrong, in a word and a sentence. A row that nobody thought of is no reason to end."""
    if isinstance(bad, BadRow):
        return _plain(f"{bad.reason}: {bad.detail}") or ""
    return _plain(f"unreadable: {type(bad).__name__}: {bad}") or ""
