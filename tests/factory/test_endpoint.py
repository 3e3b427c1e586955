"""The endpoint against servers that misbehave on purpose: a draw, or a failure by its name."""

import asyncio
import json
import logging
import os
import random
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from misbehaving import (
    Behaviour,
    Misbehaving,
    answers,
    crowded,
    cuts,
    draw,
    drips,
    gigabytes,
    hangs,
    hangs_up,
    parrots,
    says,
    serving,
    writes,
)

from factory.endpoint import Endpoint
from factory.engines import Completion, Request
from factory.errors import EngineFailure, FactoryError, RecipeError, StageError
from factory.outcome import Outcome
from factory.pending import Asker
from factory.prompts import PROMPT
from factory.recipe import Recipe, Served, load
from factory.replies import completion
from factory.sampler import fill
from factory.sampling import Fixed, Policy, Sampling
from factory.store import Store
from factory.wire import LARGEST_BODY
from filters.thinking import split

KEY = "sk-s3cret-0123456789abcdef"


RECIPE: dict[str, Any] = {
    "name": "served",
    "prompts": [
        {"source": "files", "path": "sums.jsonl", "held_out": 3, "verifier": "exact"}
        | {"columns": {"question": "question", "reference": "answer"}}
    ],
    "teacher": {"base": {"endpoint": "http://127.0.0.1:1/v1", "model": "m"}},
    "sampling": {"policy": {"fixed": {"draws": 2}}, "concurrency": 4},
    "filters": {"correctness": {}, "format": {}},
    "evaluate": {"draws": 2},
}


def request(number: int = 0) -> Request:
    question = [{"role": "user", "content": "2+2?"}]
    return Request(f"s{number}", "p", number, question, 7 + number, 0.6, 0.95, 64)  # pyrefly: ignore


def endpoint(url: str, concurrency: int = 8, **settings: Any) -> Endpoint:
    """An impatient one: a test has less time than a run."""
    told = {"endpoint": url, "model": "m", "deadline": 2.0, "outage": 60.0} | settings
    served = Served.model_validate(told)
    return Endpoint(served, concurrency, random=random.Random(1), first_wait=0.02)


class Asked:
    """A draw asked of a server that behaves so: what came of it, and what the server saw."""

    def __init__(self, *behaviours: Behaviour, **settings: Any):
        self.server = Misbehaving(*behaviours)
        self.draw: Completion | None = None
        self.failure: EngineFailure | None = None
        started = time.monotonic()
        asyncio.run(self._ask(settings))
        self.seconds = time.monotonic() - started

    async def _ask(self, settings: dict[str, Any]) -> None:
        async with self.server, endpoint(self.server.url, **settings) as asked:
            try:
                self.draw = await asked.draw(request())
            except EngineFailure as failure:
                self.failure = failure


# --- a good answer ------------------------------------------------------------------------------


def test_it_is_asked_as_the_request_says():
    asked = Asked(answers(), extra={"return_token_ids": True})
    assert asked.server.bodies == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "2+2?"}],
            "temperature": 0.6,
            "top_p": 0.95,
            "max_tokens": 64,
            "seed": 7,
            "n": 1,
            "return_token_ids": True,
        }
    ]
    assert "Authorization" not in asked.server.headers[0]
    assert asked.draw == Completion("4", None, "stop", 5, 3)


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEACHER_API_KEY", KEY)
    asked = Asked(answers(), api_key_env="TEACHER_API_KEY")
    assert asked.server.headers[0]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("value", ["", "  ", "a b", "tröt", "x\ny"])
def test_a_key_that_is_none_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("TEACHER_API_KEY", value)
    with pytest.raises(StageError, match="environment variable TEACHER_API_KEY") as caught:
        endpoint("http://localhost/v1", api_key_env="TEACHER_API_KEY")
    assert not value.strip() or value not in str(caught.value)


# --- raw text, rebuilt --------------------------------------------------------------------------

THINK = "<think>\n2+2=4\n</think>\n4"


