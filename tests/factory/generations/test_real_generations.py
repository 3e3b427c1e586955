"""Real traces as people published them: read as they are, judged as others judged them."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from needs import real_data
from tables import fates, filtered, lines, measured

R1 = "r1_math500_traces/deepseek_r1.jsonl"


def copied(name: str, folder: Path) -> Path:
    """A file of public data beside which results may be written."""
    real = real_data(name)
    (folder / real.name).symlink_to(real)
    return folder / real.name


@pytest.mark.parametrize(
    ("name", "options", "samples", "prompts"),
    [
        (R1, [], 20, 20),
        ("ifeval/gpt4_responses.jsonl.gz", [], 541, 541),
        ("r1_star1/STAR-1.json.gz", [], 1000, 1000),
        ("nemo_gym/math_with_judge_rollouts.jsonl", [], 5, 5),
        ("multilingual_traces/eval_ja_base.json", [], 50, 0),
        (
            "reasoning_gym_eval/qwq32b_simple_integration.json",
            ["--columns", "generation: completions.*.full_model_response"],
            150,
            50,
        ),
        (
            "reasoning_gym_eval/rl_llama3b_amc23_50samples.json.gz",
            [
                "--field",
                "categories.0.datasets.0.results",
                "--columns",
                "generation: completions.*.full_model_response",
            ],
            2000,
            40,
        ),
    ],
)
def test_published_files_are_read(
    tmp_path: Path, name: str, options: list[str], samples: int, prompts: int
):
    found = measured(copied(name, tmp_path), "--filters", "format", *options)
    assert found.height == samples
    assert found["error"].null_count() == samples
    assert found["prompt_id"].drop_nulls().n_unique() == prompts


def test_traces_are_judged_by_our_verifiers_as_a_grader_judged_them(tmp_path: Path):
    """Sky-T1's AMC23: the same 20 of 40 are right, 18 are unfinished, in tags of its own."""
    data = copied("sky_t1/wrong5k_14b_amc23.jsonl.gz", tmp_path)
    told = lines_of(data)
    columns = "question: question, generation: code, reference: gt"
    out = filtered(data, {"truncation": {}, "correctness": {}}, "--columns", columns)
    right = [row["score"][0] for row in told]
    kept = [fate == "kept" for fate in fates(out).values()]
    assert kept == right
    assert lines(out / "kept" / "wrong5k_14b_amc23.jsonl") == [r for r in told if r["score"][0]]
    rows = pl.read_parquet(out / "decisions.parquet")
    assert rows["unfinished"].sum() == 18


def lines_of(file: Path) -> list[Any]:
    import gzip
    import json

    return [json.loads(line) for line in gzip.open(file, "rt").read().splitlines()]
