"""What judging again changes: verdicts, rows that datasets gain and lose, draws that are wanted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import polars as pl
from pydantic import ValidationError
from rich.table import Table

from factory.line.context import Context
from factory.recipe.dataset import Select
from factory.run_folder import RunFolder
from factory.sampler.outcome import outcome
from factory.sampler.prompt_state import KEPT, by_prompt
from factory.sampler.rejudge import Round
from factory.sampler.rounds import rounds_of
from factory.sampler.strategies import prepare
from factory.store import verdicts
from factory.store.draws import Draws
from factory.versions import build
from factory.versions.folder import decisions_of
from factory.versions.manifest import read, readable
from factory.versions.selection import select
from filters import Filters, judge
from filters.text.shorten import shorten
from filters.text.visible import visible
from filters.verifiers import accepted, named, unknown

Rounds = Sequence[pl.DataFrame]
Example = tuple[str, str | None, str]
"""Sample id, final answer, key."""
PROMPTED = ("prompt_id", "reference", "verifier")


@dataclass
class Turns:
    """The verdicts that turned."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    """Draws by what they were and are, most first."""
    examples: dict[tuple[str, str], list[Example]] = field(default_factory=dict)
    """A few of each."""
    answers: int = 0
    """Draws with the same verdict, but another final answer, or other details of the reason."""
    stood: int = 0
    """Draws that a verifier failed on now, so that an earlier correct or incorrect stands."""

    @property
    def any(self) -> bool:
        """Whether there is anything to apply."""
        return bool(self.counts or self.answers)


def turns(round_: Round, shards: Path | str, prompts: pl.DataFrame, examples: int = 3) -> Turns:
    """Compare the verdicts of all stored draws, a shard at a time."""
    found, before, after = Turns(), round_.before, round_.after()
    keys = {row[0]: row[1:] for row in prompts.select(PROMPTED).iter_rows()}
    for rows in verdicts.turned(shards, before, after):
        for row in rows.iter_rows(named=True):
            was = _named(row["was_verdict"], row["was_verdict_reason"])
            now = _named(row["verdict"], row["verdict_reason"])
            if was == now:
                found.answers += 1
                continue
            found.counts[was, now] = found.counts.get((was, now), 0) + 1
            told = found.examples.setdefault((was, now), [])
            if len(told) < examples:
                told.append((row["sample_id"], row["answer"], key_of(*keys[row["prompt_id"]])))
    found.counts = dict(sorted(found.counts.items(), key=lambda kind: -kind[1]))
    failed = after[-1].filter(verdicts.word().is_in(verdicts.FAILURES)).select("sample_id")
    if failed.height:
        kept = Draws(shards, after).read(("sample_id", "verdict"), failed)
        stands = pl.col("verdict") != "unverifiable"
        found.stood = kept.filter(stands).height
    return found


def key_of(reference: str | None, verifier: str) -> str:
    """The answer that a prompt's reference wants, or else the reference as it is.

    >>> key_of('"5"', "math")
    '5'
    """
    answer = None
    if not unknown(verifier) and reference:
        with contextlib.suppress(Exception):  # it is there to be looked at, sound or not
            keys = map(named(verifier).key, accepted(orjson.loads(reference)))
            answer = " or ".join(key for key in keys if key is not None) or None
    return str(reference if answer is None else answer)


def _named(outcome: str, reason: str | None) -> str:
    """A verdict with the word of its reason.

    >>> _named("incorrect", "wrong_answer"), _named("correct", None)
    ('incorrect: wrong_answer', 'correct')
    """
    return f"{outcome}: {reason.split(':')[0]}" if reason else outcome


def turns_table(found: Turns) -> Table:
    """From, to and draws; below each a few of them."""
    table = Table(box=None, title="verdicts that turned", title_justify="left")
    for name in ("was", "is"):
        table.add_column(name, no_wrap=True)
    table.add_column("draws", justify="right")
    for (was, now), count in found.counts.items():
        table.add_row(was, now, f"{count:,}")
        for sample, answer, key in found.examples[was, now]:
            said = "no answer" if answer is None else f"answer {short(answer)}"
            table.add_row(f"  {sample[:12]}  {said}", f"key {short(key)}", "")
    return table


def short(text: str, most: int = 40) -> str:
    """The beginning of a text, in one line of so many characters at most."""
    return visible(shorten(" ".join(text.split()), most))


@dataclass(frozen=True)
class Effect:
    """What later verdicts would make of a dataset version, from the same draws."""

    version: int
    rows: int
    gained: int
    lost: int
    covered: int
    """Prompts that have rows then, and had none."""
    uncovered: int
    """Prompts that had rows, and have none then."""


def effects(run: RunFolder, shards: Path | str, after: Rounds) -> tuple[list[Effect], list[str]]:
    """Filters and selection of versions over new verdicts.

    Returns:
        What they do to each version; and of each that cannot be compared why, in a sentence.
    """
    draws = Draws(shards, after).read(("sample_id", "completion_tokens", "verdict"))
    found, said = [], []
    for number, version in run.versions().items():
        try:
            made_by = _made_by(version)
            now = _judged_anew(made_by, decisions_of(version), draws, run.recipe()[1])
        except _NotCompared as reason:
            said.append(f"dataset v{number} is not compared: {reason}")
        else:
            found.append(_compared(number, pl.read_parquet(decisions_of(version)), now))
    return found, said


class _NotCompared(Exception):
    """A version of which nobody can say what other verdicts would make of it; the text is why."""


def _made_by(version: Path) -> dict[str, Any]:
    if not readable(version):
        raise _NotCompared("an earlier version of this program wrote it")
    return read(version).made_by


def _judged_anew(
    made_by: dict[str, Any], decisions: Path, draws: pl.DataFrame, home: Path
) -> pl.DataFrame:
    """A version's draws with new verdicts, their reasons and fates by its own rules."""
    try:
        filters = Filters.model_validate(made_by["filters"], context={"filters_home": home})
    except ValidationError:
        raise _NotCompared("one of its filters is not there any more, or is another") from None
    if made_by["measures"] != build.versions(filters):
        raise _NotCompared("its filters would measure otherwise today")
    wanted = Select.model_validate(made_by["select"])
    if not wanted.of_decisions:
        raise _NotCompared("its selection goes by pass rates, clusters or texts")
    gone = ("fate", "spare_by", "dropped_by", "reasons", "verdict_reason")
    gone += ("verdict", "completion_tokens")
    rows = pl.read_parquet(decisions).drop(gone, strict=False)
    rows = rows.join(draws, on="sample_id", how="inner")
    return select(judge(rows, filters), wanted, made_by.get("seed", 0)).rows


