"""The endpoint against a real `vllm serve` on loopback, with a tiny model of random weights."""

import asyncio
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from serving import KEY, serving

from factory.engines import Completion, Request
from factory.engines.endpoint import Endpoint
from factory.errors import EngineFailure, StageError
from factory.models.chat import load_tokenizer, prompt_ids
from factory.recipe.served import Served
from filters.text.thinking import CLOSE, OPEN, split

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("engine")]

QUESTION = [{"role": "user", "content": "1+1?"}]
LONGEST = 4096
"""Tokens: enough that a draw is seen to be stopped before its end."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whose tags are tokens, as those of R1 are and its parser wants them."""
    from teacher.tiny import make_model, make_tokenizer, save

    tokenizer = make_tokenizer([f"<think>{n}+{n}={2 * n}</think>" for n in range(200)], 320)
    tokenizer.add_tokens(["<think>", "</think>"])
    size: dict[str, Any] = {"hidden": 64, "layers": 1, "heads": 2, "seed": 1}
    folder = tmp_path_factory.mktemp("tiny")
    save(make_model("qwen2", tokenizer, max_length=LONGEST, **size), tokenizer, folder)
    return folder


@pytest.fixture(scope="module")
def served(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(model, tmp_path_factory.mktemp("log") / "vllm.log") as url:
        yield url


@pytest.fixture(scope="module")
def parsed(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One that takes thinking and answer apart."""
    log = tmp_path_factory.mktemp("log") / "vllm.log"
    parser = ("--reasoning-parser", "deepseek_r1", "--trust-request-chat-template")
    with serving(model, log, *parser) as url:
        yield url


def asked(
    url: str, seeds: list[int], changes: dict[str, Any] | None = None, **settings: Any
) -> list[Completion]:
    """A draw for each seed, of requests with these changes."""
    told = {"endpoint": url, "model": "tiny", "api_key_env": "TINY_KEY", "deadline": 60} | settings

    async def ask() -> list[Completion]:
        async with Endpoint(Served.model_validate(told), 8) as endpoint:
            requests = [
                Request(f"s{n}", "p", n, QUESTION, seed, 1.0, 1.0, 24)  # pyrefly: ignore
                for n, seed in enumerate(seeds)
            ]
            wanted = [replace(request, **(changes or {})) for request in requests]
            return await asyncio.gather(*map(endpoint.draw, wanted))

    return asyncio.run(ask())


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_KEY", KEY)


def test_draws_have_text_ids_counts_and_finish_reasons(served: str, model: Path):
    draws = asked(served, list(range(12)), extra={"return_token_ids": True})
    tokenizer = load_tokenizer(model)
    for draw in draws:
        assert draw.finish_reason in ("stop", "length")
        assert draw.prompt_tokens == len(prompt_ids(tokenizer, QUESTION))  # pyrefly: ignore
        assert draw.token_ids
        assert draw.completion_tokens == len(draw.token_ids) <= 24
        decoded = str(tokenizer.decode(draw.token_ids, skip_special_tokens=True))
        assert draw.text.rstrip("�") == decoded.rstrip("�")  # less half a letter at the end
        assert (draw.finish_reason == "stop") == (draw.token_ids[-1] == tokenizer.eos_token_id)
    assert {draw.finish_reason for draw in draws} >= {"length"}


def test_a_seed_decides_and_seeds_differ(served: str):
    first = [draw.text for draw in asked(served, [1, 2, 3, 4])]
    again = [draw.text for draw in asked(served, [1, 2, 3, 4])]
    assert first == again
    assert len(set(first)) == 4
    assert asked(served, [1])[0].token_ids is None  # given only when asked for


@pytest.mark.parametrize(
    ("settings", "key", "path", "told"),
    [
        ({}, "sk-of-somebody-else", "/v1", "does not let this key in: http_401"),
        ({"model": "another"}, KEY, "/v1", "has no model 'another'; it has tiny"),
        ({}, KEY, "/v2", ""),
        ({}, KEY, "", ""),
        ({}, KEY, "/v1/chat/completions", ""),
    ],
)
def test_mistakes_are_told_or_mended(
    served: str,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    key: str,
    path: str,
    told: str,
):
    monkeypatch.setenv("TINY_KEY", key)
    address = served.removesuffix("/v1") + path
    if not told:
        assert asked(address, [1], **settings)[0].text
        return
    with pytest.raises(StageError, match=told) as caught:
        asked(address, [1], **settings)
    assert key not in str(caught.value)


# --- word by word -------------------------------------------------------------------------------

IDS: dict[str, Any] = {"return_token_ids": True}
SEEDS = list(range(12))


class After:
    """A watch that stops after so many characters."""

    def __init__(self, length: int):
        self.length, self.seen = length, ""

    def feed(self, text: str) -> str | None:
        self.seen += text
        return "loop" if len(self.seen) >= self.length else None


def counted(url: str, name: str) -> float:
    """The sum of a metric that the server keeps."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/metrics", timeout=10) as metrics:
        found = re.findall(
            rf"^vllm:{name}(?:{{.*}})? (\S+)$", metrics.read().decode(), re.MULTILINE
        )
    assert found, name
    return sum(map(float, found))


def eventually(happens: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not happens() and time.monotonic() < end:
        time.sleep(0.1)
    return happens()


def test_what_is_streamed_is_what_is_not(served: str):
    whole = asked(served, SEEDS, extra=IDS)
    assert asked(served, SEEDS, extra=IDS, stream=True) == whole
    assert {draw.finish_reason for draw in whole} >= {"length"}


def test_a_draw_that_is_stopped_is_given_up_by_the_server(served: str, model: Path):
    """It is not written to its end: the server sees the connection go."""
    never = {str(load_tokenizer(model).convert_tokens_to_ids(CLOSE)): -100}
    extra = IDS | {"ignore_eos": True, "logit_bias": never}
    before = counted(served, "generation_tokens_total")
    watches: list[After] = []

    def watch() -> After:
        watches.append(After(60))
        return watches[-1]

    draws = asked(served, SEEDS[:8], {"watch": watch, "max_tokens": LONGEST - 100}, extra=extra)
    for draw in draws:
        assert draw.finish_reason == "loop"
        assert draw.token_ids
        assert draw.completion_tokens == len(draw.token_ids) < 400
        assert draw.prompt_tokens > 10
    assert sorted(draw.text for draw in draws) == sorted(watched.seen for watched in watches)
    assert eventually(lambda: counted(served, "num_requests_running") == 0)
    written = counted(served, "generation_tokens_total") - before
    assert sum(draw.completion_tokens for draw in draws) <= written < 8 * (LONGEST - 100) / 4
    time.sleep(1)
    assert counted(served, "generation_tokens_total") - before == written  # and no more


def test_a_loop_that_the_server_notices_is_one(served: str):
    detection = {"max_pattern_size": 2, "min_pattern_size": 1, "min_count": 2}
    extra = IDS | {"repetition_detection": detection, "ignore_eos": True}
    for stream in (False, True):
        draws = asked(served, SEEDS[:4], {"max_tokens": 2000}, extra=extra, stream=stream)
        assert {draw.finish_reason for draw in draws} == {"loop"}
        assert all(draw.completion_tokens < 2000 for draw in draws)


# --- a turn that was begun ----------------------------------------------------------------------


@pytest.mark.parametrize("prefill", ["<think>\n1+1", "<think>\n1+1\n", "<think>\n2</think>\n"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_turn_that_was_begun_goes_on(served: str, model: Path, prefill: str, stream: bool):
    """The server gets exactly these ids, and its answers hold only what is new."""
    tokenizer = load_tokenizer(model)
    begun = prompt_ids(tokenizer, QUESTION)  # pyrefly: ignore
    begun += tokenizer.encode(prefill, add_special_tokens=False)
    for draw in asked(served, SEEDS[:4], {"prefill": prefill}, extra=IDS, stream=stream):
        assert draw.prompt_tokens == len(begun)
        assert draw.token_ids
        decoded = str(tokenizer.decode(draw.token_ids, skip_special_tokens=True))
        assert draw.text.rstrip("�") == decoded.rstrip("�")


# --- taken apart by a reasoning parser ----------------------------------------------------------


def close_often(model: Path) -> dict[str, Any]:
    """Fields that make a model of random weights end its thinking now and then."""
    close = load_tokenizer(model).convert_tokens_to_ids(CLOSE)
    return IDS | {"logit_bias": {str(close): 3.3}, "ignore_eos": True}


def plain(draw: Completion, model: Path) -> str | None:
    """What its ids say; None where tags are at odds, and what a parser makes of it its own affair:
    thinking that is closed before its first word is lost, closed or opened again it is a riddle."""
    assert draw.token_ids
    decoded = str(load_tokenizer(model).decode(draw.token_ids, skip_special_tokens=True))
    at_odds = OPEN in decoded or decoded.count(CLOSE) > 1 or decoded.startswith(CLOSE)
    return None if at_odds else decoded


def trimmed(text: str) -> tuple[str, ...]:
    """Thinking and answer without blanks and half letters at their ends."""
    thought = split(text)
    return tuple((part or "").strip("� ") for part in (thought.reasoning, thought.response))


@pytest.mark.parametrize("prefill", ["", "<think>\n1+1", "<think>\n1+1\n"])
@pytest.mark.parametrize("stream", [False, True])
def test_thinking_is_put_together_again(parsed: str, model: Path, prefill: str, stream: bool):
    ended = 0
    for seed in SEEDS:
        try:
            [draw] = asked(
                parsed, [seed], {"prefill": prefill}, stream=stream, extra=close_often(model)
            )
        except EngineFailure:
            continue  # tags at odds, seen for what they are
        if decoded := plain(draw, model):
            expected = prefill + decoded if prefill else OPEN + decoded
            assert trimmed(prefill + draw.text) == trimmed(expected)
            ended += CLOSE in decoded
    assert ended


def test_an_answer_that_goes_on_is_an_answer(parsed: str, model: Path):
    """Not streamed, vLLM's parser takes it for thinking, since no tag is in it."""
    begun = {"prefill": "<think>\n1+1=2\n</think>\n"}
    whole = asked(parsed, SEEDS, begun, extra=IDS)
    by_word = asked(parsed, SEEDS, begun, extra=IDS, stream=True)
    sound = [n for n, draw in enumerate(whole) if CLOSE not in (plain(draw, model) or CLOSE)]
    assert len(sound) > 6
    for number in sound:
        assert whole[number] == by_word[number]
        assert OPEN not in whole[number].text


CUTS_THINKING = (
    "{% for turn in messages %}{% if turn['role'] == 'user' %}User: {{ turn['content'] }}"
    "{% else %}Assistant: {{ turn['content'].split('</think>')[-1] }}<|im_end|>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}Assistant: <think>\n{% endif %}"
)
"""A template that does with earlier turns what those of R1 and Qwen3 do."""


def test_a_template_that_cuts_thinking_takes_open_thinking_only(parsed: str):
    told: dict[str, Any] = {"extra": IDS | {"chat_template": CUTS_THINKING}, "stream": True}
    assert len(asked(parsed, SEEDS[:2], {"prefill": "<think>\n1+1\n"}, **told)) == 2
    with pytest.raises(EngineFailure, match="does not appear in the chat") as caught:
        asked(parsed, SEEDS[:2], {"prefill": "<think>\n1+1\n</think>\n"}, **told)
    assert (caught.value.reason, caught.value.final) == ("http_400", True)
