"""The card of a trained teacher."""

from pathlib import Path

import polars as pl

from factory.models import Located
from factory.recipe.teacher import Grpo
from teacher import card


def test_it_names_base_data_rewards_settings_and_code_and_nothing_of_the_machine(tmp_path: Path):
    base = Located(name="org/base", path="/home/me/models/base", digest="0", revision="abc123")
    settings = {"steps": 1200, "loss_type": "dr_grpo", "rewards": {"accuracy": 1.0, "format": 0.2}}
    prompts = pl.DataFrame({"source": ["gsm8k", "gsm8k", "mine"], "verifier": ["math"] * 3})
    card.write(tmp_path / "card.md", base, Grpo.model_validate(settings), prompts)
    told = (tmp_path / "card.md").read_text()
    assert told.startswith("---\nlibrary_name: transformers\n")
    for line in (
        "# A model after 1,200 steps of GRPO",
        "Base: org/base, revision abc123.",
        "| gsm8k | math | 2 |",
        "| mine | math | 1 |",
        "| accuracy | 1 |",
        "| format | 0.2 |",
        "| loss_type | dr_grpo |",
    ):
        assert line in told.splitlines(), line
    assert "trl 1." in told
    assert "/home/me" not in told
