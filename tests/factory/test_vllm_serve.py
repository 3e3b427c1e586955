"""The endpoint against a real `vllm serve` on loopback, with a tiny model of random weights."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.chat import load_tokenizer, prompt_ids
from factory.endpoint import Endpoint
from factory.engines import Completion, Request
from factory.errors import EngineFailure
from factory.recipe import Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("engine")]

KEY = "sk-of-a-local-server"
QUESTION = [{"role": "user", "content": "1+1?"}]
ON_CPU = ["--dtype", "float32", "--enforce-eager", "--no-enable-chunked-prefill"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from teacher.tiny import make_model, make_tokenizer, save

    tokenizer = make_tokenizer([f"<think>{n}+{n}={2 * n}</think>" for n in range(200)], 320)
    size: dict[str, Any] = {"hidden": 64, "layers": 1, "heads": 2, "max_length": 256, "seed": 1}
    folder = tmp_path_factory.mktemp("tiny")
    save(make_model("qwen2", tokenizer, **size), tokenizer, folder)
    return folder


@pytest.fixture(scope="module")
def served(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that is ready; it is ended by its process id."""
    import torch

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # What `vllm serve` runs; that command itself looks for a distribution of the name `vllm`, and
    # the one for CPUs has another.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", "tiny"]
    command += ["--max-model-len", "256", "--max-num-seqs", "8", "--api-key", KEY]
    if not torch.cuda.is_available():
        command += [*ON_CPU, "--max-num-batched-tokens", "8192"]
        command += ["--kv-cache-memory-bytes", str(64 * 2**20)]
    log = tmp_path_factory.mktemp("log") / "vllm.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=output, env=os.environ | {"DO_NOT_TRACK": "1"}
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 200
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TimeoutError(log.read_text()[-3000:])


def asked(url: str, seeds: list[int], **settings: Any) -> list[Completion]:
    """A draw for each seed."""
    told = {"endpoint": url, "model": "tiny", "api_key_env": "TINY_KEY", "deadline": 60} | settings

    async def ask() -> list[Completion]:
        async with Endpoint(Served.model_validate(told), 8) as endpoint:
            requests = [
                Request(f"s{n}", "p", n, QUESTION, seed, 1.0, 1.0, 24)  # pyrefly: ignore
                for n, seed in enumerate(seeds)
            ]
            return await asyncio.gather(*map(endpoint.draw, requests))

    return asyncio.run(ask())


def test_draws_have_text_ids_counts_and_finish_reasons(
    served: str, model: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TINY_KEY", KEY)
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


def test_a_seed_decides_and_seeds_differ(served: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TINY_KEY", KEY)
    first = [draw.text for draw in asked(served, [1, 2, 3, 4])]
    again = [draw.text for draw in asked(served, [1, 2, 3, 4])]
    assert first == again
    assert len(set(first)) == 4
    assert asked(served, [1])[0].token_ids is None  # given only when asked for


@pytest.mark.parametrize(
    ("settings", "key", "reason"),
    [
        ({}, "sk-of-somebody-else", "http_401"),
        ({"model": "another"}, KEY, "http_404"),
    ],
)
def test_mistakes_are_told_in_the_servers_words(
    served: str, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], key: str, reason: str
):
    monkeypatch.setenv("TINY_KEY", key)
    with pytest.raises(EngineFailure) as caught:
        asked(served, [1], **settings)
    assert (caught.value.reason, caught.value.final) == (reason, True)
    assert key not in str(caught.value)
