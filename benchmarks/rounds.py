"""What R1's second round brings beside its first: four stages of a tiny teacher, two domains.

    python -m benchmarks.rounds --seeds 17 1 2 --into runs/rounds

Sums have a key and are thought about; small talk has rules that a program checks (the visitor's
name, few words). The base knows a bit of both: four in ten of its talks keep the rules, and of the
rows of talk as many. The first round of reinforcement learning has sums alone; rejection sampling
mixes talk into what the base learns from again; the second round has both. Prints a Markdown table
for benchmarks/RESULTS.md. A run that is there is not run again.
"""

from __future__ import annotations

import json
import random
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import reasoning_gym

from benchmarks.raising import (
    EXAMPLES,
    GRPO,
    SAMPLING,
    SFT,
    TASK,
    pretrained,
    print_table,
    run,
    turns,
)
from factory.models.chat import Message
from factory.prompts.collect import prompt_id
from factory.recipe.models import Mix
from sft.score import interval
from teacher.corpus import conversations

HELLOS = ["good morning", "good day", "good evening", "hello", "hi", "hey"]
SAYINGS = ["this is {}", "here is {}", "i am {}", "my name is {}", "{} is back", "it is {}"]
_NAMES = """anna ben carla david emma felix greta hugo ida jonas klara leo mona nils olga paul rosa
simon tina uwe vera willi xenia yann zoe bruno dora erik fritz gerda hanna ingo judith kurt lena
max"""
NAMES = _NAMES.split()
WORDS, SUMS, HELD_OUT = 5, 1200, 100
BASE_SUMS, BASE_TALK = 36_000, 6_000
"""Rows that the base is raised on."""
KEPT, LONG = 0.4, 0.3
"""Shares of the rows of small talk that keep the rules, and that are too long; the rest forgets
the name."""
STAGES = ("teacher-base", "teacher-1-sft", "teacher-2-grpo", "teacher-3-sft", "teacher")


class Guest(NamedTuple):
    """Who says hello, and how."""

    hello: str
    saying: str
    name: str

    def says(self) -> str:
        """The question."""
        return f"{self.hello}, {self.saying.format(self.name)}"

    def asked(self) -> dict[str, Any]:
        """The question with the rules for its answer, as a row of prompts."""
        rules = {
            "instruction_id_list": ["keywords:existence", "length_constraints:number_words"],
            "kwargs": [{"keywords": [self.name]}, {"num_words": WORDS, "relation": "less than"}],
        }
        return {"question": self.says(), "reference": rules}

    def answered(self, rng: random.Random) -> list[Message]:
        """The question with an answer, of a kind drawn by chance."""
        kind, answer = rng.random(), f"{self.hello}!"
        if kind < KEPT:
            answer = f"{self.hello}, {self.name}!"
        elif kind < KEPT + LONG:
            answer = f"{self.hello}, {self.name}, how are you today?"
        return turns(self.says(), answer)


def written(seed: int, folder: Path) -> tuple[set[str], list[Guest]]:
    """Write questions and rows as JSON lines; returns ids of the sums, and whom the rows are of."""
    rng, guests = random.Random(seed), [Guest(*each) for each in product(HELLOS, SAYINGS, NAMES)]
    rng.shuffle(guests)
    questions = [guest.asked() for guest in guests[::2]]
    rows = [{"messages": guest.answered(rng)} for guest in guests[1::2]]
    asked = reasoning_gym.create_dataset("chain_sum", seed=seed, size=SUMS, **TASK)
    sums = [{"question": each["question"], "answer": each["answer"]} for each in asked]
    for name, lines in (("talk", questions), ("rows", rows), ("sums", sums)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text)
    return {prompt_id([{"role": "user", "content": each["question"]}]) for each in sums}, guests[
        1::2
    ]


def raised(seed: int, asked: set[str], guests: list[Guest], folder: Path) -> None:
    """Make the base: sums on other questions, and talk on no question that is asked."""
    rng = random.Random(seed + 1)
    mix = Mix(careful=0.4, guess=0.2)
    found = list(conversations("chain_sum", dict(TASK), BASE_SUMS, mix, seed + 1, asked))
    found += [guest.answered(rng) for guest in rng.choices(guests, k=BASE_TALK)]
    rng.shuffle(found)
    pretrained(found, seed, folder / "base")


