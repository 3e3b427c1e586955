"""Prompts from all sources in one table: each question once, every row accounted for."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl

from factory.errors import LedgerError, RecipeError
from factory.prompts.drafts import R1, Draft, Drafts, asked, fault
from factory.prompts.readers import read
from factory.prompts.rows import BadRow
from factory.recipe.judge import rescues
from factory.recipe.sources import ReasoningGym, Source
from factory.records import TURNS, digest
from filters import own
from filters.verifiers import identity

PROMPT: dict[str, Any] = {
    "prompt_id": pl.String(),
    "source": pl.String(),
    "domain": pl.String(),
    "language": pl.String(),
    "messages": TURNS,
    "instruction": pl.String(),
    "reference": pl.String(),  # JSON text
    "verifier": pl.String(),
    "rescue": pl.String(),
    "license": pl.String(),
    "meta": pl.String(),  # JSON text
}
"""A question with its key. The last turn of `messages` has the source's instruction behind it, and
`prompt_id` is of the question without it. `split`, train or held_out, is added at the end."""

SET_ASIDE: dict[str, Any] = dict.fromkeys(["source", "place", "reason", "detail"], pl.String())
"""A row that became no prompt, and why."""

REPEATS = ("duplicate", "conflicting_reference")
HANGS = 3
"""Prompts in a row for which a person's own verifier takes too long until it is said to hang."""
CHUNK = 10_000  # rows held as Python objects before they are sealed into a table


@dataclass(frozen=True)
class Collected:
    """What all sources gave; rows read = prompts + duplicates + set aside, in each of them."""

    prompts: pl.DataFrame
    """PROMPT and `split`, train or held_out."""
    set_aside: pl.DataFrame
    """SET_ASIDE: every row that became no prompt, repeats of a question included."""
    sources: pl.DataFrame
    """Per source: read, prompts, train, held_out, duplicates, set_aside."""


def prompt_id(messages: Sequence[Mapping[str, str]], instructions: Iterable[str] = ()) -> str:
    """32 hexadecimal digits of the bare question, whatever its source, order or outer whitespace.

    Args:
        messages: the conversation up to the question.
        instructions: what may stand behind the question, and is no part of it.

    >>> prompt_id([{"role": "user", "content": " 1 + 1 ="}])
    '86517a336c2a69bf9a7153b855a6a7f0'
    >>> prompt_id([{"role": "user", "content": "1 + 1 =\\n\\nBe brief."}], ["Be brief."])
    '86517a336c2a69bf9a7153b855a6a7f0'
    """
    turns = [[m["role"], unicodedata.normalize("NFC", m["content"]).strip()] for m in messages]
    for instruction in (*instructions, R1):
        turns[-1][1] = turns[-1][1].removesuffix(instruction.strip()).rstrip() or turns[-1][1]
    return digest(turns)


def collect(sources: Sequence[Source], seed: int, base: Path) -> Collected:
    """Reads all sources, in their order, into one table in which each question stands once.

    Of a question that comes again the first is kept and the other set aside, between sources too,
    so it can never be in both splits, whatever instruction stands behind it. Held out are the
    prompts whose id has the smallest rank; neither order, other rows, seed nor recipe change it.

    Args:
        sources: the recipe's prompts.
        seed: the recipe's seed, which generators start from.
        base: folder that relative paths start from.

    Raises:
        RecipeError: a file, column, task or dataset is not there, or gives too few prompts.
        StageError: the Hub cannot be read.
        LedgerError: the sums do not close.
    """
    return joined(collect_each(sources, seed, base))


def collect_each(sources: Sequence[Source], seed: int, base: Path) -> list[Collected]:
    """As `collect`, each source by itself; two of them may have one name."""
    opened = [(source, read(source, seed, base)) for source in sources]
    kept: dict[str, tuple[int, str]] = {}
    told = {source.instruction for source in sources if source.instruction}
    return [_checked(source, take(source, drafts, kept, told)) for source, drafts in opened]


def joined(taken: Sequence[Collected]) -> Collected:
    """What several sources gave, in their order."""
    return Collected(
        prompts=pl.concat([t.prompts for t in taken]),
        set_aside=pl.concat([t.set_aside for t in taken]),
        sources=pl.concat([t.sources for t in taken]),
    )


@dataclass(frozen=True)
class Taken:
    """What rows of a source gave."""

    read: int
    prompts: pl.DataFrame
    """As PROMPT."""
    set_aside: pl.DataFrame
    """As SET_ASIDE."""


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


