"""Prompts from generators, files and the Hub: each question once, every row accounted for."""

from __future__ import annotations

import csv
import json
import sys
import unicodedata
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from factory.errors import LedgerError, RecipeError, StageError
from factory.mappings import MAPPINGS, BadRow, Draft, Mapping
from factory.places import nearest
from factory.records import digest
from factory.strict import Strict

PROMPT: dict[str, Any] = {
    "prompt_id": pl.String(),
    "source": pl.String(),
    "domain": pl.String(),
    "language": pl.String(),
    "messages": pl.List(pl.Struct({"role": pl.String(), "content": pl.String()})),
    "reference": pl.String(),  # JSON text
    "verifier": pl.String(),
    "license": pl.String(),
    "meta": pl.String(),  # JSON text
}
"""A question with its key; `split`, train or held_out, is added at the end."""

SET_ASIDE: dict[str, Any] = dict.fromkeys(["source", "place", "reason", "detail"], pl.String())
"""A row that became no prompt, and why."""

REPEATS = ("duplicate", "conflicting_reference")
CHUNK = 10_000  # rows held as Python objects before they are sealed into a table
PEEK = 100  # rows whose keys are a JSONL file's columns; a name none of them has is misspelt


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


# --- reading: every row as (place, what it gives a prompt, or why it cannot) ---------------------

Cells = Iterator[tuple[str, "dict[str, Any] | BadRow"]]
Drafts = Iterator[tuple[str, "Draft | BadRow"]]


def _open(source: Source, seed: int, base: Path) -> Drafts:
    """Checks what can be checked before the first row, then gives the rows."""
    if isinstance(source, ReasoningGym):
        return _generate(source, seed)
    if isinstance(source, Hub):
        mapping = source.mapping(source.dataset)
        tables = [(source.dataset, _hub(source, mapping.columns()))]
    else:
        mapping = source.mapping()
        tables = [(path, _file(base, path, mapping.columns())) for path in source.paths]
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


def _file(base: Path, name: str, wanted: list[str]) -> tuple[list[str], Cells]:
    path = base / Path(name).expanduser()
    if not path.is_file():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = nearest(path.name, beside)
        raise RecipeError(f"{name}: there is no such file (looked for {path}){hint}")
    match path.suffix.lower():
        case ".jsonl":
            return _peeked(_jsonl(path, name))
        case ".csv":
            return _csv(path, name)
        case ".parquet":
            return _parquet(path, name, wanted)
    known = ".jsonl, .parquet, .csv"
    raise RecipeError(f"{name}: files of this kind are not read; expected one of {known}")


