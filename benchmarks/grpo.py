"""Steps of GRPO on a CPU: ours against plain TRL with the settings of the seeds' tutorial.

`python -m benchmarks.grpo`, some minutes. Both sides have the same model with random weights, the
same questions (reasoning-gym's gsm_symbolic), five rewards and 16 draws of a prompt, of at most 200
tokens. The tutorial learns from these 16 draws in four steps of four, one draw at a time; here they
are one step. So times are those of 16 draws, made, rewarded and learned from: of the clock, and of
the processor, which other work on the machine changes less; for these torch has one thread.
`--apart` changes the tutorial's settings one by one.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import psutil
import torch

SYSTEM = (
    "Think inside <think></think>, then answer inside <answer></answer>, with nothing around them."
)
DRAWS, LONGEST, WARM = 16, 200, 1
"""Draws of a prompt, tokens of a draw, and groups of draws that are not timed."""
TUTORIAL: Mapping[str, Any] = {
    "learning_rate": 5e-6,
    "adam_beta1": 0.9,
    "adam_beta2": 0.99,
    "weight_decay": 0.1,
    "warmup_steps": 0.1,
    "lr_scheduler_type": "cosine",
    "max_grad_norm": 0.1,
    "bf16": True,
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 4,
    "num_generations": DRAWS,
    "generation_batch_size": DRAWS,
    "max_completion_length": LONGEST,
    "logging_steps": 1,
    "save_steps": 100,
}
"""As it is written, but for what TRL has removed since (`max_prompt_length`, and `warmup_ratio`
under its new name) and what asks for a GPU."""
APART: Mapping[str, Mapping[str, Any]] = {
    "as written": {},
    "16 draws a step": {"gradient_accumulation_steps": 16},
    "no gradient checkpointing": {"gradient_checkpointing": False},
    "float32": {"bf16": False, "dtype": "float32"},
    "16 draws at once": {"per_device_train_batch_size": 16, "gradient_accumulation_steps": 1},
    "all of these": {
        "per_device_train_batch_size": 16,
        "gradient_accumulation_steps": 1,
        "gradient_checkpointing": False,
        "bf16": False,
        "dtype": "float32",
    },
}


def main() -> None:
    """Both sides in turn, and the ratio of their medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=8, help="groups of 16 draws on each side")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--apart", action="store_true")
    told = parser.parse_args()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        folder, prompts = Path(place), prompt_table(told.groups)
        base = write_base(folder / "base", prompts, told.hidden, told.layers)
        sides: dict[str, Callable[[Path], list[Instant]]] = {
            "ours": lambda out: ours(base, prompts, out, told.groups)
        }
        changes = APART if told.apart else {"as written": {}}
        for name, change in changes.items():
            sides[f"TRL, {name}"] = lambda out, change=change: plain(
                base, prompts, out, told.groups, change
            )
        found: dict[str, list[Instant]] = {name: [] for name in sides}
        for number in range(told.rounds):
            for name, side in sides.items():
                found[name] += between(side(folder / f"{number} {name}"))
                print(f"round {number + 1}, {name}: {median(found[name])}", flush=True)
    best = median(found["ours"])
    for name, times in found.items():
        took = median(times)
        print(
            f"{name:35} {took.clock:6.2f} s, {took.processor:6.2f} s of the processor: "
            f"{took.clock / best.clock:.2f} and {took.processor / best.processor:.2f} x ours",
            flush=True,
        )


class Instant(NamedTuple):
    """When something was over, or how long it took, in seconds."""

    clock: float
    processor: float
    """Of this process and of those it started."""


def now() -> Instant:
    """The present instant."""
    here = psutil.Process()
    used = [process.cpu_times() for process in (here, *here.children(recursive=True))]
    return Instant(time.perf_counter(), sum(each.user + each.system for each in used))


def between(times: list[Instant]) -> list[Instant]:
    """From one to the next, without what is to warm up."""
    pairs = list(pairwise(times))[WARM - 1 :]
    return [Instant(b.clock - a.clock, b.processor - a.processor) for a, b in pairs]


def median(times: list[Instant]) -> Instant:
    """Of both."""
    return Instant(*map(statistics.median, zip(*times, strict=True)))


def prompt_table(groups: int) -> pl.DataFrame:
    """Word problems, as a run's prompt table has them."""
    import reasoning_gym

    from factory.prompts.collect import PROMPT

    common = {"source": "made", "domain": "math", "language": "en", "license": "none"}
    rows = [
        {
            "prompt_id": f"p{number}",
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": entry["question"]},
            ],
            "reference": f'"{entry["answer"]}"',
            "verifier": "math",
            "split": "train",
            **common,
        }
        for number, entry in enumerate(
            reasoning_gym.create_dataset("gsm_symbolic", size=groups, seed=1)
        )
    ]
    return pl.DataFrame(rows, schema={**PROMPT, "split": pl.String()})


