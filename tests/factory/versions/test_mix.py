"""Versions and anybody's tables into one version: each row says where it came from, and the sums
close."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML
from runs import NO, RIGHT, WRONG, YES, Stored, call, made, run_of

from factory import ledger
from factory.errors import RecipeError, StageError
from factory.prompts.collect import prompt_id
from factory.recipe.mix import Mix
from factory.versions import content
from factory.versions.folder import decisions_of, funnel_of, shards_of
from factory.versions.manifest import Manifest, read
from factory.versions.mix import mix, parts

REPO = Path(__file__).parents[3]
THOUGHT = "<think>\nTwo and three.\n</think>\n\\boxed{5}"


def quiet(_: str) -> None:
    """Nobody listens."""


def run(folder: Path, *prompts: str, **changes: Any) -> Path:
    """A run whose prompts have one right and one wrong draw each, with its version."""
    draws: dict[str, list[Stored]] = {id: [(RIGHT, YES), (WRONG, NO)] for id in prompts}
    made(run_of(folder, draws, filters={"correctness": {}}, **changes))
    return folder


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs that share the prompts c and d, and two tables of other people's."""
    home = tmp_path_factory.mktemp("there")
    run(home / "one", "a", "b", "c", "d")
    run(home / "two", "c", "d", "e", "f", "g")
    chats = [
        {"conversations": [
            {"from": "system", "value": "Be brief."},
            {"from": "human", "value": f"What is {n} and {n}, in words?"},
            {"from": "gpt", "value": f"It is {2 * n}."},
        ], "license": "mit", "generator": "somebody/model"}
        for n in (*range(8), 0)  # the last is the first once more
    ]  # fmt: skip
    lines = [json.dumps(chat) for chat in chats]
    (home / "chats.jsonl").write_text("\n".join([*lines, json.dumps({"conversations": []})]))
    table = {"prompt": ["What is 2 + 3?"], "completion": [THOUGHT], "answer": ["5"]}
    pl.DataFrame(table).write_parquet(home / "table.parquet")
    return home


def mixed(there: Path, into: Path, *parts: str | dict[str, Any], **told: Any) -> Manifest:
    """The manifest of a mix of these places, each a part of its own name."""
    named = [{"name": p.partition(".")[0], "place": p} if isinstance(p, str) else p for p in parts]
    plan = Mix.model_validate({"name": "both", "parts": named} | told, context={"home": there})
    return mix(plan, there, into, quiet)[1]


def rows(into: Path, number: int = 1) -> pl.DataFrame:
    return pl.read_parquet(shards_of(into / f"v{number}"))


def fates(into: Path) -> pl.DataFrame:
    return pl.read_parquet(decisions_of(into / "v1"))


# --- each prompt once ---------------------------------------------------------------------------


def test_a_prompt_that_an_earlier_part_has_is_not_taken_again(there: Path, tmp_path: Path):
    told = mixed(there, tmp_path, "one", "two")
    assert rows(tmp_path).group_by("part", maintain_order=True).agg("prompt_id").rows() == [
        ("one", ["a", "b", "c", "d"]),
        ("two", ["e", "f", "g"]),
    ]
    gone = fates(tmp_path).filter(fate="dropped")
    assert gone["sample_id"].n_unique() == gone.height == 2
    assert told.mix[1]["dropped"] == {"same_row": 2}  # draws of the same teacher, seed and number


def test_which_part_comes_first_decides(there: Path, tmp_path: Path):
    mixed(there, tmp_path, "two", "one")
    assert rows(tmp_path).filter(part="one")["prompt_id"].to_list() == ["a", "b"]


def test_another_answer_to_the_same_question_is_left_out_too(there: Path, tmp_path: Path):
    question = [{"role": "user", "content": "What is 2 + 3?"}]
    other = {"messages": [*question, {"role": "assistant", "content": "Five."}]}
    (tmp_path / "other.jsonl").write_text(json.dumps(other))
    parts = ({"name": "table", "place": str(there / "table.parquet")},
             {"name": "other", "place": str(tmp_path / "other.jsonl")},
             {"name": "one", "place": "one"})  # fmt: skip
    mixed(there, tmp_path / "mix", *parts)
    (row,) = fates(tmp_path / "mix").filter(part="other").iter_rows(named=True)
    assert (row["dropped_by"], row["of"]) == ("same_prompt", prompt_id(question))


