"""Data tests: what a recipe says must hold, parsed when it is loaded, tried on each version."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError
from runs import NO, RECIPE, RIGHT, WRONG, YES, made, run_of
from versions import manifest, repair

from factory.line.context import Context
from factory.line.dataset_stages import dataset
from factory.recipe import Recipe
from factory.recipe.data_tests import LIMITED, classes, parse
from factory.versions import manifest as manifests
from factory.versions import tested as trying
from factory.versions.layout import write_plain
from factory.versions.tested import failed, words
from factory.versions.verify import verify
from filters import FILTERS, Filters

MEASURED = FILTERS["repetition"].columns
OTHERS = ("loop_others", "counting_repeats", "counting_chars", "counting_others")
FILTERS_USED: dict[str, Any] = {"correctness": {}, "length": {}, "repetition": {"max_share": 1}}


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine rows in one file: loops, doubtful keys, unknown licences, by hand."""
    folder = tmp_path_factory.mktemp("version")
    (folder / "data").mkdir()
    ids = [f"s{number}" for number in range(9)]
    rows = pl.DataFrame(
        {
            "messages": [[{"role": "user", "content": "?"}]] * 9,
            "sample_id": ids,
            "prompt_id": [f"p{number // 2}" for number in range(9)],
            "source": ["sums"] * 6 + ["words"] * 3,
            "license": ["mit"] * 8 + [None],
            "completion_tokens": pl.Series(range(100, 1000, 100), dtype=pl.Int32),
            "tokens": pl.Series(range(100, 1000, 100), dtype=pl.Int32),
            "longest_paragraph": pl.Series([1] * 9, dtype=pl.Int32),
            "repeated_share": [0.0] * 8 + [0.5],
            "loop_repeats": pl.Series([0] * 7 + [3, 9], dtype=pl.Int32),
            "loop_chars": pl.Series([0] * 7 + [500, 500], dtype=pl.Int32),
            **{name: pl.Series([None] * 9, dtype=MEASURED[name]) for name in OTHERS},
            "echo_share": [0.0] * 9,
            "compression": [1.0] * 9,
        }
    )  # fmt: skip
    write_plain(rows, folder / "data" / "train-00000-of-00001.parquet")
    draws = [(id, "correct", "judge: yes" if id == "s0" else None) for id in ids]
    others = [(f"x{number}", "incorrect", "wrong_answer") for number in range(6)]
    decided = pl.DataFrame(
        [*draws, *others], orient="row", schema=["sample_id", "verdict", "verdict_reason"]
    )
    prompts = [*rows["prompt_id"], *["p4"] * 6]
    write_plain(decided.with_columns(prompt_id=pl.Series(prompts)), folder / "decisions.parquet")
    return folder


@pytest.mark.parametrize(
    ("test", "value", "rows", "remark"),
    [
        ("rows >= 9", 9, None, "rows"),
        ("rows >= 1,000", 9, 0, "too few, and no row is to blame"),
        ("prompts == 5", 5, None, "their prompts"),
        ("loops == 0", 1, 1, "one is a loop by the defaults"),
        ("loops < 12 %", 100 / 9, None, "as a share"),
        ("loop(min_loop_repeats=3) == 0", 2, 2, "with thresholds of its own"),
        ("repetition < 1 %", 100 / 9, 1, "any reason of a filter"),
        ("repetitive == 0", 1, 1, "a reason, though the recipe lets it pass"),
        ("repetitive(max_share=0.6) == 0", 0, None, "a wide limit"),
        ("too_long(max_tokens=700) == 0", 2, 2, "a limit that no filter has by default"),
        ("completion_tokens.max <= 900", 900, None, "the largest"),
        ("completion_tokens.mean < 400", 500, 6, "on average; those that are not below"),
        ("completion_tokens.p50 == 500", 500, None, "a percentile"),
        ("completion_tokens.p99 < 800", 892, 2, "a percentile, and who is beyond"),
        ("source.max_share < 40 %", 200 / 3, 6, "one source has most"),
        ("source.max_share < 0.7", 2 / 3, None, "a share without a percent sign"),
        ("source.distinct >= 2", 2, None, "values"),
        ("source.entropy > 0.9", 0.9182958340544896, None, "bits"),
        ("license.unknown == 0", 1 / 9, 1, "nulls"),
        ("key_suspect < 1 %", 100 / 9, 1, "one of seven draws agrees with the key"),
        ("judge_only == 0", 1, 1, "nobody but the judge accepted it"),
        ("unverifiable == 0", 0, None, "a reason of verdicts"),
        ("code_block == 0", None, 0, "nothing was measured, so it does not hold"),
    ],
)  # fmt: skip
def test_a_test_says_what_was_measured_and_which_rows_go_against_it(
    version: Path, test: str, value: float | None, rows: int | None, remark: str
):
    [found] = trying.tested(version, [test], FILTERS)
    assert (found.value is None) is (value is None), remark
    assert found.value == pytest.approx(value), remark
    assert found.holds is (rows is None), remark
    assert found.rows == (rows or 0), remark
    assert len(found.examples) == found.rows