def write_base(folder: Path, prompts: pl.DataFrame, hidden: int, layers: int) -> Path:
    """A model with random weights, which seldom ends: draws are as long as they may be."""
    from teacher import tiny

    texts = [turn["content"] for turns in prompts["messages"] for turn in turns]
    tokenizer = tiny.make_tokenizer(texts * 3, 500)
    size: dict[str, Any] = {"hidden": hidden, "layers": layers, "heads": 2, "max_length": 1024}
    tiny.save(tiny.make_model("qwen2", tokenizer, seed=1, **size), tokenizer, folder)
    return folder


def ours(base: Path, prompts: pl.DataFrame, out: Path, groups: int) -> list[Instant]:
    """When each 16 draws were done, as a run trains: draws kept, log written, prompts in order."""
    from factory.models import at
    from factory.recipe.teacher import Grpo
    from factory.run_folder import RunFolder
    from teacher.grpo import improve

    grpo = Grpo(
        steps=groups,
        prompts_per_step=1,
        draws=DRAWS,
        max_tokens=LONGEST,
        learning_rate=5e-6,
        adam_beta1=0.9,
        adam_beta2=0.99,
        weight_decay=0.1,
        warmup=0.1,
        lr_scheduler_type="cosine",
        max_grad_norm=0.1,
        save_steps=100,
        held_out=0,
        rewards={
            "accuracy": 2.0,
            "strict_format": 0.5,
            "soft_format": 0.5,
            "tag_count": 0.5,
            "integer": 0.5,
        },
    )
    times: list[Instant] = []

    def stepped(*_: Any, **__: Any) -> None:
        times.append(now())

    improve(
        at(base),
        prompts,
        grpo,
        seed=0,
        run=RunFolder(out),
        stage="teacher",
        report=stepped,
        tiny=True,
    )
    return times


def plain(
    base: Path, prompts: pl.DataFrame, out: Path, groups: int, change: Mapping[str, Any]
) -> list[Instant]:
    """When each 16 draws were done, with TRL's trainer alone."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    told = dict(TUTORIAL) | dict(change)
    held, turns = told["per_device_train_batch_size"], told["gradient_accumulation_steps"]
    steps = DRAWS // (held * turns)
    dtype = getattr(torch, told.pop("dtype", "bfloat16"))
    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    tokenizer.pad_token = tokenizer.eos_token
    times: list[Instant] = []
    rewards: list[Any] = [counted, formed, loosely_formed, whole_number, right]

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            times.append(now())

    trainer = GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype=dtype),
        reward_funcs=rewards,
        args=GRPOConfig(
            output_dir=str(out),
            use_cpu=not torch.cuda.is_available(),
            max_steps=groups * steps,
            disable_tqdm=True,
            report_to="none",
            **told,
        ),
        train_dataset=Dataset.from_dict(
            {
                "prompt": prompts["messages"].to_list(),
                "answer": [text.strip('"') for text in prompts["reference"]],
            }
        ),
        processing_class=tokenizer,
        callbacks=[Clock()],
    )
    trainer.train()
    return times[steps - 1 :: steps]


ANSWER = re.compile(r"<answer>\s*(.*?)\s*</answer>", re.DOTALL)


def _texts(completions: Any) -> list[str]:
    return [completion[0]["content"] for completion in completions]


def counted(completions: Any, **_: Any) -> list[float]:
    """An eighth for each tag that is there once."""
    tags = ("<think>", "</think>", "<answer>", "</answer>")
    return [sum(0.125 * (text.count(tag) == 1) for tag in tags) for text in _texts(completions)]


def formed(completions: Any, **_: Any) -> list[float]:
    """Half for the exact form."""
    form = re.compile(r"<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>\n?", re.DOTALL)
    return [0.5 * bool(form.fullmatch(text)) for text in _texts(completions)]


def loosely_formed(completions: Any, **_: Any) -> list[float]:
    """Half for the tags in their order."""
    form = re.compile(r"<think>.*?</think>\s*<answer>.*?</answer>", re.DOTALL)
    return [0.5 * bool(form.search(text)) for text in _texts(completions)]


def whole_number(completions: Any, **_: Any) -> list[float]:
    """Half for an answer that is a whole number."""
    found = [ANSWER.search(text) for text in _texts(completions)]
    return [0.5 * bool(answer and answer[1].isdigit()) for answer in found]


def right(completions: Any, answer: list[str], **_: Any) -> list[float]:
    """Two for the answer, letter by letter."""
    found = [ANSWER.search(text) for text in _texts(completions)]
    return [2.0 * bool(said and said[1] == key) for said, key in zip(found, answer, strict=True)]


if __name__ == "__main__":
    main()
