"""Judged again: what turned is seen, nothing stored changes, only what was applied counts."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import filters.text
import filters.verifiers
from factory.audit.reverify import begin, opened
from factory.audit.verdict_changes import effects, turns, wanted
from factory.cli import main
from factory.errors import RecipeError, StageError
from factory.line.context import Context
from factory.line.dataset_stages import dataset, measures
from factory.models import Located
from factory.prompts.collect import PROMPT
from factory.recipe import Recipe
from factory.records import SAMPLE, key_digest, sample_id
from factory.run_folder import RunFolder
from factory.sampler import rejudge
from factory.sampler.asker import Asker
from factory.sampler.draws import draws_digest
from factory.sampler.rejudge import judge
from factory.sampler.teacher import Teacher
from factory.store import verdicts, write_table
from factory.store.draws import Draws
from factory.store.shards import Shards
from filters.text.thinking import split
from filters.verdict import Verdict

RIGHT, WRONG, OPEN = r"<think>so</think> \boxed{5}", r"<think>so</think> \boxed{6}", "<think>so"
RECIPE: dict[str, Any] = {
    "name": "test",
    "prompts": [{"source": "reasoning_gym", "task": "chain_sum", "rows": 9, "held_out": 1}],
    "teacher": {"base": {"tiny": "qwen2", "rows": 100}},
    "sampling": {"policy": {"until": {"accepted": 1, "max_draws": 3}}, "max_tokens": 96},
    "filters": {"correctness": {}, "length": {"max_tokens": 50}},
    "dataset": {"select": {"per_prompt": 1}},
}
TEACHER = Teacher(Located(path="", name="t", digest="t"))
KEY = key_digest("math", '"5"')
Given = tuple[str, str | None]
Stored = tuple[str, Given]
YES: Given = ("correct", None)
NO: Given = ("incorrect", "wrong_answer")
TIMEOUT: Given = ("unverifiable", "timeout")
CRASH: Given = ("unverifiable", "crash: ValueError")


def quiet(*_: Any, **__: Any) -> None:
    """A report that nobody reads."""


def run_of(
    folder: Path, draws: Mapping[str, Sequence[Stored]], shard_rows: int = 2, **changes: Any
) -> Context:
    """A run whose prompts, all with the key 5, have these draws: text, and stored verdict."""
    recipe = Recipe.model_validate(RECIPE | changes)
    for stage in ("prompts", "samples/draws", "teacher", "measures", "dataset"):
        (folder / stage).mkdir(parents=True)
    RunFolder(folder).note(recipe, folder)
    TEACHER.model.note(folder / "teacher")
    asked = [
        {"prompt_id": id, "messages": [{"role": "user", "content": f"{id}?"}], "split": "train"}
        | {"reference": '"5"', "verifier": "math", "source": "sums", "language": "en"}
        for id in draws
    ]
    write_table(
        pl.DataFrame(asked, schema={**PROMPT, "split": pl.String()}),
        folder / "prompts" / "table.parquet",
    )
    asker = Asker(TEACHER.identity(recipe.sampling), recipe.sampling, recipe.seed)
    rows = [
        _row(prompt, number, asker, *draw)
        for prompt, all_of_it in draws.items()
        for number, draw in enumerate(all_of_it)
    ]
    table = pl.DataFrame(rows, schema=SAMPLE)
    for number, shard in enumerate(table.iter_slices(shard_rows)):
        Shards(folder / "samples" / "draws").write(number, shard)
    write_table(table.select("sample_id"), folder / "samples" / "current.parquet")
    return Context(recipe, folder, RunFolder(folder), "samples", quiet)


def _row(
    prompt: str, number: int, asker: Asker, text: str, verdict: tuple[str, str | None]
) -> dict[str, Any]:
    thought = split(text)
    return {
        "sample_id": sample_id(prompt, asker.teacher, asker.settings, number, 96),
        "prompt_id": prompt,
        "draw": number,
        "teacher": asker.teacher,
        "settings": asker.settings,
        "max_tokens": 96,
        "key": KEY,
        "opening": "",
        "text": text,
        "finish_reason": "stop" if thought.response else "length",
        "completion_tokens": 10,
        "reasoning": thought.reasoning,
        "response": thought.response,
        "verdict": verdict[0],
        "verdict_reason": verdict[1],
        "answer": thought.response[-2] if thought.response else None,
    }


def again(context: Context, *only: str) -> rejudge.Round:
    round_ = begin(context.run, only)
    judge(round_, context.draws().place, context.run.prompts(), quiet)
    return round_


def turned(context: Context, round_: rejudge.Round) -> dict[tuple[str, str], int]:
    return turns(round_, context.draws().place, context.run.prompts()).counts


def now(context: Context) -> list[tuple[str, str | None]]:
    """Verdicts as the line sees them."""
    told = ("verdict", "verdict_reason")
    return list(context.draws().in_order(context.run.current(), told).select(told).iter_rows())


def digest_now(context: Context) -> str:
    return draws_digest(context.draws(), context.run.current())


def apply(run: Path, name: str) -> None:
    verdicts.apply(RunFolder(run).rounds("samples"), name)


def written(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


# --- what counts --------------------------------------------------------------------------------


def round_with(**rows: tuple[str, str | None]) -> pl.DataFrame:
    told = [
        {"sample_id": id, "verdict": v, "verdict_reason": why, "key": KEY}
        for id, (v, why) in rows.items()
    ]
    return pl.DataFrame(told, schema=verdicts.VERDICT)


@pytest.mark.parametrize(
    ("stored", "rounds", "counts"),
    [
        (NO, [], NO),
        (NO, [{"other": YES}], NO),
        (NO, [{"x": YES}], YES),
        (NO, [{"x": YES}, {"x": NO}], NO),  # the last one counts, also where it is as stored
        (YES, [{"x": TIMEOUT}], YES),  # a failure takes nothing away
        (YES, [{"x": CRASH}], YES),
        (NO, [{"x": YES}, {"x": TIMEOUT}], YES),
        (TIMEOUT, [{"x": CRASH}], CRASH),
        (YES, [{"x": ("unverifiable", "bad_reference: it is empty")}], None),  # that is no failure
    ],
)
def test_the_last_verdict_counts_unless_it_failed(
    stored: Stored, rounds: list[dict[str, Any]], counts: tuple[str, str | None] | None
):
    draw = {"sample_id": "x", "verdict": stored[0], "verdict_reason": stored[1], "key": KEY}
    schema = {name: pl.String() for name in draw}
    laid = verdicts.over(pl.DataFrame([draw], schema=schema), [round_with(**r) for r in rounds])
    expected = counts or next(iter(rounds[-1].values()))
    assert laid.row(0) == ("x", *expected, KEY)


def test_a_round_that_counts_and_is_gone_is_named(tmp_path: Path):
    (tmp_path / "applied.json").write_text('["abc"]')
    with pytest.raises(StageError, match=r"abc: these verdicts were applied and are gone"):
        verdicts.current(tmp_path)


# --- judging ------------------------------------------------------------------------------------


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
        "factory.audit.reverify.judged_by", lambda: {"verifiers": "x", "packages": {}}
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


# --- what it changes ----------------------------------------------------------------------------


def made(context: Context) -> None:
    """Measure, and make the dataset version of the present verdicts."""
    for stage, make in (("measures", measures), ("dataset", dataset)):
        make(Context(context.recipe, context.home, context.run, stage, quiet))


def test_what_a_dataset_gains_and_loses_is_told_before_and_true_after(tmp_path: Path):
    context = run_of(
        tmp_path,
        {"p": [(WRONG, YES)], "q": [(RIGHT, NO), (WRONG, NO)], "r": [(RIGHT, YES), (RIGHT, YES)]},
    )
    made(context)
    before = digest_now(context)
    round_ = again(context)
    (effect,) = effects(RunFolder(tmp_path), context.draws().place, round_.after())
    told = (effect.rows, effect.gained, effect.lost, effect.covered, effect.uncovered)
    assert told == (2, 1, 1, 1, 1)

    apply(tmp_path, round_.folder.name)
    assert now(context) == [NO, YES, NO, YES, YES]
    assert digest_now(context) != before
    made(context)
    rows = pl.read_parquet(tmp_path / "dataset" / "v2" / "data" / "*.parquet")
    assert rows["prompt_id"].to_list() == ["q", "r"]
    manifest = json.loads((tmp_path / "dataset" / "v2" / "manifest.json").read_text())
    assert manifest["made_by"]["verdicts"] == [round_.folder.name]
    assert (tmp_path / "dataset" / "v1" / "manifest.json").exists()


def test_effects_are_told_where_a_rule_asks_for_the_domain(tmp_path: Path):
    asking = RECIPE["filters"] | {"code_blocks": {"allow": ["math"]}}
    context = run_of(tmp_path, {"p": [(WRONG, YES), (RIGHT, YES)]}, filters=asking)
    made(context)
    (effect,) = effects(context.run, context.draws().place, again(context).after())
    assert (effect.rows, effect.gained, effect.lost) == (1, 1, 1)


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


def test_verdicts_that_stay_change_no_fingerprint(tmp_path: Path):
    context = run_of(tmp_path, {"p": [(WRONG, NO), (RIGHT, YES)]})
    before = digest_now(context)
    apply(tmp_path, again(context).folder.name)
    assert digest_now(context) == before


def test_what_the_policy_makes_of_it_is_told(tmp_path: Path):
    context = run_of(
        tmp_path,
        {
            "p": [(WRONG, YES)],  # its success was none: it wants more
            "q": [(RIGHT, NO), (RIGHT, YES)],  # the first one was enough
            "r": [(WRONG, YES), (RIGHT, YES)],  # the second one was left over
        },
    )
    round_ = again(context)
    want = wanted(context, round_.before, round_.after())
    assert (want.prompts, want.out_of_use, want.into_use) == (1, 1, 1)


# --- the command --------------------------------------------------------------------------------


def call(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_shows_and_applies_only_when_told(tmp_path: Path):
    context = run_of(tmp_path, {"p": [(WRONG, YES)], "q": [(RIGHT, NO)]})
    made(context)
    (tmp_path / "samples" / "stage.json").write_text("{}")
    shown = call("reverify", tmp_path)
    assert "incorrect: wrong_answer" in shown
    assert "prompts want more draws then" in shown
    assert "--apply lets these verdicts count" in shown
    assert (tmp_path / "samples" / "stage.json").exists()
    assert now(context) == [YES, NO]

    assert "these verdicts count now" in call("reverify", tmp_path, "--apply")
    assert now(context) == [NO, YES]
    assert not (tmp_path / "samples" / "stage.json").exists()  # the next run looks at them
    assert "no verdict turned" in call("reverify", tmp_path)
    assert verdicts.applied(RunFolder(tmp_path).rounds("samples")) == [
        path.name for path in RunFolder(tmp_path).rounds("samples").iterdir() if path.is_dir()
    ]


@pytest.mark.parametrize("command", ["reverify", "keys"])
def test_a_folder_without_draws_is_refused(tmp_path: Path, command: str):
    result = CliRunner().invoke(main, [command, str(tmp_path)])
    assert result.exit_code == 2
    assert "no run folder, it has no recipe.json" in result.stderr
    run_of(tmp_path, {})
    with pytest.raises(RecipeError, match="no draws are sealed yet"):
        opened(RunFolder(tmp_path))
