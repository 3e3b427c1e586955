"""Questions made by the generators of reasoning-gym."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from itertools import islice
from typing import Any

from factory.errors import RecipeError, nearest
from factory.prompts.drafts import Draft, Drafts, fault
from factory.recipe.sources import ReasoningGym
from factory.records import digest


def generate(source: ReasoningGym, seed: int) -> Drafts:
    """Draws until enough, or until a whole chunk of draws brings no new question.

    Raises:
        RecipeError: there is no such task, or its options do not work.
    """
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    where = f"reasoning_gym task {source.task!r}"
    if source.task not in DATASETS:
        raise RecipeError(f"{where}: there is no such task{nearest(source.task, DATASETS)}")
    settings = [f.name for f in fields(DATASETS[source.task][1]) if f.name not in ("seed", "size")]
    for option in source.options:
        if option not in settings:
            hint, known = nearest(option, settings), ", ".join(settings)
            raise RecipeError(f"{where}: no option {option!r}{hint or '.'} Options: {known}")

    def chunk(number: int) -> Any:
        key = digest(source.task, source.options, seed, number)
        start = int(key[:8], 16) >> 1  # numpy's generators take seeds below 2**32
        size = max(source.rows, 100)
        return reasoning_gym.create_dataset(source.task, seed=start, size=size, **source.options)

    try:
        trial = [_gym_draft(source.task, entry) for entry in islice(chunk(0), 10)]
    except Exception as error:  # the generators check their settings with assert and much else
        what = str(error) or type(error).__name__
        raise RecipeError(f"{where}: its options do not work: {what}") from error
    wrong = [bad for draft in trial if (bad := fault(draft, source))]
    if len(wrong) == len(trial):
        raise RecipeError(f"{where}: its answers cannot be judged: {wrong[0].detail}")
    return _distinct(source.task, map(chunk, range(20)))


def _gym_draft(task: str, entry: dict[str, Any]) -> Draft:
    reference = {"task": task, "entry": {k: entry[k] for k in ("question", "answer", "metadata")}}
    return Draft([{"role": "user", "content": entry["question"]}], reference, {})


def _distinct(task: str, chunks: Iterable[Iterable[dict[str, Any]]]) -> Drafts:
    """A question that a generator repeats is no row: it is drawn again."""
    seen: set[str] = set()
    for chunk in chunks:
        before = len(seen)
        for entry in chunk:
            question = entry["question"].strip()
            if question not in seen:
                seen.add(question)
                yield f"row {len(seen)}", _gym_draft(task, entry)
        if len(seen) == before:
            return