@pytest.mark.parametrize(
    ("message", "opens", "text", "reasoning", "response", "remark"),
    [
        ({"content": "4"}, False, "4", None, "4", "no thinking at all"),
        ({"content": THINK}, False, THINK, "2+2=4", "4", "inline, left as it is"),
        ({"content": "4", "reasoning": "2+2=4"}, False, THINK, "2+2=4", "4", "vLLM's field"),
        ({"content": "4", "reasoning_content": "2+2=4"}, False, THINK, "2+2=4", "4", "older"),
        ({"content": "\n\n4", "reasoning": "\n2+2=4\n"}, False, THINK, "2+2=4", "4", "with lines"),
        ({"content": "4", "reasoning": "<think>2+2=4"}, False, THINK, "2+2=4", "4", "its tag"),
        ({"content": "4", "reasoning": None}, False, "4", None, "4", "a field left empty"),
        ({"content": None, "reasoning": "so 4"}, False, "<think>\nso 4", "so 4", None, "cut"),
        ({"content": "", "reasoning": "so 4"}, False, "<think>\nso 4", "so 4", None, "cut"),
        ({"content": "\n", "reasoning": "so 4"}, False, "<think>\nso 4", "so 4", None, "cut"),
        ({"content": "<think>so 4"}, False, "<think>so 4", "so 4", None, "cut, inline"),
        ({"content": "2+2=4\n</think>\n4"}, True, THINK, "2+2=4", "4", "pre-filled"),
        ({"content": "so 4"}, True, "<think>\nso 4", "so 4", None, "pre-filled, cut"),
        ({"content": THINK}, True, THINK, "2+2=4", "4", "pre-filled, and its own tag"),
        ({"content": "4", "reasoning": "2+2=4"}, True, THINK, "2+2=4", "4", "pre-filled, parsed"),
    ],
)
def test_thinking_is_put_back_where_the_model_wrote_it(
    message: dict[str, Any],
    opens: bool,
    text: str,
    reasoning: str | None,
    response: str | None,
    remark: str,
):
    body = json.dumps(draw(message=message)).encode()
    drawn = completion(body, opens)
    assert drawn.text == text, remark
    thought = split(drawn.text, Endpoint.opened)
    assert (thought.reasoning, thought.response) == (reasoning, response), remark


def test_token_ids_are_kept_where_the_server_gives_them():
    body = json.dumps(draw(token_ids=[3, 1, 2], finish_reason="length")).encode()
    assert completion(body) == Completion("4", [3, 1, 2], "length", 5, 3)


NO_DRAWS = [
    (b"", "bad_body", "no JSON"),
    (b"<html>Sign in</html>", "bad_body", "no JSON.*Sign in"),
    (json.dumps(draw()).encode()[:-9], "bad_body", "no JSON"),  # cut, and the server says nothing
    (b'{"choices": [{"message": {"content": "\\ud800"}}]}', "bad_body", "no JSON"),  # half a letter
    (b"[" * 100_000, "bad_body", "no JSON"),
    (b"[]", "bad_body", "no list of choices"),
    (b'{"error": {"message": "busy"}}', "bad_body", "no list of choices.*busy"),
    (draw(choices=[]), "bad_body", "0 choices"),
    (draw(choices=[None]), "bad_body", "1 choices"),
    (draw(choices=draw()["choices"] * 2), "bad_body", "2 choices"),
    (draw(index=1), "bad_body", "choice number 1"),  # of another draw
    (draw(message=None), "bad_body", "message is None"),
    (draw(message={"role": "assistant"}), "bad_body", "no content"),
    (
        draw(message={"content": [{"type": "text", "text": "4"}]}),
        "bad_body",
        "content .* expected text",
    ),
    (draw(reasoning=["2+2"]), "bad_body", "reasoning .* expected text"),
    (draw(None, reasoning="a</think>4"), "bad_body", "its end is unknown"),  # no answer, if cut
    (draw("2+2=4</think>4"), "bad_body", "opens_thinking: true"),
    (draw(usage=None), "bad_body", "usage.prompt_tokens is None"),
    (draw(usage={"prompt_tokens": 5}), "bad_body", "usage.completion_tokens is None"),
    (draw(usage={"prompt_tokens": 5, "completion_tokens": -1}), "bad_body", "is -1"),
    (draw(usage={"prompt_tokens": 5, "completion_tokens": 2**40}), "bad_body", "tokens is 1099"),
    (draw(usage={"prompt_tokens": True, "completion_tokens": 3}), "bad_body", "is True"),
    (draw(token_ids=[1, 2]), "bad_body", "expected 3 numbers"),  # not as many as it counted
    (draw(token_ids=[1, 2, "3"]), "bad_body", "expected 3 numbers"),
    (draw(token_ids=[1, 2, 2**33]), "bad_body", "expected 3 numbers"),
    (draw(finish_reason="abort"), "unfinished", "'abort'"),  # as a server says when it is stopped
    (draw(finish_reason="content_filter"), "unfinished", "'content_filter'"),
    (draw(finish_reason=None), "unfinished", "None"),
    (draw(finish_reason={}), "unfinished", "{}"),
    (draw("x" * 10_000 + "</think>"), "bad_body", "…"),  # not all of it is repeated
]


