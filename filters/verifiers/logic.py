"""Procedural tasks of reasoning-gym: each task's own scorer decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from filters.text.answer import plain
from filters.text.nearest import nearest
from filters.verdict import Verdict, correct, incorrect
from filters.verifiers import pool

DEADLINE = 30.0
"""Seconds for a scorer; a worker's first task imports reasoning-gym within them."""

Scorer = Callable[[str, dict[str, Any]], float]

EVALUATES = {
    "binary_matrix", "bitwise_arithmetic", "countdown", "intermediate_integration", "n_queens",
    "number_sorting", "polynomial_multiplication", "puzzle24", "simple_integration",
    "spiral_matrix", "string_insertion",
}  # fmt: skip
"""Tasks whose scorers hand text to Python's `eval` (or SymPy's parser, which is the same). They are
refused: text that a model or a stranger wrote is never run outside a sandbox."""

PLAIN = {"chain_sum", "products"}
"""Tasks whose scorers were read and take no time; they and plain comparisons run in this process,
all others in the pool, under its deadline."""


def shape(reference: object) -> str | None:
    """What is wrong with a reference.

    `{"task": "chain_sum", "entry": {...}}`. The entry has the `question`, `answer` and `metadata`
    that the task generated.
    """
    if not isinstance(reference, Mapping):
        return f"an object with task and entry was expected, not {type(reference).__name__}"
    task, entry = reference.get("task"), reference.get("entry")
    if not isinstance(task, str) or not isinstance(entry, Mapping):
        return 'an object like {"task": "chain_sum", "entry": {...}} was expected'
    if missing := [field for field in ("question", "answer", "metadata") if field not in entry]:
        return f"its entry lacks {', '.join(missing)}"
    if task in EVALUATES:
        return f"task {task} is refused: its scorer runs the answer as Python code"
    if task not in _tasks():
        return f"reasoning-gym has no task {task!r}{nearest(task, _tasks())}"
    return None


def key(reference: object) -> str:
    """The answer that must be judged correct."""
    return str(_parts(reference)[1]["answer"])


def judge(answer: str, reference: object) -> Verdict:
    """Correct only for the scorer's full mark, 1.0; near misses get parts of it.

    >>> entry = {"question": "1 + 2 =", "answer": "3", "metadata": {}}
    >>> judge("3.0", {"task": "chain_sum", "entry": entry}).outcome
    'correct'
    """
    task, entry = _parts(reference)
    if task in PLAIN or _compares(task):
        score = _score(task, plain(answer), entry)
    else:
        score = pool.call(_score, task, plain(answer), entry, seconds=DEADLINE)
    return correct(answer) if score >= 1.0 else incorrect("wrong_answer", answer)


def _parts(reference: object) -> tuple[str, dict[str, Any]]:
    whole = cast(Mapping[str, Any], reference)
    return whole["task"], dict(whole["entry"])


def _score(task: str, answer: str, entry: dict[str, Any]) -> float:
    return float(_scorer(task)(answer, entry))


@cache
def _scorer(task: str) -> Scorer:
    from reasoning_gym import get_score_answer_fn

    return cast(Scorer, get_score_answer_fn(task))


@cache
def _compares(task: str) -> bool:
    """Whether the task has no scorer of its own and compares texts."""
    from reasoning_gym.dataset import ProceduralDataset

    return getattr(_scorer(task), "__func__", None) is ProceduralDataset.score_answer


@cache
def _tasks() -> frozenset[str]:
    import reasoning_gym  # noqa: F401  (fills the table of tasks)
    from reasoning_gym.factory import DATASETS

    return frozenset(DATASETS)
