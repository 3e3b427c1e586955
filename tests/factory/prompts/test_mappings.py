"""How a source's columns become a question and its key."""

import json

import polars as pl
import pytest
from pydantic import TypeAdapter, ValidationError
from sources import DATA, aside, files, references, write

from factory.prompts.collect import collect
from factory.recipe.mapping import Mapping
from factory.recipe.mappings import MAPPINGS
from factory.recipe.sources import Hub, Source


@pytest.mark.parametrize(
    ("name", "file", "keys", "meta", "dropped"),
    [
        (  # the key stands after ####; a solution without it has none
            "openai/gsm8k",
            "gsm8k.jsonl",
            ["42", "1,500"],
            {},
            [(":3", "no_reference")],
        ),
        (
            "HuggingFaceH4/MATH-500",
            "math500.jsonl",
            [r"\frac{3}{4}", "2"],
            {"subject": "Prealgebra", "level": 1, "unique_id": "test/prealgebra/1.json"},
            [],
        ),
        (  # proofs have no key, and rows its authors found invalid are not wanted
            "AI-MO/NuminaMath-1.5",
            "numina.jsonl",
            ["5"],
            {
                "problem_type": "Algebra",
                "question_type": "math-word-problem",
                "source": "olympiads",
                "synthetic": False,
            },
            [
                (":2", "no_reference"),
                (":3", "no_reference"),
                (":4", "not_selected"),
                (":5", "not_selected"),
            ],
        ),
        (
            "open-r1/OpenR1-Math-220k",
            "openr1.jsonl",
            ["42", "9"],
            {
                "problem_type": "Geometry",
                "question_type": "math-word-problem",
                "source": "olympiads",
                "uuid": "00000000-0000-5000-8000-000000000001",
            },
            [],
        ),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "parquet", "hub", "stream"])
def test_ready_mappings(tmp_path, monkeypatch, name, file, keys, meta, dropped, form):
    source: Source = files(file, columns=name)
    if form == "parquet":
        pl.read_ndjson(DATA / file).write_parquet(tmp_path / "rows.parquet")
        source = files(str(tmp_path / "rows.parquet"), columns=name)
    if form in ("hub", "stream"):  # a folder that `datasets` reads as it reads the Hub
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "train.jsonl").write_bytes((DATA / file).read_bytes())
        folder, stream = str(tmp_path / "data"), form == "stream"
        source = Hub(source="hub", dataset=folder, columns=name, streaming=stream)
    collected = collect([source], seed=1, base=DATA)
    assert references(collected) == keys
    assert json.loads(collected.prompts["meta"][0]) == meta
    sign = ":" if form == "jsonl" else " row "
    assert [(place.rsplit(sign, 1)[-1], reason) for place, reason in aside(collected)] == [
        (place.strip(":"), reason) for place, reason in dropped
    ]


def test_a_mapping_is_chosen_by_the_dataset_s_name():
    hub = Hub(source="hub", dataset="openai/gsm8k", config="main")
    assert hub.mapping() is MAPPINGS["openai/gsm8k"]


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        (  # the answers after the last question are not part of it
            [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}],
            [{"role": "user", "content": "1+1?"}],
        ),
        (  # those before it are
            [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "1+1?"},
                {"role": "assistant", "content": "2"},
                {"role": "user", "content": "And 2+2?"},
            ],
            [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "1+1?"},
                {"role": "assistant", "content": "2"},
                {"role": "user", "content": "And 2+2?"},
            ],
        ),
        ([{"role": "assistant", "content": "2"}], "no_question"),
        ([{"role": "user", "content": " \n"}], "no_question"),
        ([], "no_question"),
        ([{"role": "tool", "content": "2"}], "no_question"),
        ([{"role": "user", "content": 3}], "wrong_type"),
        (["1+1?"], "wrong_type"),
        ("1+1?", "wrong_type"),
        (None, "wrong_type"),
    ],
)
def test_a_conversation_ends_with_its_last_question(tmp_path, value, messages):
    good = [{"role": "user", "content": "a good one, so that the source is not empty"}]
    write(tmp_path / "rows.jsonl", [{"m": good, "a": "1"}, {"m": value, "a": "2"}])
    mapping = Mapping(messages="m", reference="a")
    collected = collect([files("rows.jsonl", columns=mapping)], seed=1, base=tmp_path)
    if isinstance(messages, str):
        assert aside(collected) == [("rows.jsonl:2", messages)]
    else:
        assert collected.prompts["messages"][1].to_list() == messages


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"reference": "a"}, "name one of `question`"),
        ({"question": "q", "messages": "m"}, "name one of `question`"),
        ({"question": "q", "reference_pattern": "#+ .*"}, "has 0 groups, expected one"),
        ({"question": "q", "reference_pattern": "("}, "is not a regular expression"),
    ],
)
def test_a_mapping_that_makes_no_sense(settings, expected):
    with pytest.raises(ValidationError, match=expected):
        Mapping(**settings)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            {"source": "files", "path": "a.csv", "columns": "openai/gsm9k"},
            "did you mean 'openai/gsm8k'",
        ),
        ({"source": "files", "path": "a.csv"}, "columns is missing"),
        ({"source": "files", "path": []}, "at least 1 item"),
        ({"source": "hub", "dataset": "me/mine"}, "no ready mapping for 'me/mine'"),
        ({"source": "hub", "dataset": "openai/gsm-8k"}, "gsm-8k'; did you mean 'openai/gsm"),
        (
            {"source": "hub", "dataset": "openai/gsm8k", "verifier": "maths"},
            "no verifier is called 'maths'; did you mean 'math'",
        ),
    ],
)  # fmt: skip
def test_a_source_that_makes_no_sense(source, expected):
    with pytest.raises(ValidationError, match=expected):
        TypeAdapter(Source).validate_python(source)