@pytest.mark.parametrize(("body", "reason", "message"), NO_DRAWS)
def test_what_is_no_draw_is_a_failure(body: Any, reason: str, message: str):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(EngineFailure, match=message) as caught:
        completion(content)
    assert caught.value.reason == reason
    assert not caught.value.final  # the sampler may ask for another
    assert len(str(caught.value)) < 700


# --- troubles of the transport ------------------------------------------------------------------

TROUBLES = [
    (says(429), "rate_limited"),
    (says(500), "http_500"),
    (says(502), "http_502"),
    (says(503, Retry_After="0"), "http_503"),
    (says(408), "http_408"),
    (hangs_up, "connection"),
    (cuts, "connection"),
]


@pytest.mark.parametrize(("trouble", "reason"), TROUBLES)
def test_a_trouble_that_passes_is_none(trouble: Behaviour, reason: str):
    asked = Asked(trouble, trouble, answers())
    assert asked.draw
    assert len(asked.server.bodies) == 3
    assert asked.server.bodies[0] == asked.server.bodies[2]


@pytest.mark.parametrize(("trouble", "reason"), TROUBLES)
def test_a_trouble_that_stays_is_given_up_within_the_deadline(trouble: Behaviour, reason: str):
    asked = Asked(trouble, deadline=1.0)
    assert asked.failure
    assert asked.failure.reason == reason
    assert asked.failure.final  # so the sampler does not begin all this anew
    assert re.search(r"attempts: [2-9]", str(asked.failure))
    assert asked.seconds < 2.0


@pytest.mark.parametrize("endless", [hangs, drips])
def test_who_never_answers_is_left_at_the_deadline(endless: Behaviour):
    asked = Asked(endless, deadline=0.3)
    assert asked.failure
    assert (asked.failure.reason, asked.failure.final) == ("timeout", True)
    assert len(asked.server.bodies) == 1
    assert 0.3 <= asked.seconds < 1.5


def test_nobody_there():
    async def ask() -> None:
        async with Misbehaving(answers()) as server:
            url = server.url
        async with endpoint(url, deadline=0.5) as asked:
            await asked.draw(request())

    with pytest.raises(EngineFailure, match="connection: ClientConnectorError") as caught:
        asyncio.run(ask())
    assert caught.value.reason == "connection"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_for_good_is_not_tried_again(status: int):
    asked = Asked(says(status, "the context is 4096 tokens"))
    assert asked.failure
    assert (asked.failure.reason, asked.failure.final) == (f"http_{status}", True)
    assert "the context is 4096 tokens" in str(asked.failure)
    assert len(asked.server.bodies) == 1


def test_what_the_server_says_is_repeated_in_part_only():
    asked = Asked(says(400, "x" * 100_000))
    assert 100 < len(str(asked.failure)) < 500