def take(source: Source, drafts: Drafts, kept: dict[str, tuple[int, str]], told: set[str]) -> Taken:
    """Prompts of rows, until there are as many as the source says.

    Args:
        source: the source.
        drafts: its rows.
        kept: the questions of earlier rows, to which these are added.
        told: instructions that are no part of a question.
    """
    prompts, aside = _Rows(PROMPT), _Rows(SET_ASIDE)
    read = 0
    for place, row in _rows(source, drafts, told):
        read += 1
        if not isinstance(row, BadRow):
            row = _repeat(row, place, kept) or row
        if isinstance(row, BadRow):
            aside.add({"source": source.label, "place": place} | vars(row))
        else:
            prompts.add(row)
        if prompts.count == source.rows:
            break
    return Taken(read, prompts.table(), aside.table())


def _rows(
    source: Source, drafts: Drafts, told: set[str]
) -> Iterator[tuple[str, dict[str, Any] | BadRow]]:
    """Each draft as a prompt, or as what keeps it from being one; programs and a person's own code
    run side by side.

    Raises:
        RecipeError: a person's own verifier hangs.
    """
    judge = identity(source.judged_by)

    def row(placed: tuple[str, Draft | BadRow]) -> tuple[str, dict[str, Any] | BadRow]:
        place, draft = placed
        return place, draft if isinstance(draft, BadRow) else _prompt(source, draft, judge, told)

    if source.verifier != "code" and not own.is_own(source.verifier):
        yield from map(row, drafts)
        return
    cores, slow = os.cpu_count() or 1, 0
    with ThreadPoolExecutor(cores, "tests") as threads:
        while some := list(islice(drafts, 2 * cores)):
            for place, found in threads.map(row, some):
                yield place, found
                if not (isinstance(found, BadRow) and found.reason == "too_slow"):
                    slow = 0
                elif (slow := slow + 1) == HANGS:
                    raise RecipeError(
                        f"{source.label}: {source.verifier} took too long for {HANGS} prompts in a "
                        f"row, at last {place}: {found.detail}. Mend it before anything is drawn"
                    )


def _checked(source: Source, taken: Taken) -> Collected:
    check_enough(source, taken)
    table = _split(taken.prompts, source.held_out)
    return Collected(table, taken.set_aside, _account(source, taken.read, table, taken.set_aside))


def _prompt(source: Source, draft: Draft, judge: str, told: set[str]) -> dict[str, Any] | BadRow:
    if vote := getattr(source, "vote", None):
        draft = replace(draft, reference=vote)
    try:
        reference, meta = _json(draft.reference), _json(draft.meta)
        "".join(m["content"] for m in draft.messages).encode()
    except UnicodeEncodeError as error:
        found = error.object[error.start : error.end]
        return BadRow("not_utf8", f"{found!a} is half a character, or bytes that are not UTF-8")
    except (TypeError, ValueError, RecursionError) as error:
        return BadRow("wrong_type", f"the reference, or what is kept, is no JSON: {error}")
    if wrong := fault(draft, source):
        return wrong
    *before, last = draft.messages
    messages = [*before, last | {"content": asked(last["content"], source.instruction)}]
    return {
        "prompt_id": prompt_id(draft.messages, told),
        "source": source.label,
        "domain": source.domain,
        "language": source.language,
        "messages": messages,
        "instruction": source.instruction,
        "reference": None if draft.reference is None else reference,
        "verifier": judge,
        "rescue": "judge" if rescues(source) else None,
        "license": source.license,
        "meta": meta,
    }


def _json(value: Any) -> str:
    """JSON text, dates and decimals as text. Raises UnicodeEncodeError for half a character."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_written)
    text.encode()
    return text


def _written(value: Any) -> str:
    if isinstance(value, date | time | timedelta | Decimal | UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


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


def check_enough(source: Source, taken: Taken) -> None:
    """Whether all rows of a source give as many prompts as are wanted. Raises RecipeError."""
    read, prompts, aside = taken.read, taken.prompts.height, taken.set_aside
    reasons = aside["reason"].value_counts(sort=True).iter_rows()
    why = ", ".join(f"{count} {reason}" for reason, count in reasons) or "nothing set aside"
    if aside.height:
        why += f"; the first: {aside['place'][0]}: {aside['detail'][0]}"
    if not read:
        raise RecipeError(f"{source.label}: there is no row in it")
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


def _split(prompts: pl.DataFrame, held_out: int) -> pl.DataFrame:
    # Not the order of drawing, which is that of the ids themselves.
    ranked = sorted(prompts["prompt_id"], key=lambda prompt: digest("held out", prompt))
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