def _compared(version: int, was: pl.DataFrame, now: pl.DataFrame) -> Effect:
    had, has = (rows.filter(fate="chosen") for rows in (was, now))
    ids, ids_now = set(had["sample_id"]), set(has["sample_id"])
    prompts, prompts_now = set(had["prompt_id"]), set(has["prompt_id"])
    return Effect(
        version,
        had.height,
        len(ids_now - ids),
        len(ids - ids_now),
        len(prompts_now - prompts),
        len(prompts - prompts_now),
    )


def effects_table(found: Sequence[Effect]) -> Table:
    """A line for each dataset version."""
    table = Table(box=None, title="the same draws and filters", title_justify="left")
    table.add_column("dataset")
    for name in ("rows", "gained", "lost", "then", "prompts gained", "prompts lost"):
        table.add_column(name, justify="right")
    for one in found:
        then = one.rows + one.gained - one.lost
        counts = (one.rows, one.gained, one.lost, then, one.covered, one.uncovered)
        table.add_row(f"v{one.version}", *(f"{count:,}" for count in counts))
    return table


@dataclass(frozen=True)
class Wanted:
    """What the recipe's policy makes of later verdicts."""

    prompts: int
    """Prompts that had had enough draws, and want more."""
    out_of_use: int
    """Draws that the policy would not have made any more; they stay in the store."""
    into_use: int
    """Draws in the store that the policy would have made now."""


def wanted(context: Context, before: Rounds, after: Rounds) -> Wanted:
    """Compare what the recipe stands for, by the policy over what is kept."""
    asked = context.run.prompts().filter(split="train")
    strategies = prepare(context.recipe.sampling.strategies, context.home)
    pending, used = ([], []), ([], [])
    for teacher in context.teachers():
        sampling, seed = context.recipe.sampling, context.recipe.seed
        for each in rounds_of(teacher, sampling, seed, strategies, asked):
            for place, rounds in enumerate((before, after)):
                told = by_prompt(Draws(context.draws().place, rounds).read(KEPT), each.asker)
                came = outcome(each.prompts, told, each.asker, {}, "")
                waits = came.prompts.filter(state="pending")["prompt_id"]
                pending[place].extend((each.asker.account, id) for id in waits)
                used[place].extend(came.samples["sample_id"])
    was, now = map(set, used)
    return Wanted(len(set(pending[1]) - set(pending[0])), len(was - now), len(now - was))


def shown(context: Context, round_: Round, found: Turns) -> Iterator[Table | str]:
    """The result of a round, in tables and lines."""
    if found.stood:
        yield (
            f"{found.stood:,} draws could not be judged this time (a timeout, a crash, no "
            "sandbox): what they were stands"
        )
    if found.answers:
        yield f"{found.answers:,} draws have the same verdict, and another final answer or detail"
    if not found.counts:
        yield "no verdict turned"
        return
    yield turns_table(found)
    shards, after = context.draws().place, round_.after()
    versions, not_compared = effects(context.run, shards, after)
    if versions:
        yield effects_table(versions)
    yield from not_compared or ([] if versions else ["no dataset version to compare with"])
    want = wanted(context, round_.before, after)
    yield (
        f"by the recipe's policy {want.prompts:,} prompts want more draws then; of the draws kept, "
        f"{want.into_use:,} come into use and {want.out_of_use:,} go out of it"
    )