def recipe(*tests: str, **filters: Any) -> Recipe:
    told = RECIPE | {"filters": FILTERS_USED | filters, "dataset": {"tests": list(tests)}}
    return Recipe.model_validate(told)


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("lops < 1 %", "nothing is called lops; did you mean 'loops'?"),
        ("loops", "'loops' is no test: expected a quantity, one of < <= > >= == != and a number"),
        ("loops = 1", "is no test"),
        ("loops < many", "is no test"),
        ("rows > 5 %", "rows is no share"),
        ("completion_tokens.p99 < 5 %", "completion_tokens.p99 is no share"),
        ("sorce.max_share < 1", "rows have no column sorce; did you mean 'source'?"),
        ("source.max_shar < 1", "nothing is called max_shar; did you mean 'max_share'?"),
        ("source.mean < 1", "source is no number"),
        ("source < 1", "of a column write what of it, as source.max_share"),
        ("contaminated == 0", "filters.contamination measures it, which is left out"),
        ("language_share.mean > 0.9", "filters.language measures it, which is left out"),
        ("too_long == 0", "filters.length has no limit by default: write one in brackets"),
        ("too_long(max_token=9) == 0", "filters.length.max_token: Extra inputs are not permitted"),
        ("too_long(9) == 0", "in brackets stands NAME=VALUE, with commas between"),
    ],
)  # fmt: skip
def test_what_is_no_test_is_said_when_the_recipe_is_loaded(test: str, told: str):
    with pytest.raises(ValidationError) as raised:
        recipe(test)
    assert told in str(raised.value)


def test_the_tests_of_the_documentation_can_be_parsed():
    tests = ["loops < 0.5 %", "key_suspect < 1 %", "source.max_share < 40 %"]
    assert recipe(*tests).dataset.tests == tests


def test_every_reason_that_needs_a_limit_is_known():
    for name, reasons in LIMITED.items():
        for reason in reasons:
            fault = "no limit by default" if name in FILTERS_USED else "which is left out"
            with pytest.raises(ValidationError, match=fault):
                recipe(f"{reason} == 0")


def test_a_test_reads_as_it_is_written():
    test = parse("too_long(max_tokens=8_000) <= 0.5 %")
    assert (test.name, test.settings, test.sign) == ("too_long", {"max_tokens": 8000}, "<=")
    assert (test.number, test.percent, test.aggregate) == (0.5, True, None)
    assert set(classes(Filters())) == set(FILTERS)


def run_with(tmp_path: Path, *tests: str) -> tuple[Context, list[str]]:
    draws = {f"p{number}": [(RIGHT + " " * number, YES)] for number in range(3)}
    changes = {"filters": FILTERS_USED, "dataset": {"tests": list(tests)}}
    context = run_of(tmp_path / "run", draws | {"q": [(WRONG, NO)]}, **changes)
    made(context)
    said: list[str] = []
    again = Context(
        context.recipe, context.home, context.run, "dataset", context.report, said.append
    )
    dataset(again)
    return context, said


def test_a_version_has_its_tests_and_the_run_says_which_fail(tmp_path: Path):
    context, said = run_with(tmp_path, "rows == 3", "too_long(max_tokens=9) < 50 %")
    version = context.run.current_version()
    assert version
    there = manifests.read(version)
    assert [test.holds for test in there.tests] == [True, False]
    [wrong] = failed(there)
    assert wrong.rows == 3
    assert said == [words(wrong)]
    assert said[0].startswith("does not hold: too_long(max_tokens=9) < 50 %: it is 100; 3 rows go")


def test_other_tests_of_the_same_rows_are_another_version(tmp_path: Path):
    context, _ = run_with(tmp_path, "rows == 3")
    changed = context.recipe.model_copy(
        update={"dataset": context.recipe.dataset.model_copy(update={"tests": ["rows == 4"]})}
    )
    dataset(Context(changed, context.home, context.run, "dataset", context.report))
    first, second = (manifests.read(folder) for folder in context.run.versions().values())
    assert first.digest == second.digest
    assert [test.holds for test in (*first.tests, *second.tests)] == [True, False]


def test_verify_tries_the_tests_again(tmp_path: Path):
    context, _ = run_with(tmp_path, "rows == 3", "loops == 0")
    version = context.run.current_version()
    assert version
    assert verify(version).good
    told = manifests.read(version).tests
    lies = [
        told[0].model_copy(update={"value": 4.0, "holds": False}).model_dump(),
        told[1].model_dump(),
    ]
    repair(version, tests=lies)
    [fault] = verify(version).faults
    assert str(fault).startswith("manifest.json: tests: rows == 3: expected 3.0: holds")


def test_nothing_failed_where_nothing_is_tested():
    assert failed(manifest()) == []
    test = manifests.Tested(test="rows > 1", value=None, holds=False)
    assert words(test) == "does not hold: rows > 1: nothing could be measured"
