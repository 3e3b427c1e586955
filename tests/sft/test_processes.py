"""Several processes train what one does: the same batches, each row once, the same weights."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest
import torch
from safetensors.torch import load_file

from factory.errors import LedgerError, RecipeError, StageError
from factory.models import at
from factory.recipe.student import Student
from sft.distil import distil
from sft.launch import launch
from teacher import tiny

ROOT = Path(__file__).parents[2]
WORDS = ["one", "two", "three", "and", "so", "wait"]


def quiet(*_: object, **__: object) -> None:
    """No report."""


def rows(count: int) -> pl.DataFrame:
    told = []
    for number in range(count):
        question = {"role": "user", "content": f"{number} + {number} ="}
        reply = "<think>" + " ".join(WORDS[: number % 6 + 1]) + f"</think>{number}"
        told.append([question, {"role": "assistant", "content": reply}])
    return pl.DataFrame({"sample_id": [f"row {n:03}" for n in range(count)], "messages": told})


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    texts = [turn["content"] for turns in rows(40)["messages"] for turn in turns]
    tokenizer = tiny.make_tokenizer(texts * 3, 400)
    size: dict[str, Any] = {"hidden": 64, "layers": 2, "heads": 2, "max_length": 256, "seed": 1}
    tiny.save(tiny.make_model("llama", tokenizer, **size), tokenizer, folder)
    return folder


@pytest.fixture(scope="module")
def alone(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float]]:
    """What one process makes of it, and the losses that it told."""
    folder = tmp_path_factory.mktemp("alone")
    return folder, distilled(base, student(devices=1), folder)


def student(**training: Any) -> Student:
    usual = {"epochs": 4, "batch_size": 4, "device_batch_size": 1, "learning_rate": 1e-3}
    return Student.model_validate({"base": {"path": "it"}, "training": usual | training})


def distilled(
    base: Path,
    wanted: Student,
    folder: Path,
    *,
    count: int = 21,
    steps: list[int] | None = None,
    in_order: bool = False,
) -> list[float]:
    """Trains the student; returns the losses that were reported, and adds to `steps`."""
    told, losses = rows(count), []

    def report(done: int, total: int, unit: str, **figures: float) -> None:
        if unit == "steps" and steps is not None:
            steps.append(done)
        if unit == "steps" and (loss := figures.get("loss")) not in losses[-1:] and loss:
            losses.append(loss)

    distil(
        at(base),
        told.iter_slices(),
        told["sample_id"],
        wanted,
        seed=3,
        in_order=in_order,
        out=folder / "model",
        table=folder / "rows.parquet",
        checkpoints=folder / "checkpoints",
        report=report,
    )
    return losses


def apart(one: Path, other: Path) -> float:
    """The largest difference of two students' weights."""
    ours, theirs = (load_file(folder / "model" / "model.safetensors") for folder in (one, other))
    assert ours.keys() == theirs.keys()
    return max(float((ours[name] - theirs[name]).abs().max()) for name in ours)


