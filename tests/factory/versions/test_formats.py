"""Further forms of a version's data: they say what the rows say, and others' programs take them."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from runs import NO, RIGHT, TIMEOUT, WRONG, YES, made, run_of

from factory.line.context import Context
from factory.line.selecting import selected
from factory.versions import build, gather
from factory.versions.folder import examples_of, shards_of
from factory.versions.formats.of_draws import Drawn, preference
from factory.versions.manifest import read
from factory.versions.told import Told
from filters.verifiers.check import wilson

FORMATS = ["prompt_completion", "sharegpt", "raw", "preference", "pass_rates", "examples"]
CUT = ("incorrect", "unfinished")
LOOPS = "<think>so</think> longer \\boxed{5}"
DRAWS = {
    "a": [(RIGHT, YES), (WRONG, NO), (WRONG, CUT)],
    "b": [(RIGHT, YES), (RIGHT, YES), ("<think>", CUT), (WRONG, NO)],
    "c": [(WRONG, NO)],
    "d": [(RIGHT, YES), (RIGHT, TIMEOUT)],
    "e": [(RIGHT, YES)],
}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A run that wants every form; its prompt a is in `test`, the others are in `train`."""
    tmp_path = tmp_path_factory.mktemp("run")
    dataset = {"formats": FORMATS, "splits": {"test": "22 %"}}
    context = run_of(tmp_path, DRAWS, filters={"correctness": {}}, dataset=dataset)
    fates = [
        {"prompt_id": id, "teacher": "A teacher", "beside": None, "draws": len(draws)}
        | {"correct": sum(given == YES for _, given in draws), "pass_rate": 0.5}
        for id, draws in DRAWS.items()
    ]
    teacher = pl.read_parquet(context.run.prompt_fates)["teacher_digest"][0]
    table = pl.DataFrame(fates, schema_overrides={"beside": pl.String})
    table.with_columns(teacher_digest=pl.lit(teacher)).write_parquet(context.run.prompt_fates)
    made(context)
    return context


def form(context: Context, name: str) -> pl.DataFrame:
    return pl.read_parquet(shards_of(context.run.version(1), form=name))


def decided(context: Context) -> pl.DataFrame:
    run, filters = context.run, context.recipe.filters
    rows = build.light(context.draws(), run.current(), run.prompts(), filters)
    judged = build.judged(rows, filters, run.stage("measures"))
    return selected(context, judged, run.prompts()).rows


def rows_of(context: Context) -> pl.DataFrame:
    return form(context, "data")


def test_the_manifest_counts_each_form_in_each_split(context: Context):
    manifest, version = read(context.run.version(1)), context.run.version(1)
    assert set(manifest.formats) == set(FORMATS)
    assert manifest.formats["sharegpt"] == manifest.formats["prompt_completion"] == manifest.splits
    for name in ("raw", "preference", "pass_rates"):
        for split, rows in manifest.formats[name].items():
            assert pl.read_parquet(shards_of(version, split, name)).height == rows


def test_a_prompt_is_in_the_same_split_in_all_forms(context: Context):
    found: dict[str, set[str]] = {}
    for name in ("data", *FORMATS[:-1]):
        for split in ("train", "test"):
            for file in shards_of(context.run.version(1), split, name):
                for id in pl.read_parquet(file)["prompt_id"]:
                    found.setdefault(id, set()).add(split)
    assert {len(splits) for splits in found.values()} == {1}
    assert len(found) == len(DRAWS)


def test_prompt_and_completion_are_the_conversation_in_two(context: Context):
    both = form(context, "prompt_completion").sort("sample_id")
    rows = rows_of(context).sort("sample_id")
    whole = both.select(pl.concat_list("prompt", "completion")).to_series()
    assert whole.to_list() == rows["messages"].to_list()
    assert both.columns[2:] == [c for c in rows.columns if c != "messages"]


def test_sharegpt_says_the_same_in_other_words(context: Context):
    shared, rows = form(context, "sharegpt").sort("sample_id"), rows_of(context).sort("sample_id")
    roles = {"human": "user", "gpt": "assistant"}
    told = [
        [{"role": roles[turn["from"]], "content": turn["value"]} for turn in turns]
        for turns in shared["conversations"]
    ]
    assert told == rows["messages"].to_list()
    assert shared["system"].null_count() == shared.height


def test_raw_has_every_draw_with_its_text_and_fate(context: Context):
    raw = form(context, "raw")
    drawn = context.draws().read()
    assert (
        raw.sort("sample_id")
        .select("sample_id", "text", "verdict")
        .equals(drawn.sort("sample_id").select("sample_id", "text", "verdict"))
    )
    assert set(raw["fate"]) == {"chosen", "dropped"}
    assert raw["prompt"].to_list()[0][0]["role"] == "user"
    assert set(raw["teacher"]) == {"A teacher"}
    assert not set(raw.columns) & {"token_ids"}


