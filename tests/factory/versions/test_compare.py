"""Comparisons of whole sets: made once for a set, laid over draws, with evidence for people."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from factory.errors import LedgerError
from factory.prompts.benchmarks import ITEM
from factory.prompts.collect import PROMPT
from factory.records import SAMPLE
from factory.store.draws import Draws
from factory.store.shards import Shards
from factory.versions import build
from factory.versions.compare import Sets, compare, evidence, homes
from filters import Filters

TRAIN = "A train leaves Ulm at noon, drives at 80 km/h and meets a second train after three hours. "
QUESTION = "Each of the nine shelves in the old library holds 24 red books and 17 blue. How many?"
TEXTS = {
    "a": TRAIN + "How far has it come by then?",
    "b": TRAIN + "How far has it come until then?",
    "c": "Name all primes below a hundred, and add up those that end with a seven, please.",
    "d": "Each of the nine shelves in the old library holds 31 red books and 6 blue. How many?",
    "h": "How many ways are there to seat four guests at a round table with five chairs?",
}
ITEMS = pl.DataFrame(
    [{"benchmark": "shelves", "place": "x.jsonl:1", "question": QUESTION, "key": "369"}], ITEM
)


def sets(
    folder: Path,
    draws: dict[str, list[str]],
    texts: dict[str, str] = TEXTS,
    items: pl.DataFrame = ITEMS,
) -> Sets:
    """Prompts with these texts, `h` held out, and draws of them."""
    asked = [
        {"prompt_id": id, "messages": [{"role": "user", "content": text}], "source": "tales"}
        | {"reference": '"5"', "split": "held_out" if id == "h" else "train"}
        for id, text in texts.items()
    ]
    rows = [
        {"sample_id": f"{id}{n}", "prompt_id": id, "draw": n, "text": text, "completion_tokens": 9}
        | {"verdict": "correct", "finish_reason": "stop"}
        for id, all_of_it in draws.items()
        for n, text in enumerate(all_of_it)
    ]
    table = pl.DataFrame(rows, SAMPLE)
    if not (folder / "draws").exists():
        Shards(folder / "draws").write(0, table)
    prompts = pl.DataFrame(asked, {**PROMPT, "split": pl.String()})
    light = build.light(Draws(folder / "draws"), table, prompts, Filters())
    return Sets(prompts, items, Draws(folder / "draws"), light)


def judged(
    given: Sets, folder: Path, said: list[str] | None = None, **filters: Any
) -> pl.DataFrame:
    """Draws compared and judged."""
    rules = Filters.model_validate(filters)
    say = (said if said is not None else []).append
    compare(given, rules, folder / "measures", lambda *_: None, say)
    build.measure(Draws(folder / "draws"), given.rows, rules, folder / "measures", lambda *_: None)
    return build.judged(given.rows, rules, folder / "measures").sort("sample_id")


def reasons(rows: pl.DataFrame) -> dict[str, list[str]]:
    return dict(rows.select("sample_id", "reasons").iter_rows())


FINE = "Fine, it is five."


def test_a_question_that_says_what_another_said_is_dropped_with_its_draws(tmp_path: Path):
    rows = judged(
        sets(tmp_path, {"b": [FINE, FINE], "a": [FINE], "c": [FINE]}), tmp_path, duplicates={}
    )
    assert reasons(rows) == {"a0": [], "b0": ["near_duplicate"], "b1": ["near_duplicate"], "c0": []}
    assert rows["duplicate_cluster"].to_list() == ["a", "a", "a", None]


def test_a_cluster_is_not_lost_with_its_first_question(tmp_path: Path):
    """The draws of `a` are too long: then those of `b` stay."""
    given = sets(tmp_path, {"a": [FINE], "b": [FINE]})
    rows = given.rows.with_columns(
        completion_tokens=pl.when(prompt_id="a").then(99).otherwise(9).cast(pl.Int32)
    )
    Shards(tmp_path / "draws").write(
        0, Draws(tmp_path / "draws").read().with_columns(rows["completion_tokens"])
    )
    given = Sets(given.asked, given.benchmarks, given.draws, rows)
    found = judged(given, tmp_path, duplicates={}, length={"max_tokens": 50})
    assert reasons(found) == {"a0": ["too_long"], "b0": []}


def test_draws_are_compared_within_their_question_or_with_all(tmp_path: Path):
    same = TRAIN + "So it has come 240 km by three o'clock, which is what was asked for."
    given = sets(tmp_path, {"a": [same, same.upper()], "c": [same]})
    within = judged(given, tmp_path, duplicates={"over": "responses"})
    assert reasons(within) == {"a0": [], "a1": ["exact_duplicate"], "c0": []}
    over_all = judged(given, tmp_path, duplicates={"over": "everything"})
    assert reasons(over_all) == {"a0": [], "a1": ["exact_duplicate"], "c0": ["exact_duplicate"]}


def test_an_alarm_names_examples(tmp_path: Path):
    texts = {f"p{n}": TRAIN + f"{TRAIN} How far is it{'?' * n}" for n in range(12)} | {"h": "What?"}
    said: list[str] = []
    judged(sets(tmp_path, {"p0": [FINE]}, texts), tmp_path, said, duplicates={})
    assert len(said) == 2
    assert said[0].startswith("duplicates: one cluster has 12 of 12 texts (100.0%): 'A train")
    assert said[1].startswith("duplicates: tales loses 11 of 12 texts")


def test_a_question_of_a_benchmark_with_other_numbers_is_found_and_shown(tmp_path: Path):
    rows = judged(sets(tmp_path, {"d": [FINE], "c": [FINE]}), tmp_path, contamination={})
    found = reasons(rows)
    assert found["c0"] == []
    assert "benchmark_changed" in found["d0"]
    assert rows.filter(sample_id="d0")["contamination_item"].item() == "shelves x.jsonl:1"
    pairs = evidence("contamination", tmp_path / "measures").filter(method="changed")
    assert pairs.select("prompt_id", "benchmark", "question").row(0) == ("d", "shelves", QUESTION)
    assert pairs["passage"].item().startswith("of the nine shelves in the old library holds 31 red")


def test_the_runs_own_held_out_questions_are_a_benchmark_too(tmp_path: Path):
    texts = TEXTS | {"c": TEXTS["h"].upper().replace("?", "!?")}
    texts["c"] = texts["c"].replace("!", "")
    given = sets(tmp_path, {"c": [FINE]}, texts)
    assert "benchmark_question" in reasons(judged(given, tmp_path, contamination={}))["c0"]
    without = judged(given, tmp_path, contamination={"held_out": False})
    assert reasons(without) == {"c0": []}


def test_a_draw_that_tells_a_benchmarks_solution_is_found(tmp_path: Path):
    solution = "Nine times the sum of 24 and 17 is nine times 41, and so the whole library has 369."
    items = ITEMS.with_columns(solution=pl.lit(solution))
    draws = {"c": ["As I recall it: " + solution + " Done.", FINE]}
    given = sets(tmp_path, draws, items=items)
    strict = {"min_response_words": 18}
    rows = judged(given, tmp_path, contamination=strict)
    assert reasons(rows) == {"c0": ["benchmark_in_response"], "c1": []}
    pairs = evidence("contamination", tmp_path / "measures").filter(method="response")
    assert pairs.select("sample_id", "passage").row(0) == ("c0", solution.removesuffix("."))
    silent = judged(given, tmp_path, contamination=strict | {"responses": False})
    assert reasons(silent) == {"c0": [], "c1": []}


def test_what_was_compared_is_not_compared_again_and_another_set_is(tmp_path: Path):
    filters = Filters.model_validate({"duplicates": {}, "contamination": {}})
    folder = tmp_path / "measures"

    def made(given: Sets, filters: Filters = filters) -> int:
        return compare(given, filters, folder, lambda *_: None, print)

    given = sets(tmp_path, {"a": [FINE]})
    assert made(given) == 2
    first = homes(folder)
    assert made(given) == 0
    tighter = {"contamination": {"min_words": 20}, "duplicates": {"alarm_cluster": 0.5}}
    assert made(given, Filters.model_validate(tighter)) == 0  # no rule gets here
    assert made(given, Filters.model_validate({"duplicates": {"min_similarity": 0.9}})) == 1
    other = ITEMS.with_columns(place=pl.lit("x.jsonl:2"))
    assert made(sets(tmp_path, {"a": [FINE]}, items=other)) == 1  # the duplicates stand
    assert made(given) == 0  # and back
    assert homes(folder) == first


def test_draws_that_nobody_compared_are_an_error(tmp_path: Path):
    given, rules = sets(tmp_path, {"a": [FINE]}), Filters.model_validate({"duplicates": {}})
    with pytest.raises(LedgerError, match="duplicates: nothing was compared"):
        build.judged(given.rows, rules, tmp_path / "measures")
    judged(given, tmp_path, duplicates={})
    more = given.rows.with_columns(prompt_id=pl.lit("new"))
    with pytest.raises(LedgerError, match=r"duplicates: 1 draws not compared: \['a0'\]"):
        build.judged(more, rules, tmp_path / "measures")
