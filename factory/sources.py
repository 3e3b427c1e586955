"""Where prompts come from: what a recipe may name, and how its rows are read."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from factory import files
from factory.errors import RecipeError, StageError
from factory.files import Cells
from factory.mappings import MAPPINGS, BadRow, Draft, Mapping
from factory.places import nearest
from factory.records import digest
from factory.strict import Strict


def _known_verifier(name: str) -> str:
    from filters.verifiers import VERIFIERS

    if name not in VERIFIERS:
        hint, known = nearest(name, VERIFIERS), ", ".join(VERIFIERS)
        raise ValueError(f"no verifier is called {name!r}{hint or '.'} Known: {known}")
    return name


def _ready_mapping(columns: Mapping | str | None) -> Mapping | str | None:
    if isinstance(columns, str) and columns not in MAPPINGS:
        hint, known = nearest(columns, MAPPINGS), ", ".join(MAPPINGS)
        raise ValueError(f"no ready mapping is called {columns!r}{hint or '.'} Known: {known}")
    return columns


Columns = Annotated[Mapping | str | None, AfterValidator(_ready_mapping)]


def asked(question: str, instruction: str | None) -> str:
    """A question as the model is asked it."""
    return f"{question}\n\n{instruction}" if instruction else question


class ReasoningGym(Strict):
    """Questions made by a generator of reasoning-gym, judged by its own scorer."""

    verifier: ClassVar[str] = "logic"
    language: ClassVar[str] = "en"
    license: ClassVar[str | None] = "Apache-2.0"

    source: Literal["reasoning_gym"]
    name: str | None = None
    """Name of the source in the tables; left out: the task."""
    task: str
    """Name of the generator, as `chain_sum`."""
    options: dict[str, Any] = Field({})
    """The generator's own settings; seed and size are set here."""
    instruction: str | None = None
    """Put after each question, as R1's "Please reason step by step, and put your final answer
    within \\boxed{}."; left out: the question stands alone."""
    domain: str = "math"
    """Field of the questions: math, code, stem, logic or general."""
    rows: int = Field(ge=1)
    """Different questions to make, held-out ones among them."""
    held_out: int = Field(0, ge=0)
    """How many of them are kept out of training, for evaluation."""

    @property
    def label(self) -> str:
        return self.name or self.task


class Table(Strict):
    """What files and Hub datasets have in common."""

    name: str | None = None
    """Name of the source in the tables; left out: that of the first file, or of the dataset."""
    columns: Columns = None
    """Which columns hold what, or the name of a dataset whose ready mapping fits."""
    instruction: str | None = None
    """Put after each question, as R1's "Please reason step by step, and put your final answer
    within \\boxed{}."; left out: the question stands alone."""
    verifier: Annotated[str, AfterValidator(_known_verifier)] = "math"
    """Who judges the answers."""
    domain: str = "math"
    """Field of the questions: math, code, stem, logic or general."""
    language: str = "en"
    """Language of the questions, ISO 639-1."""
    license: str | None = None
    """Licence of the questions, as an SPDX name; left out: not known."""
    rows: int | None = Field(None, ge=1)
    """Prompts to take at most, from the top, held-out ones among them; left out: all."""
    held_out: int = Field(0, ge=0)
    """How many of them are kept out of training, for evaluation."""

    def mapping(self, dataset: str | None = None) -> Mapping:
        """The mapping that was given, or the ready one it names."""
        return (
            self.columns
            if isinstance(self.columns, Mapping)
            else MAPPINGS[self.columns or dataset or ""]
        )


class Files(Table):
    """Questions from local files: JSON lines, Parquet or CSV, told apart by their suffix."""

    source: Literal["files"]
    path: str | Annotated[list[str], Field(min_length=1)]
    """File or files (.jsonl, .parquet, .csv), relative to the recipe's folder."""

    @field_validator("path")
    @classmethod
    def _is_there(cls, path: str | list[str], info: ValidationInfo) -> str | list[str]:
        """A missing file is found before anything starts, where the recipe's folder is known."""
        if info.context and "home" in info.context:
            for name in [path] if isinstance(path, str) else path:
                if missing := files.missing(info.context["home"], name):
                    raise ValueError(missing)
        return path

    @model_validator(mode="after")
    def _columns_are_named(self) -> Self:
        if self.columns is None:
            raise ValueError(f"columns is missing: a mapping, or one of {', '.join(MAPPINGS)}")
        return self

    @property
    def paths(self) -> list[str]:
        return [self.path] if isinstance(self.path, str) else self.path

    @property
    def label(self) -> str:
        return self.name or Path(self.paths[0]).stem


class Hub(Table):
    """Questions from a dataset on the Hugging Face Hub."""

    source: Literal["hub"]
    dataset: str
    """Name on the Hub, as `openai/gsm8k`, or a local folder in a form that `datasets` reads."""
    config: str | None = None
    """Configuration of the dataset, where it has several."""
    split: str = "train"
    """Its split."""
    revision: str | None = None
    """Commit, tag or branch; left out: what the default branch is now."""
    streaming: bool = False
    """Read over the network while it is needed, instead of downloading all of it first."""

    @model_validator(mode="after")
    def _columns_are_known(self) -> Self:
        if self.columns is None and self.dataset not in MAPPINGS:
            known = ", ".join(MAPPINGS)
            raise ValueError(
                f"no ready mapping for {self.dataset!r}: name its columns. Ready: {known}"
            )
        return self

    @property
    def label(self) -> str:
        return self.name or self.dataset


Source = ReasoningGym | Files | Hub


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
            yield place, cells if isinstance(cells, BadRow) else mapping.draft(cells)
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
    wrong = [bad for draft in trial if (bad := fault(draft, source.verifier))]
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


def fault(draft: Draft, verifier: str) -> BadRow | None:
    """What keeps the verifier from judging against this key, or None."""
    from filters.verifiers import check_reference

    wrong = check_reference(draft.reference, verifier)
    if wrong is None:
        return None
    if draft.reference is None:
        return BadRow("no_reference", draft.no_reference)
    return BadRow("bad_reference", wrong)
