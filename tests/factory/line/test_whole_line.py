"""The whole line on a very small recipe: real engine, real trainers, the command as typed."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from documented import MEASURES, difference, page_of

from factory.line.finished import Done
from factory.line.table import STAGES
from factory.run_folder import RunFolder
from factory.store.draws import Draws

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("engine")]

UNASKED = {"other-teachers", "judge", "benchmarks", "difficulty"}
RECIPE = Path(__file__).with_name("small.yaml")
FACTORY = [sys.executable, "-m", "factory.cli"]


def factory(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command's output; what it prints on its way is kept for a failing test to show."""
    command = [*FACTORY, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    print(done.stdout, done.stderr)
    return done


def stages_in(output: str, state: str) -> set[str]:
    """The stages of which a log-friendly output says this."""
    return set(re.findall(rf"^\d\d:\d\d:\d\d (\S+) {state}", output, re.MULTILINE))


def record(run: Path, stage: str) -> Done:
    return Done.model_validate_json((run / stage / "stage.json").read_bytes())


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The run folder of an undisturbed run, and what it printed."""
    run = tmp_path_factory.mktemp("line") / "small"
    done = factory("run", RECIPE, "--into", run)
    assert done.returncode == 0
    return run, done.stdout


@pytest.fixture
def copy(first: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of the finished run, for a test to spoil."""
    return Path(shutil.copytree(first[0], tmp_path / "small"))


def test_every_stage_runs_and_the_scores_come_last(first: tuple[Path, str]) -> None:
    run, output = first
    assert stages_in(output, "done") == {s.name for s in STAGES} - UNASKED
    table = output[output.index("held-out prompts: 20, draws of each: 2") :]
    for model in ("teacher, base", "teacher", "student, before", "unfiltered", "accepted"):
        assert model in table
    assert "sampled" in output  # the funnel
    for picture in ("scores.png", "teacher/curves.png"):
        assert (run / picture).read_bytes().startswith(b"\x89PNG")


def test_every_table_it_leaves_is_in_the_documents(first: tuple[Path, str]) -> None:
    run, _ = first
    met = set()
    for file in sorted(run.rglob("*.parquet")):
        table = page_of(file.relative_to(run))
        assert table, f"docs/data.md has no table {file.relative_to(run)}"
        met.add(table)
        if table != MEASURES:
            assert not difference(table, pl.Schema(pl.read_parquet_schema(file)))
    assert len(met) >= 7


def test_third_party_noise_goes_to_the_logs(first: tuple[Path, str]) -> None:
    run, output = first
    assert "vllm" not in output.lower()
    assert "{'loss'" not in output
    assert "vllm" in (run / "logs" / "samples.log").read_text().lower()


def test_the_sums_close_from_prompt_to_trained_token(first: tuple[Path, str]) -> None:
    run, _ = first
    status = factory("status", run)
    assert "every sum closes" in status.stdout
    prompts = pl.read_parquet(run / "prompts" / "table.parquet")
    draws = Draws(run / "samples" / "draws").read()
    rows = RunFolder(run).rows()
    trained = pl.read_parquet(run / "student" / "rows.parquet")
    assert set(draws["prompt_id"]) == set(prompts.filter(split="train")["prompt_id"])
    assert draws["sample_id"].is_unique().all()
    assert set(rows["sample_id"]) <= set(draws.filter(verdict="correct")["sample_id"])
    assert trained["sample_id"].sort().equals(rows["sample_id"].sort())
    too_long = trained.filter(pl.col("tokens") > 40)
    assert set(too_long["fate"]) <= {"too_long"}
    rows_account, tokens = record(run, "student").accounts
    assert rows_account.dropped.get("too_long", 0) == too_long.height
    assert tokens.left == trained.filter(fate="trained")["trained_tokens"].sum()


def test_no_held_out_question_is_sampled_or_trained_on(first: tuple[Path, str]) -> None:
    run, _ = first
    prompts = pl.read_parquet(run / "prompts" / "table.parquet")
    held_out = set(prompts.filter(split="held_out")["prompt_id"])
    assert len(held_out) == 20
    assert not held_out & set(Draws(run / "samples" / "draws").read()["prompt_id"])
    examined = Draws(run / "scores-student" / "draws").read()
    assert set(examined["prompt_id"]) == held_out
    assert examined.height == 40


def test_draws_keep_ids_finish_reason_and_seeds_of_their_own(first: tuple[Path, str]) -> None:
    draws = Draws(first[0] / "samples" / "draws").read()
    assert draws["seed"].is_unique().all()  # one for all would make their random numbers equal
    assert set(draws["finish_reason"]) <= {"stop", "length"}
    lengths = draws["token_ids"].list.len().cast(pl.Int32)
    assert lengths.equals(draws["completion_tokens"], check_names=False)


def test_folders_load_with_plain_libraries_and_give_the_same_ids(first: tuple[Path, str]) -> None:
    from datasets import load_dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer

    run, _ = first
    version = RunFolder(run).current_version()
    assert version
    rows = pl.read_parquet(version / "data" / "*.parquet")
    loaded = load_dataset(str(version), split="train", cache_dir=str(run / "cache"))
    assert loaded["sample_id"] == rows["sample_id"].to_list()
    assert loaded[0]["messages"][-1]["role"] == "assistant"
    student = run / "student" / "model"
    tokenizer: Any = AutoTokenizer.from_pretrained(student)
    model = AutoModelForCausalLM.from_pretrained(student)
    assert model.config.model_type == "llama"
    assert model.config.eos_token_id == tokenizer.convert_tokens_to_ids("<|im_end|>")
    trained = pl.read_parquet(run / "student" / "rows.parquet")
    for messages, ids in zip(rows["messages"], trained["input_ids"], strict=True):
        again = tokenizer.apply_chat_template(messages, return_dict=False)
        assert again == [*ids, *tokenizer.encode("\n")]  # the template closes the turn with a line


def test_plain_vllm_asks_a_written_folder_with_the_ids_it_was_trained_on(
    first: tuple[Path, str],
) -> None:
    run, _ = first
    ask = """
import json, sys
from vllm import LLM, SamplingParams
from factory.engines.machine import device_arguments
folder, question = sys.argv[1:]
model = LLM(folder, max_model_len=128, **device_arguments(folder, 128, 4))
turn = [{"role": "user", "content": question}]
(answer,) = model.chat([turn], SamplingParams(max_tokens=2, seed=1), use_tqdm=False)
print("IDS", json.dumps(answer.prompt_token_ids))
"""
    trained = pl.read_parquet(run / "student" / "rows.parquet").row(0, named=True)
    rows = RunFolder(run).rows()
    messages = rows.row(by_predicate=pl.col("sample_id") == trained["sample_id"], named=True)
    question = messages["messages"][0]["content"]
    command = [sys.executable, "-c", ask, str(run / "student" / "model"), question]
    silent = os.environ | {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "DO_NOT_TRACK": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=silent, timeout=120)
    (told,) = [line for line in done.stdout.splitlines() if line.startswith("IDS ")]
    asked = json.loads(told.removeprefix("IDS "))
    assert asked == trained["input_ids"][: len(asked)]
    assert trained["reply_start"] == len(asked)


def test_run_again_it_does_nothing(first: tuple[Path, str], copy: Path) -> None:
    markers = copy.glob("*/stage.json")
    before = {marker.parent.name: marker.read_bytes() for marker in markers}
    again = factory("run", RECIPE, "--into", copy)
    assert again.returncode == 0
    assert stages_in(again.stdout, "kept") == set(before)
    assert {name: (copy / name / "stage.json").read_bytes() for name in before} == before


def test_a_changed_rule_runs_the_build_and_what_follows(copy: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.yaml"
    changed.write_text(
        RECIPE.read_text().replace("length: {max_tokens: 48}", "length: {max_tokens: 30}")
    )
    again = factory("run", changed, "--into", copy)
    assert again.returncode == 0
    ran = stages_in(again.stdout, "done")
    follows = {"student", "control", "scores-student", "scores-control"}
    assert "dataset" in ran
    assert ran <= {"dataset"} | follows
    manifest = json.loads((copy / "dataset" / "v2" / "manifest.json").read_text())
    assert manifest["parent"]["number"] == 1
    back = factory("run", RECIPE, "--into", copy)
    assert stages_in(back.stdout, "done") <= {"dataset"}  # old work comes back, none is done anew
    assert not (copy / "dataset" / "v3").exists()
    assert RunFolder(copy).current_version() == copy / "dataset" / "v1"


def test_killed_anywhere_and_run_again_nothing_is_lost_or_doubled(
    first: tuple[Path, str], tmp_path: Path
) -> None:
    run, chance = tmp_path / "small", random.Random(5)
    for _ in range(3):
        process = subprocess.Popen([*FACTORY, "run", str(RECIPE), "--into", str(run)])
        time.sleep(chance.uniform(8, 20))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    last = factory("run", RECIPE, "--into", run)
    assert last.returncode == 0
    assert "every sum closes" in factory("status", run).stdout
    for stage in ("prompts", "student-base", "teacher-base"):  # trained on from checkpoints
        assert record(run, stage).accounts == record(first[0], stage).accounts
    assert Draws(run / "samples" / "draws").read()["sample_id"].is_unique().all()


def test_interrupted_with_ctrl_c_it_says_how_to_go_on(tmp_path: Path) -> None:
    run = tmp_path / "small"
    command = [*FACTORY, "run", str(RECIPE), "--into", str(run)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(10)
    second = factory("run", RECIPE, "--into", run)
    assert second.returncode == 1
    assert f"in use by process {process.pid}" in second.stderr
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "the same command carries on" in output
    assert "Traceback" not in output
    assert not _processes_of(run)


def _processes_of(run: Path) -> list[str]:
    """Command lines of processes that work in a run folder."""
    lines = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "factory.line.worker" in words and str(run) in words:
            lines.append(" ".join(words))
    return lines
