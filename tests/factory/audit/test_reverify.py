"""Judged again: what turned is seen, nothing stored changes, an interrupted round goes on."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from runs import (
    CRASH,
    NO,
    OPEN,
    RIGHT,
    TIMEOUT,
    WRONG,
    YES,
    again,
    apply,
    now,
    run_of,
    turned,
    written,
)

import filters.text
import filters.verifiers
from factory.audit.reverify import begin
from factory.audit.verdict_changes import turns
from factory.run_folder import RunFolder
from factory.sampler import rejudge
from factory.store import write_table
from factory.store.draws import Draws
from factory.store.shards import Shards
from filters.verdict import Verdict


def test_what_turned_is_counted_with_examples_and_nothing_stored_changes(tmp_path: Path):
    context = run_of(
        tmp_path,
        {
            "p": [(WRONG, YES), (RIGHT, YES)],
            "q": [(RIGHT, NO)],
            "r": [(RIGHT, TIMEOUT), (OPEN, NO)],
        },
    )
    before = written(tmp_path)
    round_ = again(context)
    found = turns(round_, context.draws().place, context.run.prompts())
    assert found.counts == {
        ("correct", "incorrect: wrong_answer"): 1,
        ("incorrect: wrong_answer", "correct"): 1,
        ("unverifiable: timeout", "correct"): 1,
        ("incorrect: wrong_answer", "incorrect: unfinished"): 1,
    }
    ((sample, answer, key),) = found.examples["correct", "incorrect: wrong_answer"]
    assert (answer, key) == ("6", "5")
    assert sample in set(context.run.current()["sample_id"])
    assert before.items() <= written(tmp_path).items()
    assert now(context)[0] == YES  # nothing counts before it is applied
    told = round_.own()
    assert told["verifier"].unique().to_list() == ["math"]
    assert told["verdict_seconds"].min() >= 0  # pyrefly: ignore


def test_a_draw_that_was_stopped_has_no_answer_whatever_it_says(tmp_path: Path):
    context = run_of(tmp_path, {"p": [(RIGHT, ("incorrect", "unfinished"))]})
    shards = Shards(context.draws().place)
    stopped = Draws(shards.place).read().with_columns(finish_reason=pl.lit("loop"))
    shards.write(0, stopped)
    assert turned(context, again(context)) == {}


@pytest.mark.parametrize(
    ("only", "judged"),
    [
        ([], 4),
        (["unverifiable"], 2),
        (["timeout"], 1),
        (["crash", "correct"], 2),
        (["wrong_answer"], 1),
        (["no such thing"], 0),
    ],
)
def test_only_some_are_judged(tmp_path: Path, only: list[str], judged: int):
    draws: dict[str, Any] = {
        "p": [(RIGHT, TIMEOUT), (RIGHT, CRASH), (RIGHT, YES)],
        "q": [(WRONG, NO)],
    }
    context = run_of(tmp_path, draws)
    assert again(context, *only).own().height == judged


def test_an_interrupted_round_is_taken_up_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    context = run_of(tmp_path, {id: [(WRONG, NO)] * 3 for id in "pqrst"}, shard_rows=4)
    monkeypatch.setattr(rejudge, "CHUNK", 2)
    real, calls = rejudge.verify, []

    def interrupted(*asked: Any) -> Verdict:
        calls.append(asked)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return real(*asked)

    monkeypatch.setattr(rejudge, "verify", interrupted)
    with pytest.raises(KeyboardInterrupt):
        again(context)
    kept = written(begin(RunFolder(tmp_path)).folder)
    assert begin(RunFolder(tmp_path)).own().height == 6
    (begin(RunFolder(tmp_path)).folder / "part-00003.parquet.tmp").write_bytes(
        b"PAR1 and then nothing"
    )
    calls.clear()
    calls.extend([()] * 7)
    round_ = again(context)
    assert len(calls) == 7 + 9
    assert round_.own()["sample_id"].sort().equals(context.run.current()["sample_id"].sort())
    assert kept.items() <= written(round_.folder).items()
    assert again(context).folder == round_.folder
    assert len(calls) == 7 + 9  # all is judged


def test_other_verifiers_are_another_round_and_the_same_ones_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    context = run_of(tmp_path, {"p": [(WRONG, YES), (RIGHT, YES)]})
    first = again(context)
    apply(tmp_path, first.folder.name)
    assert again(context).own().is_empty()  # the same verifiers have judged them already
    monkeypatch.setattr(
        "factory.audit.reverify.judged_by", lambda _: {"verifiers": "x", "packages": {}}
    )
    other = again(context)
    assert other.own().height == 2
    assert other.folder != first.folder


def test_what_failed_is_tried_again_once_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    context = run_of(tmp_path, {"p": [(RIGHT, TIMEOUT), (RIGHT, TIMEOUT), (RIGHT, YES)]})
    real = rejudge.verify
    monkeypatch.setattr(rejudge, "verify", lambda *_: Verdict("unverifiable", "crash: X"))
    first = again(context, "unverifiable")
    found = turns(first, context.draws().place, context.run.prompts())
    assert (found.counts, found.stood) == ({("unverifiable: timeout", "unverifiable: crash"): 2}, 0)
    apply(tmp_path, first.folder.name)
    monkeypatch.setattr(rejudge, "verify", real)
    assert turned(context, again(context, "unverifiable")) == {
        ("unverifiable: crash", "correct"): 2
    }


def test_a_key_that_was_mended_is_judged_by(tmp_path: Path):
    context = run_of(tmp_path, {"p": [(WRONG, NO)], "q": [(RIGHT, YES)]})
    apply(tmp_path, again(context).folder.name)
    mended = pl.when(prompt_id="p").then(pl.lit('"6"')).otherwise("reference")
    table = context.run.prompts().with_columns(reference=mended)
    write_table(table, tmp_path / "prompts" / "table.parquet")
    round_ = again(context)
    assert round_.own().height == 1
    assert turned(context, round_) == {("incorrect: wrong_answer", "correct"): 1}
    assert now(context) == [NO, YES]


def test_a_verifier_that_changed_in_a_folder_below_is_another_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for room in (filters.verifiers, filters.text):
        copy = shutil.copytree(Path(str(room.__file__)).parent, tmp_path / room.__name__)
        monkeypatch.setattr(room, "__file__", str(copy / "__init__.py"))
    seen = [rejudge.judged_by()]
    assert seen == [rejudge.judged_by()]
    for changed in (
        "filters.verifiers/choice.py",
        "filters.verifiers/math/units.py",
        "filters.verifiers/code/sandbox/walls.py",
        "filters.text/answer.py",
    ):
        with (tmp_path / changed).open("a") as file:
            file.write("# another word\n")
        assert rejudge.judged_by() not in seen, changed
        seen.append(rejudge.judged_by())
