"""What is audited: what `factory measure` and `factory filter` left, by their rules or others."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from tables import RIGHT, WRONG, fates, filtered, measured, written

from factory.audit.subject.of_data import Measuring
from factory.audit.subject.place import subject_at
from factory.errors import RecipeError
from factory.generations import parts

SUM = "Natalia sold clips to 48 of her friends in April, and then she sold half as many in May."
ROWS: list[Any] = [
    {"question": SUM, "answer": "4", "generations": [RIGHT, WRONG]},
    {"question": SUM + "!", "answer": "4", "generations": [WRONG]},
    {"question": f"({SUM})", "answer": "4", "generations": [RIGHT, None]},
    "not json",
]
RULES = {"format": {}, "correctness": {}, "length": {"max_paragraph_chars": 99}, "duplicates": {}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return written(tmp_path, ROWS)


@pytest.fixture(autouse=True)
def _nothing_is_measured_in_an_audit(monkeypatch: pytest.MonkeyPatch):
    from factory.audit.subject import of_results

    def refuse(*_: Any) -> None:
        pytest.fail("it was measured again")

    told = of_results.of_results

    def watched(*arguments: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(parts, "measured", refuse)
            return told(*arguments)

    monkeypatch.setattr("factory.audit.subject.place.of_results", watched)


def test_a_folder_of_factory_filter_has_its_fates_and_texts(data: Path):
    folder = filtered(data, RULES)
    subject = subject_at(str(folder))
    assert (subject.kind, subject.name) == ("data", "filtered")
    told = subject.samples.select("sample_id", pl.coalesce("dropped_by", "fate"))
    kept = {place: "chosen" if fate == "kept" else fate for place, fate in fates(folder).items()}
    assert dict(told.iter_rows()) == {k: v for k, v in kept.items() if v != "unread"}
    assert list(subject.filters.active()) == ["format", "correctness", "length", "duplicates"]
    assert subject.missing["unread"].startswith("2 of 6 samples cannot be read")
    texts = subject.texts.of(["traces.jsonl:3#1", "traces.jsonl:1#2"])
    assert texts["text"].to_list() == [RIGHT, WRONG]
    assert sum(piece.height for piece in subject.texts.each()) == 4


def test_other_rules_judge_what_was_measured(data: Path):
    folder = filtered(data, RULES)
    rules = data.with_name("others.yaml")
    rules.write_text(json.dumps({"filters": {"length": {"max_paragraph_chars": 9}}}))
    subject = subject_at(str(folder), Measuring(recipe=rules))
    assert set(subject.samples["dropped_by"]) == {"length"}
    rules.write_text(json.dumps({"filters": {"repetition": {}}}))
    with pytest.raises(RecipeError, match=r"filters\.repetition goes by .* measure the data again"):
        subject_at(str(folder), Measuring(recipe=rules))


def test_measures_are_judged_by_the_rules_that_they_were_made_with(data: Path):
    rules = data.with_name("rules.yaml")
    rules.write_text(json.dumps({"filters": RULES}))
    rows = measured(data, "--recipe", rules, "--language", "en")
    subject = subject_at(str(data.with_name("measures.parquet")))
    (length,) = subject.filters.active()["length"].entries
    assert length.model_dump()["max_paragraph_chars"] == 99
    dropped = rows.filter(pl.col("error").is_null())["rule_incorrect"]
    assert subject.samples["reasons"].list.contains("incorrect").to_list() == dropped.to_list()
    assert subject.samples["language"].unique().to_list() == ["en"]
    assert subject.texts.of(["traces.jsonl:3#1"])["text"].to_list() == [RIGHT]


def test_moved_together_they_find_each_other(data: Path, tmp_path: Path):
    measured(data)
    (tmp_path / "elsewhere").mkdir()
    for name in ("traces.jsonl", "measures.parquet"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
    subject = subject_at(str(tmp_path / "elsewhere" / "measures.parquet"))
    assert subject.texts.of(["traces.jsonl:1#2"])["text"].to_list() == [WRONG]


def test_without_their_data_texts_are_missing_unless_they_were_kept(data: Path):
    measured(data)
    measured(data, "--keep-text", out=data.with_name("with_text.parquet"))
    data.write_text(json.dumps(ROWS[0]) + "\n")
    bare = subject_at(str(data.with_name("measures.parquet")))
    assert "not as it was when it was measured" in bare.missing["texts"]
    assert bare.texts.of(["traces.jsonl:1#1"]).height == 0
    kept = subject_at(str(data.with_name("with_text.parquet")))
    assert "texts" not in kept.missing
    (row,) = kept.texts.of(["traces.jsonl:1#2"]).iter_rows(named=True)
    assert (row["question"], row["text"]) == (SUM, WRONG)
    assert row["response"] == r"It is \boxed{5}."
    assert sum(piece.height for piece in kept.texts.each()) == 4


def test_a_file_that_says_nothing_of_itself_is_judged_by_defaults(data: Path):
    """As earlier versions of the program wrote them."""
    measured(data, "--filters", "format,length")
    file = data.with_name("measures.parquet")
    pq.write_table(pq.read_table(file).replace_schema_metadata(None), file)
    subject = subject_at(str(file))
    assert list(subject.filters.active()) == ["format", "length"]
    assert "does not say by which rules" in subject.missing["rules"]
    assert "audit that itself" in subject.missing["texts"]


def test_any_other_parquet_is_data(tmp_path: Path):
    pl.DataFrame({"sample_id": ["a"], "text": [RIGHT]}).write_parquet(tmp_path / "t.parquet")
    subject = subject_at(str(tmp_path / "t.parquet"))
    assert subject.samples["sample_id"].to_list() == ["t.parquet row 1"]
