"""What rows tell beside their conversation, and that other people's libraries read it."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from versions import described

from factory.prompts.collect import PROMPT
from factory.records import SAMPLE
from factory.store.shards import Shards
from factory.versions.choose import dataset_rows
from factory.versions.told import Told
from factory.versions.write import write

FATES = pl.DataFrame({"teacher": ["Qwen/QwQ-32B"], "teacher_digest": ["t"]})


def prompts(*rows: dict[str, Any]) -> pl.DataFrame:
    """Prompts with ids p0, p1, …; `reference` and `meta` are given as values."""
    full = [
        {"prompt_id": f"p{n}", "messages": [{"role": "user", "content": "?"}], "source": "mine"}
        | {"license": "MIT", "verifier": "math"}
        | row
        | {"reference": json.dumps(row["reference"]) if "reference" in row else None}
        | {"meta": json.dumps(row.get("meta", {}))}
        for n, row in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=PROMPT)


def made(*rows: dict[str, Any]) -> pl.DataFrame:
    """The dataset's rows of such prompts, a draw each."""
    draws = [
        {"sample_id": f"s{n}", "prompt_id": f"p{n}", "text": r"<think>1</think>\boxed{23}"}
        | {"teacher": "t", "completion_tokens": 9}
        for n in range(len(rows))
    ]
    return dataset_rows(pl.DataFrame(draws, schema=SAMPLE), Told.of(prompts(*rows), FATES))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("23", "23"),
        (r"\frac{1}{2}", r"\frac{1}{2}"),
        ('says "yes"\nü', 'says "yes"\nü'),
        ({"entry": {"answer": "5"}}, '{"entry": {"answer": "5"}}'),  # verifiers of ours read it
        (["assert f(1) == 2"], '["assert f(1) == 2"]'),
        ({"any_of": ["1/2", "0.5"]}, "1/2"),  # others' rewards take one
        ({"any_of": ['a "b"\nü', "c"]}, 'a "b"\nü'),
    ],
)
def test_a_key_is_text_without_quotes_and_json_where_it_is_no_text(key: Any, text: str):
    assert made({"reference": key})["reference"].to_list() == [text]


def test_a_prompt_without_a_key_has_none():
    assert made({"reference": "1"}, {})["reference"].to_list() == ["1", None]


def test_a_teacher_is_told_by_name_and_digest():
    row = made({"reference": "23"}).row(0, named=True)
    assert (row["teacher"], row["teacher_digest"]) == ("Qwen/QwQ-32B", "t")


def test_source_and_licence_stand_in_every_row():
    assert made({"reference": "23"}).select("source", "license").row(0) == ("mine", "MIT")


@pytest.mark.parametrize(
    ("values", "kind", "kept"),
    [
        (["a", None, "b"], pl.String, ["a", None, "b"]),
        ([1, None, 2], pl.Int64, [1, None, 2]),
        ([1, 0.5], pl.Float64, [1.0, 0.5]),
        ([True, False], pl.Boolean, [True, False]),
        ([None, None], pl.String, [None, None]),
        ([1, "a"], pl.String, ["1", "a"]),  # no type of both
        ([True, 1], pl.String, ["true", "1"]),
        ([["algebra"], {"level": 3}], pl.String, ['["algebra"]', '{"level": 3}']),
        ([2**70], pl.String, [str(2**70)]),
    ],
)
def test_kept_columns_have_one_type_for_all_rows(values: list[Any], kind: Any, kept: list[Any]):
    rows = made(*[{"reference": "1", "meta": {"level": value}} for value in values])
    assert (rows.schema["level"], rows["level"].to_list()) == (kind, kept)


def test_kept_columns_of_several_sources_stand_side_by_side():
    rows = made({"meta": {"level": 3}}, {"meta": {"uuid": "u"}}, {})
    assert rows.select("level", "uuid").rows() == [(3, None), (None, "u"), (None, None)]


@pytest.mark.parametrize("name", ["source", "tokens", "messages", "teacher_digest"])
def test_a_kept_column_never_takes_the_place_of_a_column_of_ours(name: str):
    rows = made({"reference": "1", "meta": {name: "theirs"}})
    assert rows[f"kept_{name}"].to_list() == ["theirs"]


# --- others' libraries --------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A version of two rows."""
    rows = made(*[{"reference": key, "meta": {"level": 3}} for key in ("23", r"\frac{46}{2}")])
    found, _ = write(tmp_path / "v", lambda _: [rows], {}, described(rows))
    return found


def test_a_version_is_joined_with_somebody_elses_rows(folder: Path, tmp_path: Path):
    from datasets import Dataset, concatenate_datasets, load_dataset

    ours = load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    turns = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]
    theirs = Dataset.from_list([{"messages": turns, "source": "theirs", "level": 1}])
    joined = concatenate_datasets([ours, theirs])
    assert joined["source"] == ["mine", "mine", "theirs"]
    assert joined["messages"][2] == turns
    assert joined["level"] == [3, 3, 1]


def test_every_file_of_a_version_and_of_draws_has_types_that_others_have(folder: Path):
    import pyarrow.parquet as pq

    Shards(folder / "draws").write(0, pl.DataFrame(schema=SAMPLE))
    files = list(folder.rglob("*.parquet"))
    assert len(files) == 4  # rows, their index, decisions, draws
    for file in files:
        assert "large" not in str(pq.read_schema(file)), file


def test_trl_and_math_verify_read_the_keys(folder: Path, tmp_path: Path):
    from datasets import load_dataset
    from math_verify import parse, verify
    from trl.rewards import accuracy_reward

    rows = load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    replies = [turns[-1:] for turns in rows["messages"]]
    assert accuracy_reward(completions=replies, solution=rows["reference"]) == [1.0, 1.0]
    assert verify(parse(rows["reference"][0]), parse(r"\boxed{23}"))
    wrong = [[{"role": "assistant", "content": r"\boxed{24}"}]] * 2
    assert accuracy_reward(completions=wrong, solution=rows["reference"]) == [0.0, 0.0]


def test_pandas_reads_the_rows(folder: Path):
    import pandas as pd

    table = pd.read_parquet(folder / "data")
    assert list(table["reference"]) == ["23", r"\frac{46}{2}"]
    assert table["level"].dtype == "int64"
