"""What a cold start brings to a tiny teacher: R1-Zero beside R1's first two stages.

    python -m benchmarks.raising --seeds 17 1 2 --into runs/raising

Both start from one base, by the same GRPO; only one of them has learnt from 300 careful rows
before. Prints a Markdown table for benchmarks/RESULTS.md. A run that is there is not run again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from factory.models.chat import Message
from factory.recipe.models import Training
from filters.format import well_formed
from sft.rows import fitting, write_rows
from sft.train import train
from teacher import tiny

FACTORY = [sys.executable, "-m", "factory.cli"]
EXAMPLES = Path(__file__).resolve().parents[1] / "manifests/r1/examples"
TASK = {"min_terms": 2, "max_terms": 6, "min_digits": 1, "max_digits": 1}
GRPO = {
    "steps": 60,
    "prompts_per_step": 16,
    "draws": 8,
    "learning_rate": 4e-4,
    "max_tokens": 96,
    "rewards": {"accuracy": 1.0, "format": 0.2},
    "held_out": 200,
    "evaluate_every": 5,
}
SAMPLING = {
    "policy": {"fixed": {"draws": 1}},
    "max_tokens": 96,
    "temperature": 1.0,
    "top_p": 1.0,
}
SFT = {"epochs": 3, "batch_size": 16, "learning_rate": 5e-4}


def recipe(name: str, seed: int, base: dict[str, Any], stages: list[dict[str, Any]]) -> dict:
    """A recipe up to the teacher and its examination."""
    source = {"source": "reasoning_gym", "task": "chain_sum", "options": TASK}
    return {
        "name": name,
        "seed": seed,
        "prompts": [source | {"rows": 3200, "held_out": 400}],
        "teacher": {"base": base, "stages": stages},
        "sampling": SAMPLING,
        "filters": {"correctness": {}},
        "dataset": {"select": {"per_prompt": 1}},
        "evaluate": {"draws": 2},
    }


def turns(question: str, answer: str) -> list[Message]:
    """A conversation of one question and its answer."""
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def pretrained(rows: list[list[Message]], seed: int, out: Path) -> None:
    """Write a tiny base, raised on these conversations in one pass."""
    texts = [tiny.TEMPLATE.prompt(each[:-1]) + each[-1]["content"] for each in rows[:5000]]
    tokenizer = tiny.make_tokenizer(texts, 400)
    size = {"hidden": 64, "layers": 3, "heads": 2, "max_length": 512, "seed": seed}
    model = tiny.make_model("qwen2", tokenizer, **size)
    ids = [str(place) for place in range(len(rows))]
    work = out.with_suffix(".work")
    table = work / "rows.parquet"
    work.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame({"sample_id": ids, "messages": rows})
    where = {"file": table, "report": silent}
    write_rows([frame], len(rows), tokenizer, tiny.TEMPLATE, max_length=512, **where)
    mapped = fitting(table, pl.Series(ids), work / "mapped")
    training = Training(epochs=1, learning_rate=3e-3, max_length=512, save_steps=1000)
    where = {"checkpoints": work / "steps", "report": silent}
    train(model, tokenizer, mapped, training, seed=seed, tiny=True, **where)
    tiny.save(model, tokenizer, out)


def silent(*_: Any, **__: Any) -> None:
    """Says nothing of progress."""


def run(plan: dict[str, Any], folder: Path) -> Path:
    """Run a recipe, if it has not been run, and return its folder."""
    file = folder.with_suffix(".yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_text(yaml.safe_dump(plan, sort_keys=False))
    subprocess.run(
        [*FACTORY, "run", str(file), "--into", str(folder)], check=True, stdout=subprocess.DEVNULL
    )
    return folder


def curve(folder: Path, stage: str) -> dict[int, dict[str, float]]:
    """Held-out pass@1 of each examination, in points, and the share of replies out of form."""
    found: dict[int, dict[str, float]] = {}
    for file in sorted((folder / stage / "held-out").glob("*.parquet")):
        rows = pl.read_parquet(file)
        formed = [well_formed(text) for text in rows["text"]]
        found[int(rows["step"][0])] = {
            "right": 100 * float((rows["verdict"] == "correct").mean()),  # pyrefly: ignore
            "out_of_form": 100 * (1 - sum(formed) / len(formed)),
        }
    return dict(sorted(found.items()))


def score(folder: Path, stage: str) -> dict[str, float]:
    """What a stage scored, in points."""
    told = json.loads((folder / f"scores-{stage}" / "score.json").read_text())
    return {name: 100 * told[name] for name in ("pass_at_1", "low", "high")}


def said(found: dict[str, float]) -> str:
    """A score with its interval."""
    return f"{found['pass_at_1']:.1f} ({found['low']:.1f} to {found['high']:.1f})"


def row(seed: int, into: Path) -> str:
    """One seed's line of the table."""
    tiny = {"tiny": "qwen2", "rows": 36000, "mix": {"careful": 0.4, "guess": 0.2}}
    zero = run(recipe("zero", seed, tiny, [{"grpo": GRPO}]), into / f"zero-{seed}")
    base = {"run": str(zero.resolve()), "stage": "teacher-base"}
    data = [{"place": str(EXAMPLES / "careful-sums.jsonl"), "domain": "math"}]
    stages = [{"sft": {"data": data, "training": SFT}}, {"grpo": GRPO}]
    cold = run(recipe("cold", seed, base, stages), into / f"cold-{seed}")
    one, two = curve(zero, "teacher-1-grpo"), curve(cold, "teacher-2-grpo")
    last = max(one)
    reached = [step for step, at in two.items() if at["right"] >= one[last]["right"]]
    faults = [
        f"{one[step]['out_of_form']:.0f} / {two[step]['out_of_form']:.0f}"
        for step in (0, last // 4, last // 2, last)
        if step in one and step in two
    ]
    cells = [
        said(score(zero, "teacher-base")),
        said(score(zero, "teacher")),
        said(score(cold, "teacher-1-sft")),
        said(score(cold, "teacher")),
        str(min(reached)) if reached else "never",
        ", ".join(faults),
    ]
    return f"| {seed} | " + " | ".join(cells) + " |"


def print_table(
    about: str, into: str, headings: Sequence[str], row: Callable[[int, Path], str]
) -> None:
    """Run what the command line asks for and print a table, a row a seed."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[17, 1, 2])
    parser.add_argument("--into", type=Path, default=Path(into))
    options = parser.parse_args()
    print(f"| {' | '.join(headings)} |\n|---|{'---:|' * (len(headings) - 1)}")
    for seed in options.seeds:
        print(row(seed, options.into), flush=True)


if __name__ == "__main__":
    quarter, steps = GRPO["steps"] // 4, GRPO["steps"]
    named = (
        *("seed", "base", "Zero", "cold start", "cold start, then GRPO"),
        "the latter has Zero's last score at step",
        f"out of form, %, Zero / cold, at 0, {quarter}, {steps // 2}, {steps}",
    )
    print_table(__doc__ or "", "runs/raising", named, row)
