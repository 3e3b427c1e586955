"""The endpoint as the sampler's engine, and as the teacher that a recipe names."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from asking import KEY, endpoint
from misbehaving import Misbehaving, answers, says, serving

from factory.errors import RecipeError, StageError
from factory.prompts.collect import PROMPT
from factory.recipe import Recipe, load
from factory.recipe.sampling import Fixed, Policy, Sampling
from factory.sampler.asker import Asker
from factory.sampler.fill import fill
from factory.sampler.health import CANARY_TOKENS
from factory.sampler.outcome import Outcome
from factory.store import Store

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


# --- as the sampler's engine --------------------------------------------------------------------


def sampled(server: Misbehaving, count: int, folder: Path, **settings: Any) -> Outcome:
    rows = [
        {"prompt_id": f"p{number:03}", "messages": [{"role": "user", "content": f"{number}+0?"}]}
        | {"reference": '"4"', "verifier": "exact"}
        for number in range(count)
    ]
    sampling = Sampling(policy=Policy(fixed=Fixed(draws=1)), concurrency=4)

    async def run() -> Outcome:
        async with server, endpoint(server.url, 4, **settings) as asked:
            prompts, store = pl.DataFrame(rows, schema=PROMPT), Store(folder)
            asker = Asker("t", sampling, seed=1)
            outage = asked.served.outage
            outcome = await fill(asked, prompts, asker, store, lambda *_, **__: None, outage=outage)
            whole = store.table().drop("prompt_id", "draw")
            outcome.samples = outcome.samples.join(whole, on="sample_id", maintain_order="left")
            return outcome

    return asyncio.run(run())


def test_the_sampler_asks_anew_for_what_was_no_draw_and_not_for_what_is_final(tmp_path: Path):
    server = Misbehaving(answers(r"\boxed{4}"))
    server.behaviours = [_by_seed]
    outcome = sampled(server, 12, tmp_path)
    reasons = [lost.reason for lost in outcome.failed.values()]
    assert set(reasons) == {"http_400", "unfinished"}
    asked = [body["seed"] for body in server.bodies if not is_canary(body)]
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


def is_canary(body: dict[str, Any]) -> bool:
    return body["max_tokens"] == CANARY_TOKENS


def test_thirty_poison_prompts_of_300_cost_themselves_alone(tmp_path: Path):
    """Asked for as long as others, they are at last all that is left."""

    async def by_question(server: Misbehaving, asked: Any) -> Any:
        number = int((await asked.json())["messages"][0]["content"].removesuffix("+0?"))
        chosen = says(500, "cannot") if number in poison else answers(r"\boxed{4}")
        return await chosen(server, asked)

    poison = set(range(3, 300, 10))
    for _ in range(2):  # at the next start they are asked again, and nothing else
        server = Misbehaving(by_question)
        outcome = sampled(server, 300, tmp_path)
        assert outcome.samples.height == 270
        lost = outcome.failed.values()
        assert {failed.prompt_id for failed in lost} == {f"p{number:03}" for number in poison}
        assert {(failed.reason, failed.attempts) for failed in lost} == {("http_500", 12)}
        assert all("cannot" in failed.words for failed in lost)
        assert outcome.missing == 30
    asked = [body for body in server.bodies if not is_canary(body)]
    assert len(asked) == 30 * 12


def test_an_outage_in_mid_run_loses_no_draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Away until the run has noticed, and looked twice in vain."""
    monkeypatch.setattr("factory.sampler.health.FIRST_WAIT", 0.01)

    async def away(server: Misbehaving, asked: Any) -> Any:
        looks = sum(map(is_canary, server.bodies))
        gone = len(server.bodies) > 50 and looks <= 8
        chosen = says(503, "being moved") if gone else answers(r"\boxed{4}")
        return await chosen(server, asked)

    outcome = sampled(Misbehaving(away), 100, tmp_path)
    assert outcome.samples.height == 100
    assert outcome.failed == {}
    assert outcome.samples.filter(pl.col("attempt") > 4).height  # some were given up once


def test_an_account_that_runs_empty_ends_it_and_filled_it_goes_on(tmp_path: Path):
    empty = Misbehaving(*[answers(r"\boxed{4}")] * 4, says(402, "no credit left"))
    with pytest.raises(StageError, match=r"no money is left.*http_402.*no credit left.*goes on"):
        sampled(empty, 8, tmp_path, outage=0.5)
    filled = Misbehaving(answers(r"\boxed{4}"))
    assert sampled(filled, 8, tmp_path).samples.height == 8
    assert len(filled.bodies) == 4


def test_what_all_requests_are_refused_for_is_told_in_the_servers_words(tmp_path: Path):
    server = Misbehaving(says(400, "System role not supported"))
    told = r"no draw at all: all 8 failed.*http_400.*System role not supported"
    with pytest.raises(StageError, match=told):
        sampled(server, 8, tmp_path)


def test_an_endpoint_that_goes_away_ends_the_stage_and_keeps_what_was_drawn(tmp_path: Path):
    server = Misbehaving(*[answers(r"\boxed{4}")] * 10, says(500, "out of memory"))
    with pytest.raises(StageError, match=r"the engine was out.*http_500.*out of memory.*are kept"):
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
        ({"extra": {"echo": True}}, "echo: set elsewhere"),
        ({"extra": {"stream_options": True}}, "stream_options: expected a mapping"),
        ({"without": ["model"]}, "without"),
        ({"idle": 0}, "teacher.base.idle: found 0, expected more than 0"),
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
        command = [sys.executable, "-m", "factory.cli", "run", str(tmp_path / "served.yaml")]
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


@pytest.mark.slow  # a process for each stage
def test_told_to_stop_a_line_finishes_what_is_in_flight_and_carries_on(tmp_path: Path):
    async def late(server: Misbehaving, asked: Any) -> Any:
        reply = await _adds(server, asked)
        await asyncio.sleep(1.5)
        given.append((await asked.json())["seed"])
        return reply

    given: list[int] = []
    sums = [{"question": f"{n}+{n + 1}?", "answer": str(2 * n + 1)} for n in range(23)]
    (tmp_path / "sums.jsonl").write_text("\n".join(map(json.dumps, sums)))
    run, server = tmp_path / "run", Misbehaving(late)
    command = [sys.executable, "-m", "factory.cli", "run", str(tmp_path / "served.yaml")]
    command += ["--into", str(run)]
    with serving(server) as url:
        told = RECIPE | {"teacher": {"base": {"endpoint": url, "model": "m"}}, "evaluate": None}
        (tmp_path / "served.yaml").write_text(json.dumps(told))
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as line:
            while len(server.bodies) < 6 and line.poll() is None:
                time.sleep(0.05)
            line.send_signal(signal.SIGTERM)
            said = line.communicate(timeout=60)[0].decode()
        assert line.returncode == 130, said
        assert "carries on" in said
        assert not (run / "samples" / "stage.json").exists()
        kept = Store(run / "samples" / "draws").table()
        assert sorted(kept["seed"]) == sorted(given)  # what was asked came back, and is kept
        assert len(given) == len(server.bodies) < 40
        assert subprocess.run(command, timeout=100, capture_output=True).returncode == 0
    assert len(server.bodies) == len(set(given)) == 40  # none was asked for again
    assert pl.read_parquet(run / "samples" / "current.parquet").height == 40
