"""Keys in odd clothes are read as what they mean, or set aside with the reason."""

import datetime
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from sources import aside, files, references, write

from factory.errors import RecipeError
from factory.prompts.collect import collect
from factory.prompts.drafts import draft
from factory.recipe.mapping import Mapping
from filters.verifiers import verify

NONE = "no_reference"
BAD = "bad_reference"


def read(folder, cell: Any, verifier: str = "math", **mapping: Any) -> Any:
    """The reference that a cell becomes, or the reason why it is set aside."""
    mapping = {"question": "q", "reference": "a"} | mapping
    good = {"math": "1", "numeric": 1, "choice": "A", "exact": "x"}[verifier]
    write(folder / "rows.jsonl", [{"q": "a good one", "a": good}, {"q": "?", "a": cell}])
    source = files("rows.jsonl", columns=mapping, verifier=verifier)
    collected = collect([source], seed=1, base=folder)
    return aside(collected)[0][1] if aside(collected) else references(collected)[1]


@pytest.mark.parametrize(
    ("cell", "verifier", "expected"),
    [
        # A list of one, and the text of one
        (["46"], "math", "46"),
        ([46], "math", "46"),
        ('["46"]', "math", "46"),
        ("['46']", "math", "46"),
        ("[46]", "math", "46"),
        ("['B']", "choice", "B"),
        # Several: any of them is right
        (["1/2", "0.5"], "math", {"any_of": ["1/2", "0.5"]}),
        ("['1/2', '0.5']", "math", {"any_of": ["1/2", "0.5"]}),
        ([3, 4.5], "numeric", {"any_of": ["3", "4.5"]}),
        (["Paris", "paris", "Paris"], "exact", {"any_of": ["Paris", "paris"]}),
        (["A", "C"], "choice", BAD),  # both, or either?
        ([["1"], ["2"]], "math", BAD),
        # Mathematics that looks like a list
        ("[1, 2]", "math", "[1, 2]"),
        (r"\{1, 2\}", "math", r"\{1, 2\}"),
        ("[[1, 0], [0, 1]]", "math", "[[1, 0], [0, 1]]"),
        # An exact answer may be the text itself
        ("['a']", "exact", {"any_of": ["['a']", "a"]}),
        ("[1, 2]", "exact", "[1, 2]"),
        ("11.0", "exact", {"any_of": ["11.0", "11"]}),
        # JSON inside JSON
        ('"23"', "math", "23"),
        ('"', "exact", '"'),
        # Numbers
        (11.0, "exact", "11"),
        (11.0, "math", "11"),
        (-3.0, "numeric", "-3"),
        (2.5, "exact", "2.5"),
        (1e300, "math", "1e+300"),
        (float("inf"), "math", BAD),
        (True, "exact", "True"),
        (False, "math", "False"),
        # Nothing
        (None, "math", NONE),
        (float("nan"), "math", NONE),
        ("nan", "math", NONE),
        ("None", "math", NONE),
        ("None", "exact", "None"),  # what a program prints
        ([], "math", NONE),
        ([None], "math", NONE),
        ("[]", "math", NONE),
        # Objects
        ({"value": 3, "absolute": 0.1}, "numeric", {"value": 3, "absolute": 0.1}),
        ({"letter": "A", "options": None}, "choice", {"letter": "A"}),
        ({"value": "3"}, "math", BAD),
    ],
)
def test_a_key_is_what_it_means(tmp_path, cell, verifier, expected):
    assert read(tmp_path, cell, verifier) == expected


def test_a_key_inside_an_object_is_named_by_dots(tmp_path):
    rows = [
        {"q": "1?", "reward_model": {"ground_truth": "5", "style": "rule"}, "a": ["1", "2"]},
        {"q": "2?", "reward_model": '{"ground_truth": "6"}', "a": '["3"]'},  # as JSON text
        {"q": "3?", "reward_model": None, "a": []},
    ]
    write(tmp_path / "rows.jsonl", rows)

    def of(column: str) -> Any:
        mapping = Mapping(question="q", reference=column)
        return collect([files("rows.jsonl", columns=mapping)], seed=1, base=tmp_path)

    assert references(of("reward_model.ground_truth")) == ["5", "6"]
    assert references(of("a.0")) == ["1", "3"]
    assert aside(of("reward_model.ground_truth")) == [("rows.jsonl:3", NONE)]
    expected = r"no 'ground_thruth' inside column 'reward_model'; did you mean 'ground_truth'\?; it"
    with pytest.raises(RecipeError, match=expected):
        of("reward_model.ground_thruth")
    with pytest.raises(RecipeError, match="no 'x' inside column 'q'; it is no object"):
        of("q.x")


def test_a_column_that_is_called_with_a_dot_comes_first(tmp_path):
    write(tmp_path / "rows.jsonl", [{"q": "?", "a.b": "1", "a": {"b": "2"}}])
    mapping = Mapping(question="q", reference="a.b")
    source = files("rows.jsonl", columns=mapping)
    assert references(collect([source], seed=1, base=tmp_path)) == ["1"]