def test_questions_that_say_nearly_the_same_are_left_out_if_asked(there: Path, tmp_path: Path):
    text = "A tank holds many litres of water, and most of them are used in the dry summer."
    for name, question in (("first", text), ("second", text.replace(",", ";"))):
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": name}]
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"messages": turns}))
    places = ("first.jsonl", "second.jsonl")
    assert mixed(tmp_path, tmp_path / "all", *places).rows == 2
    assert mixed(tmp_path, tmp_path / "far", *places, near={}).rows == 1
    (row,) = fates(tmp_path / "far").filter(part="second").iter_rows(named=True)
    assert (row["dropped_by"], row["similarity"]) == ("near_prompt", 1.0)


def test_questions_of_a_benchmark_are_left_out_if_asked(tmp_path: Path):
    question = (
        "Natalia sold clips to 48 friends in May, and half as many in June. How many is that?"
    )
    chats = [
        {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": "72"}]}
        for asked in (question, question.replace("Natalia", "Weng"), "What is a clip made of?")
    ]
    (tmp_path / "chats.jsonl").write_text("\n".join(map(json.dumps, chats)))
    (tmp_path / "exam.jsonl").write_text(json.dumps({"q": question, "a": "72"}))
    columns = {"question": "q", "reference": "a"}
    exam = {"source": "files", "path": str(tmp_path / "exam.jsonl"), "columns": columns}
    told = mixed(tmp_path, tmp_path / "mix", "chats.jsonl", benchmarks=[exam])
    assert (told.rows, told.mix[0]["dropped"]) == (1, {"contaminated": 2})
    gone = fates(tmp_path / "mix").filter(dropped_by="contaminated")
    assert set(gone["of"]) == {"exam exam.jsonl:1"}
    assert "benchmark_question" in gone["reasons"].explode().to_list()
    assert told.inputs[-1].model_dump(include={"what", "name", "rows"}) == {
        "what": "benchmark", "name": "exam", "rows": 1,
    }  # fmt: skip


def test_a_row_that_stands_twice_in_a_table_is_taken_once(there: Path, tmp_path: Path):
    mixed(there, tmp_path, "chats.jsonl")
    assert rows(tmp_path).height == 8
    assert fates(tmp_path)["dropped_by"].drop_nulls().sort().to_list() == ["same_row", "unread"]


def test_a_table_whose_columns_nobody_knows_is_refused_by_its_name(tmp_path: Path):
    (tmp_path / "odd.jsonl").write_text(json.dumps({"q": "What?", "a": "That."}))
    with pytest.raises(RecipeError, match=r"part odd: no column .* as `columns` of the part"):
        mixed(tmp_path, tmp_path / "mix", "odd.jsonl")
    told = mixed(
        tmp_path,
        tmp_path / "mix",
        {"name": "odd", "place": "odd.jsonl", "columns": "question: q, generation: a"},
    )
    assert told.rows == 1


# --- how much of each ---------------------------------------------------------------------------


def test_parts_have_the_rows_and_shares_that_were_asked_for(there: Path, tmp_path: Path):
    one, chats = {"name": "one", "place": "one"}, {"name": "chats", "place": "chats.jsonl"}
    told = mixed(there, tmp_path / "rows", one | {"rows": 2}, chats | {"rows": 3})
    assert [part["taken"] for part in told.mix] == [2, 3]
    told = mixed(there, tmp_path / "share", one | {"share": 0.25}, chats | {"share": 0.75}, rows=8)
    assert [part["taken"] for part in told.mix] == [2, 6]
    told = mixed(there, tmp_path / "rest", one, chats | {"rows": 3})
    assert [part["taken"] for part in told.mix] == [4, 3]


def test_quotas_are_over_all_parts(there: Path, tmp_path: Path):
    told = mixed(there, tmp_path, "one", "two", quotas={"source": {"sums": 5}})
    assert told.rows == 5
    assert told.selection["steps"] == [
        {"step": "quota_source", "entering": 7, "spare": 2, "left": 5}
    ]


def test_only_the_domains_and_sources_that_were_named_are_taken(there: Path, tmp_path: Path):
    part = {"name": "one", "place": "one", "sources": ["nothing"]}
    told = mixed(there, tmp_path, part, "table.parquet")
    assert told.mix[0]["dropped"] == {"not_asked_for": 4}


def test_the_seed_decides_which_rows_and_the_same_seed_decides_the_same(
    there: Path, tmp_path: Path
):
    part = {"name": "chats", "place": "chats.jsonl", "rows": 4}
    found = [
        mixed(there, tmp_path / str(n), part, "one", seed=seed).digest
        for n, seed in enumerate((1, 1, 2))
    ]
    assert found[0] == found[1] != found[2]


def test_where_there_are_fewer_rows_than_asked_for_it_is_said(there: Path, tmp_path: Path):
    said: list[str] = []
    plan = Mix(name="m", parts=[{"name": "one", "place": "one", "rows": 9}])  # pyrefly: ignore
    mix(plan, there, tmp_path, said.append)
    assert said == ["mix, part one: 9 rows asked for, 4 there"]


# --- what rows and the manifest say -------------------------------------------------------------


def test_each_row_says_where_it_came_from_who_wrote_it_and_its_licence(there: Path, tmp_path: Path):
    parts = {"name": "one", "place": "one", "license": "apache-2.0"}, "chats.jsonl", "table.parquet"
    told = mixed(there, tmp_path, *parts)
    facts = rows(tmp_path).select("part", "license", "teacher", "origin").unique().sort("part")
    assert [row[:3] for row in facts.rows()] == [
        ("chats", "mit", "somebody/model"),
        ("one", "apache-2.0", "A teacher"),
        ("table", None, None),
    ]
    of_one = read(there / "one" / "dataset" / "v1").digest
    assert facts["origin"].to_list() == [
        told.mix[1]["digest"], of_one, told.mix[2]["digest"],
    ]  # fmt: skip
    assert told.mix[0]["license_overridden"]
    assert [i.name for i in told.inputs[:3]] == ["one", "chats", "table"]
    assert {t.name for t in told.teachers} == {"t", "A teacher", "somebody/model"}


def test_others_tables_become_conversations_with_their_keys(there: Path, tmp_path: Path):
    mixed(there, tmp_path, "chats.jsonl", "table.parquet")
    first, *_, last = rows(tmp_path).sort("part", maintain_order=True).iter_rows(named=True)
    assert first["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is 0 and 0, in words?"},
        {"role": "assistant", "content": "It is 0."},
    ]
    assert last["messages"][-1] == {"role": "assistant", "content": THOUGHT}
    assert last["reference"] == "5"


