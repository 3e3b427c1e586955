"""What other rules would do: the funnel, rows gained and lost, and examples near the limit."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from runs import NO, OPEN, RIGHT, WRONG, YES, Stored, made, run_of

from factory.audit.subject import Subject
from factory.audit.subject.place import subject_at
from factory.audit.what_if import what_if
from factory.audit.what_if.settings import changed
from factory.audit.what_if.shown import sentence, shown
from factory.cli import main
from factory.cli.what_if_option import say_what_if
from factory.errors import RecipeError
from factory.store import write_table
from filters import funnel, judge


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three prompts; each has one row at most."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    draws = {
        "a": [(WRONG, NO), (RIGHT, YES), (RIGHT, YES)],
        "b": [(RIGHT, YES)],
        "c": [(OPEN, NO), (WRONG, NO)],
    }
    made(run_of(folder, draws))
    return folder


@pytest.fixture(scope="module")
def subject(folder: Path) -> Subject:
    """The same, with a length of its own for each draw: 10, 20, … tokens."""
    found = subject_at(str(folder))
    rows = found.samples.sort("prompt_id", "draw")
    lengths = ((pl.int_range(pl.len()) + 1) * 10).cast(pl.Int32)
    rows = rows.with_columns(tokens=lengths, completion_tokens=lengths)
    judged = judge(rows.drop("reasons", "dropped_by"), found.filters)
    assert judged["dropped_by"].to_list() == [*rows["dropped_by"].to_list()[:5], "correctness"]
    return replace(found, samples=rows)


def test_a_tighter_limit_loses_rows_and_selection_takes_others(subject: Subject):
    found = what_if(subject, ["length.max_tokens=30"])
    assert found.rows == (2, 1)
    assert found.lost().rows() == [(None, "row", "too_long", 1)]
    assert found.gained().is_empty()
    assert found.note is None
    assert found.recipe == "filters:\n  length:\n    max_tokens: 30\n"


def test_a_filter_left_out_gains_rows(subject: Subject):
    found = what_if(subject, ["correctness=off"])
    assert found.rows == (2, 3)
    assert set(found.gained().rows()) == {(None, "incorrect", "row", 2)}
    # the wrong draw of a is shorter than its right one, so it takes its place
    assert set(found.lost().rows()) == {(None, "row", "spare: per_prompt", 1)}
    assert sentence(found) == "correctness=off: 2 → 3 rows (+50.0%), + 2 gained, - 1 lost"


def test_the_funnel_stands_beside_the_present_one(subject: Subject):
    texts = ["length.max_tokens=25", "correctness=off"]
    found = what_if(subject, texts)
    other = changed(subject.filters, texts)
    judged = judge(subject.samples.drop("reasons", "dropped_by"), other)
    then = dict(funnel(judged, other).select("filter", "dropped").iter_rows())
    assert found.funnel.rows() == [
        ("correctness", 3, 3, None, None),
        ("length", 0, 3, then["length"], 6 - then["length"]),
    ]


def test_examples_nearest_to_the_limit_come_first(subject: Subject):
    nobody = pl.lit(None, pl.String)
    rows = subject.samples.with_columns(dropped_by=nobody, spare_by=nobody, reasons=[])
    rows = rows.with_columns(fate=pl.lit("chosen"), verdict=pl.lit("correct"))
    data = replace(subject, samples=rows, kind="data", manifest=None)
    found = what_if(data, ["length.max_tokens=15"], examples=2)
    assert found.examples.select("measure", "value", "limit").rows() == [
        ("tokens", 20.0, 15.0),
        ("tokens", 30.0, 15.0),
    ]


def test_samples_that_no_program_judged_are_let_be(subject: Subject):
    rows = subject.samples.with_columns(
        fate=pl.when(draw=1).then(pl.lit("unread")).otherwise("fate")
    )
    assert what_if(replace(subject, samples=rows), ["length.max_tokens=1"]).rows == (1, 0)


def test_where_selection_is_not_repeated_accepted_samples_count(subject: Subject):
    assert subject.manifest
    mix = subject.manifest.model_copy(update={"recipe": {"mix": {}}})
    found = what_if(replace(subject, manifest=mix), ["length.max_tokens=35"])
    assert found.note == "selection is not repeated: a mix chooses among versions and their rows"
    assert found.rows == (3, 2)
    assert found.moved.rows() == [(None, "accepted", "too_long", 1)]


def test_what_a_filter_dropped_that_is_not_here_stays_dropped(subject: Subject):
    """A filter of one's own, whose file nobody has any more."""
    assert subject.manifest
    rule = subject.manifest.rules[0].model_copy(update={"filter": "mine"})
    manifest = subject.manifest.model_copy(update={"rules": [*subject.manifest.rules, rule]})
    right = pl.col("fate") == "chosen"
    rows = subject.samples.with_columns(
        dropped_by=pl.when(right).then(pl.lit("mine")).otherwise("dropped_by"),
        reasons=pl.when(right).then(pl.lit(["dull"])).otherwise("reasons"),
        fate=pl.when(right).then(pl.lit("dropped")).otherwise("fate"),
    )
    found = what_if(replace(subject, samples=rows, manifest=manifest), ["length=off"])
    assert found.rows[1] == 1  # the spare one: no more


