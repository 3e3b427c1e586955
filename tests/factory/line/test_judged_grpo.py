"""A whole run: its teacher learns sums by a rule, and letters by a judge, asked as it trains.

The judge is a scripted server on loopback.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from judging import Both
from misbehaving import serving

from factory.run_folder import RunFolder
from filters.text.thinking import split

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SMALL = Path(__file__).with_name("small.yaml")
CRITERIA = ['It says "0".', 'It says "5".', 'It says "never".']
RUBRIC = {"criteria": CRITERIA, "least": 0.6}


def recipe(folder: Path, url: str) -> Path:
    """The small one with letters beside its sums, and without a student."""
    plan: dict[str, Any] = yaml.safe_load(SMALL.read_text())
    rows = [{"question": f"A letter to guest {n}.", "answer": RUBRIC} for n in range(12)]
    (folder / "letters.jsonl").write_text("\n".join(map(json.dumps, rows)))
    columns = {"question": "question", "reference": "answer"}
    letters = {"source": "files", "path": "letters.jsonl", "columns": columns, "held_out": 4}
    plan["prompts"] += [letters | {"domain": "general", "verifier": "rubric"}]
    plan["prompts"][0] |= {"rows": 32}
    plan["judge"] = {"model": {"endpoint": url, "model": "judge", "deadline": 5, "outage": 1}}
    polite = {"weight": 0.5, "domains": ["general"], "criteria": ['It says "1".']}
    plan["teacher"]["grpo"] |= {
        "steps": 4,
        "rewards": {"accuracy": 1, "helpfulness": polite, "format": 0},
    }
    plan["filters"] = {"length": {"max_tokens": 48}}  # it has hardly learnt to be right
    del plan["student"]
    file = folder / "recipe.yaml"
    file.write_text(yaml.safe_dump(plan))
    return file


def test_the_judge_is_asked_and_what_it_says_is_learnt_kept_and_examined(tmp_path: Path):
    run, both = RunFolder(tmp_path / "run"), Both({})
    with serving(both) as url:
        command = ["run", str(recipe(tmp_path, url)), "--into", str(run.path)]
        said = subprocess.run(
            [sys.executable, "-m", "factory.cli", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    assert said.returncode == 0, said.stdout + said.stderr

    drawn = pl.read_parquet(run.rollouts("teacher") / "*.parquet")
    letters, sums = drawn.filter(verifier="rubric"), drawn.filter(pl.col("verifier") != "rubric")
    assert letters.height
    assert sums.height
    rewards = {
        name: letters["rewards"].list.eval(pl.element().filter(pl.element().struct["name"] == name))
        for name in ("accuracy", "helpfulness")
    }
    for text, verdict, met, polite in zip(
        letters["text"], letters["verdict"], rewards["accuracy"], rewards["helpfulness"],
        strict=True,
    ):  # fmt: skip
        answer = split(text).response or ""
        share = sum(digit in answer for digit in "05") / 3
        assert met[0]["value"] == pytest.approx(share, abs=1e-4)
        assert polite[0]["value"] == float("1" in answer)
        assert verdict == ("correct" if share > 0.6 else "incorrect")
    asked = {criterion for question, _, criterion in both.asked if question.startswith("A letter")}
    assert asked == {*CRITERIA, 'It says "1".'}

    scores = json.loads(run.score("teacher").read_bytes())
    assert set(scores["by_domain"]) == {"general", "math"}
    assert scores["unverifiable"] == 0
