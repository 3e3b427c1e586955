"""Rows of every source, each as what it gives a prompt, or why it gives none."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from itertools import chain, islice
from pathlib import Path
from typing import Any

from factory.errors import RecipeError, StageError, nearest
from factory.prompts import files
from factory.prompts.drafts import BadRow, Draft, draft
from factory.prompts.files import Cells
from factory.recipe.mappings import Mapping
from factory.recipe.sources import Hub, ReasoningGym, Source, Table
from factory.records import digest

Drafts = Iterator[tuple[str, "Draft | BadRow"]]
"""Rows as (place, what they give a prompt, or why they cannot)."""


def read(source: Source, seed: int, base: Path) -> Drafts:
    """Checks what can be checked before the first row, then gives the rows.

    Args:
        source: a source of the recipe.
        seed: the recipe's seed, which generators start from.
        base: folder that relative paths start from.

    Raises:
        RecipeError: a file, column, task or dataset is not there, or cannot be used.
        StageError: the Hub cannot be read.
    """
    if isinstance(source, ReasoningGym):
        return _generate(source, seed)
    if isinstance(source, Hub):
        mapping = source.mapping(source.dataset)
        tables = [(source.dataset, _hub(source, mapping.columns()))]
    else:
        mapping = source.mapping()
        tables = [(path, files.read(base, path, mapping.columns())) for path in source.paths]
    for place, (columns, _) in tables:
        for column in mapping.columns() if columns else []:
            if column not in columns:
                known = ", ".join(columns)
                hint = nearest(column, columns)
                raise RecipeError(f"{place}: no column {column!r}{hint or '.'} Columns: {known}")
    return _mapped(chain.from_iterable(cells for _, (_, cells) in tables), mapping)


def _mapped(rows: Cells, mapping: Mapping) -> Drafts:
    for place, cells in rows:
        try:
            yield place, cells if isinstance(cells, BadRow) else draft(mapping, cells)
        except BadRow as bad:
            yield place, bad


def _hub(source: Hub, wanted: list[str]) -> tuple[list[str], Cells]:
    from datasets import load_dataset

    with _crossing_to_the_hub(source):
        data = load_dataset(
            source.dataset,
            source.config,
            split=source.split,
            revision=source.revision,
            streaming=source.streaming,
        )
    columns = list(data.column_names or [])
    rows = _hub_rows(source, data, wanted if columns else [])
    return (columns, rows) if columns else files.peeked(rows)


def _hub_rows(source: Hub, data: Any, wanted: list[str]) -> Cells:
    with _crossing_to_the_hub(source):
        for number, cells in enumerate(data.select_columns(wanted) if wanted else data, start=1):
            yield f"{source.dataset} row {number}", cells


@contextmanager
def _crossing_to_the_hub(source: Hub) -> Generator[None]:
    from datasets.exceptions import DatasetsError

    try:
        yield
    except (DatasetsError, ValueError) as error:
        raise RecipeError(f"{source.dataset}: {error}") from error
    except Exception as error:  # the network, in any of its libraries' words
        what = f"{type(error).__name__}: {error}"
        raise StageError(f"{source.dataset}: reading it failed, run again: {what}") from error


def _generate(source: ReasoningGym, seed: int) -> Drafts:
    """Draws until enough, or until a whole chunk of draws brings no new question."""
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


def fault(draft: Draft, source: Source) -> BadRow | None:
    """What is wrong with a prompt by its source's verifier, or None: see `filters.tries`."""
    from filters.tries import faults

    if draft.reference is None and isinstance(source, Table) and source.names_a_key:
        return BadRow("no_reference", draft.no_reference)
    found = faults(draft.messages[-1]["content"], draft.reference, source.verifier)
    if not found:
        return None
    if draft.reference is None:
        return BadRow("no_reference", draft.no_reference)
    return BadRow(found[0].reason, "; ".join(each.detail for each in found))
