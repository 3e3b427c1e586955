"""What new verdicts change is told before, and true after they are applied."""

import json
from pathlib import Path

import polars as pl
from runs import (
    NO,
    RECIPE,
    RIGHT,
    WRONG,
    YES,
    again,
    apply,
    digest_now,
    made,
    now,
    run_of,
)

from factory.audit.verdict_changes import effects, wanted
from factory.run_folder import RunFolder


def test_what_a_dataset_gains_and_loses_is_told_before_and_true_after(tmp_path: Path):
    context = run_of(
        tmp_path,
        {"p": [(WRONG, YES)], "q": [(RIGHT, NO), (WRONG, NO)], "r": [(RIGHT, YES), (RIGHT, YES)]},
    )
    made(context)
    before = digest_now(context)
    round_ = again(context)
    (effect,), _ = effects(RunFolder(tmp_path), context.draws().place, round_.after())
    told = (effect.rows, effect.gained, effect.lost, effect.covered, effect.uncovered)
    assert told == (2, 1, 1, 1, 1)

    apply(tmp_path, round_.folder.name)
    assert now(context) == [NO, YES, NO, YES, YES]
    assert digest_now(context) != before
    made(context)
    rows = pl.read_parquet(tmp_path / "dataset" / "v2" / "data" / "*.parquet")
    assert sorted(rows["prompt_id"]) == ["q", "r"]
    manifest = json.loads((tmp_path / "dataset" / "v2" / "manifest.json").read_text())
    assert manifest["made_by"]["verdicts"] == [round_.folder.name]
    assert (tmp_path / "dataset" / "v1" / "manifest.json").exists()


def test_effects_are_told_where_a_rule_asks_for_the_domain(tmp_path: Path):
    asking = RECIPE["filters"] | {"code_blocks": {"allow": ["math"]}}
    context = run_of(tmp_path, {"p": [(WRONG, YES), (RIGHT, YES)]}, filters=asking)
    made(context)
    (effect,), _ = effects(context.run, context.draws().place, again(context).after())
    assert (effect.rows, effect.gained, effect.lost) == (1, 1, 1)


def test_a_version_that_other_verdicts_would_move_is_not_compared_and_that_is_said(tmp_path: Path):
    select = {"per_prompt": 1, "prefer": "diverse"}
    draws = {"p": [(WRONG, YES), (RIGHT, YES)]}
    context = run_of(tmp_path, draws, dataset={"select": select})
    made(context)
    found, said = effects(context.run, context.draws().place, again(context).after())
    assert found == []
    assert said == [
        "dataset v1 is not compared: its selection goes by pass rates, clusters or texts"
    ]


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
