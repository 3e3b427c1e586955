"""The cost of a run beside its draws: the start of its stages, and the client of an endpoint.

    python benchmarks/start.py

Runs `factory run` against a server on loopback that adds two numbers: 20 prompts, which is nearly
all start, and 2,000 prompts with 64 requests at once. Then the commands that one waits for at a
prompt. CPU seconds are user and system of all processes of a command, those that nobody waited for
among them; the server's are not. Prints a Markdown table for benchmarks/RESULTS.md: the least and
the median of some rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from aiohttp import web

FACTORY = [sys.executable, "-m", "factory.cli"]
SECONDS = 0.05
"""What the server takes to answer."""


def main() -> None:
    """Measure what is asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # pyrefly: ignore
    parser.add_argument("--rounds", type=int, default=5, help="of each command")
    parser.add_argument("--serve", action="store_true", help="be the server (for itself)")
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    adopt_orphans()
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE)
    try:
        assert server.stdout
        url = server.stdout.readline().decode().strip()
        print("| command | CPU s, least | median | wall s, least | median |")
        print("|---|---:|---:|---:|---:|")
        with tempfile.TemporaryDirectory() as folder:
            compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}
            os.environ.update(compiled)
            for words, commands in what(Path(folder), url, options.rounds + 1).items():
                print(row(words, commands), flush=True)
    finally:
        server.terminate()
        server.wait()


def what(folder: Path, url: str, rounds: int) -> dict[str, list[list[str]]]:
    """The commands to be measured, each round's by what they are called."""
    few, many = recipe(folder, url, 20), recipe(folder, url, 2000)
    runs = [str(folder / f"run-{number}") for number in range(rounds)]
    return {
        "`factory --help`": [[*FACTORY, "--help"]] * rounds,
        "`factory check`, 20 prompts": [[*FACTORY, "check", few]] * rounds,
        "`factory run`, 20 prompts": [[*FACTORY, "run", few, "--into", run] for run in runs],
        "the same again: nothing to do": [[*FACTORY, "run", few, "--into", run] for run in runs],
        "`factory status`": [[*FACTORY, "status", run] for run in runs],
        "`factory run`, 2,000 prompts": [
            [*FACTORY, "run", many, "--into", f"{run}-many"] for run in runs
        ],
    }


def recipe(folder: Path, url: str, prompts: int) -> str:
    """A recipe that draws once for each of so many sums; nobody learns from it."""
    sums = [{"question": f"{n}+{n + 1}?", "answer": str(2 * n + 1)} for n in range(prompts)]
    (folder / f"{prompts}.jsonl").write_text("\n".join(map(json.dumps, sums)))
    columns = {"question": "question", "reference": "answer"}
    source = {"source": "files", "path": f"{prompts}.jsonl", "columns": columns}
    told = {
        "name": f"sums-{prompts}",
        "prompts": [source | {"verifier": "math"}],
        "teacher": {"base": {"endpoint": url, "model": "adder"}},
        "sampling": {"policy": {"fixed": {"draws": 1}}, "max_tokens": 2048, "concurrency": 64},
        "filters": {"truncation": {}, "format": {}, "correctness": {}, "length": {}},
    }
    file = folder / f"{prompts}.yaml"
    file.write_text(json.dumps(told))
    return str(file)


def row(words: str, commands: list[list[str]]) -> str:
    """A line of the table. The first round does not count: it compiles modules, as users have them
    from their second command on."""
    cost = [cost_of(command) for command in commands][1:]
    cells = [f"{find(of):.2f}" for of in zip(*cost, strict=True) for find in (min, median)]
    return f"| {words} | {' | '.join(cells)} |"


def median(values: tuple[float, ...]) -> float:
    """The middle of some values."""
    return statistics.median(values)


def cost_of(command: list[str]) -> tuple[float, float]:
    """CPU and wall-clock seconds of a command that must succeed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    took = time.monotonic() - began
    assert done.returncode == 0, done.stdout + done.stderr
    collect_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    return user + system, took


def adopt_orphans() -> None:
    """Have processes whose parent has ended be this one's children, so that they are counted."""
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1)


def collect_orphans() -> None:
    """Wait for what a command left behind; the server is no such thing."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while others := children.read_text().split()[1:]:  # the server was the first
        os.waitpid(int(others[0]), 0)


async def serve() -> None:
    """Add what a question names, and say so in the shape of a chat completion; for ever."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


async def answer(request: web.Request) -> web.StreamResponse:
    """One sum, whole or as a stream of words."""
    asked = await request.json()
    terms = [int(number) for number in re.findall(r"\d+", asked["messages"][-1]["content"])]
    text = f"<think>\n{terms[0]} and {terms[1]} make it.\n</think>\n\\boxed{{{sum(terms[:2])}}}"
    usage = {"prompt_tokens": 9, "completion_tokens": 20, "total_tokens": 29}
    whole: dict[str, Any] = {"id": "c", "model": asked["model"], "usage": usage}
    await asyncio.sleep(SECONDS)
    if not asked.get("stream"):
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response(whole | {"choices": [choice]})
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    pieces = re.findall(r"\S+\s*", text)
    for number, piece in enumerate(pieces):
        choice: dict[str, Any] = {"index": 0, "delta": {"content": piece}}
        choice["finish_reason"] = "stop" if number + 1 == len(pieces) else None
        told = (whole if choice["finish_reason"] else {}) | {"choices": [choice]}
        await response.write(b"data: " + json.dumps(told).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    return response


if __name__ == "__main__":
    main()
