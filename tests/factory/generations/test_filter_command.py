"""`factory filter`: rejection sampling of generations that are there already, by our verifiers."""

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables import RIGHT, THOUGHT, WRONG, factory, fates, filtered, lines, written

from factory.generations import parts

ROWS = [
    {"problem": "2+2?", "generation": RIGHT, "answer": "4", "extra": {"a": [1, None]}},
    {"problem": "2+2?", "generation": WRONG, "answer": "4", "extra": None},
    {"problem": "2+2?", "generation": RIGHT, "answer": None, "extra": None},
    {"problem": "1/2?", "generation": THOUGHT + r"\boxed{0.5}", "answer": r"\frac{1}{2}"},
    {"problem": "2+2?", "generation": None, "answer": "4"},
]


def test_kept_rows_come_as_they_were_and_all_others_have_their_reasons(tmp_path: Path):
    out = filtered(written(tmp_path, ROWS), {"format": {}, "correctness": {}})
    assert lines(out / "kept" / "traces.jsonl") == [ROWS[0], ROWS[3]]
    assert fates(out) == {
        "traces.jsonl:1": "kept",
        "traces.jsonl:2": "correctness",
        "traces.jsonl:3": "correctness",
        "traces.jsonl:4": "kept",
        "traces.jsonl:5": "unread",
    }
    rows = pl.read_parquet(out / "decisions.parquet")
    assert rows["reasons"].to_list() == [[], ["incorrect"], ["unverifiable"], [], ["no_text"]]
    assert rows["rule_incorrect"].to_list() == [False, True, False, False, None]
    assert rows["answer"].to_list() == ["4", "5", None, "0.5", None]
    assert rows["verdict_reason"][1] == "wrong_answer"
    assert rows["verdict_reason"][2] == "no_reference: answer is empty"


def test_the_funnel_is_printed_and_written_for_people_and_programs(tmp_path: Path):
    data = written(tmp_path, ROWS)
    (tmp_path / "rules.yaml").write_text("filters: {format: {}, correctness: {}}")
    out = tmp_path / "out"
    told = factory("filter", data, "--recipe", tmp_path / "rules.yaml", "--out", out)
    assert told.exit_code == 0
    assert "correctness        4         2     2" in told.output
    assert (
        "verdicts: 2 correct; incorrect: 1 wrong_answer; unverifiable: 1 no_reference"
        in told.output
    )
    funnel = json.loads((out / "funnel.json").read_text())
    assert (funnel["samples"], funnel["unread"], funnel["kept"]) == (5, 1, 2)
    assert [step["filter"] for step in funnel["funnel"]] == ["format", "correctness"]
    page = (out / "README.md").read_text()
    assert "2 of 5 samples kept" in page
    assert "| incorrect | 1 | `traces.jsonl:2` |" in page


def test_those_without_a_key_can_be_kept(tmp_path: Path):
    rules = {"correctness": {"unverifiable": "keep"}}
    out = filtered(written(tmp_path, ROWS), rules)
    assert fates(out)["traces.jsonl:3"] == "kept"


def test_of_a_row_with_several_generations_the_right_ones_stay(tmp_path: Path):
    """As open-r1's datasets have them; `messages` has two turns, and is no list of generations."""
    turns = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": WRONG}]
    row = {
        "problem": "2+2?",
        "answer": "4",
        "generations": [WRONG, RIGHT],
        "correctness_count": 1,
        "correctness_math_verify": [False, True],
        "finish_reasons": None,
        "messages": turns,
        "uuid": "u1",
    }
    none = row | {"generations": [WRONG, WRONG], "uuid": "u2"}
    out = filtered(written(tmp_path, [row, none]), {"correctness": {}})
    (kept,) = lines(out / "kept" / "traces.jsonl")
    assert kept == row | {"generations": [RIGHT], "correctness_math_verify": [True]}


def test_a_parquet_file_keeps_its_types(tmp_path: Path):
    schema = pa.schema(
        [
            ("problem", pa.large_string()),
            ("generations", pa.list_(pa.string())),
            ("scores", pa.list_(pa.float32())),
            ("answer", pa.dictionary(pa.int32(), pa.string())),
            ("day", pa.date32()),
            ("blob", pa.binary()),
        ],
        metadata={b"who": b"somebody"},
    )
    rows = [
        {"generations": [RIGHT, WRONG], "scores": [1, 0], "answer": "4", "day": 9},
        {"generations": [WRONG], "scores": [0], "answer": "4", "blob": b"\xff"},
        {"generations": [RIGHT], "scores": [1], "answer": "4", "blob": b"\xff"},
    ]
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    out = filtered(tmp_path / "t.parquet", {"correctness": {}})
    kept = pq.read_table(out / "kept" / "t.parquet")
    came = pq.read_schema(tmp_path / "t.parquet")
    assert kept.schema.equals(came, check_metadata=True)
    assert kept["generations"].to_pylist() == [[RIGHT], [RIGHT]]
    assert kept["scores"].to_pylist() == [[1.0], [1.0]]
    assert kept["blob"].to_pylist() == [None, b"\xff"]