def test_a_filter_that_was_not_measured_is_refused(subject: Subject):
    with pytest.raises(RecipeError, match=r"filter repetition: .* has no compression, counting_"):
        what_if(subject, ["repetition=on"])


def test_it_is_told_to_people_and_programs(subject: Subject, capsys: pytest.CaptureFixture[str]):
    say_what_if(subject, ["length.max_tokens=30"])
    said = capsys.readouterr().out
    assert said.startswith("length.max_tokens=30: 2 → 1 rows (-50.0%), + 0 gained, - 1 lost")
    assert "max_tokens: 30" in said
    say_what_if(subject, ["length.max_tokens=30"], as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == {"now": 2, "then": 1}
    assert told["examples"][0]["limit"] == 30
    assert len(list(shown(what_if(subject, [])))) == 3  # nothing moves


def test_nothing_in_a_domain_or_id_acts(subject: Subject, capsys: pytest.CaptureFixture[str]):
    rows = subject.samples.with_columns(domain=pl.lit("[red]\x1b[2Jgone\u202e"))
    say_what_if(replace(subject, samples=rows), ["length.max_tokens=30"])
    said = capsys.readouterr().out
    assert "[red]\\x1b[2Jgone\\u202e" in said
    assert "\x1b" not in said


def test_the_command_tells_it_alone(folder: Path):
    done = CliRunner().invoke(main, ["audit", str(folder), "--what-if", "correctness=off"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("correctness=off: 2 → 3 rows (+50.0%)")
    assert not (folder / "audit").exists()


def test_the_command_refuses_what_there_is_not(folder: Path):
    done = CliRunner().invoke(main, ["audit", str(folder), "--what-if", "lenght.max_tokens=3"])
    assert done.exit_code == 2
    assert "did you mean 'length'?" in done.output


SELECTIONS = {
    "one of a prompt": {"per_prompt": 1},
    "by lot": {"per_prompt": 1, "prefer": "random"},
    "so many rows": {"rows": 2, "take": "longest"},
    "those in the middle": {"difficulty": {"min": 0.3, "max": 0.9}},
    "the hardest": {"rows": 2, "take": "hardest"},
    "quotas": {"quotas": {"domain": {"math": 2}}},
    "spread over topics": {"rows": 2, "topics": {"by": "source"}},
}
LONG = RIGHT.replace("so", "so " * 40)


def made_with(folder: Path, draws: dict[str, list[Stored]], **changes: Any) -> Path:
    """A run of this recipe with its version; a quarter of the draws of `a` are right, and so on."""
    context, place = run_of(folder, draws, **changes), folder / "samples" / "prompts.parquet"
    rates = {"a": 0.25, "b": 0.5, "c": 0.0, "d": 1.0}
    fates = pl.read_parquet(place)
    write_table(fates.with_columns(pass_rate=fates["prompt_id"].replace_strict(rates)), place)
    made(context)
    return folder


@pytest.mark.parametrize("wanted", SELECTIONS.values(), ids=list(SELECTIONS))
def test_rows_are_those_that_a_build_gives(wanted: dict[str, object], tmp_path: Path):
    draws: dict[str, list[Stored]] = {
        "a": [(WRONG, NO), (RIGHT, YES), (LONG, YES)],
        "b": [(LONG, YES), (WRONG, NO), (RIGHT, YES)],
        "c": [(OPEN, NO), (WRONG, NO), (WRONG, NO)],
        "d": [(RIGHT, YES), (RIGHT, YES), (LONG, YES)],
    }
    dataset = {"select": wanted}
    strict = {"correctness": {}, "length": {"max_paragraph_chars": 50}}
    loose = {"correctness": {}, "length": {"max_paragraph_chars": 500}}
    before, after = (
        subject_at(str(made_with(tmp_path / name, draws, filters=filters, dataset=dataset)))
        for name, filters in (("before", strict), ("after", loose))
    )
    assert what_if(before, []).moved.is_empty()
    found = what_if(before, ["length.max_paragraph_chars=500"])
    assert found.note is None
    assert found.rows[1] == after.samples.filter(fate="chosen").height
    both = before.samples.join(after.samples, on="sample_id", suffix="_then")
    word = {"chosen": "row", "dropped": "long_paragraph"}
    turned = both.filter(pl.col("fate") != pl.col("fate_then"))
    told = Counter(
        (word.get(a, f"spare: {s}"), word.get(b, f"spare: {t}"))
        for a, s, b, t in turned.select("fate", "spare_by", "fate_then", "spare_by_then").rows()
    )
    assert {(b, a): n for _, b, a, n in found.moved.rows()} == told