def test_a_part_s_rows_are_the_version_s_rows(there: Path, tmp_path: Path):
    mixed(there, tmp_path, "one", "chats.jsonl")
    before = pl.read_parquet(shards_of(there / "one" / "dataset" / "v1"))
    after = rows(tmp_path).filter(part="one").select(before.columns)
    assert content.content_digest(after) == content.content_digest(before)


def test_the_sums_of_a_mix_close(there: Path, tmp_path: Path):
    told = mixed(there, tmp_path, {"name": "one", "place": "one", "rows": 1}, "two", "chats.jsonl")
    ledger.check("mix", told.ledger["mix"])
    whole, *parts = told.ledger["mix"]
    assert whole.entered == sum(part.entered for part in parts) == fates(tmp_path).height
    assert whole.left == told.rows
    for part in told.mix:
        gone = sum(part["dropped"].values()) + sum(part["spare"].values())
        assert part["rows"] == part["taken"] + gone
    entering = whole.entered
    for rule in told.rules:
        assert (rule.entering, rule.left) == (entering, entering - rule.dropped)
        entering = rule.left


def test_the_rules_that_a_version_was_made_by_come_along(there: Path, tmp_path: Path):
    told = mixed(there, tmp_path, "one")
    of_one = read(there / "one" / "dataset" / "v1")
    assert told.mix[0]["rules"] == [rule.model_dump(mode="json") for rule in of_one.rules]
    assert told.mix[0]["version"]["number"] == 1


def test_the_card_tells_of_parts_and_of_what_was_left_out(there: Path, tmp_path: Path):
    part = {"name": "chats", "place": "chats.jsonl", "license": "apache-2.0"}
    told = mixed(there, tmp_path, "one", part, "two")
    card = (tmp_path / "v1" / "README.md").read_text()
    digest = told.mix[1]["digest"][:12]
    assert f"| chats | chats.jsonl | {digest} | 10 | 8 | apache-2.0 8 (by the mix file) |" in card
    assert "| two | same\\_row | 2 |" in card or "| two | same_row | 2 |" in card
    assert f"{told.rows} rows taken from 3 datasets" in card
    assert "| `origin` | string | digest of the version" in card
    assert "judged by verifiers" not in card