def test_a_saved_dataset_and_one_of_the_hub_become_parquet(tmp_path: Path, monkeypatch):
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    rows = [{key: row[key] for key in ("problem", "generation", "answer")} for row in ROWS[:4]]
    Dataset.from_list(rows).save_to_disk(tmp_path / "saved")
    out = filtered(tmp_path / "saved", {"correctness": {}})
    assert pl.read_parquet(out / "kept" / "saved.parquet").to_dicts() == [rows[0], rows[3]]

    (tmp_path / "owner" / "name").mkdir(parents=True)
    written(tmp_path / "owner" / "name", rows, "train.jsonl")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("factory.generations.inputs.Path.exists", lambda _: False)
    (tmp_path / "rules.yaml").write_text("filters: {correctness: {}}")
    told = factory("filter", "owner/name", "--recipe", "rules.yaml", "--out", "of_hub")
    assert told.exit_code == 0, told.output
    assert pl.read_parquet("of_hub/kept/name.parquet").to_dicts() == [rows[0], rows[3]]


CHAT = {"require_thinking": False, "forbid_thinking": True, "final_answer": False}


def test_each_row_is_judged_by_the_rules_of_its_domain_and_by_its_verifier(tmp_path: Path):
    rows = [
        {"prompt": "2+2?", "response": RIGHT, "answer": "4", "domain": "math"},
        {"prompt": "Hi!", "response": "Hello.", "domain": "chat"},
        {
            "prompt": "Who?",
            "response": f"{THOUGHT}answer: Ada",
            "answer": "Ada",
            "verifier": "exact",
            "domain": "stem",
        },
    ]
    rules = {
        "format": [
            {"domains": ["math"]},
            {"domains": ["chat"], **CHAT},
            {"final_answer": False},
        ],
        "correctness": {"domains": ["math", "stem"]},
    }
    out = filtered(written(tmp_path, rows), rules)
    assert set(fates(out).values()) == {"kept"}
    funnel = json.loads((out / "funnel.json").read_text())
    assert {step["domain"] for step in funnel["funnel_by_domain"]} == {"chat", "math", "stem"}


CATS = "How many legs have four cats and three birds together?"
PRIME = "What is the largest prime below one hundred and ten, if there is one?"
SUM = "Natalia sold clips to 48 of her friends in April, and then she sold half as many in May."


def test_duplicates_and_benchmarks_are_compared_over_the_whole_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parts, "ROWS", 2)  # parts are no borders
    rows = [
        {"question": SUM, "response": WRONG, "answer": "4"},
        {"question": CATS, "response": RIGHT, "answer": "4"},
        {"question": SUM + "!", "response": RIGHT, "answer": "4"},
        {"question": f"({SUM})", "response": RIGHT, "answer": "4"},
        {"question": "", "response": RIGHT, "answer": "4"},
        {"question": "", "response": RIGHT, "answer": "4"},
        {"question": PRIME, "response": RIGHT, "answer": "4"},
    ]
    written(tmp_path, [{"q": rows[-1]["question"], "a": "109"}], "bench.jsonl")
    bench = {
        "source": "files",
        "path": "bench.jsonl",
        "columns": {"question": "q", "reference": "a"},
    }
    rules = {"correctness": {}, "duplicates": {}, "contamination": {}}
    out = filtered(written(tmp_path, rows), rules, benchmarks=[bench])
    assert list(fates(out).values()) == [
        "correctness",
        "kept",
        "kept",  # the first question of its cluster that has a right sample
        "duplicates",
        "kept",  # no question is no question like another
        "kept",
        "contamination",
    ]
    found = pl.read_parquet(out / "decisions.parquet")
    assert found["duplicate_cluster"].n_unique() == 2
    assert "bench" in (out / "contamination.md").read_text()


def test_over_responses_texts_are_compared_without_keeping_them(tmp_path: Path):
    long = "We look at the sum of two and two from many sides, and each time it is the same. "
    rows = [{"question": "2+2?", "response": long + word} for word in ("So.", "So!", "Or.")]
    rows.append({"question": "1+3?", "response": long + "So."})
    out = filtered(written(tmp_path, rows), {"duplicates": {"over": "responses"}})
    assert list(fates(out).values()) == ["kept", "duplicates", "kept", "kept"]
    (part,) = (out / "measures").glob("part-*")
    assert "text" not in pl.read_parquet_schema(part)


