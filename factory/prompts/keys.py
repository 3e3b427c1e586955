"""Keys as people write them, read into what a verifier takes: several make `{"any_of": [...]}`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from factory.prompts import code_tests, instruction_lists, turns
from factory.prompts.rows import BadRow, cell, literal, short
from factory.recipe.mapping import TASKS, Form, Mapping
from filters.text.boxes import boxes
from filters.text.thinking import split
from filters.verifier_settings import bare

OBJECTS = ("numeric", "choice")
"""Verifiers of answers whose references may also be objects."""
MISSING = ("nan", "NaN", "NaT", "<NA>")
NO_NUMBER = ("None", "none", "null", "N/A", "n/a", "#N/A")
"""How programs write that a cell is empty; the second kind may be an answer in words."""
NUMBER = re.compile(r"[-+]?[\d.,/]*\d%?")
WHOLE = re.compile(r"([-+]?\d+)\.0+")


def key(mapping: Mapping, cells: dict[str, Any], verifier: str) -> tuple[Any, str]:
    """The key of a row; or None, and why it has none.

    Raises:
        BadRow: there is something that no verifier of this name can compare with.

    >>> answer = Mapping(question="q", reference="answer")
    >>> key(answer, {"answer": '["46"]'}, "math")[0], key(answer, {"answer": 11.0}, "exact")[0]
    ('46', '11')
    >>> key(answer, {"answer": ["1/2", "0.5"]}, "math")[0]
    {'any_of': ['1/2', '0.5']}
    """
    verifier, columns = bare(verifier), mapping.references
    if not columns:
        return None, "no column is named for it"
    found = {column: cell(cells, column) for column in columns}
    names = " and ".join(columns)
    if mapping.reference_form:
        value = FORMS[mapping.reference_form](found)
        if value is None:
            return None, f"{names}, read as {mapping.reference_form}, has no key"
        found = {names: value}
    if ":" in verifier and len(found) > 1:  # a person's own, which says itself what it takes
        return found, ""
    if verifier in TASKS or ":" in verifier:
        return _task(mapping, found)
    read = [_answers(value, column, mapping, verifier) for column, value in found.items()]
    keys = list({str(one): one for answers in read for one in answers}.values())
    if len(keys) > 1 and verifier == "choice":
        letters = ", ".join(map(str, keys))
        raise BadRow("bad_reference", f"{names} has several letters, {letters}: `choice` takes one")
    if keys:
        return (keys[0] if len(keys) == 1 else {"any_of": keys}), ""
    if mapping.reference_pattern and any(isinstance(v, str) and v.strip() for v in found.values()):
        text = next(v for v in found.values() if isinstance(v, str) and v.strip())
        if not _is_missing(text.strip(), mapping, verifier):
            return None, f"{mapping.reference_pattern} finds nothing in {names}"
    return None, " and ".join(f"{column} is {short(value)}" for column, value in found.items())


def _task(mapping: Mapping, found: dict[str, Any]) -> tuple[Any, str]:
    """What a program or a text is tested by, as it is; one of several columns is a mistake."""
    if len(found) > 1:
        raise BadRow("bad_reference", "several keys are for verifiers whose keys are answers")
    ((column, value),) = found.items()
    if isinstance(value, str):
        value = value.strip()
        if not value or value in mapping.no_reference:
            return None, f"{column} is {short(value)}"
        if mapping.reference_pattern:
            value = _matched(mapping.reference_pattern, value)
            return value, f"{mapping.reference_pattern} finds nothing in {column}"
    return value, f"{column} is empty"


def _answers(value: Any, column: str, mapping: Mapping, verifier: str) -> list[Any]:
    """Every answer that a cell accepts."""
    match value:
        case None:
            return []
        case str():
            return _of_text(value.strip(), mapping, verifier)
        case list() | tuple():
            if any(isinstance(one, list | tuple) for one in value):
                raise BadRow("bad_reference", f"{column} is {short(value)}, lists inside a list")
            return [a for one in value for a in _answers(one, column, mapping, verifier)]
        case dict() if verifier in OBJECTS:
            return [{name: part for name, part in value.items() if part is not None}]
        case dict():
            inside = ", ".join(map(str, value)) or "nothing in it"
            named = f"name one, as {column}.{next(iter(value), 'answer')}"
            raise BadRow("bad_reference", f"{column} is an object with {inside}; {named}")
    return [_written(value, column)]


def _written(value: Any, column: str) -> str:
    """Numbers, dates and truth values as text; a whole number without a point."""
    match value:
        case bool() | int() | timedelta():
            return str(value)
        case float() if math.isinf(value):
            raise BadRow("bad_reference", f"{column} is {value}, which no answer equals")
        case float() if value.is_integer() and abs(value) < 1e22:
            return str(int(value))
        case float():
            return str(value)
        case Decimal():
            return format(value.normalize(), "f") if value.is_finite() else str(value)
        case date() | time():
            return value.isoformat()
    raise BadRow("wrong_type", f"{column} is {short(value)}, expected text or a number")


def _of_text(text: str, mapping: Mapping, verifier: str) -> list[str]:
    if _is_missing(text, mapping, verifier):
        return []
    if mapping.reference_pattern:
        found = _matched(mapping.reference_pattern, text)
        return [] if found is None else [found]
    meant = [one for one in _unwrapped(text) if not _is_missing(one, mapping, verifier)]
    if verifier != "exact":
        return meant
    whole = WHOLE.fullmatch(text)  # the text itself may be what is asked for
    return [text, *meant, *([whole[1]] if whole else [])]


def _is_missing(text: str, mapping: Mapping, verifier: str) -> bool:
    words = (*MISSING, *mapping.no_reference)
    return not text or text in words or (verifier in ("math", "numeric") and text in NO_NUMBER)


def _matched(pattern: str, text: str) -> str | None:
    found = re.findall(pattern, text)
    return found[-1].strip() or None if found else None


def _unwrapped(text: str) -> list[str]:
    """What a text in JSON's quotes, or the text of a list of texts or of one, stands for.

    >>> _unwrapped("['46']"), _unwrapped('"23"'), _unwrapped("[46]"), _unwrapped("[1, 2]")
    (['46'], ['23'], ['46'], ['[1, 2]'])
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            inside = json.loads(text)
        except ValueError:
            return [text]
        return [inside.strip()]
    value = literal(text)
    plain = isinstance(value, list) and all(isinstance(v, str | int | float) for v in value)
    if not plain or not (len(value) == 1 or all(isinstance(v, str) for v in value)):
        return [text]
    return [v.strip() if isinstance(v, str) else _written(v, text) for v in value]


