"""Prompts on their way: what each has had of draws, and what of it a recipe stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

from factory.recipe.sampling import Sampling
from factory.records import digest, sample_id
from factory.sampler import policy
from factory.sampler.budget import Spent
from factory.sampler.policy import Limits
from factory.sampler.strategies import Asked, Prepared, ask
from factory.store import Store

SLICE = 1024
"""Prompts that are taken from the table at once."""


@dataclass(slots=True)
class PromptState:
    """One prompt and its draws so far."""

    prompt_id: str
    source: str
    language: str | None
    asked: Asked
    settings: str
    """Digest of what shapes its draws."""
    reference: Any
    verifier: str
    limits: Limits
    """When it has had enough."""
    outcomes: dict[int, bool | None] = field(default_factory=dict)
    """By number of the draw, whether it is correct; None while it is in flight."""
    failed: dict[int, str] = field(default_factory=dict)
    """Reason by number, for draws that could not be had in this sitting."""
    queued: bool = False
    """Whether it waits to be looked at."""

    @property
    def drawn(self) -> int:
        """Finished draws."""
        return sum(outcome is not None for outcome in self.outcomes.values())

    @property
    def correct(self) -> int:
        """Correct draws."""
        return sum(outcome is True for outcome in self.outcomes.values())

    @property
    def in_flight(self) -> int:
        """Draws begun and not finished."""
        return sum(outcome is None for outcome in self.outcomes.values())

    def next_draw(self) -> int | None:
        """The number of the draw that is needed for certain."""
        return policy.next_draw(self.limits, self.outcomes, self.failed)

    @property
    def finished(self) -> bool:
        """Whether it gets no more draws, and none is in flight."""
        return not self.in_flight and self.next_draw() is None


@dataclass(frozen=True)
class Asker:
    """Who is asked and how: all that the ids of draws depend on, but for prompt and number."""

    teacher: str
    """Digest or revision of the model."""
    sampling: Sampling
    seed: int
    strategies: Sequence[Prepared] = ()

    @property
    def settings(self) -> str:
        """Digest of what shapes every draw; the policy only says how many there are."""
        own = self.sampling
        shape: list[Any] = [own.temperature, own.top_p, own.max_tokens, self.seed]
        if own.thinking:
            shape.append(own.thinking.model_dump())
        if own.stop.loop or own.stop.language:
            shape.append(own.stop.model_dump())
        return digest(*shape)

    @property
    def all_settings(self) -> set[str]:
        """Digests of what shapes a draw of any prompt: with each strategy, and without."""
        base = self.settings
        return {base, *(digest(base, strategy.settings) for strategy in self.strategies)}

    def sample_id(self, state: PromptState, draw: int) -> str:
        """The id of a draw."""
        return sample_id(state.prompt_id, self.teacher, state.settings, draw)


def states(prompts: pl.DataFrame, kept: pl.DataFrame, asker: Asker) -> Iterator[PromptState]:
    """Every prompt with the draws that are kept of it, in the order of drawing, made as needed.

    That order is the one of ids, which is as good as by lot: whatever part of a run is finished
    when a budget ends it stands for the whole.
    """
    ordered = prompts.sort("prompt_id")
    base = asker.settings
    for start in range(0, ordered.height, SLICE):
        rows = ordered.slice(start, SLICE)
        rows = rows.join(kept, on="prompt_id", how="left", maintain_order="left")
        for row in rows.iter_rows(named=True):
            asked, source = ask(asker.strategies, row), row["source"] or ""
            state = PromptState(
                row["prompt_id"],
                source,
                row["language"],
                asked,
                digest(base, asked.settings) if asked.settings else base,
                orjson.loads(row["reference"] or "null"),
                row["verifier"],
                policy.limits_of(asker.sampling.policy, source),
            )
            most = asker.sampling.policy.max_draws
            for draw in row["kept"] or ():
                if draw["settings"] == state.settings and draw["draw"] < most:
                    state.outcomes[draw["draw"]] = draw["correct"]
            yield state


KEPT = ("sample_id", "prompt_id", "teacher", "settings", "draw", "verdict", "completion_tokens")
"""The columns of draws that tell what a prompt has had."""


def kept(store: Store, asker: Asker) -> pl.DataFrame:
    """What a store holds for an asker, as `by_prompt`, by the verdicts that count now."""
    return by_prompt(store.table(KEPT), asker)


def by_prompt(draws: pl.DataFrame, asker: Asker) -> pl.DataFrame:
    """An asker's among these draws, by prompt: `prompt_id` and `kept`, a list of draws."""
    return (
        draws.filter(pl.col("settings").is_in(list(asker.all_settings)), teacher=asker.teacher)
        .group_by("prompt_id")
        .agg(
            kept=pl.struct(
                "settings",
                "draw",
                correct=pl.col("verdict") == "correct",
                tokens=pl.col("completion_tokens"),
            )
        )
    )


def spent(kept: pl.DataFrame, asker: Asker, seconds: float) -> Spent:
    """What earlier sittings came to, by what is kept of them and the time they took."""
    each = kept.select(
        draws=pl.col("kept").list.len(),
        correct=pl.col("kept").list.eval(pl.element().struct.field("correct").cast(pl.Int32)),
        tokens=pl.col("kept").list.eval(pl.element().struct.field("tokens")).list.sum(),
    ).with_columns(pl.col("correct").list.sum())
    most = asker.sampling.policy.accepted
    accepted = pl.col("correct").clip(upper_bound=most) if most else pl.col("correct")
    sums = each.select("draws", "tokens", accepted).sum().row(0)
    return Spent(draws=sums[0] or 0, tokens=sums[1] or 0, accepted=sums[2] or 0, seconds=seconds)
