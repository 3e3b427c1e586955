"""Another `max_tokens`: what was cut goes on, what had ended stays, lengths are as undisturbed."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sampled import prompts

from factory.engines import Completion, Request
from factory.recipe.sampling import Sampling
from factory.sampler.asker import Asker
from factory.sampler.changes import tell_of_length
from factory.sampler.fill import fill
from factory.sampler.outcome import Outcome
from factory.store import Store
from factory.store.draws import Draws

END, WORDS = 0, ["a", "b", "c"]


@dataclass
class Walk:
    """Writes letters until a die says that it ends: one step in twenty. Goes on from token ids."""

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        return False

    requests: list[Request] = field(default_factory=list)

    async def draw(self, request: Request) -> Completion:
        self.requests.append(request)
        await asyncio.sleep(0)
        dice, ids = random.Random(request.seed), list[int]()
        while len(ids) < request.max_tokens:
            ids.append(END if dice.random() < 0.05 else dice.randint(1, len(WORDS)))
            if ids[-1] == END:
                break
        reason = "stop" if ids[-1] == END else "length"
        return Completion(self.spell(ids), ids, reason, 7, len(ids))

    def spell(self, token_ids: Sequence[int]) -> str:
        return "".join(WORDS[id - 1] for id in token_ids if id != END)


class Forgetful(Walk):
    """The same, but it cannot go on: as an endpoint."""


def sampled(
    folder: Path, engine: Walk, max_tokens: int, names: Sequence[str] = ("p",), draws: int = 2
) -> tuple[Outcome, list[str]]:
    """What a sitting with this `max_tokens` leaves, and what was said beforehand."""
    sampling = Sampling.model_validate(
        {"policy": {"fixed": {"draws": draws}}, "max_tokens": max_tokens, "temperature": 1.0}
    )
    asker = Asker("t", sampling, seed=1, continues=not isinstance(engine, Forgetful))
    store, said = Store(folder), list[str]()
    tell_of_length(store, asker, said.append)
    try:
        quiet: Any = lambda *_, **__: None  # noqa: E731
        return asyncio.run(fill(engine, prompts(*names), asker, store, quiet)), said
    finally:
        store.close()


def rows(folder: Path, outcome: Outcome) -> pl.DataFrame:
    return Draws(folder).in_order(outcome.samples)


MANY = [f"prompt {n}" for n in range(300)]


def test_what_was_cut_goes_on_and_what_had_ended_stays(tmp_path: Path):
    short, _ = sampled(tmp_path, Walk(), 12, MANY)
    before = rows(tmp_path, short)
    engine = Walk()
    outcome, said = sampled(tmp_path, engine, 60, MANY)
    after = rows(tmp_path, outcome)
    cut = before.filter(finish_reason="length")
    ended = before.filter(finish_reason="stop")
    assert set(ended["sample_id"]) <= set(after["sample_id"])
    assert len(engine.requests) == cut.height  # nothing else was asked for
    assert all(len(r.begun) == 12 and r.max_tokens == 48 for r in engine.requests)
    both = cut.join(after, on=["prompt_id", "draw"], suffix="_after")
    for was, now, text in both.select("token_ids", "token_ids_after", "text_after").iter_rows():
        assert now[:12] == was
        assert text == engine.spell(now)
    assert both["begun_tokens_after"].to_list() == [12] * cut.height
    assert set(after["finish_reason"]) == {"stop", "length"}
    assert said == [
        f"max_tokens was 12, is 60: {ended.height} draws had ended before and serve as they are, "
        f"{cut.height} go on from where they were cut, 0 are cut"
    ]


def test_lengths_are_distributed_as_in_an_undisturbed_run(tmp_path: Path):
    sampled(tmp_path / "raised", Walk(), 12, MANY, draws=4)
    raised, _ = sampled(tmp_path / "raised", Walk(), 60, MANY, draws=4)
    plain, _ = sampled(tmp_path / "plain", Walk(), 60, MANY, draws=4)
    both = [
        rows(tmp_path / name, outcome)["completion_tokens"].to_numpy()
        for name, outcome in (("raised", raised), ("plain", plain))
    ]
    assert distance(*both) < 0.055  # Kolmogorov and Smirnov, 5 %: 1.36 * sqrt(2 / 1200)
    # A fresh draw in place of each that was cut: short chains would be too many.
    dice = random.Random(1)
    fresh = [n if n < 12 else length(dice) for n in both[1]]
    assert distance(np.array(fresh), both[1]) > 0.15


def length(dice: random.Random) -> int:
    return next((n for n in range(1, 60) if dice.random() < 0.05), 60)


def distance(one: np.ndarray, two: np.ndarray) -> float:
    """Largest difference of two cumulative distributions."""
    at = np.arange(61)
    shares = [(lengths[:, None] <= at).mean(axis=0) for lengths in (one, two)]
    return float(np.abs(shares[0] - shares[1]).max())


def test_a_smaller_one_keeps_what_is_short_and_cuts_the_rest(tmp_path: Path):
    long, _ = sampled(tmp_path, Walk(), 60, MANY)
    before = rows(tmp_path, long)
    engine = Walk()
    outcome, said = sampled(tmp_path, engine, 12, MANY)
    after = rows(tmp_path, outcome)
    assert engine.requests == []  # nothing was drawn
    fits = before.filter(pl.col("completion_tokens") <= 12)
    assert set(fits["sample_id"]) <= set(after["sample_id"])
    both = before.join(after, on=["prompt_id", "draw"], suffix="_after")
    for was, now in both.select("token_ids", "token_ids_after").iter_rows():
        assert now == was[:12]
    cut = after.filter(finish_reason="length")
    assert set(cut["completion_tokens"]) == {12}
    assert set(cut["prompt_tokens"]) == {7}
    assert f"{after.height - fits.height} are cut" in said[0]


def test_back_again_finds_what_was_drawn_first(tmp_path: Path):
    first, _ = sampled(tmp_path, Walk(), 12, MANY)
    sampled(tmp_path, Walk(), 60, MANY)
    engine = Walk()
    again, said = sampled(tmp_path, engine, 12, MANY)
    assert again.samples.equals(first.samples)
    assert (engine.requests, said) == ([], [])


def test_an_engine_that_cannot_go_on_draws_what_was_cut_again_by_its_seed(tmp_path: Path):
    first, _ = sampled(tmp_path, Forgetful(), 12, MANY)
    before = rows(tmp_path, first)
    cut, ended = before.filter(finish_reason="length"), before.filter(finish_reason="stop")
    engine = Forgetful()
    outcome, said = sampled(tmp_path, engine, 60, MANY)
    after = rows(tmp_path, outcome)
    assert set(ended["sample_id"]) <= set(after["sample_id"])
    assert sorted(request.seed for request in engine.requests) == cut["seed"].sort().to_list()
    assert not any(request.begun for request in engine.requests)
    both = cut.join(after, on=["prompt_id", "draw"], suffix="_after")
    for was, now in both.select("token_ids", "token_ids_after").iter_rows():
        assert now[:12] == was  # an engine that heeds seeds writes the same chain
    assert said == [
        f"max_tokens was 12, is 60: {ended.height} draws had ended before and serve as they are, "
        f"{cut.height} were cut and are drawn again, each by the seed that it had. A server that "
        "does not heed seeds writes short chains a little too often then"
    ]


def test_a_smaller_one_has_an_engine_that_cannot_cut_draw_all_again(tmp_path: Path):
    """To draw only those that are too long would favour short chains."""
    first, _ = sampled(tmp_path, Forgetful(), 60, MANY)
    tokens = int(rows(tmp_path, first)["completion_tokens"].clip(upper_bound=12).sum())
    engine = Forgetful()
    outcome, said = sampled(tmp_path, engine, 12, MANY)
    assert len(engine.requests) == 600
    assert set(outcome.samples["sample_id"]).isdisjoint(first.samples["sample_id"])
    assert "all 600 are drawn again" in said[0]
    assert f"about {tokens:,} tokens or more" in said[0]


def test_draws_whose_tokens_nobody_counted_serve_where_more_is_allowed(tmp_path: Path):
    class Uncounted(Forgetful):
        async def draw(self, request: Request) -> Completion:
            return replace(await super().draw(request), completion_tokens=0, counted=False)

    first, _ = sampled(tmp_path, Uncounted(), 1000, MANY[:5])
    engine = Uncounted()
    outcome, _ = sampled(tmp_path, engine, 2000, MANY[:5])
    assert engine.requests == []
    assert outcome.samples.equals(first.samples)


def test_where_nothing_was_cut_all_serves_with_any_engine(tmp_path: Path):
    first, _ = sampled(tmp_path, Forgetful(), 1000, MANY[:5])
    engine = Forgetful()
    outcome, said = sampled(tmp_path, engine, 2000, MANY[:5])
    assert engine.requests == []
    assert outcome.samples.equals(first.samples)
    assert said == [
        "max_tokens was 1,000, is 2,000: all 10 draws had ended before, and serve as they are"
    ]


def test_budgets_count_what_was_drawn_and_not_what_was_taken_up(tmp_path: Path):
    from factory.sampler.prompt_state import kept, spent

    sampled(tmp_path, Walk(), 12, MANY)
    sampled(tmp_path, Walk(), 60, MANY)
    sampling = Sampling(max_tokens=60, temperature=1.0)
    store = Store(tmp_path)
    asker = Asker("t", sampling, seed=1, continues=True)
    drawn = store.table(("completion_tokens", "begun_tokens"))
    total = int((drawn["completion_tokens"] - drawn["begun_tokens"]).sum())
    assert spent(kept(store, asker), asker, 0.0).tokens == total
    store.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("engine")
def test_vllm_goes_on_from_token_ids(tmp_path: Path):
    """A draw that was cut at 8 tokens and goes on is spelt like one drawn in one go."""
    from tiny_models import tiny_model

    from factory.engines.vllm_engine import VLLM

    model = tiny_model(tmp_path / "model", seed=1)
    engine = VLLM(model, max_length=128, concurrency=8, arguments={})
    greedy = Request("s", "p", 0, [{"role": "user", "content": "1+1?"}], 1, 0.0, 1.0, 24)

    async def both() -> tuple[Completion, Completion]:
        async with engine:
            whole = await engine.draw(greedy)
            first = await engine.draw(Request(*fields(greedy, max_tokens=8)))
            begun = tuple(first.token_ids or ())
            rest = await engine.draw(
                Request(*fields(greedy, max_tokens=24 - len(begun)), begun=begun)
            )
            ids = [*begun, *(rest.token_ids or ())]
            return whole, Completion(engine.spell(ids), ids, rest.finish_reason, 0, len(ids))

    def fields(request: Request, max_tokens: int) -> tuple[Any, ...]:
        return ("s", "p", 0, request.messages, 1, 0.0, 1.0, max_tokens)

    whole, joined = asyncio.run(both())
    assert joined.token_ids == whole.token_ids
    # Random weights write bytes that are no characters; there vLLM gives less than it has drawn.
    assert joined.text == engine.spell(whole.token_ids or ())