def boxed(found: dict[str, Any]) -> str | None:
    r"""The last box of a worked solution; or all of it, where it is a number and nothing else.

    >>> boxed({"solution": r"So $x = \boxed{4}$."}), boxed({"solution": "128"}), boxed({"s": "By."})
    ('4', '128', None)
    """
    (text,) = found.values()
    if not isinstance(text, str):
        return None if text is None else _written(text, "the solution")
    inside = boxes(text)
    if inside:
        return inside[-1]
    return text.strip() if NUMBER.fullmatch(text.strip()) else None


def boxed_reply(found: dict[str, Any]) -> str | None:
    """The last box of the reply that ends a conversation, behind its thinking."""
    ((column, value),) = found.items()
    if value is None:
        return None
    reply = turns.last_reply(value, column)
    response = None if reply is None else split(reply).response
    inside = boxes(response or "")
    return inside[-1] if inside else None


FORMS: dict[Form, Callable[[dict[str, Any]], Any]] = {
    "boxed": boxed,
    "boxed_reply": boxed_reply,
    "asserts": code_tests.asserts,
    "humaneval": code_tests.humaneval,
    "test_program": code_tests.program_of_tests,
    "codeforces": code_tests.codeforces,
    "livecodebench": code_tests.livecodebench,
    "ifeval": instruction_lists.ifeval,
    "if_constraints": instruction_lists.if_constraints,
}
"""How the columns of a key are read, by the mapping's `reference_form`."""
