"""Rows with a rule and rows without, in one teacher: kept apart in filters, funnel and scores."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from factory.cli import main
from factory.run_folder import RunFolder
from sft.score import score

EXAMPLES = Path(__file__).parents[3] / "manifests" / "r1" / "examples"
MANIFEST = EXAMPLES / "general.yaml"


def test_the_example_is_good():
    answer = CliRunner().invoke(main, ["check", str(MANIFEST)])
    assert answer.exit_code == 0, answer.output
    assert "general-questions: all 10 rows become prompts" in answer.output


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_smaller_one_runs(tmp_path: Path):
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    plan: Any = YAML().load(MANIFEST)
    plan["prompts"][0] |= {"rows": 60, "held_out": 10}
    plan["teacher"]["base"]["rows"] = 2000
    for stage in plan["teacher"]["stages"]:
        next(iter(stage.values()))["training"]["epochs"] = 2
    sums = {"domains": ["math"], "steps": 2, "prompts_per_step": 4, "draws": 2, "held_out": 4}
    plan["teacher"]["stages"].append({"grpo": sums | {"max_tokens": 16}})
    del plan["filters"]["correctness"]  # it has hardly learnt to be right
    plan["evaluate"]["draws"] = 1
    recipe, run = tmp_path / "examples" / "smaller.yaml", RunFolder(tmp_path / "run")
    YAML().dump(plan, recipe)
    command = [sys.executable, "-m", "factory.cli", "run", str(recipe), "--into", str(run.path)]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    told = json.loads(run.score("teacher").read_bytes())
    assert set(told["by_domain"]) == {"general", "math"}
    assert told["lenient"] is None  # neither sums of reasoning-gym nor small talk are read so
    assert "dropped, by domain" in answer.stdout
    account = json.loads(run.done("teacher-3-grpo").read_bytes())["accounts"][0]
    assert account["dropped"]["other_domain"] == 6  # of ten questions four are held out
    learnt = pl.read_parquet(run.stage("teacher-3-grpo") / "rollouts" / "*.parquet")
    assert set(learnt["source"]) == {"chain_sum"}


def drawn(*rows: tuple[str, str, str | None, str]) -> pl.DataFrame:
    """Draws of these prompts: domain, verdict, why, and text."""
    return pl.DataFrame(
        {
            "prompt_id": str(number),
            "domain": domain,
            "verdict": verdict,
            "verdict_reason": why,
            "text": text,
            "response": text,
            "finish_reason": "stop",
            "completion_tokens": 5,
            "reference": '"42"',
            "verifier": "math" if domain == "math" else "instructions",
        }
        for number, (domain, verdict, why, text) in enumerate(rows)
    )


def test_scores_tell_each_domain_and_strict_and_lenient_side_by_side():
    found = score(
        drawn(
            ("math", "correct", None, r"\boxed{42}"),
            ("math", "incorrect", "no_answer", "42 eggs"),
            ("math", "incorrect", "wrong_answer", r"\boxed{41}"),
            ("math", "incorrect", "no_answer", "I do not know"),
            ("general", "correct", None, "Hello!"),
            ("general", "correct", None, "Bye!"),
        )
    )
    assert found.pass_at_1 == 0.5
    assert found.by_domain == {"general": 1.0, "math": 0.25}
    assert found.lenient == 0.5  # of the four whose answers are formulas or numbers


def test_of_one_domain_there_is_nothing_to_tell_apart():
    assert score(drawn(("math", "correct", None, r"\boxed{42}"))).by_domain == {}
