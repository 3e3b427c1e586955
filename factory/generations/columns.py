"""Which columns are meant where nobody says it: by the names that datasets use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from factory.engines.message import FIELDS
from factory.errors import RecipeError, nearest
from factory.generations.written import LISTS, is_conversation, several
from factory.prompts.rows import cell, literal
from factory.recipe.layout import OF_SAMPLES, Layout
from factory.recipe.mapping import Mapping
from factory.recipe.mappings import MAPPINGS, ready
from filters.text.shorten import shorten

CONVERSATIONS = ("messages", "conversations", "conversation", "turns")
NAMES: dict[str, Sequence[str]] = {
    "generation": (
        "generation",
        "completion",
        "response",
        "text",
        "output",
        "full_response",
        "model_output",
        "model_response",
        "llm_response",
        "full_model_response",
        "model_answer",
        "native_response",
    ),
    "question": (
        "question",
        "problem",
        "prompt",
        "instruction",
        "query",
        "question_content",
        "native_question",
        "input",
        "responses_create_params.input",
    ),
    "reference": (
        "ground_truth",
        "expected_answer",
        "gold_answer",
        "actual_answer",
        "reference_answer",
        "final_answer",
        "answer",
        "gold",
        "gt",
        "target",
        "reward_model.ground_truth",
    ),
    "thinking": FIELDS,
    "finish_reason": ("finish_reason", "finish_reasons", "stop_reason", "complete_reason"),
    "completion_tokens": ("completion_tokens",),
    "verifier": ("verifier",),
    "domain": ("domain",),
    "language": ("prompt_language", "language", "lang"),
    "teacher": ("teacher", "model", "model_name", "generator", "generation_model"),
    "id": ("id", "uuid", "unique_id", "question_id", "item_id", "problem_id", "sample_id", "idx"),
}
"""What columns are called, the likeliest name first."""
KEYED = ("solution", "gt_cot", "reference_solution", "canonical_solution")
"""Columns of worked solutions that come with a question: long, and no model's."""
HOW_READ = ("question_pattern", "reference_pattern", "reference_form")
"""Keys that name no column."""
NAMED = ("question", "reference", "reference_form")
"""Keys that were found, where the generation was not."""
LONG = 100
"""Characters that texts of a model have on average, where a column is guessed by them."""
HOW = """--columns "question: problem, generation: output, reference: answer\""""


def told(text: str) -> dict[str, Any] | str:
    """What `--columns` says: the name of a dataset whose ready mapping fits, or keys and columns,
    as YAML writes them, with or without braces around.

    >>> told("question: problem, generation: output")
    {'question': 'problem', 'generation': 'output'}

    Raises:
        RecipeError: it is neither.
    """
    if text in MAPPINGS:
        return text
    inside = text if text.lstrip().startswith("{") else f"{{{text}}}"
    try:
        found = YAML(typ="safe", pure=True).load(inside) if ":" in text else None
    except YAMLError as error:
        raise RecipeError(f"--columns {text}: not valid YAML: {_line(error)}") from None
    if not isinstance(found, dict):
        hint = nearest(text, MAPPINGS)
        raise RecipeError(f"--columns {text}: expected keys and columns, as {HOW}{hint}")
    known = list(Layout.model_fields)
    for key in found:
        if key not in known:
            hint = nearest(str(key), known) or f". Known keys: {', '.join(known)}"
            raise RecipeError(f"--columns: unknown key {key!r}{hint}")
    return found


def layout_of(
    named: str | dict[str, Any] | None,
    dataset: str,
    columns: Sequence[str],
    first: Sequence[dict[str, Any]] = (),
) -> Layout:
    """The layout of a table: what was named, then a ready mapping's, then by the columns' names.

    Args:
        named: what `told` gave.
        dataset: name of the dataset, which may have a ready mapping.
        columns: its columns.
        first: some rows, which tell how long texts are.

    Raises:
        RecipeError: nothing says where generations are; with the columns there are.
    """
    keys: dict[str, Any] = {}
    if isinstance(named, dict):
        keys = dict(named)
    elif known := ready(named or dataset):
        keys = _of_ready(known, columns)
    _by_name(keys, columns, first)
    try:
        layout = Layout.model_validate(keys)
    except ValidationError as error:
        if "generation" not in keys and "messages" not in keys:
            raise RecipeError(
                f"no column is called as generations are; columns: {listed(columns)}. Say which "
                f"hold what, as {_how(keys, columns, first)}"
            ) from None
        words = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise RecipeError(f"--columns: {words}") from None
    for column in layout.columns():
        if column.partition(".")[0] not in columns and column not in columns:
            hint = nearest(column, columns) or "."
            raise RecipeError(
                f"no column {column!r}{hint} Columns: {listed(columns)}. Say which hold what, as "
                f"{HOW}"
            )
    return layout


def said(layout: Layout) -> str:
    """Which column was taken for what, in a line."""
    keys = [key for key in Layout.model_fields if key not in ("where", "keep", "no_reference")]
    first = ["generation", "messages", "thinking", "question"]
    parts = []
    for key in sorted(keys, key=lambda k: first.index(k) if k in first else len(first)):
        value = getattr(layout, key)
        if value is not None:
            named = ", ".join(value) if isinstance(value, list) else value
            if key == "compose":
                key, named = "question", " ".join(named.split())
            parts.append(f"{key} {named}" if key in HOW_READ else f"{key} from {named}")
    return ", ".join(parts)


