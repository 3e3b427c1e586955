"""A real training by all rewards there are: by rule, of models, of the judge, of one's own."""

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from judging import Both
from misbehaving import serving
from tiny_classifier import tiny_classifier
from tiny_models import tiny_model

from factory.models import at
from factory.prompts.collect import PROMPT
from factory.recipe.judge import Judge
from factory.recipe.teacher import Grpo
from factory.run_folder import RunFolder
from filters import own
from teacher.grpo import improve

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine"), pytest.mark.timeout(400)]

GENERAL = {"weight": 0.5, "domains": ["general"]}
REWARDS: dict[str, Any] = {
    "accuracy": 1.0,
    "format": {"weight": 0.2, "end": 0.1, "to_step": 2},
    "strict_format": 0.1,
    "soft_format": 0.1,
    "tag_count": 0.1,
    "integer": 0.1,
    "language": 0.1,
    "length": 0.1,
    "repetition": 0.1,
    "helpfulness": GENERAL | {"model": {"path": "model"}, "label": "safe"},
    "harmlessness": GENERAL | {"criteria": ['It says "harm".']},
    "mine:hangs": 1.0,
    "deadline": 20,
}
MINE = "import time\ndef hangs(completions, **columns): time.sleep(60)\n"


@pytest.fixture
def prompts() -> pl.DataFrame:
    common = {"source": "made", "language": "en", "license": "none"}
    math_ = common | {"domain": "math", "reference": '"5"', "verifier": "math"}
    letter = common | {
        "domain": "general",
        "reference": '["It says \\"1\\"."]',
        "verifier": "rubric",
    }
    rows = [
        {"prompt_id": f"p{n}", "messages": [{"role": "user", "content": f"{n}?"}]}
        | (letter if n % 2 else math_)
        | {"split": "train" if n < 8 else "held_out"}
        for n in range(10)
    ]
    return pl.DataFrame(rows, schema={**PROMPT, "split": pl.String()})


def test_all_of_them_for_two_steps(
    prompts: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """One hangs, so that its deadline is met; the training goes on, and each is in the log."""
    (tmp_path / "mine.py").write_text(MINE)
    own.look_in(tmp_path)
    monkeypatch.setattr(own, "DEADLINE", 2.0)
    base = tiny_model(tmp_path / "base", 1)
    tiny_classifier(tmp_path / "model")
    both = Both({})
    told = {"steps": 2, "prompts_per_step": 4, "draws": 4, "max_tokens": 24, "rewards": REWARDS}
    with serving(both) as url:
        judge = {"model": {"endpoint": url, "model": "judge", "deadline": 5, "outage": 1}}
        log = improve(
            at(base),
            prompts,
            Grpo.model_validate(told | {"learning_rate": 1e-4, "held_out": 2}),
            seed=1,
            run=RunFolder(tmp_path / "run"),
            stage="teacher",
            report=lambda *_, **__: None,
            judge=Judge.model_validate(judge),
        )
    own.look_in(None)
    steps = [entry for entry in log if "reward" in entry]
    assert [entry["step"] for entry in steps] == [1, 2]
    for name in REWARDS:
        if name not in ("deadline", "mine:hangs"):
            assert all(f"rewards/{name}/{figure}" in steps[0] for figure in ("mean", "std")), name
        if name != "deadline":
            assert f"rewards/{name}/unverifiable" in steps[0], name
    assert all(math.isfinite(entry["reward"]) for entry in steps)
    assert [entry["rewards/format/weight"] for entry in steps] == pytest.approx([0.2, 0.15])
    assert all(entry["rewards/mine:hangs/unverifiable"] == 1 for entry in steps)
    assert all("accuracy/strict" in entry and "accuracy/lenient" in entry for entry in steps)
    assert any("eval_accuracy/strict" in entry for entry in log)
    assert both.asked
