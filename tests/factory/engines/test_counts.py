"""Tokens, where a server does not say, or says what cannot be; and what a budget makes of them."""

import asyncio
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from asking import endpoint, request
from misbehaving import DONE, STOP, Behaviour, Misbehaving, answers, event, streams

from factory.engines import Completion
from factory.engines.usage import Usage, usage_in
from factory.errors import StageError
from factory.prompts.collect import PROMPT
from factory.recipe.sampling import Budget, Fixed, Policy, Sampling
from factory.sampler import draws, failures
from factory.sampler.asker import Asker
from factory.sampler.fill import fill
from factory.sampler.outcome import Outcome
from factory.store import Store

ZEROS = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)


@pytest.mark.parametrize(
    ("told", "usage", "remark"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 3}, Usage(5, 3), "as everybody"),
        ({"input_tokens": 5, "output_tokens": 3}, Usage(5, 3), "by other names"),
        ({"prompt_tokens": 5, "total_tokens": 8}, Usage(5, 3), "a part is missing"),
        ({"completion_tokens": 3, "total_tokens": 8}, Usage(5, 3), "or the other"),
        ({"prompt_tokens": 5}, Usage(5, 0), "and nothing says it"),
        (
            {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 98},
            Usage(5, 93),
            "the thinking is in the sum alone",
        ),
        (ZEROS, Usage(), "zeros"),
        ({"prompt_tokens": True, "completion_tokens": -1}, Usage(), "no counts"),
        ({"prompt_tokens": "5", "completion_tokens": 2**40}, Usage(), "nor these"),
        (None, Usage(), "nothing"),
        ([], Usage(), "nothing either"),
    ],
)
def test_what_can_be_believed_is(told: Any, usage: Usage, remark: str):
    assert usage_in(told) == usage, remark


SAYS_NOTHING = [
    answers("two words", usage=None),
    answers("two words", usage=ZEROS),
    streams(event("two"), event(" words"), STOP, DONE),
    streams(event("two", usage=ZEROS), event(" words", usage=ZEROS), event("", usage=ZEROS), STOP),
]


def drawn(behaviour: Behaviour, said: list[str], **settings: Any) -> Completion:
    async def ask() -> Completion:
        server = Misbehaving(behaviour)
        async with server, endpoint(server.url, say=said.append, **settings) as asked:
            return (await asyncio.gather(*[asked.draw(request(n)) for n in range(3)]))[0]

    return asyncio.run(ask())


@pytest.mark.parametrize("behaviour", SAYS_NOTHING)
def test_what_nobody_counts_is_unknown_and_told_once(behaviour: Behaviour):
    said: list[str] = []
    assert not drawn(behaviour, said).counted
    assert len(said) == 1
    assert "does not say how many tokens a draw has" in said[0]


@pytest.mark.parametrize("behaviour", SAYS_NOTHING)
def test_a_tokenizer_counts_where_the_server_does_not(behaviour: Behaviour, tmp_path: Path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({"two": 0, "words": 1, "?": 2}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()  # pyrefly: ignore
    words.save(str(tmp_path / "tokenizer.json"))
    said: list[str] = []
    draw = drawn(behaviour, said, tokenizer=str(tmp_path))
    assert (draw.completion_tokens, draw.counted, said) == (2, True, [])
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(StageError, match="which counts the tokens of an endpoint, cannot be read"):
        drawn(behaviour, said, tokenizer=str(tmp_path))


def sampled(server: Misbehaving, folder: Path, sampling: Sampling) -> tuple[Outcome, Store]:
    question = [{"role": "user", "content": "2+2?"}]
    row = {"messages": question, "reference": '"4"', "verifier": "exact"}
    prompts = pl.DataFrame([row | {"prompt_id": f"p{n}"} for n in range(8)], schema=PROMPT)
    store = Store(folder)

    async def run() -> Outcome:
        async with server, endpoint(server.url, 4) as asked:
            asker = Asker("t", sampling, seed=1)
            return await fill(asked, prompts, asker, store, lambda *_, **__: None)

    return asyncio.run(run()), store


@pytest.mark.parametrize("sittings", [1, 2])
def test_a_budget_of_tokens_ends_though_nobody_counts(sittings: int, tmp_path: Path):
    """Each draw is taken for as long as it may be, in this sitting and in the next."""
    policy = Policy(fixed=Fixed(draws=2))
    for _ in range(sittings):
        sampling = Sampling(policy=policy, max_tokens=100, budget=Budget(tokens=550), concurrency=4)
        outcome, store = sampled(Misbehaving(SAYS_NOTHING[0]), tmp_path, sampling)
        assert outcome.ended_by == "the budget of 550 tokens"
        assert store.table(("sample_id", "completion_tokens"))["completion_tokens"].is_null().all()
        assert store.table().height == 5
        store.close()


def test_the_servers_word_for_the_end_is_kept(tmp_path: Path):
    sampling = Sampling(policy=Policy(fixed=Fixed(draws=1)), concurrency=4)
    _, store = sampled(Misbehaving(answers(finish_reason="end_turn")), tmp_path, sampling)
    ends = store.table(("sample_id", "finish_reason", "finish_word"))
    assert set(ends.select("finish_reason", "finish_word").iter_rows()) == {("stop", "end_turn")}
    store.close()


def test_copies_of_a_server_that_ignores_seeds_are_counted(tmp_path: Path):
    sampling = Sampling(policy=Policy(fixed=Fixed(draws=3)), concurrency=4)
    outcome, store = sampled(Misbehaving(answers("so it is 4. " * 30)), tmp_path, sampling)
    assert draws.digest_and_copies(store.draws, outcome.samples)[1] == 16  # of 24, of 8 prompts
    store.close()
    outcome, store = sampled(Misbehaving(answers("4")), tmp_path / "short", sampling)
    assert draws.digest_and_copies(store.draws, outcome.samples)[1] == 0  # as any model may
    store.close()


def test_draws_lost_to_time_are_told_as_what_they_are():
    rows = [{"question": "2+2?", "prompt_id": f"p{n}", "reason": "timeout"} for n in range(3)]
    told = failures.told(pl.DataFrame(rows))
    assert "timeout 3; 3 lost to time, mostly long: what is left is too short" in told