def test_other_thresholds_measure_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    data = written(tmp_path, ROWS)
    filtered(data, {"length": {"max_paragraph_chars": 10}})
    monkeypatch.setattr(parts, "samples", lambda *_: pytest.fail("it was read again"))
    out = filtered(data, {"length": {"max_paragraph_chars": 100}})
    assert list(fates(out).values()).count("kept") == 4
    assert len(lines(out / "kept" / "traces.jsonl")) == 4


def test_nothing_kept_is_told_and_is_no_failure(tmp_path: Path):
    out = filtered(written(tmp_path, ROWS), {"length": {"max_paragraph_chars": 1}})
    assert list((out / "kept").iterdir()) == []


def test_a_whole_recipe_gives_its_rules(tmp_path: Path):
    recipe = tmp_path / "whole.yaml"
    recipe.write_text(
        "name: mine\n"
        "prompts: [{source: reasoning_gym, task: chain_sum, rows: 9}]\n"
        "teacher: {base: {tiny: qwen2, rows: 100}}\n"
        "filters: {correctness: {}}\n"
    )
    told = factory("filter", written(tmp_path, ROWS), "--recipe", recipe, "--out", tmp_path / "out")
    assert told.exit_code == 0, told.output
    assert (tmp_path / "out" / "README.md").read_text().startswith("# mine: 2 of 5 samples kept")


@pytest.mark.parametrize(
    ("recipe", "row", "message"),
    [
        ("filtres: {}", {}, "rules.yaml:1:1: filtres: unknown key; did you mean 'filters'?"),
        ("filters:\n  formt: {}", {}, "rules.yaml:2:3: filters.formt: unknown key; did you mean"),
        ("seed: 1", {}, "filters: this key is missing"),
        ("filters: {contamination: {}}", {}, "has nothing to compare with: name benchmarks"),
        ("filters: {correctness: {}}", {"text": "x"}, "compares with a key, and no column"),
        ("filters: {duplicates: {}}", {"text": "x"}, "over prompts needs questions"),
        ("filters: {length: {max_tokens: 5}}", {"text": "x"}, "filters.length.max_tokens counts"),
    ],
)
def test_what_cannot_be_is_told_before_anything_starts(
    tmp_path: Path, recipe: str, row: dict, message: str
):
    (tmp_path / "rules.yaml").write_text(recipe)
    data, out = written(tmp_path, [row or ROWS[0]]), tmp_path / "out"
    told = factory("filter", data, "--recipe", tmp_path / "rules.yaml", "--out", out)
    assert told.exit_code == 2
    assert message in told.stderr
    assert not out.exists()


def test_tokens_that_somebody_counted_are_taken(tmp_path: Path):
    rows = [{"text": "x", "num_tokens": 9}, {"text": "y", "num_tokens": 2}]
    rules, columns = {"length": {"max_tokens": 5}}, "completion_tokens: num_tokens"
    out = filtered(written(tmp_path, rows), rules, "--columns", columns)
    assert list(fates(out).values()) == ["length", "kept"]


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path):
    (tmp_path / "rules.yaml").write_text("filters: {format: {}}")
    (tmp_path / "out" / "kept").mkdir(parents=True)
    data, rules = written(tmp_path, ROWS), tmp_path / "rules.yaml"
    told = factory("filter", data, "--recipe", rules, "--out", tmp_path / "out")
    assert told.exit_code == 2
    assert "it has files of others: name a new folder" in told.stderr


def test_a_filter_and_a_verifier_of_ones_own_are_found_beside_the_recipe(tmp_path: Path):
    (tmp_path / "mine.py").write_text(
        "import polars as pl\n"
        "from filters.filter import Filter\n"
        "def shouts(response, reference):\n"
        "    return response.isupper()\n"
        "class Short(Filter):\n"
        "    name = 'short'\n"
        "    reads = ('text',)\n"
        "    columns = {'letters': pl.Int32()}\n"
        "    @staticmethod\n"
        "    def measure(rows):\n"
        "        return rows.select(letters=pl.col('text').str.len_chars().cast(pl.Int32))\n"
        "    def reasons(self):\n"
        "        return {'too_few_letters': pl.col('letters') < 3}\n"
    )
    rows = [{"text": "LOUD"}, {"text": "quiet"}, {"text": "NO"}]
    rules = {"correctness": {}, "own": {"mine:Short": {}}}
    out = filtered(written(tmp_path, rows), rules, "--verifier", "mine:shouts")
    assert list(fates(out).values()) == ["kept", "correctness", "short"]


def test_the_first_rows_can_be_tried_alone(tmp_path: Path):
    data = written(tmp_path, ROWS)
    assert list(fates(filtered(data, {"format": {}}, "--rows", 2))) == [
        "traces.jsonl:1",
        "traces.jsonl:2",
    ]
    assert len(fates(filtered(data, {"format": {}}))) == 5