def test_gigabytes_are_left_after_the_cap():
    asked = Asked(gigabytes, deadline=20.0)
    assert asked.failure
    assert (asked.failure.reason, asked.failure.final) == ("bad_body", True)
    assert asked.server.sent < LARGEST_BODY + 2**25  # what the sockets hold comes on top


def test_retry_after_is_waited_for():
    asked = Asked(says(429, Retry_After="1"), answers())
    assert asked.draw
    assert asked.seconds > 1.0


def test_a_draw_may_be_refused_more_often_than_it_may_fail():
    asked = Asked(*[says(429)] * 7, answers(), deadline=30.0)
    assert asked.draw
    failed = Asked(*[says(500)] * 7, answers(), deadline=30.0)
    assert re.search("http_500.*attempts: 6", str(failed.failure))


def test_a_retry_after_beyond_the_deadline_is_not():
    asked = Asked(says(429, Retry_After="3600"), answers())
    assert asked.failure
    assert (asked.failure.reason, len(asked.server.bodies)) == ("rate_limited", 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEACHER_API_KEY", KEY)
    elsewhere = Misbehaving(answers())

    async def ask() -> None:
        async with elsewhere:
            there = says(status, Location=f"{elsewhere.url}/chat/completions")
            async with (
                Misbehaving(there) as server,
                endpoint(server.url, api_key_env="TEACHER_API_KEY") as asked,
            ):
                await asked.draw(request())

    with pytest.raises(EngineFailure, match=r"a redirect to 'http://127\.0\.0\.1.* final address"):
        asyncio.run(ask())
    assert not elsewhere.headers  # no key, no question


# --- many draws ---------------------------------------------------------------------------------


def gathered(server: Misbehaving, count: int, concurrency: int, **settings: Any) -> list[Any]:
    """What came of so many draws, failures among it."""

    async def ask() -> list[Any]:
        async with server, endpoint(server.url, concurrency, **settings) as asked:
            draws: list[Coroutine[Any, Any, Completion]]
            draws = [asked.draw(request(number)) for number in range(count)]
            return await asyncio.gather(*draws, return_exceptions=True)

    return asyncio.run(ask())


def test_no_more_at_once_than_the_concurrency():
    server = Misbehaving(answers(after=0.01))
    draws = gathered(server, 60, concurrency=5)
    assert all(isinstance(drawn, Completion) for drawn in draws)
    assert server.most == 5
    assert len({body["seed"] for body in server.bodies}) == 60


def test_a_crowded_server_is_asked_by_fewer_at_once():
    server = Misbehaving(crowded(room=4))
    draws = gathered(server, 150, concurrency=64, deadline=20.0)
    assert all(isinstance(drawn, Completion) for drawn in draws)  # none lost to refusals
    refusals = len(server.bodies) - 150
    assert refusals < 150


def test_a_server_that_is_away_for_a_while_loses_no_draw():
    away = [says(503)] * 19
    server = Misbehaving(*away, answers())
    draws = gathered(server, 40, concurrency=16, deadline=20.0)
    assert all(isinstance(drawn, Completion) for drawn in draws)
    assert len(server.bodies) == 40 + 19


def test_a_probe_that_is_given_up_makes_room_for_another():
    async def ask() -> Completion:
        away = [says(503)] * 10
        async with (
            Misbehaving(*away, hangs, answers()) as server,
            endpoint(server.url, 16) as asked,
        ):
            draws = [asyncio.create_task(asked.draw(request(number))) for number in range(10)]
            while len(server.bodies) < 11:  # the probe is out, and hangs
                await asyncio.sleep(0.01)
            for drawing in draws:
                drawing.cancel()
            return await asyncio.wait_for(asked.draw(request(10)), 5)  # a trial takes 10 seconds

    assert asyncio.run(ask()).text == "4"


def test_a_server_that_stays_away_ends_it_for_all():
    server = Misbehaving(says(503, "being moved"))
    draws = gathered(server, 200, concurrency=16, outage=0.5, deadline=60.0)
    assert all(isinstance(drawn, StageError) for drawn in draws)
    assert re.search(
        r"nothing but fail for 0.5 seconds, at last with http_503.*being moved", str(draws[0])
    )
    assert len(server.bodies) < 60  # the queue was not burned


# --- the key ------------------------------------------------------------------------------------

LEAKS = [
    *(parrots(status) for status in (200, 302, 400, 401, 429, 500)),
    writes(b'{"choices": "Bearer ' + KEY.encode() + b'"}'),
    hangs_up,
    cuts,
    hangs,
]


@pytest.mark.parametrize("behaviour", LEAKS)
def test_the_key_is_in_no_message_and_no_log(
    behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("TEACHER_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    server = Misbehaving(behaviour)
    failures = gathered(server, 12, 12, api_key_env="TEACHER_API_KEY", outage=0.2, deadline=0.4)
    assert all(isinstance(failure, FactoryError) for failure in failures)
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    told = [caplog.text, repr(failures)]
    for failure in failures:
        told += traceback.format_exception(failure)
        told += [repr(failure.__cause__), repr(failure.__context__), repr(vars(failure))]
    for text in told:
        assert KEY[:12] not in text


# --- as the sampler's engine --------------------------------------------------------------------


def sampled(server: Misbehaving, count: int, folder: Path, **settings: Any) -> Outcome:
    rows = [
        {"prompt_id": f"p{number:03}", "messages": [{"role": "user", "content": "2+2?"}]}
        | {"reference": '"4"', "verifier": "exact"}
        for number in range(count)
    ]
    sampling = Sampling(policy=Policy(fixed=Fixed(draws=1)), concurrency=4)

    async def run() -> Outcome:
        async with server, endpoint(server.url, 4, **settings) as asked:
            prompts, store = pl.DataFrame(rows, schema=PROMPT), Store(folder)
            asker = Asker("t", sampling, seed=1)
            outcome = await fill(asked, prompts, asker, store, lambda *_, **__: None)
            whole = store.table().drop("prompt_id", "draw")
            outcome.samples = outcome.samples.join(whole, on="sample_id", maintain_order="left")
            return outcome

    return asyncio.run(run())


def test_the_sampler_asks_anew_for_what_was_no_draw_and_not_for_what_is_final(tmp_path: Path):
    server = Misbehaving(answers(r"\boxed{4}"))
    server.behaviours = [_by_seed]
    outcome = sampled(server, 12, tmp_path)
    reasons = sorted(outcome.failed.values())
    assert set(reasons) == {"http_400", "unfinished"}
    asked = [body["seed"] for body in server.bodies]
    by_kind = {kind: [seed for seed in asked if seed % 3 == kind] for kind in range(3)}
    assert len(by_kind[0]) == len(set(by_kind[0])) == outcome.samples.height
    assert len(by_kind[1]) == len(set(by_kind[1])) == reasons.count("http_400")
    assert len(by_kind[2]) == 3 * len(set(by_kind[2])) == 3 * reasons.count("unfinished")
    assert set(outcome.samples["verdict"]) == {"correct"}


async def _by_seed(server: Misbehaving, asked: Any) -> Any:
    """By chance, but the same each time: an answer, a refusal, or an answer without an end."""
    kind = (await asked.json())["seed"] % 3
    chosen = [answers(r"\boxed{4}"), says(400), answers(finish_reason="abort")][kind]
    return await chosen(server, asked)


def test_an_endpoint_that_goes_away_ends_the_stage_and_keeps_what_was_drawn(tmp_path: Path):
    server = Misbehaving(*[answers(r"\boxed{4}")] * 10, says(500, "out of memory"))
    with pytest.raises(
        StageError, match=r"^http://.* nothing but fail.*http_500.*out of memory.*are kept"
    ):
        sampled(server, 100, tmp_path, outage=0.3)
    kept = Store(tmp_path).table()
    assert kept.height == 10
    mended = Misbehaving(answers(r"\boxed{4}"))
    outcome = sampled(mended, 100, tmp_path)
    assert (outcome.samples.height, len(mended.bodies)) == (100, 90)  # none drawn again


# --- as the recipe's teacher --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ({"endpoint": "localhost:8000"}, "expected an address, as http://localhost:8000/v1"),
        ({"endpoint": f"http://me:{KEY}@host/v1"}, "without user, password"),
        ({"endpoint": f"http://host/v1?key={KEY}"}, "without user, password"),
        ({"api_key_env": KEY}, "a key itself must not stand in a recipe"),
        ({"extra": {"n": 4, "seed": 1}}, "n, seed: set elsewhere"),
        ({"deadline": 0}, "teacher.base.deadline: found 0, expected more than 0"),
        ({"max_tokens": 4}, "teacher.base.max_tokens: unknown key"),
    ],
)
def test_mistakes_in_a_recipe_are_told_without_the_key(tmp_path: Path, base: Any, told: str):
    (tmp_path / "sums.jsonl").write_text('{"question": "1+1?", "answer": "2"}')
    teacher = {"base": RECIPE["teacher"]["base"] | base}
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(RECIPE | {"teacher": teacher}))
    with pytest.raises(RecipeError, match=re.escape(told)) as caught:
        load(path)
    assert KEY[:12] not in str(caught.value)