def _jsonl(path: Path, name: str) -> Cells:
    """Bytes, line by line: a line that is not UTF-8 does not take its neighbours along."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip(b" \t\r\n\xef\xbb\xbf"):
                yield f"{name}:{number}", _json_object(line)


def _json_object(line: bytes) -> dict[str, Any] | BadRow:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return BadRow("not_utf8", f"byte {error.start + 1} of the line is not UTF-8")
    except (ValueError, RecursionError) as error:
        return BadRow("not_json", str(error))
    if not isinstance(value, dict):
        return BadRow("wrong_type", "the line is JSON, but not an object with columns")
    return value


def _csv(path: Path, name: str) -> tuple[list[str], Cells]:
    """Bytes that are not UTF-8 become lone surrogates, which are set aside with their row."""
    csv.field_size_limit(sys.maxsize)
    rows = _csv_rows(path, name)
    _, header = next(rows, (name, []))
    if isinstance(header, BadRow):
        raise RecipeError(f"{name}:1: the line with the names of the columns: {header.detail}")
    return header, _csv_cells(rows, header)


def _csv_rows(path: Path, name: str) -> Iterator[tuple[str, list[str] | BadRow]]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        reader, number = csv.reader(lines, strict=True), 1
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield f"{name}:{number}", BadRow("not_csv", str(error))
            else:
                if row:
                    yield f"{name}:{number}", row
            number = reader.line_num + 1


def _csv_cells(rows: Iterator[tuple[str, list[str] | BadRow]], header: list[str]) -> Cells:
    for place, row in rows:
        if not isinstance(row, BadRow) and len(row) != len(header):
            row = BadRow(
                "not_csv", f"{len(row)} cells, expected {len(header)} as in the first line"
            )
        yield place, row if isinstance(row, BadRow) else dict(zip(header, row, strict=True))


def _parquet(path: Path, name: str, wanted: list[str]) -> tuple[list[str], Cells]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise RecipeError(f"{name}: this is no Parquet file: {error}") from None
    return file.schema_arrow.names, _parquet_rows(file, name, wanted)


def _parquet_rows(file: Any, name: str, wanted: list[str]) -> Cells:
    number = 0
    for batch in file.iter_batches(batch_size=1024, columns=wanted):
        try:
            rows = batch.to_pylist()
        except UnicodeDecodeError:  # somewhere in these rows: find out where
            rows = [_parquet_row(batch.slice(row, 1)) for row in range(batch.num_rows)]
        for cells in rows:
            number += 1
            yield f"{name} row {number}", cells


def _parquet_row(batch: Any) -> dict[str, Any] | BadRow:
    try:
        return batch.to_pylist()[0]
    except UnicodeDecodeError as error:
        return BadRow("not_utf8", str(error))


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
    return (columns, rows) if columns else _peeked(rows)


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


def _peeked(rows: Cells) -> tuple[list[str], Cells]:
    """The columns of rows that name their own, from the first of them; none are lost."""
    head = list(islice(rows, PEEK))
    columns = dict.fromkeys(key for _, cells in head if isinstance(cells, dict) for key in cells)
    return list(columns), chain(head, rows)


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
    faults = [fault for draft in trial if (fault := _fault(draft, source.verifier))]
    if len(faults) == len(trial):
        raise RecipeError(f"{where}: its answers cannot be judged: {faults[0].detail}")
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


# --- collecting: one table, each question once ---------------------------------------------------


@dataclass(frozen=True)
class Collected:
    """What all sources gave; rows read = prompts + duplicates + set aside, in each of them."""

    prompts: pl.DataFrame
    """PROMPT and `split`, train or held_out."""
    set_aside: pl.DataFrame
    """SET_ASIDE: every row that became no prompt, repeats of a question included."""
    sources: pl.DataFrame
    """Per source: read, prompts, train, held_out, duplicates, set_aside."""


def prompt_id(messages: Iterable[dict[str, str]]) -> str:
    """32 hexadecimal digits of the question alone, whatever its source, order or outer whitespace.

    >>> prompt_id([{"role": "user", "content": " 1 + 1 ="}])
    '86517a336c2a69bf9a7153b855a6a7f0'
    """
    turns = [[m["role"], unicodedata.normalize("NFC", m["content"]).strip()] for m in messages]
    return digest(turns)


def collect(sources: Sequence[Source], seed: int, base: Path) -> Collected:
    """Reads all sources, in their order, into one table in which each question stands once.

    Of a question that comes again the first is kept and the other set aside, between sources too,
    so it can never be in both splits. Held out are the prompts whose id, hashed with the seed, is
    smallest: neither order nor other rows change a question's rank.

    Args:
        sources: the recipe's prompts.
        seed: the recipe's seed; generators and the choice of held-out prompts derive from it.
        base: folder that relative paths start from.

    Raises:
        RecipeError: a file, column, task or dataset is not there, or gives too few prompts.
        StageError: the Hub cannot be read.
        LedgerError: the sums do not close.
    """
    opened = [(source, _open(source, seed, base)) for source in sources]
    kept: dict[str, tuple[int, str]] = {}
    taken = [_take(source, drafts, kept, seed) for source, drafts in opened]
    return Collected(
        prompts=pl.concat([t.prompts for t in taken]),
        set_aside=pl.concat([t.set_aside for t in taken]),
        sources=pl.concat([t.sources for t in taken]),
    )


class _Rows:
    """Rows on their way into a table, few of them as Python objects at a time."""

    def __init__(self, schema: dict[str, Any]):
        self.schema, self.count = schema, 0
        self._waiting: list[dict[str, Any]] = []
        self._sealed: list[pl.DataFrame] = []

    def add(self, row: dict[str, Any]) -> None:
        self.count += 1
        self._waiting.append(row)
        if len(self._waiting) == CHUNK:
            self._seal()

    def table(self) -> pl.DataFrame:
        self._seal()
        return pl.concat(self._sealed)

    def _seal(self) -> None:
        self._sealed.append(pl.DataFrame(self._waiting, schema=self.schema))
        self._waiting = []


def _take(source: Source, drafts: Drafts, kept: dict[str, tuple[int, str]], seed: int) -> Collected:
    prompts, aside = _Rows(PROMPT), _Rows(SET_ASIDE)
    read = 0
    for place, draft in drafts:
        read += 1
        row = draft if isinstance(draft, BadRow) else _prompt(source, draft)
        if not isinstance(row, BadRow):
            row = _repeat(row, place, kept) or row
        if isinstance(row, BadRow):
            aside.add({"source": source.label, "place": place} | vars(row))
        else:
            prompts.add(row)
        if prompts.count == source.rows:
            break
    left = aside.table()
    _check_enough(source, read, prompts.count, left)
    table = _split(prompts.table(), source.held_out, seed)
    return Collected(table, left, _account(source, read, table, left))


def _prompt(source: Source, draft: Draft) -> dict[str, Any] | BadRow:
    try:
        reference, meta = _json(draft.reference), _json(draft.meta)
        "".join(m["content"] for m in draft.messages).encode()
    except UnicodeEncodeError as error:
        found = error.object[error.start : error.end]
        return BadRow("not_utf8", f"{found!a} is half a character, or bytes that are not UTF-8")
    except (TypeError, ValueError, RecursionError) as error:
        return BadRow("wrong_type", f"the reference, or what is kept, is no JSON: {error}")
    return _fault(draft, source.verifier) or {
        "prompt_id": prompt_id(draft.messages),
        "source": source.label,
        "domain": source.domain,
        "language": source.language,
        "messages": draft.messages,
        "reference": None if draft.reference is None else reference,
        "verifier": source.verifier,
        "license": source.license,
        "meta": meta,
    }


def _json(value: Any) -> str:
    """JSON text, dates and decimals as text. Raises UnicodeEncodeError for half a character."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
    text.encode()
    return text


