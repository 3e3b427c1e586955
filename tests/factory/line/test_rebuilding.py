"""A version made again from stored samples: the same whatever came since, or what differs named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from runs import CRASH, NO, RIGHT, WRONG, YES, again, apply, made, run_of, written

from factory.cli import main
from factory.line.context import Context
from factory.store.shards import Shards
from factory.versions.folder import index_of, manifest_of
from factory.versions.manifest import read

DRAWS = {f"p{n}": [(RIGHT, YES), (WRONG, NO), (RIGHT, YES)] for n in range(6)}
LIMIT = {"correctness": {}, "length": {"max_tokens": 5}}


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A run with one version of six rows."""
    context = run_of(tmp_path / "run", DRAWS)
    made(context)
    return context


def rebuild(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["rebuild", *map(str, arguments)])
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_the_same_rows_and_nothing_is_changed(context: Context):
    before = written(context.run.path)
    code, said = rebuild(context.run.version(1))
    assert (code, said.count(read(context.run.version(1)).digest)) == (0, 2), said
    assert "the same rows" in said
    assert "differs" not in said
    assert written(context.run.path) == before


def test_into_a_folder_it_is_a_version(context: Context, tmp_path: Path):
    code, said = rebuild(context.run.version(1), "--into", tmp_path / "again")
    assert code == 0, said
    first, other = read(context.run.version(1)), read(tmp_path / "again" / "v1")
    assert (other.digest, other.made_by) == (first.digest, first.made_by)
    assert [path.name for path in (tmp_path / "again").iterdir()] == ["v1"]


def test_a_manifest_elsewhere_wants_to_know_its_run(context: Context, tmp_path: Path):
    elsewhere = shutil.copytree(context.run.version(1), tmp_path / "downloaded")
    code, said = rebuild(manifest_of(elsewhere))
    assert (code, "Name it: --run" in said) == (1, True)
    assert rebuild(manifest_of(elsewhere), "--run", context.run.path)[0] == 0


def other_rules(context: Context) -> None:
    recipe = context.recipe.model_copy(update={"filters": type(context.recipe.filters)(**LIMIT)})
    (context.folder / "unused").mkdir(parents=True, exist_ok=True)
    context.run.note(recipe, context.home)


def another_verdict(context: Context) -> None:
    """Draws judged anew, and those verdicts count from now on."""
    apply(context.run.path, again(context).folder.name)


def further_draws(context: Context) -> None:
    draws = context.run.draws().read()
    more = draws.filter(draw=0).with_columns(
        sample_id=pl.col("sample_id") + "x", draw=pl.lit(9, pl.Int32)
    )
    Shards(context.draws().place).write(99, more)
    both = pl.concat([context.run.current(), more.select("sample_id")])
    both.write_parquet(context.run.current_draws)


def another_prompt_table(context: Context) -> None:
    """The table of then was moved aside, as a run does."""
    aside = context.run.aside("prompts", "abc")
    shutil.copytree(context.run.stage("prompts"), aside)
    table = context.run.prompts().with_columns(source=pl.lit("renamed"))
    table.write_parquet(context.run.prompt_table)


@pytest.mark.parametrize(
    "since", [other_rules, another_verdict, further_draws, another_prompt_table]
)
def test_what_came_since_plays_no_part(context: Context, since: Callable[[Context], None]):
    since(context)
    code, said = rebuild(context.run.version(1))
    assert code == 0, said


def test_the_verdicts_that_counted_then_count(tmp_path: Path):
    draws = {id: [(RIGHT, CRASH), (WRONG, NO)] for id in ("p0", "p1")} | {"p2": [(RIGHT, YES)]}
    context = run_of(tmp_path / "run", draws)
    made(context)
    apply(context.run.path, again(context).folder.name)
    made(context)
    assert [read(context.run.version(n)).rows for n in (1, 2)] == [1, 3]
    assert [rebuild(context.run.version(n))[0] for n in (1, 2)] == [0, 0]
    shutil.rmtree(
        context.run.rounds("samples") / read(context.run.version(2)).made_by["verdicts"][0]
    )
    code, said = rebuild(context.run.version(2))
    assert (code, "are gone" in said, "2 rows of then were not made" in said) == (1, True, True)


def draws_are_gone(context: Context) -> None:
    Path(context.draws().place, "part-00000.parquet").unlink()


def a_text_is_another(context: Context) -> None:
    shards = Shards(context.draws().place)
    rows = next(shards.each())
    shards.write(0, rows.with_columns(text=pl.lit(r"<think>new</think> \boxed{5}")))


def no_old_prompt_table(context: Context) -> None:
    context.run.prompts().with_columns(source=pl.lit("renamed")).write_parquet(
        context.run.prompt_table
    )


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (draws_are_gone, ["2 draws are gone from the samples, as", "1 rows of then were not made"]),
        (a_text_is_another, ["what draws say", "1 rows have the same id and another content"]),
        (no_old_prompt_table, ["the prompt table is another one", "6 rows have the same id"]),
    ],
)
def test_what_differs_is_named(
    context: Context, spoil: Callable[[Context], None], words: list[str]
):
    spoil(context)
    code, said = rebuild(context.run.version(1))
    assert code == 1, said
    for part in words:
        assert part in said, said


def test_another_version_of_a_measure_is_named_and_what_was_stored_counts(
    context: Context, monkeypatch: pytest.MonkeyPatch
):
    from filters.length import Length

    monkeypatch.setattr(Length, "version", 99)
    code, said = rebuild(context.run.version(1))
    assert (code, "the measure length was version" in said) == (0, True), said


def test_without_its_record_of_decisions_todays_draws_are_taken(context: Context, tmp_path: Path):
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(manifest_of(context.run.version(1)), alone)
    assert rebuild(alone, "--run", context.run.path)[0] == 0
    assert not index_of(alone).exists()