def test_what_is_served_cannot_be_trained():
    teacher = RECIPE["teacher"] | {"grpo": {"steps": 1}}
    with pytest.raises(ValueError, match="a model behind an endpoint cannot be trained"):
        Recipe.model_validate(RECIPE | {"teacher": teacher})


async def _adds(_: Misbehaving, asked: Any) -> Any:
    """Thinks in a field of its own, and is right about sums."""
    first, second = re.findall(r"\d+", (await asked.json())["messages"][-1]["content"])
    result = int(first) + int(second)
    told = answers(rf"\boxed{{{result}}}", reasoning=f"{first}+{second}={result}")
    return await told(_, asked)


@pytest.mark.slow  # a process for each stage
def test_a_served_teacher_goes_the_whole_line(tmp_path: Path):
    sums = [{"question": f"{n}+{n + 1}?", "answer": str(2 * n + 1)} for n in range(10)]
    (tmp_path / "sums.jsonl").write_text("\n".join(map(json.dumps, sums)))
    run, server = tmp_path / "run", Misbehaving(_adds)

    def factory(**environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "factory", "run", str(tmp_path / "served.yaml")]
        told = os.environ | {"TEACHER_API_KEY": ""} | environment
        return subprocess.run(
            [*command, "--into", str(run)], env=told, capture_output=True, text=True, timeout=100
        )

    with serving(server) as url:
        base = {"endpoint": url, "model": "m", "api_key_env": "TEACHER_API_KEY"}
        (tmp_path / "served.yaml").write_text(json.dumps(RECIPE | {"teacher": {"base": base}}))
        locked_out = factory()
        assert "TEACHER_API_KEY, which the recipe names as the key" in locked_out.stderr
        assert not server.bodies
        done = factory(TEACHER_API_KEY=KEY)
        assert done.returncode == 0, done.stderr
        assert "100.0%" in done.stdout  # pass@1 of the served teacher
        assert len(server.bodies) == 7 * 2 + 3 * 2
        assert factory(TEACHER_API_KEY=KEY).returncode == 0
        assert len(server.bodies) == 20  # everything is kept
    rows = pl.read_parquet(run / "dataset" / "v1" / "data" / "*.parquet")
    assert rows.height == 14
    assert rows["messages"][0][-1]["content"].startswith("<think>\n")
    manifest = json.loads((run / "dataset" / "v1" / "manifest.json").read_text())
    assert manifest["made_by"]["teacher"]["name"] == "m"
    for text in (locked_out.stderr, done.stdout, done.stderr):
        assert KEY[:12] not in text
    files = [file for file in run.rglob("*") if file.is_file()]
    assert len(files) > 20
    assert not [file for file in files if KEY[:12].encode() in file.read_bytes()]
