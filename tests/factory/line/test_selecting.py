"""Selection in a run: its version, its record of decisions, the order of rows, and what is said."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from factory.errors import StageError
from factory.line import dataset_stages
from factory.line.context import Context, Result
from factory.line.finished import Done, fingerprint
from factory.line.table import wanted
from factory.models import Located
from factory.prompts.collect import PROMPT
from factory.recipe import Recipe
from factory.records import SAMPLE
from factory.run_folder import RunFolder
from factory.sampler.outcome import PROMPTS
from factory.store import write_table
from factory.store.shards import Shards
from factory.versions.manifest import read
from filters.text.thinking import split

QUESTIONS = {
    "p1": ("math", "What is the area of a triangle with base 4 and height 5?", 1.0),
    "p2": ("math", "A triangle has the base 4 and the height 5. What is its area?", 0.5),
    "p3": ("math", "When does the train from Bonn meet the train from Ulm?", 0.25),
    "p4": ("math", "When does the train from Ulm leave the station?", 0.75),
    "p5": ("general", "Write two lines about the sea.", None),
}
SAYS = [
    "We add the two numbers that were given, one after the other, and that makes five.",
    "We add the two numbers that were given, one after another, and that makes five.",
    "Count on from two: three, four, five. So three steps were needed to come to it.",
]
COLUMNS = {"question": "q", "reference": "a", "keep": ["rate", "subject"]}
RECIPE: dict[str, Any] = {
    "name": "test",
    "prompts": [
        {"source": "files", "path": "math.jsonl", "columns": COLUMNS, "held_out": 1},
        {"source": "files", "path": "chat.jsonl", "columns": COLUMNS, "domain": "general"},
    ],
    "teacher": {"base": {"tiny": "qwen2", "rows": 100}},
    "filters": {
        "correctness": {},
        "chain": {},
        "format": [
            {"domains": ["math"], "final_answer": False},
            {"domains": ["general"], "final_answer": False, "require_thinking": False},
        ],
    },
    "student": {"base": {"tiny": "llama", "rows": 100}},
}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Five prompts with three draws each, of 10, 20 and 30 tokens; the chat does not think."""
    run = RunFolder(tmp_path / "run")
    for stage in ("prompts", "samples", "teacher", "measures", "dataset", "difficulty"):
        run.stage(stage).mkdir(parents=True)
    Located(path=str(tmp_path), name="t", digest="t").note(run.stage("teacher"))
    asked = [
        {"prompt_id": id, "messages": [{"role": "user", "content": text}], "split": "train"}
        | {"reference": '"5"', "verifier": "math", "language": "en", "domain": domain}
        | {"source": "chat" if domain == "general" else "math"}
        | {"meta": json.dumps({"rate": rate, "subject": text.split()[2]})}
        for id, (domain, text, rate) in QUESTIONS.items()
    ]
    write_table(pl.DataFrame(asked, {**PROMPT, "split": pl.String()}), run.prompt_table)
    table = pl.DataFrame([_draw(id, n) for n in range(3) for id in QUESTIONS], schema=SAMPLE)
    Shards(run.journal("samples")).write(0, table)
    write_table(table.select("sample_id"), run.current_draws)
    write_table(_fates({id: rate for id, (_, _, rate) in QUESTIONS.items()}), run.prompt_fates)
    write_table(_fates({"p1": 0.0, "p2": 0.0, "p3": 0.5, "p4": 0.0}), run.student_fates)
    return run


def _draw(id: str, number: int) -> dict[str, Any]:
    thinks = QUESTIONS[id][0] == "math"
    text = f"<think>{SAYS[number]}</think> It is 5." if thinks else SAYS[number]
    thought = split(text)
    return (
        {"sample_id": f"{id}{number}", "prompt_id": id, "draw": number, "text": text}
        | {"completion_tokens": 10 * number + 10, "finish_reason": "stop", "teacher": "t"}
        | {"reasoning": thought.reasoning, "response": thought.response, "answer": "5"}
        | {"verdict": "correct"}
    )


def _fates(rates: dict[str, float | None]) -> pl.DataFrame:
    rows = [{"prompt_id": id, "pass_rate": rate, "draws": 4} for id, rate in rates.items()]
    fates = pl.DataFrame(rows, schema=PROMPTS)
    return fates.with_columns(teacher=pl.lit("A teacher"), teacher_digest=pl.lit("t"))


def made(run: RunFolder, said: list[str] | None = None, **dataset: Any) -> Result:
    """The dataset version, by the recipe with this `dataset`."""
    filters = RECIPE["filters"] | {"duplicates": {"drop": False}}
    recipe = Recipe.model_validate(RECIPE | {"dataset": dataset, "filters": filters})
    told = (lambda words: said.append(words)) if said is not None else print
    context = Context(recipe, run.path, run, "measures", lambda *_, **__: None, told)
    dataset_stages.measures(context)
    context = Context(recipe, run.path, run, "dataset", lambda *_, **__: None, told)
    return dataset_stages.dataset(context)


