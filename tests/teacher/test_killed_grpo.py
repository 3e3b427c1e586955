"""A training of GRPO that is killed goes on: no step, draw or prompt is lost, or there twice."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from practising import SEED, STAGE, exit_code, prompt_table, write_base

from factory.run_folder import RunFolder
from teacher.order import Order
from teacher.rollouts import Rollouts, right

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine"), pytest.mark.timeout(900)]

STEPS, AT_ONCE, DRAWS = 9, 3, 2
KILLER = """
import os, signal
from pathlib import Path

HERE = Path(__file__).parent

def kills(completions, **columns):
    # In a process of its own, as all functions of people's are. Asked for each step, and for
    # each examination: before step 1, after steps 3 and 6.
    asked = HERE / "asked"
    number = 1 + (len(asked.read_text()) if asked.exists() else 0)
    asked.write_text("." * number)
    if number in {killed}:
        os.kill(int((HERE / "pid").read_text()), signal.SIGKILL)
    return [float(len(turns[-1]["content"]) % 3) for turns in completions]
"""

OF_TWO = """
import os
from pathlib import Path

import psutil

HERE = Path(__file__).parent

def kills(completions, **columns):
    # Asked by each of the two processes; the second one is killed, once, amid step 4.
    if os.environ["RANK"] == "1" and not (HERE / "killed").exists():
        asked = HERE / "asked"
        number = 1 + (len(asked.read_text()) if asked.exists() else 0)
        asked.write_text("." * number)
        if number == 4:
            (HERE / "killed").touch()
            above = psutil.Process().parents()
            next(each for each in above if "sft.worker" in each.cmdline()).kill()
    return [float(len(turns[-1]["content"]) % 3) for turns in completions]
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base"))


@pytest.mark.parametrize(
    ("rest", "killed", "went_on_from", "aside"),
    [
        (0, [8], ["checkpoint-4"], ["step-00005-1.parquet"]),  # amid step 6
        # and once more, amid step 8
        (
            1,
            [8, 13],
            ["checkpoint-4", "checkpoint-6"],
            ["step-00005-1.parquet", "step-00007-1.parquet"],
        ),
    ],
)
def test_it_goes_on(
    rest: int,
    killed: list[int],
    went_on_from: list[str],
    aside: list[str],
    base: Path,
    tmp_path: Path,
):
    (tmp_path / "mine.py").write_text(KILLER.format(killed=killed))
    run = RunFolder(tmp_path)
    settings: dict[str, Any] = {
        "steps": STEPS,
        "prompts_per_step": AT_ONCE,
        "draws": DRAWS,
        "rewards": {"accuracy": 1.0, "format": 0.1, "mine:kills": 0.1},
        "save_steps": 2,
        "save_total_limit": 2,
        "evaluate_every": 3,
        "device_batch_size": AT_ONCE * DRAWS,
        "rest": rest,
    }
    found = []
    while (code := exit_code(base, tmp_path, **settings)) != 0:
        assert code == -9, code
        saved = sorted(run.checkpoints(STAGE).glob("checkpoint-*"))
        assert 1 <= len(saved) <= 2, saved
        found.append(saved[-1].name)
    assert found == went_on_from

    log = json.loads(run.training_log(STAGE).read_text())
    assert [entry["step"] for entry in log if "loss" in entry] == [*range(1, STEPS + 1)]
    assert [entry["step"] for entry in log if "eval_pass_at_1" in entry] == [0, 3, 6, 9]

    kept = Rollouts(run.rollouts(STAGE), run.given_up(STAGE))
    assert kept.steps() == [*range(1, STEPS + 1)]
    asked = [_asked(rows) for _, rows in kept.each()]
    assert asked == _unbroken(kept, rest)
    assert Rollouts(run.examined(STAGE), run.given_up(STAGE)).steps() == [0, 3, 6, 9]
    assert sorted(file.name for file in kept.aside.iterdir()) == aside

    assert len(list(run.checkpoints(STAGE).glob("checkpoint-*"))) <= 2
    assert run.card(STAGE).exists()
    assert run.curves(STAGE).exists()
    assert run.curves_page(STAGE).exists()


def test_of_two_processes_one_is_killed_and_both_go_on(base: Path, tmp_path: Path):
    (tmp_path / "mine.py").write_text(OF_TWO)
    run, kept = RunFolder(tmp_path), Rollouts(tmp_path / STAGE / "rollouts", tmp_path / "aside")
    settings: dict[str, Any] = {
        "steps": 6,
        "prompts_per_step": 4,
        "draws": DRAWS,
        "rewards": {"accuracy": 1.0, "format": 0.1, "mine:kills": 0.1},
        "save_steps": 2,
        "held_out": 0,
        "devices": 2,
    }
    assert exit_code(base, tmp_path, **settings) == 1
    assert (tmp_path / "killed").exists()
    assert not run.card(STAGE).exists()
    assert kept.steps() == [1, 2, 3]

    assert exit_code(base, tmp_path, **settings) == 0
    log = json.loads(run.training_log(STAGE).read_text())
    assert [entry["step"] for entry in log if "loss" in entry] == [1, 2, 3, 4, 5, 6]
    assert kept.steps() == [1, 2, 3, 4, 5, 6]
    ids = prompt_table().filter(split="train")["prompt_id"].to_list()
    order = Order(ids, at_once=4, draws=DRAWS, repeats=1, generations=6, seed=SEED, rest=0)
    unbroken = [sorted(ids[row] for row in batch) for batch in order.chosen()]
    assert [_asked(rows) for _, rows in kept.each()] == unbroken


def _asked(rows: pl.DataFrame) -> list[str]:
    """The prompts of a step, each of which has all of its draws."""
    counts = rows["prompt_id"].value_counts()
    assert set(counts["count"]) == {DRAWS}
    return rows["prompt_id"].unique().sort().to_list()


def _unbroken(kept: Rollouts, rest: int) -> list[list[str]]:
    """What a training would ask for that nobody kills, where these draws came out as they did."""
    ids = prompt_table().filter(split="train")["prompt_id"].to_list()
    told = {"repeats": 1, "generations": STEPS, "seed": SEED, "rest": rest}
    order = Order(ids, at_once=AT_ONCE, draws=DRAWS, **told)
    for step, rows in kept.each():
        order.note(step, right(rows))
    return [sorted(ids[row] for row in batch) for batch in order.chosen()]