def test_any_of_several_columns_is_right(tmp_path):
    rows = [
        {"q": "1?", "a": "1/2", "b": "0.5"},
        {"q": "2?", "a": "3", "b": None},
        {"q": "3?", "a": "4", "b": 4},
        {"q": "4?", "a": "", "b": None},
    ]
    write(tmp_path / "rows.jsonl", rows)
    mapping = Mapping(question="q", reference=["a", "b"])
    collected = collect([files("rows.jsonl", columns=mapping)], seed=1, base=tmp_path)
    assert references(collected) == [{"any_of": ["1/2", "0.5"]}, "3", "4"]
    assert collected.set_aside["detail"].to_list() == ["a is empty and b is empty"]
    for answer in ("0.5", r"\frac{1}{2}"):
        verdict = verify(rf"\boxed{{{answer}}}", references(collected)[0], "math")
        assert verdict.outcome == "correct"
    with pytest.raises(ValidationError, match="several columns of keys: the verifier code takes"):
        files("rows.jsonl", columns=mapping, verifier="code")


def test_a_verifier_of_one_s_own_gets_the_cells_as_they_are(tmp_path):
    """`draft` is asked, since no code of one's own is there."""
    row = {"q": "?", "a": ["x", {"y": 1}], "b": 2}
    one, several = (Mapping(question="q", reference=reference) for reference in ("a", ["a", "b"]))
    assert draft(one, row, "mine:verify").reference == row["a"]
    assert draft(several, row, "mine:verify").reference == {"a": row["a"], "b": 2}


def test_the_keys_of_typed_columns(tmp_path):
    columns = {
        "decimal": pa.array([Decimal("11.00"), Decimal("2.50")]),
        "day": pa.array([datetime.date(2024, 2, 29), datetime.date(1999, 1, 1)]),
        "gaps": pa.array([11.0, None]),
    }
    pq.write_table(pa.table({"q": ["x?", "y?"], **columns}), tmp_path / "rows.parquet")

    def of(column: str, verifier: str) -> list[Any]:
        mapping = Mapping(question="q", reference=column)
        source = files("rows.parquet", columns=mapping, verifier=verifier)
        return references(collect([source], seed=1, base=tmp_path))

    assert of("decimal", "math") == ["11", "2.5"]
    assert of("day", "exact") == ["2024-02-29", "1999-01-01"]
    assert of("gaps", "exact") == ["11"]


def test_what_is_kept_is_json(tmp_path):
    columns = {
        "score": pa.array([float("inf"), float("nan")]),
        "at": pa.array([datetime.datetime(2024, 1, 1), None]),
        "more": pa.array([{"n": float("nan")}, {"n": 1.5}]),
    }
    table = pa.table({"q": ["x?", "y?"], "a": ["1", "2"], **columns})
    pq.write_table(table, tmp_path / "rows.parquet")
    mapping = Mapping(question="q", reference="a", keep=["score", "at", "more", "more.n"])
    collected = collect([files("rows.parquet", columns=mapping)], seed=1, base=tmp_path)
    assert [json.loads(meta) for meta in collected.prompts["meta"]] == [
        {"score": "inf", "at": "2024-01-01 00:00:00", "more": {"n": None}, "more.n": None},
        {"score": None, "at": None, "more": {"n": 1.5}, "more.n": 1.5},
    ]


def test_a_csv_cell_is_compared_as_the_text_it_is(tmp_path):
    (tmp_path / "rows.csv").write_text("q,a,good,n\nx?,1,TRUE,3\ny?,2,false,4\n")
    mapping = Mapping(question="q", reference="a", where={"good": True, "n": [3, 5]})
    collected = collect([files("rows.csv", columns=mapping)], seed=1, base=tmp_path)
    assert references(collected) == ["1"]


@pytest.mark.parametrize(
    ("solution", "expected"),
    [
        (r"First \boxed{3}, so $\boxed{\frac{1}{2}}$.", r"\frac{1}{2}"),
        ("128", "128"),
        (70, "70"),
        ("By induction.", NONE),
    ],
)
def test_a_worked_solution_has_its_key_in_the_last_box(tmp_path, solution, expected):
    assert read(tmp_path, solution, reference_form="boxed") == expected


def test_the_last_box_of_a_reply_stands_in_for_a_key(tmp_path):
    def row(question: str, *turns: dict[str, str]) -> dict[str, Any]:
        return {"turns": [{"from": "human", "value": question}, *turns]}

    reply = r"<think>\boxed{1}</think>So \boxed{2}."
    rows = [row("1?", {"from": "gpt", "value": reply}), row("2?", {"from": "gpt", "value": "No."})]
    write(tmp_path / "rows.jsonl", [*rows, row("3?")])
    mapping = Mapping(messages="turns", reference="turns", reference_form="boxed_reply")
    collected = collect([files("rows.jsonl", columns=mapping)], seed=1, base=tmp_path)
    assert references(collected) == ["2"]
    assert [reason for _, reason in aside(collected)] == [NONE, NONE]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"reference_form": "boxed"}, "reference_form says how a column is read"),
        ({"reference": "a", "reference_form": "box"}, "reference_form"),
        ({"reference": []}, "reference names no column"),
        (
            {"reference": "a", "reference_form": "boxed", "reference_pattern": "(.)"},
            "name reference_form or reference_pattern",
        ),
    ],
)
def test_a_key_that_cannot_be_meant(settings, expected):
    with pytest.raises(ValidationError, match=expected):
        Mapping(question="q", **settings)
