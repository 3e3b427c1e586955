"""The outcome of a sampling: the draws a recipe stands for, prompts with pass rates, failures."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from factory.sampler import policy
from factory.sampler.asker import Asker
from factory.sampler.failures import Failed
from factory.sampler.prompt_state import SLICE, PromptState, states

SAMPLES = {"sample_id": pl.String(), "prompt_id": pl.String(), "draw": pl.Int32()}
PROMPTS = {
    "prompt_id": pl.String(),
    "source": pl.String(),
    "draws": pl.Int32(),
    "correct": pl.Int32(),
    "pass_rate": pl.Float64(),
    "state": pl.String(),
}
"""`pass_rate` is unbiased under any policy (`policy.pass_rate`), and null for a prompt
that was broken off. `state` is enough, hopeless, failed or pending."""

ALL_FINISHED = "all prompts are finished"
"""What ends a run that has neither target nor budget."""


@dataclass
class Outcome:
    """The outcome of a sampling."""

    samples: pl.DataFrame
    """The draws that the policy would have made of what is kept, as `SAMPLES`, in order of id and
    number."""
    prompts: pl.DataFrame
    """What became of each prompt, as `PROMPTS`."""
    failed: dict[str, Failed]
    """By sample id, draws that could not be had."""
    ended_by: str
    """In words: all prompts finished, a target, or a budget."""

    @property
    def missing(self) -> int:
        """Failed draws that the next sitting asks for again: none once target or budget is met."""
        return len(self.failed) if self.ended_by == ALL_FINISHED else 0


def outcome(
    prompts: pl.DataFrame,
    kept: pl.DataFrame,
    asker: Asker,
    failed: dict[str, Failed],
    ended_by: str,
) -> Outcome:
    """Work it out from what is kept; for a resumed run it is as of an undisturbed one."""
    samples, fates = [pl.DataFrame(schema=SAMPLES)], [pl.DataFrame(schema=PROMPTS)]
    drawn: list[tuple[str, str, int]] = []
    told: list[tuple[str, str, int, int, float | None, str]] = []

    def put_away() -> None:
        samples.append(pl.DataFrame(drawn, schema=SAMPLES, orient="row"))
        fates.append(pl.DataFrame(told, schema=PROMPTS, orient="row"))
        drawn.clear()
        told.clear()

    for state in states(prompts, kept, asker):
        if failed:
            ids = ((n, asker.sample_id(state, n)) for n in range(asker.sampling.policy.max_draws))
            state.failed = {n: failed[id].reason for n, id in ids if id in failed}
        finished = state.finished
        numbers = policy.asked_for(state.limits, state.outcomes)
        state.outcomes = {number: state.outcomes[number] for number in numbers}
        drawn += ((state.ids[number], state.prompt_id, number) for number in sorted(state.outcomes))
        told.append(_fate(state, asker, finished))
        if len(told) == SLICE:
            put_away()
    put_away()
    return Outcome(pl.concat(samples), pl.concat(fates), failed, ended_by)


def _fate(
    state: PromptState, asker: Asker, finished: bool
) -> tuple[str, str, int, int, float | None, str]:
    rate = None
    if finished and state.drawn and not state.failed:
        rate = policy.pass_rate(state.limits, state.drawn, state.correct)
    if not finished:
        word = "pending"
    elif not state.drawn:
        word = "failed"
    else:
        enough = state.correct >= (asker.sampling.policy.accepted or 0)
        word = "enough" if enough else "hopeless"
    return state.prompt_id, state.source, state.drawn, state.correct, rate, word
