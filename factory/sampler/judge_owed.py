"""Draws that are owed a verdict: by another key or judge, or by a judge who is asked afterwards."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from factory.progress import Report
from factory.sampler.failures import Failed
from factory.sampler.judging import Bench, waiting
from factory.sampler.outcome import Outcome, outcome
from factory.sampler.prompt_state import kept as kept_of
from factory.sampler.rejudge import by_mended_keys
from factory.sampler.rounds import Round
from factory.store import Store, verdicts
from filters.verifiers.judge.votes import FAILED


def judge_owed(
    kept: Store,
    prompts: pl.DataFrame,
    report: Report,
    say: Callable[[str], None],
    bench: Callable[..., Bench] | None,
) -> None:
    """Judge what is owed a verdict, and say what was not as it had been.

    Raises:
        StageError: the judge answers nothing any more.
    """
    if bench is None:
        found = by_mended_keys(kept, prompts, report)
    else:
        with waiting(lambda: bench(ask=True)) as ask:
            found = by_mended_keys(kept, prompts, report, ask)
    if found.draws:
        say(
            f"the keys of {found.prompts:,} prompts, or who judges them, are not as they were: "
            f"their {found.draws:,} draws were judged again, and {found.turned:,} verdicts turned"
        )
    if found.waited:
        say(f"the judge was asked about {found.waited:,} draws that had waited for it")


def judged_now(each: Round, came: Outcome, kept: Store) -> Outcome:
    """The outcome of a round by the verdicts that count now."""
    have = kept_of(kept, each.asker)
    return outcome(each.prompts, have, each.asker, came.failed, came.ended_by)


def unjudged(kept: Store, samples: pl.DataFrame) -> dict[str, Failed]:
    """The draws among these that the judge could not be asked about, with its last words."""
    told = ("sample_id", "prompt_id", "draw", "attempt", "verdict_reason")
    rows = kept.draws.read(told, samples).filter(verdicts.word() == FAILED)
    return {
        id: Failed(prompt, draw, attempts, FAILED, words)
        for id, prompt, draw, attempts, words in rows.iter_rows()
    }
