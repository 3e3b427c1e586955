"""Real files of known datasets become as many prompts as they can."""

from pathlib import Path

import pytest
from sources import files

from factory.prompts.collect import collect

REAL = Path(__file__).parents[4] / "shared" / "data" / "real"


@pytest.mark.skipif(
    not REAL.is_dir(), reason="public datasets (`../shared/data/real`, beside the repository)"
)
@pytest.mark.parametrize(
    ("file", "mapping", "prompts", "aside"),
    [
        ("gsm8k/test.jsonl", "openai/gsm8k", 1_319, {}),
        ("gsm8k/train.jsonl.gz", "openai/gsm8k", 7_473, {}),
        ("math500/math500.jsonl", "HuggingFaceH4/MATH-500", 500, {}),
        ("ifeval/input_data.jsonl", "google/IFEval", 541, {}),
        pytest.param(  # whatever they are tested by
            "human_eval/human-eval-enhanced-202307.jsonl",
            "openai/openai_humaneval",
            40,
            {},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "mbpp/sanitized-mbpp.json",
            "google-research-datasets/mbpp:sanitized",
            40,
            {},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_real_file_becomes_prompts(file: str, mapping: str, prompts: int, aside: dict[str, int]):
    most = 40 if "human" in file or "mbpp" in file else None  # their own programs are run
    collected = collect([files(str(REAL / file), columns=mapping, rows=most)], seed=1, base=REAL)
    assert collected.prompts.height == prompts
    assert dict(collected.set_aside["reason"].value_counts().iter_rows()) == aside


@pytest.mark.skipif(
    not REAL.is_dir(), reason="public datasets (`../shared/data/real`, beside the repository)"
)
@pytest.mark.parametrize(
    ("file", "settings", "prompts"),
    [
        (
            "bbh/logical_deduction_five_objects.json",  # {"canary": …, "examples": […]}
            {"columns": {"question": "input", "reference": "target"}, "verifier": "choice"},
            250,
        ),
        (
            "bbh/boolean_expressions.json",
            {"columns": {"question": "input", "reference": "target"}, "verifier": "exact"},
            250,
        ),
    ],
)
def test_a_real_file_of_another_form_is_read(file: str, settings: dict, prompts: int):
    collected = collect([files(str(REAL / file), **settings)], seed=1, base=REAL)
    assert collected.prompts.height == prompts
