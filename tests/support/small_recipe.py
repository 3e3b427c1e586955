"""A small recipe, and the fingerprints of its stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from factory.line.done import Done
from factory.line.finished import fingerprint
from factory.line.table import wanted
from factory.recipe import Recipe

RECIPE: dict[str, Any] = {
    "name": "test",
    "seed": 1,
    "prompts": [{"source": "reasoning_gym", "task": "chain_sum", "rows": 100, "held_out": 10}],
    "teacher": {"base": {"tiny": "qwen2", "rows": 100}, "grpo": {"steps": 5}},
    "sampling": {"policy": {"until": {"accepted": 1, "max_draws": 4}}, "max_tokens": 96},
    "filters": {"correctness": {}, "length": {"max_tokens": 96}},
    "dataset": {"select": {"per_prompt": 1}},
    "student": {"base": {"tiny": "llama", "rows": 100}, "training": {"epochs": 4}},
    "evaluate": {"draws": 4},
}


def prints(plan: Recipe, settled: frozenset[str] = frozenset()) -> dict[str, str]:
    """Fingerprints of all stages, each stage's output another one when its fingerprint is;
    but `settled` ones stay the same whatever they read."""
    done: dict[str, Done] = {}
    for stage in wanted(plan):
        print_of = fingerprint(stage, plan, Path(), done)
        output = "the same" if stage.name in settled else print_of
        nothing: dict[str, Any] = {"note": "", "accounts": [], "seconds": 0, "files": {}}
        done[stage.name] = Done(fingerprint=print_of, output=output, **nothing)
    return {name: record.fingerprint for name, record in done.items()}
