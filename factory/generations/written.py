"""What a model wrote, out of whatever a cell holds: one text for each sample, with our tags."""

from __future__ import annotations

import re
from typing import Any

from factory.engines.message import FIELDS
from factory.engines.raw_text import raw_text
from factory.errors import EngineFailure
from factory.models.thinking_tags import KNOWN, Reading, Tags, marks_of
from factory.prompts import turns
from factory.prompts.rows import BadRow, cell, literal, short
from filters.text.thinking import CLOSE, OPEN

SKY = Tags(
    "<|begin_of_thought|>",
    "<|end_of_thought|>",
    {"<|begin_of_solution|>": "", "<|end_of_solution|>": ""},
)
"""Sky-T1 and STILL: tags of plain text, in no tokenizer's vocabulary."""
S1_THINKS = ("think\n", "<|im_start|>think\n")
S1_ANSWERS = re.compile(r"\n(?:<\|im_start\|>)?answer\n")
"""s1 thinks and answers in turns of these names; with its special tokens left out words remain."""
LISTS = ("generations", "completions", "responses", "outputs", "output_list", "samples", "choices")
"""Columns with several generations of one question."""
OTHERS = (*KNOWN[1:], SKY)


def several(cells: dict[str, Any], column: str) -> list[Any]:
    """What a column holds, an entry for each sample. `*` leads into every entry of a list.

    A text stays a text, whatever it looks like: a program's answer may be a list. Only a whole
    conversation that was written into a cell is read, and a list of texts in a column of lists.

    >>> several({"a": [{"b": "x"}, {"b": "y"}]}, "a.*.b"), several({"a": "[1]"}, "a")
    (['x', 'y'], ['[1]'])
    """
    outer, inside, inner = column.partition(".*")
    value = cell(cells, outer)
    if inside:
        value = literal(value)
        entries = list(value.values()) if isinstance(value, dict) else value
        entries = entries if isinstance(entries, list) else [entries]
        place = inner.lstrip(".")
        if not place:
            return entries
        return [cell(e, place) if isinstance(e, dict) else None for e in entries]
    if isinstance(value, str):
        value = _read(value, column in LISTS)
    if not isinstance(value, list):
        return [value]
    return [value] if is_conversation(value) else value


def _read(text: str, texts: bool) -> Any:
    """A conversation, or perhaps a list of texts, out of the text of a cell."""
    value = literal(text)
    if isinstance(value, list) and value:
        plain = texts and all(isinstance(one, str) for one in value)
        if plain or (is_conversation(value) and all(isinstance(one, dict) for one in value)):
            return value
    return text


def text_of(value: Any, thinking: Any, column: str, opened: bool) -> str:
    """A generation as the model wrote it, its thinking between `<think>` and `</think>`.

    Args:
        value: a text, a turn, or a conversation that ends in it.
        thinking: what was thought, where it stands apart; left out where the text has it.
        column: as messages call it.
        opened: the template wrote `<think>` already, so that a text without it is thinking.

    Raises:
        BadRow: there is none, or it is no text.
    """
    if isinstance(value, list):
        value = turns.reply(value, column)
    if isinstance(value, dict):
        return _opened(_of_turn(value, thinking, column), opened)
    if value is None:
        raise BadRow("no_text", f"{column} is empty")
    if not isinstance(value, str):
        raise BadRow("wrong_type", f"{column} is {short(value)}, expected text")
    text = _with_our_tags(value)
    if isinstance(thinking, str) and thinking.strip() and CLOSE not in text and OPEN not in text:
        text = _joined({"reasoning": thinking, "content": text}, column)
    return _opened(text, opened)


def is_conversation(value: list[Any]) -> bool:
    """Whether a list begins with a turn."""
    return bool(value) and isinstance(value[0], dict) and bool({"role", "from"} & value[0].keys())


def _of_turn(turn: dict[str, Any], thinking: Any, column: str) -> str:
    """A turn's text; `from` and `value` say what `role` and `content` do."""
    turn = _unwrapped(turn)
    content = next((turn[key] for key in turns.CONTENT if turn.get(key)), None)
    thought = {key: turn[key] for key in FIELDS if turn.get(key)}
    if not thought and not turn.keys() & set(turns.CONTENT):
        inside = next((one for one in turn.values() if isinstance(one, dict)), turn)
        texts = {key: len(value) for key, value in inside.items() if isinstance(value, str)}
        longest = max(texts, key=lambda key: texts[key], default="text")
        there = ", ".join(map(str, list(turn)[:8])) or "nothing in it"
        way = f"name its text, as {column.partition('.*')[0]}.*.{longest}"
        raise BadRow("wrong_type", f"{column} has an object with {there}: {way}")
    if isinstance(content, str):
        content = _with_our_tags(content)
        if CLOSE in content:
            return content
    if isinstance(thinking, str) and thinking.strip():
        thought["reasoning"] = thinking
    if content is None and not thought:
        if any(turn.get(key) == "" for key in turns.CONTENT):
            return ""
        raise BadRow("no_text", f"the turn in {column} has no text")
    return _joined({**thought, "content": content}, column)


def _unwrapped(turn: dict[str, Any]) -> dict[str, Any]:
    """The turn inside what a server answered: a choice, a completion, or a response."""
    if isinstance(turn.get("body"), dict):  # of a batch
        turn = turn["body"]
    choices = turn.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        turn = choices[0]
    if isinstance(turn.get("message"), dict):
        return turn["message"]
    output = turn.get("output")
    if not isinstance(output, list):
        return turn
    items = [item for item in output if isinstance(item, dict)]
    thought = [i.get("content") or i.get("summary") for i in items if i.get("type") == "reasoning"]
    said = [i.get("content") for i in items if i.get("type") == "message"]
    return {
        "reasoning": [{"text": part.get("text")} for parts in thought for part in parts or ()],
        "content": [part for parts in said if isinstance(parts, list) for part in parts],
    }


def _joined(message: dict[str, Any], column: str) -> str:
    try:
        return raw_text(message)
    except EngineFailure as wrong:
        raise BadRow("wrong_type", f"{column}: {wrong.message}") from None


def _with_our_tags(text: str) -> str:
    """Thinking between other known tags stands between ours."""
    if OPEN in text or CLOSE in text:
        return text
    if text.startswith(S1_THINKS):
        return _of_s1(text)
    for tags in OTHERS:
        if tags.open in text or tags.close in text:
            reading = Reading(marks_of(tags))
            return reading.feed(text) + reading.finish()
    return text


def _of_s1(text: str) -> str:
    """What s1 wrote: its marks are words, each alone in its line. A text with several answers is
    left as it is."""
    thinking, *answers = S1_ANSWERS.split(text.partition("\n")[2])
    if len(answers) > 1:
        return text
    return f"{OPEN}\n{thinking}" + "".join(f"\n{CLOSE}\n{answer}" for answer in answers)


def _opened(text: str, opened: bool) -> str:
    return f"{OPEN}\n{text}" if opened and not text.lstrip().startswith(OPEN) else text
