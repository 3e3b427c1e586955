"""What is audited: anybody's data, as a run's draws are, and what of it nobody knows."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables import RIGHT, THOUGHT, WRONG, written

from factory.audit.subject import PROMPTS, SAMPLES, TEXTS, Subject
from factory.audit.subject.of_data import Measuring
from factory.audit.subject.place import subject_at
from factory.errors import RecipeError, StageError
from factory.generations import parts
from factory.generations.prepare import Options
from filters import judge

ROWS = [
    {"question": "2+2?", "answer": "4", "generations": [RIGHT, WRONG], "finish_reason": "stop"},
    {"question": "9*9?", "answer": "81", "generations": ["<think>\nNine nines", None]},
    {"question": "2+2?", "answer": "4", "generations": [RIGHT], "finish_reason": "stop"},
]
FLAT = [
    {"question": "2+2?", "answer": "4", "generation": RIGHT},
    {"question": "2+2?", "answer": "4", "generation": WRONG},
    {"question": "1+3?", "answer": "4", "generation": RIGHT},
]


def of(data: Path | list[Path], recipe: Path | None = None, **options: Any) -> Subject:
    places = [str(one) for one in (data if isinstance(data, list) else [data])]
    return subject_at(places, Measuring(Options((), **options), recipe))


def rules(folder: Path, **filters: Any) -> Path:
    (folder / "rules.yaml").write_text(json.dumps({"filters": filters}))
    return folder / "rules.yaml"


def test_generations_of_a_question_are_draws_of_a_prompt(tmp_path: Path):
    subject = of(written(tmp_path, ROWS), language="en", domain="math")
    rows = subject.samples
    assert (subject.kind, subject.name) == ("data", "traces")
    assert list(SAMPLES) == rows.columns[: len(SAMPLES)]
    assert rows["sample_id"].to_list() == [
        "traces.jsonl:1#1",
        "traces.jsonl:1#2",
        "traces.jsonl:2#1",
        "traces.jsonl:3",
    ]
    assert rows["draw"].to_list() == [0, 1, 0, 2]
    assert rows["fate"].to_list() == ["chosen", "dropped", "dropped", "chosen"]
    assert rows["dropped_by"].to_list() == [None, "correctness", "truncation", None]
    assert subject.prompts.columns == list(PROMPTS)
    told = subject.prompts.select("draws", "correct", "pass_rate").rows()
    assert told == [(3, 2, 2 / 3), (1, 0, 0.0)]


def test_what_cannot_be_read_is_counted_and_stands_in_no_figure(tmp_path: Path):
    broken = '{"question": "half a row'
    subject = of(written(tmp_path, [*ROWS, broken]))
    assert subject.samples.height == 4
    assert subject.missing["unread"] == ("2 of 6 samples cannot be read: 1 no_text, 1 not_json")


def test_by_default_all_that_can_be_measured_is(tmp_path: Path):
    subject = of(written(tmp_path, FLAT))
    names = ["truncation", "format", "correctness", "language", "code_blocks", "length"]
    assert list(subject.filters.active())[:6] == names
    assert "duplicates" in subject.missing
    without = of(written(tmp_path, [{"text": RIGHT}], "no_key.jsonl"))
    assert "correctness" not in without.filters.active()


def test_what_no_column_says_is_said(tmp_path: Path):
    subject = of(written(tmp_path, [{"text": RIGHT}, {"text": WRONG}]))
    lacks = {"verdict", "language", "domain", "teacher", "finish_reason", "completion_tokens"}
    assert lacks | {"question", "pass_rate", "correctness"} <= set(subject.missing)
    assert "judges none" in subject.missing["language"]
    assert subject.samples["finish_reason"].to_list() == [None, None]
    assert subject.samples["prompt_id"].n_unique() == 2  # each row is a question of its own
    assert subject.prompts["correct"].to_list() == [None, None]


def test_what_a_column_says_is_not_missing(tmp_path: Path):
    row = {"question": "2+2?", "text": RIGHT, "finish_reason": "stop", "completion_tokens": 9}
    subject = of(written(tmp_path, [row | {"model": "r1"}, row | {"model": "qwq"}]), language="en")
    told = {"finish_reason": "stop", "completion_tokens": 9, "language": "en", "teacher": "r1"}
    assert subject.samples.select(list(told)).row(0, named=True) == told
    assert not set(told) & set(subject.missing)
    assert subject.prompts.select("teacher", "draws").rows() == [("r1", 1), ("qwq", 1)]


def test_how_texts_ended_is_not_known_of_the_table_that_lacks_the_column(tmp_path: Path):
    row = {"question": "2+2?", "answer": "4", "generation": RIGHT}
    told = [row | {"finish_reason": "length"}, row | {"finish_reason": None}]
    files = [written(tmp_path, told, "a.jsonl"), written(tmp_path, [row], "b.jsonl")]
    rows = of(files).samples
    assert rows["finish_reason"].to_list() == ["length", None, None]
    assert rows["reasons"].to_list() == [["truncated"], ["truncation_not_measured"], []]


def test_rules_of_a_recipe_are_those_that_count(tmp_path: Path):
    recipe = rules(tmp_path, length={"max_paragraph_chars": 3}, correctness={})
    subject = of(written(tmp_path, FLAT), recipe)
    assert list(subject.filters.active()) == ["correctness", "length"]
    assert subject.samples["reasons"].to_list() == [
        ["long_paragraph"],
        ["incorrect", "long_paragraph"],
        ["long_paragraph"],
    ]


FORMS = ["t.jsonl", "t.json", "t.csv", "t.parquet", "t.arrow", "saved"]


def in_form(folder: Path, name: str) -> Path:
    file, table = folder / name, pa.Table.from_pylist(FLAT)
    match name:
        case "t.jsonl":
            return written(folder, FLAT, name)
        case "t.json":
            file.write_text(json.dumps(FLAT))
        case "t.csv":
            with file.open("w", newline="") as out:
                writer = csv.DictWriter(out, list(FLAT[0]))
                writer.writeheader()
                writer.writerows(FLAT)
        case "t.parquet":
            pq.write_table(table, file, row_group_size=2)
        case "t.arrow":
            with pa.OSFile(str(file), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
                writer.write_table(table)
        case "saved":
            from datasets import Dataset

            Dataset.from_list(FLAT).save_to_disk(file)
    return file


@pytest.mark.parametrize("name", FORMS)
def test_texts_are_read_by_row_in_any_form(tmp_path: Path, name: str):
    subject = of(in_form(tmp_path, name))
    ids = subject.samples["sample_id"].to_list()
    texts = subject.texts.of([ids[2], ids[0]])
    assert texts.columns == list(TEXTS)
    assert texts["sample_id"].to_list() == [ids[2], ids[0]]
    assert texts["question"].to_list() == ["1+3?", "2+2?"]
    assert texts["text"].to_list() == [RIGHT, RIGHT]
    assert texts["response"].to_list() == [r"It is \boxed{4}."] * 2
    assert texts["reasoning"][0].strip() == THOUGHT.split("\n")[1]
    assert texts["reference"].to_list() == ['"4"', '"4"']
    assert texts["answer"].to_list() == ["4", "4"]
    assert pl.concat(subject.texts.each()).equals(subject.texts.of(ids))


def test_several_files_are_one_subject(tmp_path: Path):
    files = [written(tmp_path, FLAT, "a.jsonl"), written(tmp_path, FLAT[:1], "b.jsonl")]
    subject = of(files)
    assert subject.name == "a-and-others"
    assert subject.samples["source"].to_list() == ["a.jsonl"] * 3 + ["b.jsonl"]
    (text,) = subject.texts.of(["b.jsonl:1"])["text"]
    assert text == RIGHT
    assert subject.prompts.select("source", "draws").rows() == [
        ("a.jsonl", 2),
        ("a.jsonl", 1),
        ("b.jsonl", 1),
    ]


def test_turns_before_the_reply_stand_behind_their_roles(tmp_path: Path):
    parts_of_a_turn = [{"type": "text", "text": "2+2?"}, {"type": "text", "text": "In short."}]
    turns = [
        {"role": "system", "content": "Think."},
        {"role": "user", "content": parts_of_a_turn},
        {"role": "assistant", "content": RIGHT},
    ]
    subject = of(written(tmp_path, [{"messages": turns}, {"messages": turns[1:]}]))
    texts = subject.texts.of(subject.samples["sample_id"].to_list())
    asked = "2+2?\nIn short."
    assert texts["question"].to_list() == [f"system: Think.\n\nuser: {asked}", asked]
    assert texts["text"].to_list() == [RIGHT, RIGHT]


def test_a_second_audit_measures_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    data = written(tmp_path, FLAT)
    first = of(data)
    assert (tmp_path / "traces.audit" / "measures").is_dir()
    monkeypatch.setattr(parts, "measured", lambda *_: pytest.fail("it was measured again"))
    assert of(data).samples.equals(first.samples)
    other = rules(tmp_path, length={"max_paragraph_chars": 3})
    monkeypatch.undo()
    of(data, other)
    monkeypatch.setattr(parts, "measured", lambda *_: pytest.fail("it was measured again"))
    assert of(data).samples.equals(first.samples)  # other rules began beside it


def test_an_audit_that_was_killed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parts, "ROWS", 1)
    data, whole = written(tmp_path, FLAT), parts.measured
    measured: list[str] = []

    def until(most: int):
        def one(chunk: pl.DataFrame, work: parts.Work) -> pl.DataFrame:
            if len(measured) == most:
                raise KeyboardInterrupt
            measured.extend(chunk["sample_id"])
            return whole(chunk, work)

        return one

    monkeypatch.setattr(parts, "measured", until(2))
    with pytest.raises(KeyboardInterrupt):
        of(data)
    monkeypatch.setattr(parts, "measured", until(9))
    assert of(data).samples.height == 3
    assert measured == ["traces.jsonl:1", "traces.jsonl:2", "traces.jsonl:3"]


def test_texts_of_a_table_that_was_changed_are_refused(tmp_path: Path):
    data = written(tmp_path, FLAT)
    subject = of(data)
    written(tmp_path, [FLAT[0], "", FLAT[1]])  # the second row is in another line
    with pytest.raises(StageError, match="has changed since it was measured"):
        subject.texts.of(["traces.jsonl:2"])
    with pytest.raises(StageError, match="has changed since it was measured"):
        list(subject.texts.each())


def test_other_thresholds_are_judged_from_what_is_stored(tmp_path: Path):
    """As sliders do: the subject's rows have all that rules go by."""
    subject = of(written(tmp_path, FLAT), language="en")
    judged = judge(subject.samples.drop("reasons", "dropped_by"), subject.filters)
    own = ["reasons", "dropped_by"]
    assert judged.select(own).equals(subject.samples.select(own))


def test_columns_that_are_wrong_are_told(tmp_path: Path):
    with pytest.raises(RecipeError, match="no column 'asked'"):
        of(written(tmp_path, FLAT), columns="question: asked, generation: generation")


def test_what_is_not_there_is_told_with_what_was_tried(tmp_path: Path):
    written(tmp_path, FLAT)
    with pytest.raises(StageError) as told:
        subject_at(str(tmp_path / "trace.jsonl"))
    assert "it is not there; did you mean 'traces.jsonl'?" in str(told.value)
    assert "a run's folder" in str(told.value)
    assert "ORG/NAME on the Hub" in str(told.value)


def test_it_is_named_in_commands_with_what_was_said_of_it(tmp_path: Path):
    """So that a command of the page finds what was measured, and the same rules."""
    data = written(tmp_path, [{"q": "2+2?", "out": "<think>so</think> \\boxed{4}"}])
    options = Options((str(data),), columns="question: q, generation: out", language="en")
    subject = subject_at(str(data), Measuring(options, folder=tmp_path / "home"))
    columns = "--columns 'question: q, generation: out' --language en"
    assert subject.command == f"{data} {columns}"