def _fault(draft: Draft, verifier: str) -> BadRow | None:
    """What keeps the verifier from judging against this key, or None."""
    from filters.verifiers import check_reference

    wrong = check_reference(draft.reference, verifier)
    if wrong is None:
        return None
    if draft.reference is None:
        return BadRow("no_reference", draft.no_reference)
    return BadRow("bad_reference", wrong)


def _repeat(row: dict[str, Any], place: str, kept: dict[str, tuple[int, str]]) -> BadRow | None:
    """Notes a question that is new; says what is wrong with one that was there before."""
    reference = row["reference"]
    if row["verifier"] == "logic" and reference is not None:  # the rest is how it was generated
        reference = _json(json.loads(reference)["entry"]["answer"])
    again, mine = row["prompt_id"], hash(reference)  # compared within this process only
    if again not in kept:
        kept[again] = (mine, f"{row['source']}, {place}")
        return None
    same, first = kept[again][0] == mine, kept[again][1]
    if same:
        return BadRow("duplicate", f"the question of {first}")
    return BadRow(
        "conflicting_reference", f"the question of {first}, which is kept, has another key"
    )


def _check_enough(source: Source, read: int, prompts: int, aside: pl.DataFrame) -> None:
    reasons = aside["reason"].value_counts(sort=True).iter_rows()
    why = ", ".join(f"{count} {reason}" for reason, count in reasons) or "nothing set aside"
    if aside.height:
        why += f"; the first: {aside['place'][0]}: {aside['detail'][0]}"
    if not prompts:
        raise RecipeError(f"{source.label}: none of its {read} rows became a prompt: {why}")
    if isinstance(source, ReasoningGym) and prompts < source.rows:
        enough = f"ask for {prompts} rows at most, or widen its options"
        raise RecipeError(
            f"{source.label}: gave {prompts} different questions and no more, "
            f"{source.rows} wanted: {enough} ({why})"
        )
    if prompts < source.held_out:
        raise RecipeError(
            f"{source.label}: {source.held_out} prompts are to be held out and only {prompts} are "
            f"there ({why}). Of questions that two sources share, the first source keeps them"
        )


def _split(prompts: pl.DataFrame, held_out: int, seed: int) -> pl.DataFrame:
    ranked = sorted(prompts["prompt_id"], key=lambda prompt: digest(prompt, seed))
    chosen = pl.col("prompt_id").is_in(ranked[:held_out])
    split = pl.when(chosen).then(pl.lit("held_out")).otherwise(pl.lit("train"))
    return prompts.with_columns(split=split)


def _account(source: Source, read: int, prompts: pl.DataFrame, aside: pl.DataFrame) -> pl.DataFrame:
    repeats = aside["reason"].is_in(REPEATS).sum()
    held_out = (prompts["split"] == "held_out").sum()
    account = {
        "source": source.label,
        "read": read,
        "prompts": prompts.height,
        "train": prompts.height - held_out,
        "held_out": held_out,
        "duplicates": repeats,
        "set_aside": aside.height - repeats,
    }
    if read != prompts.height + aside.height or held_out != source.held_out:
        raise LedgerError(f"prompts of {source.label}: the sums do not close: {account}")
    return pl.DataFrame([account])
