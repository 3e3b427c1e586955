"""What filters saw in texts: over- and underthinking, language confusion, copies, suspect keys."""

from pathlib import Path

import polars as pl
import pytest
from runs import NO, RIGHT, WRONG, YES, made, run_of
from subjects import counted_of, named, of, overall

from factory.audit.figures.copies import copies
from factory.audit.figures.counted import Counted
from factory.audit.figures.languages import languages
from factory.audit.figures.suspects import suspects
from factory.audit.figures.thinking import thinking
from factory.audit.keys import SUSPECT
from factory.audit.subject.place import subject_at

THOUGHT = {"reflections": 0, "backtracks": 0, "thought_switches": 0, "thought_chars": 100}


def test_thinking_after_the_answer():
    found = {"verdict": "correct", "answer_at": 25, "outcome_efficiency": 0.25}
    rows = [THOUGHT | found, THOUGHT | found | {"outcome_efficiency": 1.0, "answer_at": 100}]
    rows += [THOUGHT | {"verdict": "correct"}, THOUGHT | {"verdict": "incorrect"}]
    row = overall(named(thinking(counted_of(rows, {"thinking": {}})), "overthinking"))
    assert (row["correct"], row["found"], row["not_found"]) == (3, 2, 1)
    assert row["efficiency"] == pytest.approx(0.625)
    assert row["over_half"] == 0.5
    assert row["after"] == pytest.approx((75 + 0) / 2)


def test_turns_of_right_and_wrong_samples():
    rows = [
        THOUGHT | {"verdict": "correct", "completion_tokens": 1000, "thought_switches": 1},
        THOUGHT | {"verdict": "incorrect", "completion_tokens": 2000, "thought_switches": 4},
        THOUGHT | {"verdict": "incorrect", "completion_tokens": None, "thought_switches": 2},
        {"verdict": "incorrect", "completion_tokens": 50},
    ]
    figure = named(thinking(counted_of(rows, {"thinking": {}})), "underthinking")
    row = of(figure, verdict="incorrect", by="overall")
    assert (row["of_verdict"], row["measured"]) == (3, 2)
    assert (row["turns"], row["per_1000"], row["often"]) == (3.0, 2.0, 0.5)
    assert of(figure, verdict="correct", by="overall")["per_1000"] == 1.0


def test_where_no_answer_is_found_in_the_thinking_it_is_said():
    rows = [THOUGHT | {"verdict": "incorrect", "completion_tokens": 9}]
    figures = thinking(counted_of(rows, {"thinking": {}}))
    assert "has its answer in its thinking" in (named(figures, "overthinking").missing or "")
    assert named(figures, "underthinking").missing is None


@pytest.mark.parametrize("question", [thinking, languages, copies])
def test_without_the_filter_it_is_said(question):
    for figure in question(counted_of([{"verdict": "correct"}])):
        assert "is not in use" in (figure.missing or "")
        assert figure.table.is_empty()


SPOKEN = {
    "language_letters": 50,
    "language_share": 1.0,
    "language_found": "",
    "language_switches": 0,
}
MIXED = SPOKEN | {"language_share": 0.75, "language_found": "zh,fr", "language_switches": 2}
OTHER = SPOKEN | {"language_share": 0.25, "language_found": "zh"}
NONE = SPOKEN | {"language_share": None, "language_letters": 0}


def test_language_confusion():
    figures = languages(counted_of([SPOKEN, MIXED, OTHER, NONE], {"language": {}}))
    row = overall(named(figures, "language"))
    assert [row[n] for n in ("judged", "not_measured", "mixed", "half", "switched")] == [
        3, 1, 2, 1, 1,
    ]  # fmt: skip
    assert row["share_mixed"] == pytest.approx(2 / 3)
    assert row["mean_share"] == pytest.approx(2 / 3)
    assert named(figures, "language.pairs").table.rows() == [("en", "zh", 2, 0.5)]


def member(cluster: str | None, place: int, size: int, **others) -> dict:
    likeness = {"duplicate_similarity": 1.0 if place == 0 else 0.9, "duplicate_exact": False}
    told = {"duplicate_cluster": cluster, "duplicate_place": place, "duplicate_size": size}
    return {"prompt_id": f"{cluster}{place}"} | told | likeness | others


def test_clusters_by_size_and_the_largest():
    rows = [member(None, 0, 1), *(member("c", n, 3) for n in range(3))]
    rows += [member("d", n, 2) for n in range(2)] + [{"prompt_id": "never compared"}]
    figures = copies(counted_of(rows, {"duplicates": {}}))
    figure = named(figures, "duplicates")
    assert figure.table.select("size_from", "clusters", "samples", "dropped").rows() == [
        (2, 1, 2, 1),
        (3, 1, 3, 2),
    ]
    assert "1 samples are like no other, 1 were not compared" in figure.note
    largest = named(figures, "duplicates.largest").table
    assert largest.select("cluster", "size", "samples", "sources", "least_similarity").rows() == [
        ("c", 3, 3, "s", 0.9),
        ("d", 2, 2, "s", 0.9),
    ]


def hit(item: str, words: int, prompt: str) -> dict:
    shares = ("share", "changed", "alike", "alike_same_key", "formulas", "formulas_same_key")
    none = {f"contamination_{name}": 0.0 for name in shares}
    told = {"contamination_item": item, "contamination_words": words, "contamination_exact": False}
    return {"prompt_id": prompt} | none | told | {"contamination_response": 0}


def test_hits_of_benchmarks():
    rows = [hit("gsm8k test.jsonl:7", 20, "a"), hit("gsm8k test.jsonl:7", 20, "a")]
    rows += [hit("gsm8k test.jsonl:9", 8, "b"), hit("aime 1", 14, "c"), {"prompt_id": "d"}]
    figure = named(copies(counted_of(rows, {"contamination": {}})), "contamination")
    told = figure.table.select("benchmark", "reason", "samples", "prompts", "items", "example")
    assert told.rows() == [
        ("gsm8k", "benchmark_passage", 2, 1, 1, "gsm8k test.jsonl:7"),
        ("aime", "benchmark_passage", 1, 1, 1, "aime 1"),
        ("gsm8k", "below all limits", 1, 1, 1, "gsm8k test.jsonl:9"),
    ]
    assert "4 of 5 samples were compared" in figure.note


@pytest.fixture
def run(tmp_path: Path) -> Path:
    made(run_of(tmp_path / "run", {"a": [(WRONG, NO), (RIGHT, YES)], "b": [(RIGHT, YES)]}))
    return tmp_path / "run"


def test_suspect_keys_are_those_that_factory_keys_left(run: Path):
    suspect = {"prompt_id": "a", "source": "sums", "verifier": "math", "key": "5", "label": "6"}
    suspect |= {"votes": 4, "correct": 0, "draws": 5, "teachers": 1, "why": "draws", "rows": 2}
    table = pl.DataFrame([suspect, suspect | {"prompt_id": "b", "rows": 1}], schema=SUSPECT)
    table.write_parquet(run / "key_suspects.parquet")
    figures = suspects(Counted(subject_at(str(run))))
    rows = named(figures, "keys").table.select("source", "why", "suspects", "rows", "draws").rows()
    assert rows == [("sums", "draws", 2, 3, 10)]
    assert named(figures, "keys.surest").table["label"].to_list() == ["6", "6"]


def test_where_nobody_looked_at_keys_it_is_said(run: Path):
    for place, why in ((str(run), "`factory keys RUN` does"), (f"{run}@1", "this is none")):
        assert all(why in (f.missing or "") for f in suspects(Counted(subject_at(place))))
