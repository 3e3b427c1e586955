"""The stage that finds the recipe's judge and examines it, and what notes say of its verdicts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import polars as pl

from factory import models
from factory.errors import StageError
from factory.line.context import Context, Result
from factory.models.tokenizers import must_speak
from factory.recipe.judge import Judge
from factory.recipe.served import Served
from factory.sampler.draws import running
from factory.sampler.judge_notes import Notes
from factory.sampler.judge_trial import Trial, examined
from factory.sampler.judging import Ask, Bench, Judging, waiting
from factory.sampler.teacher import Teacher
from factory.store import verdicts
from factory.store.shards import write_text
from filters.verifiers.judge import trial

BY_JUDGE = ("judge", "judge_rescued")
"""Reasons of draws that only the judge accepted: alone, or where rules had said otherwise."""


def judge(context: Context) -> Result:
    """The model that judges, asked about a few answers whose verdicts are known."""
    assert context.recipe.judge  # the stage is wanted only then
    judging = found(context.recipe.judge, context.home)
    judging.model.model.note(context.folder)
    with asking(judging, context.run.judged(context.name)) as ask:
        sat = Trial(judging.name, examined(trial.rows(), ask))
    write_text(str(sat.report), context.run.judge_trial)
    if sat.silent:
        raise StageError(
            f"the judge {judging.name} gave no verdict on any of {len(sat.report.lines)} trial "
            f"answers, the first one: {sat.report.lines[0].verdict.reason}. Its last line must be "
            f"a verdict: {context.run.judge_trial} has all; judge.max_tokens may be too few"
        )
    if sat.weak:
        context.say(f"{sat}. A weak judge: measure it before you trust it (docs/verifiers.md)")
    return Result(judging.identity, str(sat), [])


def found(told: Judge, home: Path) -> Judging:
    """A recipe's judge, its model found.

    Raises:
        RecipeError: it is not there, or cannot be asked.
        StageError: the key of its endpoint is not in the environment.
    """
    if isinstance(told.model, Served):
        from factory.engines.credentials import key_of

        key_of(told.model)
        return Judging(Teacher(models.elsewhere(told.model), told.model), told)
    model = models.find(told.model, home)
    must_speak(model)
    return Judging(Teacher(model), told)


@contextlib.contextmanager
def asking(judging: Judging, folder: Path | None) -> Iterator[Ask]:
    """The judge, for who waits for many verdicts at once; what it says is kept in the folder."""
    notes = Notes(folder)
    try:
        with waiting(partial(Bench, judging, notes, running, ask=True)) as ask:
            yield ask
    finally:
        notes.close()


def accepted(rows: pl.DataFrame) -> dict[str, int]:
    """How many of these rows only the judge accepted, by the word of their reason."""
    words = rows.filter(pl.col("verdict") == "correct").select(word=verdicts.word())
    counts = dict(words["word"].drop_nulls().value_counts().iter_rows())
    return {word: counts[word] for word in BY_JUDGE if word in counts}


def told_of(rows: pl.DataFrame, judged: str) -> str:
    """What a note says of the judge's part in the verdicts of these draws, and of its price."""
    counts = accepted(rows)
    said = {"judge": "accepted by the judge", "judge_rescued": "rescued by the judge"}
    parts = [f"{count:,} {said[word]}" for word, count in counts.items()]
    return f", {', '.join(parts) or 'none accepted by the judge'} (it judged {judged})"