def test_a_mix_passes_verification_and_its_funnel_is_as_a_run_s(there: Path, tmp_path: Path):
    mixed(there, tmp_path, {"name": "one", "place": "one", "rows": 1}, "two", "chats.jsonl")
    assert "good:" in call("verify", tmp_path / "v1")
    of_run = pl.read_parquet(funnel_of(there / "one" / "dataset" / "v1"))
    assert pl.read_parquet(funnel_of(tmp_path / "v1")).schema == of_run.schema


def test_no_folder_of_this_machine_is_told(there: Path, tmp_path: Path):
    part = {"name": "one", "place": str(there / "one")}
    mixed(there, tmp_path / "m", part)
    version = tmp_path / "m" / "v1"
    for file in version.iterdir():
        if file.is_file():
            assert str(there).encode() not in file.read_bytes(), file.name


def test_a_mix_can_be_mixed_again_and_rows_keep_their_first_origin(there: Path, tmp_path: Path):
    mixed(there, tmp_path / "inner", "one", "two")
    inner = {"name": "inner", "place": str(tmp_path / "inner" / "v1")}
    mixed(there, tmp_path / "outer", inner, "chats.jsonl")
    kept = rows(tmp_path / "outer").filter(part="inner")
    first = rows(tmp_path / "inner")
    assert kept.sort("sample_id")["origin"].equals(first.sort("sample_id")["origin"])


# --- a version like any other -------------------------------------------------------------------


def test_splits_and_forms_are_to_be_had(there: Path, tmp_path: Path):
    told = mixed(
        there, tmp_path, "one", "two", "chats.jsonl",
        splits={"test": "40 %"}, formats=["sharegpt", "prompt_completion"],
    )  # fmt: skip
    assert set(told.splits) == {"train", "test"}
    assert told.formats == dict.fromkeys(["sharegpt", "prompt_completion"], told.splits)


def test_the_same_mix_is_the_same_version_and_another_is_the_next(there: Path, tmp_path: Path):
    first, again = (mixed(there, tmp_path, "one", "two") for _ in range(2))
    other = mixed(there, tmp_path, "one")
    assert (first.number, again.number, other.number) == (1, 1, 2)
    assert other.parent
    assert other.parent.digest == first.digest
    assert sorted(f.name for f in tmp_path.iterdir()) == ["v1", "v2"]


def test_a_part_may_be_a_version_on_the_hub(
    there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    version = there / "one" / "dataset" / "v1"
    monkeypatch.setattr(parts, "local", lambda place, want: version)
    told = mixed(there, tmp_path, {"name": "one", "place": "hf://org/name@1.0.0"})
    (part,) = told.mix
    assert (part["place"], part["revision"]) == ("hf://org/name@1.0.0", "1.0.0")
    assert (told.inputs[0].origin, told.inputs[0].revision) == ("org/name", "1.0.0")
    assert part["digest"] == read(version).digest


def test_a_part_that_was_changed_is_refused(there: Path, tmp_path: Path):
    folder = run(tmp_path / "changed", "a", "b")
    (file,) = shards_of(folder / "dataset" / "v1")
    pl.read_parquet(file).head(1).write_parquet(file)
    with pytest.raises(StageError, match="not what its manifest says"):
        mixed(tmp_path, tmp_path / "mix", "changed")


def test_datasets_loads_it(there: Path, tmp_path: Path):
    import datasets

    told = mixed(there, tmp_path, "one", "chats.jsonl", formats=["sharegpt"])
    folder, cache = str(tmp_path / "v1"), str(tmp_path / "cache")
    assert datasets.load_dataset(folder, cache_dir=cache)["train"].num_rows == told.rows
    shared = datasets.load_dataset(folder, "sharegpt", cache_dir=cache)["train"]
    assert shared.num_rows == told.rows


# --- the command --------------------------------------------------------------------------------


def test_the_command_mixes_places(there: Path, tmp_path: Path):
    said = call("versions", "mix", there / "one", there / "chats.jsonl", "--into", tmp_path / "m")
    assert "one: 4 rows, 4 taken" in said
    assert "10 rows, 8 taken, same_row 1, unread 1" in said
    assert read(tmp_path / "m" / "v1").rows == 12


def test_the_command_reads_a_mix_file(there: Path, tmp_path: Path):
    told = {"name": "both", "parts": [{"name": "one", "place": str(there / "one"), "rows": 2}]}
    file = tmp_path / "mix.yaml"
    YAML().dump(told, file)
    assert "both: one 2 rows" in call("versions", "mix", file, "--check")
    assert not (tmp_path / "m").exists()
    call("versions", "mix", file, "--into", tmp_path / "m")
    assert read(tmp_path / "m" / "v1").name == "both"