pytestmark = pytest.mark.xdist_group("engine")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_so_they_do_when_rows_are_not_shuffled(base: Path, tmp_path: Path):
    places = [tmp_path / "one", tmp_path / "two"]
    for count, place in enumerate(places, start=1):
        place.mkdir()
        distilled(base, student(devices=count, epochs=1), place, in_order=True)
    assert apart(*places) < 1e-5


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_train_what_one_does(
    base: Path, alone: tuple[Path, list[float]], tmp_path: Path
):
    """21 rows are no multiple of 2 x 1: the last batch of an epoch must not take rows twice."""
    folder, losses = alone
    assert len(losses) == 1  # every 20 steps; 24 steps in all
    assert distilled(base, student(devices=2), tmp_path) == pytest.approx(losses, abs=1e-4)
    differ = apart(folder, tmp_path)
    assert differ < 1e-5
    start = load_file(base / "model.safetensors")
    end = load_file(folder / "model" / "model.safetensors")
    assert max(float((end[name] - start[name]).abs().max()) for name in start) > 100 * differ


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("numbers", "near"), [("float32", 1e-5), ("bfloat16", 0.1)])
def test_fsdp2_trains_what_one_process_does(
    numbers: str,
    near: float,
    base: Path,
    alone: tuple[Path, list[float]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """With the file for 8 GPUs: parts of weights and states, and the first writes the student."""
    given: dict[str, Any] = {}
    monkeypatch.setattr("sft.distil.launch", lambda _, settings, **more: given.update(settings))
    distilled(base, student(devices=2, dtype=numbers), tmp_path)
    job, events = tmp_path / "job.json", tmp_path / "events.jsonl"
    told = {"function": "sharded:teach", "settings": given, "events": str(events)}
    job.write_text(json.dumps(told))
    here = f"{ROOT}:{ROOT / 'tests' / 'sft'}"
    command = [sys.executable, "-m", "accelerate.commands.launch"]
    command += ["--config_file", str(ROOT / "sft" / "fsdp2_8.yaml"), "--num_processes", "2"]
    command += ["--main_process_port", "0", "--module", "sft.worker", str(job)]
    environment = os.environ | {"PYTHONPATH": here, "ACCELERATE_TORCH_DEVICE": "cpu"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert apart(alone[0], tmp_path) < near
    assert json.loads(events.read_text().splitlines()[-1])["done"] == 24


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_training_of_two_processes_goes_on(base: Path, tmp_path: Path):
    """Killed with its checkpoint written: all processes are gone, the next call does the rest."""
    wanted = student(devices=2, save_steps=4, epochs=4)
    script = (
        "import sys; from pathlib import Path; import test_processes as t; "
        "t.distilled(Path(sys.argv[1]), t.student(devices=2, save_steps=4, epochs=4), "
        "Path(sys.argv[2]))"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'sft'}"}
    going = subprocess.Popen(
        [sys.executable, "-c", script, base, tmp_path], env=environment, start_new_session=True
    )
    checkpoints = tmp_path / "checkpoints" / "of-2"
    while not list(checkpoints.glob("checkpoint-*/trainer_state.json")):
        assert going.poll() is None
        time.sleep(0.05)
    family = psutil.Process(going.pid).children(recursive=True)
    assert len(family) >= 3  # the launcher and two processes
    os.kill(going.pid, signal.SIGKILL)
    going.wait()
    psutil.wait_procs(family, timeout=60)
    assert not [process for process in family if process.is_running()]
    begun: list[int] = []
    distilled(base, wanted, tmp_path, steps=begun)
    assert begun[0] > 4
    assert begun[-1] == 24
    assert load_file(tmp_path / "model" / "model.safetensors")


def failing(settings: dict[str, Any], report: Any) -> None:
    """What a process of the next tests does."""
    report(1, 2, "steps", loss=0.5)
    if settings["how"] == "counted":
        raise LedgerError("the trainer was given 3 rows and holds 2")
    if settings["how"] == "ours":
        raise ValueError("a bug")
    if settings["how"] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "raised", "words"),
    [
        ("counted", LedgerError, "the trainer was given 3 rows and holds 2"),
        ("ours", StageError, "ValueError: a bug"),
        ("killed", StageError, "one of 2 processes ended with code 1 and left no word"),
    ],
)
def test_what_a_process_raises_is_raised(
    how: str,
    raised: type[Exception],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'tests' / 'sft'}")
    told: list[Any] = []
    with pytest.raises(raised, match=words):
        launch(
            "test_processes:failing",
            {"how": how},
            wanted=2,
            folder=tmp_path,
            report=lambda *event, **figures: told.append((event, figures)),
        )
    assert told in ([((1, 2, "steps"), {"loss": 0.5})], [])  # the first process's word only


def test_a_batch_that_the_devices_do_not_divide_is_refused(base: Path, tmp_path: Path):
    """8 GPUs, and a batch of 12: nothing is rendered."""
    wanted = student(batch_size=12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "device_count", lambda: 8)
        with pytest.raises(RecipeError, match="12 rows cannot be made of 1 at a time on each of 8"):
            distilled(base, wanted, tmp_path)
    assert not list(tmp_path.iterdir())


def test_further_machines_are_told_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two machines of 8: the first is started, and here it finds no accelerate to start."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    said: list[str] = []
    with pytest.raises(StageError, match="one of 16 processes"):
        launch("m:f", {}, wanted=16, folder=tmp_path, report=quiet, say=said.append)
    (words,) = said
    assert "waits for 1 further machines" in words
    assert "accelerate launch --machine_rank RANK" in words
    assert "fsdp2_16.yaml --num_processes 16 --num_machines 2" in words
    assert json.loads((tmp_path / "job.json").read_text())["function"] == "m:f"
    with pytest.raises(RecipeError, match="12 are more than the 8 GPUs of this machine"):
        launch("m:f", {}, wanted=12, folder=tmp_path, report=quiet)
