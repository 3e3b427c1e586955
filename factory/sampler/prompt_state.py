"""Prompts on their way: what each has had of draws, and what of it a recipe stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

from factory.records import key_digest
from factory.sampler import policy
from factory.sampler.asker import Asker
from factory.sampler.budget import Spent
from factory.sampler.earlier import LENGTH, Begun, Earlier, serves, source
from factory.sampler.policy import Limits
from factory.sampler.strategies import Asked, ask
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
    key: str
    """Digest of how it is judged."""
    question: str | None
    """For a judge; None where none is asked."""
    limits: Limits
    """When it has had enough."""
    outcomes: dict[int, bool | None] = field(default_factory=dict)
    """By number of the draw, whether it is correct; None while it is in flight."""
    ids: dict[int, str] = field(default_factory=dict)
    """Sample id by number, of finished draws."""
    begun: dict[int, Begun] = field(default_factory=dict)
    """By number, an earlier draw that is taken up."""
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

    def finish(self, draw: int, sample_id: str, correct: bool) -> None:
        """Take in a finished draw."""
        self.outcomes[draw], self.ids[draw] = correct, sample_id

    def take(
        self, draws: Sequence[Mapping[str, Any]], asker: Asker, earlier: Earlier | None
    ) -> None:
        """Take in what is kept of one draw: as it is, or as what a new one takes up."""
        longest = asker.sampling.max_tokens
        number = draws[0]["draw"]
        for draw in draws:
            if serves(draw, longest):
                self.finish(number, draw["id"], draw["correct"])
                return
        if asker.continues and (found := source(draws, longest)):
            ids = earlier.token_ids(found["id"])[:longest] if earlier else ()
            is_cut = found["tokens"] > longest
            self.begun[number] = Begun(found["id"], ids, is_cut, found["asked"])


def states(
    prompts: pl.DataFrame, kept: pl.DataFrame, asker: Asker, earlier: Earlier | None = None
) -> Iterator[PromptState]:
    """Every prompt with the draws that are kept of it, in the order of drawing, made as needed.

    That order is the one of ids, which is as good as by lot: whatever part of a run is finished
    when a budget ends it stands for the whole.

    Args:
        prompts: the prompt table, or a part of it.
        kept: as `by_prompt`.
        asker: who is asked.
        earlier: token ids of draws that are to be taken up; not needed where nothing is drawn.
    """
    ordered = prompts.sort("prompt_id")
    for start in range(0, ordered.height, SLICE):
        rows = ordered.slice(start, SLICE)
        rows = rows.join(kept, on="prompt_id", how="left", maintain_order="left")
        for row in rows.iter_rows(named=True):
            yield _state(row, asker, earlier)


def _state(row: Mapping[str, Any], asker: Asker, earlier: Earlier | None) -> PromptState:
    asked, source = ask(asker.strategies, row), row["source"] or ""
    state = PromptState(
        row["prompt_id"],
        source,
        row["language"],
        asked,
        asker.settings_of(asked.settings, row.get("instruction")),
        orjson.loads(row["reference"] or "null"),
        row["verifier"],
        key_digest(row["verifier"], row["reference"], row.get("judge")),
        row.get("question"),
        policy.limits_of(asker.sampling.policy, source),
    )
    most = asker.sampling.policy.max_draws
    own = [d for d in row["kept"] or () if d["settings"] == state.settings and d["draw"] < most]
    for number in sorted({draw["draw"] for draw in own}):
        state.take([draw for draw in own if draw["draw"] == number], asker, earlier)
    return state


KEPT = (
    "sample_id",
    "prompt_id",
    "teacher",
    "settings",
    "draw",
    "verdict",
    "finish_reason",
    "max_tokens",
    "prompt_tokens",
    "completion_tokens",
    "begun_tokens",
    "has_token_ids",
)
"""The columns of draws that tell what a prompt has had."""


def kept(store: Store, asker: Asker) -> pl.DataFrame:
    """What a store holds for an asker, as `by_prompt`, by the verdicts that count now."""
    return by_prompt(store.table(KEPT), asker)


def by_prompt(draws: pl.DataFrame, asker: Asker) -> pl.DataFrame:
    """An asker's among these draws, by prompt: `prompt_id` and `kept`, a list of draws.

    Draws of another `max_tokens` are among them, unless one is too long that the engine cannot take
    up: to draw only these anew would favour short chains.
    """
    own = draws.filter(pl.col("settings").is_in(list(asker.all_settings)), teacher=asker.teacher)
    if not usable(own, asker):
        own = own.filter(max_tokens=asker.sampling.max_tokens)
    return own.group_by("prompt_id").agg(
        kept=pl.struct(
            "settings",
            "draw",
            "finish_reason",
            "max_tokens",
            "prompt_tokens",
            id="sample_id",
            asked="prompt_tokens",
            correct=pl.col("verdict") == "correct",
            tokens=LENGTH,
            drawn=pl.col("completion_tokens").fill_null(pl.col("max_tokens"))
            - pl.col("begun_tokens").fill_null(0),
            has_ids=pl.col("has_token_ids").fill_null(False),
        )
    )


def usable(own: pl.DataFrame, asker: Asker) -> bool:
    """Whether an asker's draws of another `max_tokens` may serve, or be taken up.

    One that was cut does no harm: an engine that cannot go on from it draws it again by its seed.
    """
    most = asker.sampling.max_tokens
    long = own.filter(pl.col("max_tokens") != most, most < LENGTH)
    return long.is_empty() or (asker.continues and bool(long["has_token_ids"].all()))


def taken_up(
    store: Store, prompts: pl.DataFrame, kept: pl.DataFrame, asker: Asker
) -> Earlier | None:
    """Token ids of draws of another `max_tokens` that are to be taken up; None: there is none."""
    most = asker.sampling.max_tokens
    lengths = kept.select(pl.col("kept").list.explode().struct.field("max_tokens")).to_series()
    if lengths.drop_nulls().eq(most).all():
        return None
    ids = [
        begun.sample_id for state in states(prompts, kept, asker) for begun in state.begun.values()
    ]
    wanted = pl.DataFrame({"sample_id": ids}, schema={"sample_id": pl.String()})
    store.seal(wait=True)
    return Earlier(store.draws, wanted, store.folder)


def spent(kept: pl.DataFrame, asker: Asker, seconds: float) -> Spent:
    """What earlier sittings spent, by what is kept of them and the time they took."""
    each = kept.select(
        draws=pl.col("kept").list.len(),
        correct=pl.col("kept").list.eval(pl.element().struct.field("correct").cast(pl.Int32)),
        tokens=pl.col("kept").list.eval(pl.element().struct.field("drawn")).list.sum(),
    ).with_columns(pl.col("correct").list.sum())
    most = asker.sampling.policy.accepted
    accepted = pl.col("correct").clip(upper_bound=most) if most else pl.col("correct")
    sums = each.select("draws", "tokens", accepted).sum().row(0)
    return Spent(draws=sums[0] or 0, tokens=sums[1] or 0, accepted=sums[2] or 0, seconds=seconds)