def test_pairs_have_wrong_answers_first_and_none_that_nobody_could_judge(context: Context):
    pairs = form(context, "preference").sort("prompt_id", "sample_id")
    assert pairs["prompt_id"].to_list() == ["a", "b", "b"]  # d's other draw is unverifiable
    reasons = pairs.sort("prompt_id", "rejected_sample_id")["rejected_reason"]
    assert sorted(reasons) == ["unfinished", "wrong_answer", "wrong_answer"]
    assert set(pairs["rejected_by"]) == {"correctness"}
    for row in pairs.iter_rows(named=True):
        assert row["chosen"] == [{"role": "assistant", "content": RIGHT}]
        assert row["rejected"][0]["content"] in (WRONG, "<think>")
        assert row["prompt"] == [{"role": "user", "content": f"{row['prompt_id']}?"}]


def test_pairs_do_not_depend_on_buckets(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pairs = form(context, "preference")
    told, columns = decided(context), ("prompt_id", "sample_id", "rejected_sample_id")
    known = Told.of(context.run.prompts(), pl.read_parquet(context.run.prompt_fates))
    monkeypatch.setattr(gather, "BUCKET_TOKENS", 15)
    drawn = Drawn(told, context.draws(), known, context.recipe.filters, tmp_path / "scratch")
    pieces = [piece for piece in preference(drawn) if piece.height]
    assert len(pieces) > 1
    assert pl.concat(pieces).sort(columns).equals(pairs.sort(columns))


def test_pass_rates_have_their_intervals(context: Context):
    rates = form(context, "pass_rates").sort("prompt_id")
    assert rates["prompt_id"].to_list() == list(DRAWS)
    b = rates.row(1, named=True)
    assert (b["draws"], b["correct"], b["rate"], b["estimate"]) == (4, 2, 0.5, 0.5)
    assert (b["low"], b["high"]) == wilson(2, 4)


def test_examples_are_sessions_of_rows_and_of_dropped_draws(context: Context):
    files = sorted(examples_of(context.run.version(1)).iterdir())
    words = {file.name.partition("-")[0] for file in files}
    assert words == {"row", "dropped"}
    for file in files:
        head, *turns = map(json.loads, file.read_text().splitlines())
        assert head["type"] == "session"
        assert head["id"] in file.name
        assert [turn["type"] for turn in turns] == ["message"] * len(turns)
        assert turns[-1]["message"]["role"] == "assistant"


def test_texts_with_secrets_are_in_no_form_of_draws(tmp_path: Path):
    secret = RIGHT.replace("so", "the key is AKIAZQ3DRSTUVWXY2345, the address ann@mail.org")
    draws: dict[str, Any] = {"p": [(RIGHT, YES), (secret, YES)], "q": [(RIGHT, YES)]}
    rules = {"correctness": {}, "safety": {}}
    context = run_of(
        tmp_path, draws, filters=rules, dataset={"formats": ["raw", "preference", "examples"]}
    )
    made(context)
    version = context.run.version(1)
    raw = pl.read_parquet(shards_of(version, form="raw"))
    hidden = raw.filter(pl.col("dropped_by") == "safety")
    assert hidden.height == 1
    assert hidden["text"].null_count() == hidden.height
    assert "preference" not in read(version).formats, "its only dropped draw is not shown"
    assert not any("mail.org" in file.read_text() for file in examples_of(version).iterdir())


# --- others' programs ---------------------------------------------------------------------------

TABLES = [name for name in FORMATS if name != "examples"]


@pytest.fixture(scope="module")
def loaded(context: Context, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every config of the version, as `datasets` reads the folder."""
    import datasets

    folder, cache = str(context.run.version(1)), str(tmp_path_factory.mktemp("cache"))
    names = datasets.get_dataset_config_names(folder)
    assert set(names) == {"default", *TABLES}
    return {name: datasets.load_dataset(folder, name, cache_dir=cache) for name in names}


def test_datasets_loads_every_form_and_split(context: Context, loaded: dict[str, Any]):
    manifest = read(context.run.version(1))
    for name, rows in {"default": manifest.splits, **manifest.formats}.items():
        if name != "examples":
            assert {split: table.num_rows for split, table in loaded[name].items()} == rows


def test_examples_beside_the_rows_do_not_hinder_the_default(context: Context, tmp_path: Path):
    import datasets

    rows = datasets.load_dataset(str(context.run.version(1)), cache_dir=str(tmp_path))
    assert "messages" in rows["train"].column_names


def test_trl_takes_the_forms_that_are_made_for_it(loaded: dict[str, Any]):
    from trl import data_utils

    for name in ("default", "prompt_completion", "preference"):
        assert data_utils.is_conversational(loaded[name]["train"][0]), name
    assert data_utils.is_conversational_from_value(loaded["sharegpt"]["train"][0])
    pair = loaded["preference"]["train"][0]
    assert data_utils.maybe_extract_prompt(pair)["prompt"] == pair["prompt"]


def test_a_chat_template_renders_them(loaded: dict[str, Any]):
    from trl import data_utils

    from teacher.tiny import make_tokenizer

    tokenizer = make_tokenizer([str(n) for n in range(200)], 320)
    for name, keys in {
        "default": {"text"},
        "prompt_completion": {"prompt", "completion"},
        "preference": {"prompt", "chosen", "rejected"},
    }.items():
        columns = {"messages"} if name == "default" else keys
        row = {key: loaded[name]["train"][0][key] for key in columns}
        rendered = data_utils.maybe_apply_chat_template(row, tokenizer)
        assert rendered.keys() == keys, name
        assert all(map(str.strip, rendered.values())), name