def ids(run: RunFolder) -> list[str]:
    return run.rows(["sample_id"])["sample_id"].to_list()


def decided(run: RunFolder) -> pl.DataFrame:
    version = run.current_version()
    assert version
    return pl.read_parquet(version / "decisions.parquet")


def test_the_record_the_card_and_the_manifest_tell_every_step(run: RunFolder):
    """The sums close: 15 draws are 3 rows and 12 that a step left out."""
    said: list[str] = []
    band = {"of": "teacher", "min": 0.3, "max": 1.0}
    result = made(run, said, select={"difficulty": band, "per_prompt": 1, "rows": 9})
    assert ids(run) == ["p10", "p20", "p40"]
    spare = decided(run).filter(fate="spare")["spare_by"].value_counts(sort=True)
    assert dict(spare.iter_rows()) == {
        "per_prompt": 6,
        "difficulty": 3,
        "difficulty_unknown": 3,
    }
    assert said == [
        "difficulty: of 3 of 15 accepted draws no pass rate is known",
        "rows: 9 rows asked for, 3 there",
    ]
    account = result.accounts[0]
    assert (account.entered, account.left, account.open) == (15, 3, 0)
    assert account.dropped["spare: per_prompt"] == 6
    manifest, version = run.manifest(), run.current_version()
    assert manifest
    assert version
    assert [step["left"] for step in manifest.selection["steps"]] == [9, 3, 3]
    assert manifest.selection["short"] == said
    card = (version / "README.md").read_text()
    assert "| difficulty | 15 | 6 | 9 |" in card
    assert "- rows: 9 rows asked for, 3 there" in card
    assert dict(decided(run).select("prompt_id", "pass_rate").unique().iter_rows())["p2"] == 0.5


@pytest.mark.parametrize(
    ("whose", "prompts"),
    [
        ("teacher", {"p2", "p3"}),
        ("student", {"p1", "p2", "p3", "p4"}),
        ("rate", {"p2", "p3"}),  # a column that the prompts' mapping keeps
    ],
)
def test_pass_rates_are_the_teachers_the_students_or_those_that_came_along(
    run: RunFolder, whose: str, prompts: set[str]
):
    made(run, select={"difficulty": {"of": whose, "max": 0.5}})
    assert {id[:2] for id in ids(run)} == prompts


def test_other_pass_rates_make_another_version(run: RunFolder):
    band = {"difficulty": {"of": "student", "max": 0.5}}
    made(run, select=band)
    assert read(run.version(1)).made_by["pass_rates"]
    write_table(_fates(dict.fromkeys(QUESTIONS, 0.1)), run.student_fates)
    made(run, select=band)
    assert read(run.version(2)) == run.manifest()
    assert {id[:2] for id in ids(run)} == set(QUESTIONS)


def test_the_least_alike_of_a_prompt_are_taken(run: RunFolder):
    """The second draw says what the first says, and the third does not."""
    made(run, select={"per_prompt": 2})
    assert [id for id in ids(run) if id.startswith("p1")] == ["p10", "p11"]
    made(run, select={"per_prompt": 2, "prefer": "diverse"})
    assert [id for id in ids(run) if id.startswith("p1")] == ["p10", "p12"]


def test_of_questions_that_say_the_same_one_stays(run: RunFolder):
    """The last one, as its draws are shorter; the filter would keep the first, and drops none."""
    twin = [{"role": "user", "content": "what is the area of a triangle, with base 4 and height 5"}]
    asked = run.prompts()
    turns = [
        twin if id == "p4" else told for id, told in asked.select("prompt_id", "messages").rows()
    ]
    write_table(
        asked.with_columns(messages=pl.Series(turns, dtype=asked["messages"].dtype)),
        run.prompt_table,
    )
    draws = (
        run.draws()
        .read()
        .with_columns(
            completion_tokens=pl.when(prompt_id="p4").then(5).otherwise("completion_tokens")
        )
    )
    for shard in run.journal("samples").iterdir():
        shard.unlink()
    Shards(run.journal("samples")).write(0, draws.cast({"completion_tokens": pl.Int32}))
    made(run, select={"per_cluster": 1, "per_prompt": 1})
    assert sorted(ids(run)) == ["p20", "p30", "p40", "p50"]
    left = decided(run).filter(spare_by="per_cluster")
    assert left["sample_id"].to_list() == ["p10", "p11", "p12"]
    assert left["duplicate_size"].unique().to_list() == [2]


@pytest.mark.parametrize(
    ("by", "apart"),
    [("words", [{"p1", "p2"}, {"p3", "p4"}]), ("subject", [{"p1", "p3", "p4"}, {"p2"}])],
)
def test_topics_are_clusters_by_words_or_a_column_that_came_along(
    run: RunFolder, by: str, apart: list[set[str]]
):
    topics = {"by": by, "count": 3}
    made(run, select={"mix": [{"name": "a", "domains": ["math"], "rows": 9}], "topics": topics})
    told = decided(run).filter(domain="math").group_by("topic").agg("prompt_id")
    assert sorted(map(sorted, told["prompt_id"].list.unique())) == sorted(map(sorted, apart))


