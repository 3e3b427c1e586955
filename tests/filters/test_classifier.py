"""A classifier model in a recipe: scored once, stored under its digest, judged by a limit."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError
from runs import made, run_of
from tiny_classifier import LONGEST, tiny_classifier

from factory.run_folder import RunFolder
from factory.versions.build import versions
from filters import FILTERS, Filters, funnel, judge, measure
from filters.filter import SAMPLE
from filters.text.thinking import split

TEXTS = ["the answer is one", "so we add harm", "", "<think>harm harm", "<think>two</think>three"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe's folder with two models in it."""
    folder = tmp_path_factory.mktemp("home")
    tiny_classifier(folder / "model")
    tiny_classifier(folder / "one_output", labels=("harmful",))
    return folder


def filters(home: Path, **settings: Any) -> Filters:
    entry = {"model": "model", "label": "unsafe"} | settings
    return Filters.model_validate({"classifiers": {"harm": entry}}, context={"home": home})


def table(texts: list[str]) -> pl.DataFrame:
    rows = []
    for number, text in enumerate(texts):
        thought = split(text)
        parts = {"text": text, "reasoning": thought.reasoning, "response": thought.response}
        rows.append({"sample_id": str(number), "domain": "math"} | parts)
    return pl.DataFrame(rows, schema=SAMPLE)


def scores(home: Path, texts: list[str], **settings: Any) -> list[float]:
    return measure(table(texts), filters(home, **settings))["harm_score"].to_list()


def expected(folder: Path, text: str, label: str) -> float:
    """What the model says, by the shortest way."""
    from transformers import pipeline

    ask: Any = pipeline("text-classification", str(folder), top_k=None)
    return next(said["score"] for said in ask([text])[0] if said["label"] == label)


def test_the_score_is_the_probability_of_the_label(home: Path):
    found = scores(home, TEXTS)
    for text, score in ((TEXTS[0], found[0]), (TEXTS[1], found[1]), ("three", found[4])):
        assert score == pytest.approx(expected(home / "model", text, "unsafe"), abs=1e-5)
    assert found[2:4] == [0, 0]  # no response
    assert scores(home, TEXTS, label="safe")[0] != found[0]


def test_a_model_with_one_output_needs_no_label(home: Path):
    found = scores(home, TEXTS, model="one_output", label=None)
    assert all(0 <= score <= 1 for score in found)
    assert len(set(found)) > 2


def test_the_whole_text_may_be_scored(home: Path):
    assert scores(home, ["<think>harm</think>three"], part="text") != scores(
        home, ["<think>harm</think>three"]
    )


def test_rows_and_batches_do_not_matter(home: Path):
    texts = [" ".join(["the", "answer", "harm", "two"][: n % 5] * (n % 7 + 1)) for n in range(90)]
    together = scores(home, texts)
    apart = [score for text in texts for score in scores(home, [text])]
    assert together == pytest.approx(apart, abs=1e-5)


def test_of_a_long_text_the_worst_window_counts(home: Path):
    inside = LONGEST - 2
    blocks = [" ".join([word] * inside) for word in ("one", "harm", "two")]
    (whole,) = scores(home, [" ".join(blocks)])
    assert whole == pytest.approx(max(scores(home, blocks)), abs=1e-5)


def test_the_limit_is_a_rule_and_the_funnel_has_a_line(home: Path):
    measured = measure(table(TEXTS), filters(home))
    limit = sorted(measured["harm_score"])[-2]
    rules = filters(home, max_score=limit)
    judged = judge(measured, rules)
    assert [reasons for reasons in judged["reasons"].to_list() if reasons] == [["harm_score"]]
    assert funnel(judged, rules)["filter"].to_list() == ["harm"]
    assert (
        judge(measured, filters(home, max_score=0.0, domains=["code"]))["dropped_by"].null_count()
        == 5
    )


def test_another_model_is_another_measure_and_another_limit_is_not(home: Path, tmp_path: Path):
    first = versions(filters(home))
    assert re.fullmatch(r"1-[0-9a-f]{12}", str(first["harm"]))
    assert versions(filters(home, max_score=0.9)) == first
    tiny_classifier(tmp_path / "model")
    assert versions(filters(tmp_path)) == first  # the same weights elsewhere
    tiny_classifier(tmp_path / "model", seed=2)
    assert versions(filters(tmp_path)) != first


def test_what_a_recipe_notes_is_read_again(home: Path):
    noted = filters(home, max_score=0.7).model_dump(mode="json", exclude_none=True)
    again = Filters.model_validate(noted, context={"filters_home": home})
    assert again == filters(home, max_score=0.7)
    assert again.own_columns() == ("harm_score",)


def test_a_run_stores_the_score_and_tells_the_reason(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(home)
    draws = {
        name: [(f"<think>so</think>{text}", ("correct", None))]
        for name, text in (("p", "the answer is one"), ("q", "harm harm harm"))
    }
    said = {"harm": {"model": "model", "label": "unsafe"}}
    context = run_of(tmp_path / "run", draws, filters={"correctness": {}, "classifiers": said})
    made(context)
    run = context.run
    decided = pl.read_parquet(run.version(1) / "decisions.parquet").sort("prompt_id")
    assert decided["harm_score"].to_list() == scores(home, ["the answer is one", "harm harm harm"])
    assert decided["reasons"].to_list() == [
        ["harm_score"] if score > 0.5 else [] for score in decided["harm_score"]
    ]
    (stored,) = (path.name for path in (tmp_path / "run" / "measures").iterdir())
    assert re.fullmatch("harm@1-[0-9a-f]{12}", stored)
    context.run.note(context.recipe, home)
    monkeypatch.chdir(tmp_path)
    assert RunFolder(tmp_path / "run").recipe()[0] == context.recipe


@pytest.mark.parametrize(
    ("name", "entry", "said"),
    [
        ("harm", {"model": "nowhere", "label": "unsafe"}, "no model in .*nowhere"),
        ("harm", {"model": "model"}, "has no label None; it has safe, unsafe, unsure"),
        ("harm", {"model": "model", "label": "bad"}, "has no label 'bad'"),
        ("harm", {"label": "unsafe"}, "expected `model: FOLDER`"),
        ("harm", {"model": "model", "label": "unsafe", "max_score": 2}, "less than or equal to 1"),
        ("harm", {"model": "model", "label": "unsafe", "limit": 2}, "limit"),
        ("Harm!", {"model": "model", "label": "unsafe"}, "small letters, digits and _"),
        ("safety", {"model": "model", "label": "unsafe"}, "another filter has the name 'safety'"),
    ],
)
def test_what_cannot_be_is_said(home: Path, name: str, entry: dict[str, Any], said: str):
    with pytest.raises(ValidationError, match=said):
        Filters.model_validate({"classifiers": {name: entry}}, context={"home": home})


def test_a_model_that_cannot_be_loaded_stops_at_once(home: Path, tmp_path: Path):
    tiny_classifier(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ValueError, match="cannot be loaded"):
        measure(table(TEXTS), filters(tmp_path))


def test_it_is_none_of_the_filters_that_are_always_there():
    assert "classifier" not in FILTERS