def stages(rows: Path) -> list[dict[str, Any]]:
    """Cold start, round one of sums, rejection with these rows of talk, round two of both."""
    training = SFT | {"device_batch_size": 16}
    careful = {"place": str(EXAMPLES / "careful-sums.jsonl"), "domain": "math"}
    rejected = {
        "sampling": SAMPLING | {"policy": {"fixed": {"draws": 4}}},
        "dataset": {"select": {"per_prompt": 2}},
        "mix": [{"place": str(rows), "domain": "general"}],
        "training": training | {"epochs": 4, "learning_rate": 2e-3},
    }
    rewards = {"accuracy": 1.0, "format": {"weight": 0.2, "domains": ["math"]}}
    learning = GRPO | {"steps": 40, "learning_rate": 1e-4, "device_batch_size": 128}
    learning |= {"rewards": rewards, "evaluate_every": 10}
    return [
        {"sft": {"data": [careful], "training": training}},
        {"grpo": learning | {"domains": ["math"]}},
        {"rejection": rejected},
        {"grpo": learning},
    ]


def recipe(seed: int, folder: Path) -> dict[str, Any]:
    """All four stages, and an examination after each."""
    sums, others = (
        {
            "source": "files",
            "path": str(folder / f"{name}.jsonl"),
            "columns": {"question": "question", "reference": reference},
            "verifier": verifier,
            "domain": domain,
            "held_out": held_out,
        }
        for name, reference, verifier, domain, held_out in (
            ("sums", "answer", "math", "math", 400),
            ("talk", "reference", "instructions", "general", HELD_OUT),
        )
    )
    form = [
        {"domains": ["math"]},
        {"domains": ["general"], "require_thinking": False, "final_answer": False},
    ]
    raise_by = stages(folder / "rows.jsonl")
    return {
        "name": "rounds",
        "seed": seed,
        "prompts": [sums, others],
        "teacher": {"base": {"path": str(folder / "base")}, "stages": raise_by},
        "sampling": SAMPLING,
        "filters": {"format": form, "correctness": {}},
        "dataset": {"select": {"per_prompt": 1}},
        "evaluate": {"draws": 2},
    }


def shares(run: Path, stage: str) -> pl.DataFrame:
    """Share of right answers to each held-out prompt, with its domain, by prompt."""
    drawn = pl.read_parquet(run / f"scores-{stage}" / "draws" / "*.parquet")
    domains = pl.read_parquet(run / "prompts" / "table.parquet").select("prompt_id", "domain")
    right = (pl.col("verdict") == "correct").mean().alias("right")
    found = drawn.group_by("prompt_id").agg(right).join(domains, on="prompt_id")
    return found.sort("prompt_id")


def between(one: pl.DataFrame, two: pl.DataFrame, domain: str) -> str:
    """By how many points the second is better on the same prompts, with a 95 % interval."""
    pairs = one.filter(domain=domain).join(two, on="prompt_id", suffix="_later", validate="1:1")
    gain = (pairs["right_later"] - pairs["right"]).to_numpy()
    low, high = interval(gain)
    return f"{100 * gain.mean():+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def row(seed: int, into: Path) -> str:
    """One seed's line: pass@1 of sums and of talk after each stage, and round two beside one."""
    folder = (into / str(seed)).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    asked, guests = written(seed, folder)
    if not (folder / "base" / "config.json").exists():
        raised(seed, asked, guests, folder)
    done = run(recipe(seed, folder), folder / "run")
    found = {stage: shares(done, stage) for stage in STAGES}
    cells = []
    for rows in found.values():
        means = dict(rows.group_by("domain").agg(100 * pl.col("right").mean()).iter_rows())
        cells.append(f"{means['math']:.1f} / {means['general']:.1f}")
    one, rejected, two = (found[stage] for stage in STAGES[2:])
    cells += [between(one, two, domain) for domain in ("math", "general")]
    cells += [between(rejected, two, "general")]
    return f"| {seed} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    named = ("base", "cold start", "round one", "rejection, base again", "round two")
    headings = (
        *("seed", *(f"{each}: sums / talk, %" for each in named)),
        *("round two over one, sums", "over one, talk", "over rejection, talk"),
    )
    print_table(__doc__ or "", "runs/rounds", headings, row)