def test_rows_are_written_in_their_order_and_another_order_is_another_version(run: RunFolder):
    first = made(run, select={"per_prompt": 1})
    assert ids(run) == ["p50", "p10", "p20", "p30", "p40"]  # by source, then by prompt
    content = read(run.version(1)).digest
    easy = made(run, select={"per_prompt": 1}, order="easy_to_hard")
    assert ids(run) == ["p10", "p40", "p20", "p30", "p50"]
    manifest = read(run.version(2))
    assert (run.manifest(), manifest.digest) == (manifest, content)  # the same rows
    assert easy.output != first.output  # and a student to be trained anew
    made(run, select={"per_prompt": 1}, order="interleaved")
    assert ids(run).index("p50") == 2
    again = made(run, select={"per_prompt": 1})
    assert again.output == first.output == content


def test_the_control_is_in_the_order_of_the_dataset(run: RunFolder):
    made(run, select={"per_prompt": 1}, order="easy_to_hard")
    recipe = Recipe.model_validate(RECIPE | {"dataset": {"order": "easy_to_hard"}})
    context = Context(recipe, run.path, run, "control", lambda *_, **__: None)
    lot = dataset_stages.control_lot(context)
    assert lot["sample_id"].to_list() == ["p10", "p40", "p20", "p30", "p50"]


def test_the_seed_makes_another_version_only_where_it_plays_a_part(run: RunFolder):
    def versions(**dataset: Any) -> int:
        there = len(run.versions())
        for seed in (1, 2):
            recipe = Recipe.model_validate(RECIPE | {"dataset": dataset, "seed": seed})
            for stage, make in (
                ("measures", dataset_stages.measures),
                ("dataset", dataset_stages.dataset),
            ):
                make(Context(recipe, run.path, run, stage, lambda *_, **__: None))
        return len(run.versions()) - there

    assert versions(select={"per_prompt": 1}) == 1
    assert versions(select={"per_prompt": 1, "prefer": "random"}) == 2


def test_a_selection_that_leaves_nothing_says_which_step_it_was(run: RunFolder):
    with pytest.raises(StageError, match=r"none of 15 accepted draws was selected: .*difficulty"):
        made(run, select={"difficulty": {"of": "teacher", "min": 0.8, "max": 0.9}})


def prints(home: Path, **select: Any) -> dict[str, str]:
    """Fingerprints of the stages of the recipe with that selection."""
    plan, done = Recipe.model_validate(RECIPE | {"dataset": {"select": select}}), {}
    for stage in wanted(plan):
        print_of = fingerprint(stage, plan, home, done)
        nothing: dict[str, Any] = {"note": "", "accounts": [], "seconds": 0, "files": {}}
        done[stage.name] = Done(fingerprint=print_of, output=print_of, **nothing)
    return {name: record.fingerprint for name, record in done.items()}


def test_the_students_own_pass_rates_are_a_stage_that_the_dataset_waits_for(tmp_path: Path):
    """A new band asks nobody again; other draws do."""
    for name in ("math.jsonl", "chat.jsonl"):
        (tmp_path / name).write_text("{}")
    assert "difficulty" not in prints(tmp_path)
    assert "difficulty" not in prints(tmp_path, difficulty={"max": 0.5})
    before = prints(tmp_path, difficulty={"of": "student", "max": 0.5})
    band = prints(tmp_path, difficulty={"of": "student", "max": 0.6})
    draws = prints(tmp_path, difficulty={"of": "student", "max": 0.5, "draws": 8})
    assert "difficulty" in before
    assert before["difficulty"] == band["difficulty"] != draws["difficulty"]
    assert before["dataset"] != band["dataset"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": {"select": {"prefer": "best"}}, "filters": {}}, "write `chain: {}`"),
        ({"dataset": {"select": {"per_cluster": 1}}}, "write `duplicates: {drop: false}`"),
        ({"dataset": {"order": "interleaved"}, "filters": {}}, "write `format: {}`"),
        ({"dataset": {"select": {"way": "s1"}}, "student": None}, "the recipe has none"),
        (
            {"dataset": {"select": {"quotas": {"domain": {"cod": 5}}}}},
            "select names domains that no prompts have: cod; they have general, math",
        ),
        (
            {"dataset": {"select": {"difficulty": {"of": "level"}}}},
            "select names columns that no prompts have: level; they have rate, subject",
        ),
        (
            {
                "dataset": {"select": {"way": "limo"}},
                "sampling": {"policy": {"fixed": {"draws": 8}}},
            },
            "no prompt can have a pass rate of 0.03 to 0.1, as it is a multiple of 0.125",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_rest_of_the_recipe_lacks_is_said_before_anything_starts(
    changes: dict[str, Any], words: str
):
    with pytest.raises(ValueError, match="dataset: ") as refused:
        Recipe.model_validate(RECIPE | changes)
    assert words in str(refused.value)