def listed(columns: Sequence[str]) -> str:
    """The columns in a message; a file without a first line of names has long ones."""
    return shorten(", ".join(shorten(column, 40) for column in columns), 400)


def _how(keys: dict[str, Any], columns: Sequence[str], first: Sequence[dict[str, Any]]) -> str:
    """What to type: the columns that were found, and the one with the longest other texts."""
    if talks := _talks(columns, first):
        return f'--columns "messages: {talks[0]}"'
    taken = [column for key, column in keys.items() if isinstance(column, str)]
    longest = _longest([c for c in columns if c not in taken and c not in KEYED], first)
    if longest is None:
        return HOW
    named = [f"{key}: {keys[key]}" for key in NAMED if keys.get(key)]
    return f'--columns "{", ".join([*named, f"generation: {longest}"])}"'


def _longest(columns: Sequence[str], first: Sequence[dict[str, Any]]) -> str | None:
    """The column with the longest texts, if they are long; inside of objects, too."""
    inside = _inside(columns, first)

    def length(column: str) -> float:
        found = [one for cells in first for one in several(cells, column)]
        texts = [len(one) for one in found if isinstance(one, str)]
        return sum(texts) / len(texts) if texts else 0

    best = max([*columns, *inside], key=length, default=None)
    return best if best is not None and length(best) >= LONG else None


def _inside(columns: Sequence[str], first: Sequence[dict[str, Any]]) -> list[str]:
    """What stands inside of objects, with dots that lead there."""
    return [
        f"{column}.{name}"
        for column in columns
        for name in dict.fromkeys(n for cells in first for n in _names(cells.get(column)))
    ]


def _names(value: Any) -> list[str]:
    return list(map(str, value)) if isinstance(value, dict) else []


def _of_ready(known: Mapping, columns: Sequence[str]) -> dict[str, Any]:
    """A ready mapping as far as it holds for samples: a key that was taken from the replies
    themselves would call each of them right, and rows are not chosen by it."""
    keys = known.model_dump(exclude_unset=True, include=set(Mapping.model_fields))
    if known.reference_form == "boxed_reply":
        keys = {key: keys[key] for key in keys if not key.startswith("reference")}
    keys.pop("where", None)
    keys.pop("keep", None)
    if keys.get("messages") == "prompt" or any(name in columns for name in LISTS):
        keys.setdefault("generation", next((n for n in LISTS if n in columns), None))
    return {key: value for key, value in keys.items() if value is not None}


def _by_name(keys: dict[str, Any], columns: Sequence[str], first: Sequence[dict[str, Any]]) -> None:
    """Add what the columns' names say."""
    taken = set(map(str, keys.values()))
    asked = keys.keys() & {"question", "compose", "messages"}
    question = None if asked else _first(NAMES["question"], columns, taken)
    several = _first(LISTS, columns, taken)
    turns = _first(CONVERSATIONS, columns, taken)
    if "generation" not in keys and "messages" not in keys:
        if turns and not (several and question):
            keys["messages"], question = turns, None
        elif several:
            keys["generation"] = several
        elif found := _first(NAMES["generation"], columns, {*taken, question}):
            keys["generation"] = found
        elif question and _longest(columns, first) == "solution":
            keys["generation"] = "solution"  # a table of worked solutions, and of nothing longer
        elif len(found := _talks(columns, first)) == 1:
            keys["messages"], question = found[0], None
        if keys.get("generation") == "choices":
            keys.setdefault("finish_reason", "choices.*.finish_reason")
    if question and "messages" not in keys and question != keys.get("generation"):
        keys |= _asked(question, columns)
    for key in ("reference", *OF_SAMPLES):
        taken = set(map(str, keys.values()))
        if key not in keys and key not in ("generation", "verdict"):
            own = _first(NAMES[key], columns, taken)
            if own and not (key == "thinking" and "messages" in keys):
                keys[key] = own
    if "reference" not in keys and "solution" in columns and "solution" not in keys.values():
        keys |= {"reference": "solution", "reference_form": "boxed"}


def _asked(question: str, columns: Sequence[str]) -> dict[str, str]:
    """The question; of what is asked in two columns, as in Alpaca's tables, both."""
    if question == "instruction" and "input" in columns:
        return {"compose": "{instruction}\n\n{input:optional}"}
    return {"question": question}


def _talks(columns: Sequence[str], first: Sequence[dict[str, Any]]) -> list[str]:
    """Columns, and those inside of objects, that hold conversations by whatever name."""
    there = [*columns, *_inside(columns, first)]
    return [column for column in there if any(_is_talk(cell(cells, column)) for cells in first)]


def _is_talk(value: Any) -> bool:
    value = literal(value)
    return isinstance(value, list) and is_conversation(value)


def _first(names: Sequence[str], columns: Sequence[str], taken: set[Any]) -> str | None:
    there = (n for n in names if n.partition(".")[0] in columns and n not in taken)
    return next(there, None)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
