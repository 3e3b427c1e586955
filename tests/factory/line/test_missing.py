"""Rows that could not be had: counted, named, asked for again, and told at the end of a run."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from misbehaving import Misbehaving, answers, hangs, says, serving

from factory.line.finished import Done, claim, fingerprint, make
from factory.line.table import named
from factory.recipe import Recipe
from factory.run_folder import RunFolder

RECIPE: dict[str, Any] = {
    "name": "gaps",
    "prompts": [
        {"source": "files", "path": "sums.jsonl", "held_out": 3, "verifier": "exact"}
        | {"columns": {"question": "question", "reference": "answer"}}
    ],
    "sampling": {"policy": {"fixed": {"draws": 2}}, "concurrency": 4},
    "filters": {"correctness": {}},
    "evaluate": {"draws": 2},
}


class Adder(Misbehaving):
    """Right about sums, but refuses those that begin with one of these numbers."""

    def __init__(self, *refused: int):
        super().__init__(self.adds)
        self.refused = set(refused)

    async def adds(self, server: Misbehaving, asked: Any) -> Any:
        first, second = map(
            int, re.findall(r"\d+", (await asked.json())["messages"][-1]["content"])
        )
        refuses = says(400, "such numbers are beyond me")
        chosen = refuses if first in self.refused else answers(rf"\boxed{{{first + second}}}")
        return await chosen(server, asked)

    def asked_for(self) -> set[int]:
        """The numbers that the sums asked for begin with."""
        texts = (body["messages"][-1]["content"] for body in self.bodies)
        return {int(re.findall(r"\d+", text)[0]) for text in texts}


def recipe(url: str) -> Recipe:
    teacher = {"teacher": {"base": {"endpoint": url, "model": "m", "outage": 0.5}}}
    return Recipe.model_validate(RECIPE | teacher)


def write_sums(folder: Path, count: int = 10) -> None:
    first = range(10, 10 + count)
    sums = [{"question": f"{n}+{n + 1}?", "answer": str(2 * n + 1)} for n in first]
    (folder / "sums.jsonl").write_text("\n".join(map(json.dumps, sums)))


def numbers(folder: Path) -> dict[str, list[int]]:
    """What the sums of each split begin with: the split is the same in every run."""
    folder.mkdir()
    write_sums(folder)
    do("prompts", recipe("http://127.0.0.1:1/v1"), folder)
    found: dict[str, list[int]] = {"train": [], "held_out": []}
    table = RunFolder(folder / "run").prompts()
    for split, messages in table.select("split", "messages").iter_rows():
        found[split].append(int(messages[-1]["content"][:2]))
    return found


def do(
    name: str, plan: Recipe, home: Path, say: Callable[[str], None] = lambda words: None
) -> tuple[Done, bool]:
    """A stage of a run in this process: its record, and whether it was finished already."""
    run = RunFolder(home / "run")
    run.note(plan, home)
    stage = named(name)
    if done := claim(run, stage, "the same"):
        return done, True
    return make(stage, plan, home, run, lambda *_, **__: None, say), False


def line(plan: Recipe, home: Path, *names: str) -> dict[str, tuple[Done, bool]]:
    return {name: do(name, plan, home) for name in names}


UNTIL_SAMPLES = ("prompts", "teacher-base", "teacher", "samples")


def test_what_could_not_be_had_is_asked_for_at_every_start_until_it_comes(tmp_path: Path):
    write_sums(tmp_path)
    poison = numbers(tmp_path / "trial")["train"][:2]
    server = Adder(*poison)
    with serving(server) as url:
        plan = recipe(url)
        first, _ = line(plan, tmp_path, *UNTIL_SAMPLES)["samples"]
        assert first.missing == 4
        server.bodies.clear()
        second, kept = line(plan, tmp_path, *UNTIL_SAMPLES)["samples"]
        assert not kept
        assert second.output == first.output  # so what stands behind it is kept
        assert server.asked_for() >= set(poison)
        assert len(server.bodies) <= 4 + 4 + 1  # and a canary
        server.refused.clear()
        third, _ = line(plan, tmp_path, *UNTIL_SAMPLES)["samples"]
        assert (third.missing, third.output == first.output) == (0, False)
        server.bodies.clear()
        assert line(plan, tmp_path, *UNTIL_SAMPLES)["samples"][1]
        assert not server.bodies


def test_what_failed_is_written_down_with_the_servers_words(tmp_path: Path):
    write_sums(tmp_path)
    poison = numbers(tmp_path / "trial")["train"][:2]
    with serving(Adder(*poison)) as url:
        plan = recipe(url)
        done, _ = line(plan, tmp_path, *UNTIL_SAMPLES)["samples"]
    run = RunFolder(tmp_path / "run")
    rows = pl.read_parquet(run.failed_draws("samples"))
    assert rows.height == done.missing == 4
    assert set(rows["reason"]) == {"http_400"}
    assert rows["words"].str.contains("such numbers are beyond me").all()
    assert rows["question"].str.contains(r"^\d\d\+\d\d\?$").all()
    assert set(rows["attempts"]) == {1}
    assert "4 draws failed (http_400 4), as of '1" in done.note
    assert done.note.endswith(f"all in {run.failed_draws('samples')}")
    (draws,) = [account for account in done.accounts if account.what == "draws"]
    assert draws.failed == {"http_400": 4}


def test_attempts_that_were_retried_are_told(tmp_path: Path):
    write_sums(tmp_path)
    no_end = answers(r"\boxed{4}", finish_reason="abort")
    server = Misbehaving(no_end, no_end, answers(r"\boxed{4}"))
    with serving(server) as url:
        done, _ = line(recipe(url), tmp_path, *UNTIL_SAMPLES)["samples"]
    assert "2 attempts were retried" in done.note
    assert done.missing == 0


def test_a_draw_that_its_time_ran_out_for_is_asked_again_at_the_next_start(tmp_path: Path):
    write_sums(tmp_path)
    first = numbers(tmp_path / "trial")["train"][0]
    said: list[str] = []

    class Slow(Adder):
        async def adds(self, server: Misbehaving, asked: Any) -> Any:
            slow = f"{first}+" in (await asked.json())["messages"][-1]["content"]
            return await (hangs(server, asked) if slow and late else super().adds(server, asked))

    server, late = Slow(), True
    with serving(server) as url:
        base = {"endpoint": url, "model": "m", "deadline": 0.5}
        plan = Recipe.model_validate(RECIPE | {"teacher": {"base": base}})
        done, _ = line(plan, tmp_path, *UNTIL_SAMPLES)["samples"]
        assert done.missing == 2
        server.bodies.clear()
        late = False
        done, kept = do("samples", plan, tmp_path, said.append)
    assert (done.missing, kept) == (0, False)
    assert server.asked_for() >= {first}
    assert said == [
        "found 12 draws of earlier sittings (12 correct), which took 36 tokens; 1 of 7 prompts are "
        "owed draws"
    ]


def test_the_same_model_at_another_address_goes_on(tmp_path: Path):
    write_sums(tmp_path)
    here, there = Adder(), Adder()
    with serving(here) as url, serving(there) as other:
        was = line(recipe(url), tmp_path, *UNTIL_SAMPLES)
        write_sums(tmp_path, 16)
        now: dict[str, Done] = {}
        for name in UNTIL_SAMPLES:
            run, stage = RunFolder(tmp_path / "run"), named(name)
            claim(run, stage, fingerprint(stage, recipe(other), tmp_path, now))
            now[name] = make(stage, recipe(other), tmp_path, run, lambda *_, **__: None)
    assert now["teacher"].output == was["teacher"][0].output
    assert len(here.bodies) == 14
    assert there.asked_for()
    assert there.asked_for().isdisjoint(here.asked_for())


def test_an_examination_with_gaps_is_taken_up_again(tmp_path: Path):
    write_sums(tmp_path)
    server = Adder(numbers(tmp_path / "trial")["held_out"][0])
    with serving(server) as url:
        plan = recipe(url)
        line(plan, tmp_path, "prompts", "teacher-base", "teacher")
        done, _ = do("scores-teacher", plan, tmp_path)
        assert done.missing == 2
        assert "2 draws failed (http_400 2)" in done.note
        server.refused.clear()
        again, kept = do("scores-teacher", plan, tmp_path)
        assert (again.missing, kept) == (0, False)


# --- the command --------------------------------------------------------------------------------


@pytest.mark.slow  # a process for each stage
def test_a_run_with_gaps_goes_to_its_end_says_so_and_fills_them_later(tmp_path: Path):
    write_sums(tmp_path)
    command = [sys.executable, "-m", "factory.cli"]

    def factory(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=100)
        print(done.stdout, done.stderr)
        return done

    split, run = numbers(tmp_path / "trial"), str(tmp_path / "run")
    server = Adder(*split["train"][:4], split["held_out"][0])
    with serving(server) as url:
        told = RECIPE | {"teacher": {"base": {"endpoint": url, "model": "m", "outage": 0.5}}}
        (tmp_path / "gaps.yaml").write_text(json.dumps(told))
        first = factory("run", str(tmp_path / "gaps.yaml"), "--into", run)
        assert first.returncode == 3
        last = first.stdout.splitlines()[-1]
        counts = r"8 of samples \(.*failed\.parquet\), 2 of scores-teacher \(.*failed\.parquet\)"
        assert re.match(f"10 rows are missing: {counts}", last)
        assert last.endswith("The same command asks for them again.")
        assert (tmp_path / "run" / "dataset" / "v1").exists()
        status = factory("status", run)
        assert "rows missing; run it again" in re.sub(r"\s+", " ", status.stdout)
        assert "http_400" in status.stdout

        again = factory("run", str(tmp_path / "gaps.yaml"), "--into", run)
        assert again.returncode == 3
        assert re.search(r"dataset kept", again.stdout)  # nothing new, so nothing is done behind it

        server.refused.clear()
        mended = factory("run", str(tmp_path / "gaps.yaml"), "--into", run)
        assert mended.returncode == 0
        assert "missing" not in mended.stdout
        assert (tmp_path / "run" / "dataset" / "v2").exists()
