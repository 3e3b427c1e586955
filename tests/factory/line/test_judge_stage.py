"""The line with a judge: found and examined first, named in verdicts and notes, asked about
held-out answers too, and known again by `reverify`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from judging import Both, Opinion, knows_names, recipe
from misbehaving import serving
from real import snapshot
from runs import call

from factory import recipe as recipes
from factory.cli import main
from factory.errors import StageError
from factory.line.finished import Done, claim, fingerprint, make
from factory.line.table import wanted
from factory.run_folder import RunFolder
from filters.verifiers.judge import trial

FAUST, CAPITAL = "Who wrote Faust?", "What is Australia's capital?"
KEYS = {FAUST: "Goethe", CAPITAL: "Canberra"}
ANSWERS = {FAUST: [r"\boxed{Wolfgang}"], CAPITAL: [r"\boxed{Sydney}", r"\boxed{Canberra}"]}


class Line:
    """A run of a recipe whose teacher and judge are one scripted server."""

    def __init__(self, folder: Path, both: Both, url: str):
        self.folder, self.both, self.url = folder, both, url
        self.run, self.said = RunFolder(folder / "run"), list[str]()

    def go(self, **changes: Any) -> dict[str, Done]:
        """Every stage that is wanted, in this process, but for those that are finished."""
        file = recipe(self.folder, self.url, KEYS, **changes)
        plan, done = recipes.load(file), dict[str, Done]()
        self.run.note(plan, self.folder)
        self.said.clear()
        for stage in wanted(plan):
            print_of = fingerprint(stage, plan, self.folder, done)
            done[stage.name] = claim(self.run, stage, print_of) or make(
                stage, plan, self.folder, self.run, lambda *_, **__: None, self.said.append
            )
        return done


Start = Callable[..., Line]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Start]:
    """Makes a line with a judge of this opinion; its server ends with the test."""
    with ExitStack() as stack:

        def start(opinion: Opinion = knows_names) -> Line:
            both = Both(ANSWERS, opinion)
            return Line(tmp_path, both, stack.enter_context(serving(both)))

        yield start


def wise(question: str, first: str, second: str) -> str:
    """Right on every trial answer, but for the claims, which it believes."""
    same = [{key, answer} for _, key, answer, *_ in (*trial.CASES, *trial.CLAIMS)]
    return "SAME" if {first, second} in same else knows_names(question, first, second)


def test_notes_and_rows_say_what_only_the_judge_accepted(line: Start):
    started = line(wise)
    done = started.go()
    assert done["judge"].note == (
        "judge is right on 20 of 24 trial answers, accepts 4 of 14 wrong ones, and leaves 0 open"
    )
    (warning,) = started.said
    assert warning.endswith("A weak judge: measure it before you trust it (docs/verifiers.md)")
    assert "3 draws, 2 correct" in done["samples"].note
    assert ", 1 rescued by the judge (it judged 2 answers in 4 questions, 32 tokens)" in (
        done["samples"].note
    )
    assert done["dataset"].note == "v1, 2 rows of 3 draws, 1 of them accepted by the judge alone"
    manifest = started.run.manifest()
    assert manifest
    assert manifest.made_by["judge"]["name"] == "judge"
    asked = len(started.both.asked)
    again = started.go()
    assert {name: one.note for name, one in again.items()} == {n: d.note for n, d in done.items()}
    assert len(started.both.asked) == asked


def test_held_out_answers_are_judged_alike(line: Start):
    started = line()
    held = {"held_out": 1, "verifier": "judge", "rescue": None}
    done = started.go(source=held, evaluate={"draws": 2}, sampling={"max_tokens": 64})
    assert done["scores-teacher"].note.startswith("pass@1 ")
    (question,) = (
        turns[-1]["content"]
        for turns in started.run.prompts().filter(split="held_out")["messages"].to_list()
    )
    assert started.both.about(question)


def test_a_judge_that_gives_no_verdict_is_found_out_before_a_draw(line: Start):
    started = line(lambda *_: "WELL")
    with pytest.raises(StageError, match="judge gave no verdict on any of 24 trial answers"):
        started.go()
    assert started.both.drawn == {}
    assert "without a verdict" in started.run.judge_trial.read_text()


def test_a_judge_that_cannot_be_asked_ends_its_stage(line: Start):
    def ill(*_: str) -> str:
        raise OSError("pay first")

    with pytest.raises(StageError, match=r"answered none of 20 questions; at last http_400.*pay"):
        line(ill).go()


def test_reverify_asks_nothing_that_was_judged(line: Start):
    started = line()
    started.go()
    asked = len(started.both.asked)
    assert "no verdict turned" in call("reverify", started.run.path)
    assert len(started.both.asked) == asked


def test_reverify_by_another_judge_waits_until_a_run_has_found_it(line: Start):
    started = line()
    started.go(judge={})
    started.run.done("judge").unlink()
    result = CliRunner().invoke(main, ["reverify", str(started.run.path)])
    assert (result.exit_code, "its judge was not found yet" in result.output) == (2, True)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("engine")
def test_a_real_model_that_is_too_weak_is_refused_before_a_draw(
    line: Start, hub: Path, monkeypatch: pytest.MonkeyPatch
):
    """SmolLM2 has an opinion, and does not put it into a verdict."""
    monkeypatch.setattr(trial, "CASES", trial.CASES[:1])
    monkeypatch.setattr(trial, "CLAIMS", trial.CLAIMS[:1])
    small = {"kv_cache_memory_bytes": 128 * 2**20, "max_model_len": 2048, "max_num_seqs": 4}
    judge = {"model": {"path": str(snapshot(hub))}, "max_tokens": 16, "engine_arguments": small}
    started, sampling = line(), {"policy": {"fixed": {"draws": 2}}, "max_tokens": 64}
    with pytest.raises(StageError, match="gave no verdict on any of 3 trial answers"):
        started.go(judge=judge, sampling=sampling)
    assert started.both.drawn == {}


# --- measured -----------------------------------------------------------------------------------


LABELLED = [
    {"gold": {"question": FAUST, "answer": "Goethe"}, "prediction": "Wolfgang"}
    | {"expected": "correct"},
    {"gold": {"question": FAUST, "answer": "Goethe"}, "prediction": "Schiller, which is right"}
    | {"expected": "incorrect", "bare": "Schiller"},
    {"gold": "Canberra", "prediction": "Sydney", "expected": "incorrect"},
    {"gold": {"question": FAUST}, "prediction": "Wolfgang", "expected": "unverifiable"},
]


@pytest.mark.parametrize("verifier", ["judge", "exact"])
def test_a_recipe_s_judge_is_measured_on_labelled_lines(line: Start, verifier: str):
    def gullible(question: str, first: str, second: str) -> str:
        claims = "right" in first + second
        return "SAME" if claims else knows_names(question, first, second)

    started = line(gullible)
    file = started.folder / "labelled.jsonl"
    file.write_text("\n".join(map(json.dumps, LABELLED)))
    plan = recipe(started.folder, started.url, KEYS)
    told = call("check-verifier", file, "--verifier", verifier, "--recipe", plan)
    assert "agreement          3   75.00%" in told
    assert "false accepts      1   25.00%" in told
    assert "with an attempt    1 of 1 wrong answers called correct" in told
    assert "without            0 of 1 wrong answers called correct" in told
    assert "won (None): 'Schiller, which is right'" in told


def test_a_recipe_without_a_judge_measures_none(line: Start):
    started = line()
    plan = recipe(started.folder, started.url, KEYS, source={"rescue": None}, judge={})
    told = json.loads(plan.read_text())
    del told["judge"]
    plan.write_text(json.dumps(told))
    command = ["check-verifier", str(plan), "--verifier", "judge", "--recipe", str(plan)]
    (started.folder / "labelled.jsonl").write_text(json.dumps(LABELLED[0]))
    command[1] = str(started.folder / "labelled.jsonl")
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, "it has no judge" in result.output) == (2, True)
