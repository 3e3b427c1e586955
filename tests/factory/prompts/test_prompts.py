"""A source row becomes a prompt with an id, a key and a verifier, or is set aside with a reason."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter, ValidationError

from factory.errors import RecipeError
from factory.prompts.collect import Collected, collect, prompt_id
from factory.recipe.mappings import MAPPINGS, Mapping
from factory.recipe.sources import Files, Hub, ReasoningGym, Source

DATA = Path(__file__).parent / "data"

PLAIN = Mapping(question="q", reference="a")


def files(path: str | list[str], **settings: Any) -> Files:
    return Files.model_validate({"source": "files", "path": path, "columns": PLAIN} | settings)


def gym(**settings: Any) -> ReasoningGym:
    defaults = {"source": "reasoning_gym", "task": "chain_sum"}
    return ReasoningGym.model_validate(defaults | settings)


def write(path: Path, rows: Sequence[dict[str, Any] | bytes]) -> None:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")


def questions(collected: Collected) -> list[str]:
    return [turns[-1]["content"] for turns in collected.prompts["messages"].to_list()]


def references(collected: Collected) -> list[Any]:
    return [None if text is None else json.loads(text) for text in collected.prompts["reference"]]


def aside(collected: Collected) -> list[tuple[str, str]]:
    return collected.set_aside.select("place", "reason").rows()


# --- known datasets -----------------------------------------------------------------------------


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
    assert hub.mapping(hub.dataset) is MAPPINGS["openai/gsm8k"]


# --- mappings -----------------------------------------------------------------------------------


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
        ([{"role": "tool", "content": "2"}], "wrong_type"),
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
        ({"reference": "a"}, "name either the column `question` or the column `messages`"),
        ({"question": "q", "messages": "m"}, "name either the column"),
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
        (
            {"source": "hub", "dataset": "openai/gsm8k", "verifier": "maths"},
            "no verifier is called 'maths'; did you mean 'math'",
        ),
    ],
)  # fmt: skip
def test_a_source_that_makes_no_sense(source, expected):
    with pytest.raises(ValidationError, match=expected):
        TypeAdapter(Source).validate_python(source)


# --- rows that are set aside --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"a": "1"}, "no_question"),
        ({"q": None, "a": "1"}, "no_question"),
        ({"q": " \n\t", "a": "1"}, "no_question"),
        ({"q": float("nan"), "a": "1"}, "no_question"),  # how pandas writes a missing cell
        ({"q": "x"}, "no_reference"),
        ({"q": "x", "a": ""}, "no_reference"),
        ({"q": "x", "a": float("nan")}, "no_reference"),
        ({"q": ["x"], "a": "1"}, "wrong_type"),
        ({"q": "x", "a": {"value": 1}}, "bad_reference"),  # math wants text
        ({"q": "\ud800", "a": "1"}, "not_utf8"),  # half a character, escaped in the JSON
        ({"q": "x", "a": "\udfff"}, "not_utf8"),
        (b'{"q": "caf\xe9", "a": "1"}', "not_utf8"),
        (b'{"q": "x", "a": "1"', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'["x", "1"]', "wrong_type"),
    ],
)
def test_a_bad_row_is_named_and_its_neighbours_live(tmp_path, row, reason):
    write(tmp_path / "rows.jsonl", [{"q": "before", "a": "1"}, row, {"q": "after", "a": 2}])
    collected = collect([files("rows.jsonl")], seed=1, base=tmp_path)
    assert questions(collected) == ["before", "after"]
    assert references(collected) == ["1", "2"]  # a number becomes text, as verifiers want it
    assert aside(collected) == [("rows.jsonl:2", reason)]
    assert collected.sources.drop("source").rows() == [(3, 2, 2, 0, 0, 1)]


def test_blank_lines_line_ends_and_a_byte_order_mark_are_no_rows(tmp_path):
    content = b'\xef\xbb\xbf{"q": "one\xe2\x80\xa8line", "a": "1"}\r\n\r\n\n{"q": "two", "a": "2"}'
    (tmp_path / "rows.jsonl").write_bytes(content)
    collected = collect([files("rows.jsonl")], seed=1, base=tmp_path)
    assert questions(collected) == ["one\u2028line", "two"]
    assert collected.sources["read"].to_list() == [2]


def test_a_long_number_keeps_its_digits(tmp_path):
    write(tmp_path / "rows.jsonl", [b'{"q": "x", "a": 123456789012345678901234567890}'])
    collected = collect([files("rows.jsonl")], seed=1, base=tmp_path)
    assert references(collected) == ["123456789012345678901234567890"]


def test_csv_rows_that_are_broken_do_not_take_others_along(tmp_path):
    rows = b'q,a\n"two\nlines",1\n"caf\xe9",2\nx,3,4\n"y"z,5\nlast,6\n'
    (tmp_path / "rows.csv").write_bytes(rows)
    collected = collect([files("rows.csv")], seed=1, base=tmp_path)
    assert questions(collected) == ["two\nlines", "last"]
    assert aside(collected) == [
        ("rows.csv:4", "not_utf8"),
        ("rows.csv:5", "not_csv"),  # a cell too many
        ("rows.csv:6", "not_csv"),  # text after the closing quote
    ]


def test_a_parquet_cell_that_is_not_utf8_does_not_take_its_batch_along(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = pa.array([b"one", b"caf\xe9", b"two"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"q": text, "a": [1, 2, 3]}), tmp_path / "rows.parquet")
    collected = collect([files("rows.parquet")], seed=1, base=tmp_path)
    assert questions(collected) == ["one", "two"]
    assert aside(collected) == [("rows.parquet row 2", "not_utf8")]


# --- each question once -------------------------------------------------------------------------


def test_an_id_is_that_of_the_question_alone():
    def of(text: str) -> str:
        return prompt_id([{"role": "user", "content": text}])

    assert of("café") == of(" cafe\u0301\n")  # one word, written in two ways
    assert of("a") != of("A")
    assert of("a") != prompt_id([{"role": "system", "content": "a"}])
    assert of("a") != prompt_id([{"role": "user", "content": "a"}, {"role": "user", "content": ""}])


def test_of_a_question_that_comes_again_the_first_is_kept(tmp_path):
    write(tmp_path / "one.jsonl", [{"q": "x", "a": "1"}, {"q": " x", "a": "1"}])
    write(tmp_path / "two.jsonl", [{"q": "x", "a": "9"}, {"q": "y", "a": "2"}])
    collected = collect([files("one.jsonl"), files("two.jsonl")], seed=1, base=tmp_path)
    assert questions(collected) == ["x", "y"]
    assert references(collected) == ["1", "2"]
    assert collected.set_aside.rows() == [
        ("one", "one.jsonl:2", "duplicate", "the question of one, one.jsonl:1"),
        (
            "two",
            "two.jsonl:1",
            "conflicting_reference",
            "the question of one, one.jsonl:1, which is kept, has another key",
        ),
    ]
    counts = ["source", "read", "prompts", "duplicates", "set_aside"]
    assert collected.sources.select(counts).rows() == [("one", 2, 1, 1, 0), ("two", 2, 1, 1, 0)]


R1 = r"Please reason step by step, and put your final answer within \boxed{}."


@pytest.mark.parametrize("behind", ["", "\n\nBe brief.", f"\n\n{R1}"])
def test_a_question_is_one_whatever_instruction_stands_behind_it(tmp_path, behind):
    """Two sources of the same 20 questions: 20 prompts, and none held out is also in train."""
    plain = [{"q": f"{n} + 1?", "a": str(n + 1)} for n in range(20)]
    write(tmp_path / "plain.jsonl", plain)
    again = [row | {"q": row["q"] + behind} for row in plain]
    write(tmp_path / "told.jsonl", [*again, {"q": "99 + 1?", "a": "100"}])
    first = files("plain.jsonl", held_out=5, instruction="Be brief.")
    collected = collect([first, files("told.jsonl")], seed=1, base=tmp_path)
    splits = collected.prompts["split"].value_counts(sort=True).rows()
    assert splits == [("train", 16), ("held_out", 5)]
    assert set(collected.set_aside["reason"]) == {"duplicate"}
    assert questions(collected)[0] == "0 + 1?\n\nBe brief."  # as the model is asked it
    assert collected.prompts["instruction"].to_list() == ["Be brief."] * 20 + [None]


def test_held_out_questions_depend_neither_on_order_nor_on_seed(tmp_path):
    rows = [{"q": f"{n} + 1?", "a": str(n + 1)} for n in range(40)]
    write(tmp_path / "up.jsonl", rows)
    write(tmp_path / "down.jsonl", rows[::-1])

    def held_out(path: str, seed: int) -> set[str]:
        prompts = collect([files(path, held_out=10)], seed, tmp_path).prompts
        return set(prompts.filter(split="held_out")["prompt_id"])

    assert held_out("up.jsonl", 1) == held_out("down.jsonl", 1)
    assert len(held_out("up.jsonl", 1)) == 10
    assert held_out("up.jsonl", 1) == held_out("up.jsonl", 2)


def test_a_limit_stops_reading_and_the_sums_close(tmp_path):
    rows = [{"q": "x", "a": "1"}, {"q": "x", "a": "1"}, {"q": ""}, {"q": "y", "a": "2"}, {"q": "z"}]
    write(tmp_path / "rows.jsonl", rows)
    collected = collect([files("rows.jsonl", rows=2)], seed=1, base=tmp_path)
    assert collected.sources.drop("source").rows() == [(4, 2, 2, 0, 1, 1)]


# --- what is not there --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (files("row.jsonl"), r"row\.jsonl: there is no such file .*did you mean 'rows\.jsonl'"),
        (files("rows.txt"), r"rows\.txt: files of this kind are not read; expected one of \.jsonl"),
        (files("broken.parquet"), r"broken\.parquet: this is no Parquet file"),
        (
            files("rows.jsonl", columns=Mapping(question="questoin")),
            r"rows\.jsonl: no column 'questoin'; did you mean 'question'\? Columns: question, a",
        ),
        (  # nothing is wrong with the file, yet nothing comes out
            files("rows.jsonl", columns=Mapping(question="question", where={"a": "7"})),
            r"rows: none of its 1 rows became a prompt: 1 not_selected; the first: rows\.jsonl:1",
        ),
        (
            files("rows.jsonl", columns=Mapping(question="question", reference="a"), held_out=2),
            r"rows: 2 prompts are to be held out and only 1 are there",
        ),
        (files("empty.jsonl"), r"empty: none of its 0 rows became a prompt"),
        (files("empty.csv"), r"empty: none of its 0 rows became a prompt"),
        (
            Hub(source="hub", dataset="./nowhere", columns=PLAIN),
            r"\./nowhere: ",
        ),
        (gym(task="chain_sun", rows=3), "no such task; did you mean 'chain_sum'"),
        (gym(options={"min_term": 2}, rows=3), "no option 'min_term'; did you mean 'min_terms'"),
        (gym(options={"seed": 2}, rows=3), "no option 'seed'"),
        (gym(options={"min_terms": 0}, rows=3), "do not work: min_terms must be positive"),
        (  # ten digits, twice, with a plus or a minus
            gym(options={"min_terms": 2, "max_terms": 2, "max_digits": 1}, rows=201),
            "chain_sum: gave 200 different questions and no more, 201 wanted: ask for 200 rows",
        ),
        (gym(task="countdown", rows=3), "its answers cannot be judged: task countdown is refused"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(tmp_path, source, expected):
    write(tmp_path / "rows.jsonl", [{"question": "x", "a": "1"}])
    write(tmp_path / "rows.txt", [])
    write(tmp_path / "broken.parquet", [b"not a Parquet file"])
    write(tmp_path / "empty.jsonl", [])
    (tmp_path / "empty.csv").touch()
    with pytest.raises(RecipeError, match=expected):
        collect([source], seed=1, base=tmp_path)


# --- generators ---------------------------------------------------------------------------------


def test_a_generator_gives_as_many_different_questions_as_are_wanted():
    options = {"min_terms": 2, "max_terms": 3, "max_digits": 1}
    source = gym(options=options, rows=500, held_out=50)
    collected = collect([source], seed=17, base=DATA)
    assert collected.prompts["prompt_id"].n_unique() == 500
    assert collected.prompts["split"].value_counts().sort("split").rows() == [
        ("held_out", 50),
        ("train", 450),
    ]
    entry = references(collected)[0]["entry"]
    assert questions(collected)[0] == entry["question"]
    terms = entry["metadata"]["expression"].replace("+ ", "").replace("- ", "-").split()
    assert sum(map(int, terms)) == int(entry["answer"])
    assert collect([source], seed=17, base=DATA).prompts.equals(collected.prompts)


def test_neighbouring_seeds_give_other_questions():
    def drawn(seed: int) -> set[str]:
        return set(collect([gym(rows=100)], seed, DATA).prompts["prompt_id"])

    assert len(drawn(1) & drawn(2)) < 5  # the generator's own seeds count up from the first


def test_two_sources_of_one_generator_share_no_question():
    options = {"min_terms": 2, "max_terms": 2, "max_digits": 1}
    easy = gym(name="easy", options=options, rows=150)
    mixed = gym(name="mixed", options=options | {"max_terms": 3}, rows=300, held_out=100)
    collected = collect([easy, mixed], seed=3, base=DATA)
    assert collected.prompts["prompt_id"].n_unique() == 450
    assert set(collected.set_aside["reason"]) == {"duplicate"}  # and their answers agree
    assert collected.sources["duplicates"][1] > 0
