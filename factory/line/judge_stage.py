"""The stage that finds the recipe's judge and examines it, and what notes say of its verdicts."""

from __future__ import annotations

from functools import partial

import polars as pl

from factory import models
from factory.errors import StageError
from factory.line.context import Context, Result
from factory.models.tokenizers import must_speak
from factory.recipe.models import Served
from factory.sampler.draws import running
from factory.sampler.judge_notes import Notes
from factory.sampler.judge_trial import Trial, examined
from factory.sampler.judging import Bench, waiting
from factory.store import verdicts
from factory.store.shards import write_text
from filters.verifiers.judge import trial

BY_JUDGE = ("judge", "judge_rescued")
"""Reasons of draws that only the judge accepted: alone, or where rules had said otherwise."""


def judge(context: Context) -> Result:
    """The model that judges, asked about a few answers whose verdicts are known."""
    told = context.recipe.judge
    assert told  # the stage is wanted only then
    if isinstance(told.model, Served):
        from factory.engines.http_client import key_of

        key_of(told.model)
        found = models.elsewhere(told.model)
    else:
        found = models.find(told.model, context.home)
        must_speak(found)
    found.note(context.folder)
    judging = context.judging()
    assert judging
    notes = Notes(context.run.judged(context.name))
    bench = partial(Bench, judging, notes, running, ask=True)
    try:
        with waiting(bench) as ask:
            sat = Trial(judging.name, examined(trial.rows(), ask))
    finally:
        notes.close()
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


def accepted(rows: pl.DataFrame) -> dict[str, int]:
    """How many of these rows only the judge accepted, by the word of their reason."""
    words = rows.filter(pl.col("verdict") == "correct").select(word=verdicts.word())
    counts = dict(words["word"].drop_nulls().value_counts().iter_rows())
    return {word: counts[word] for word in BY_JUDGE if word in counts}


def told_of(rows: pl.DataFrame, judged: str) -> str:
    """What a note says of the judge's part in the verdicts of these draws, and of its price."""
    if not judged:
        return ""
    counts = accepted(rows)
    said = {"judge": "accepted by the judge", "judge_rescued": "rescued by the judge"}
    parts = [f"{count:,} {said[word]}" for word, count in counts.items()]
    return f", {', '.join(parts) or 'none accepted by the judge'} (which was asked about {judged})"
