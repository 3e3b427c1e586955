"""A whole sampling with real engines: two teachers, strategies, log-probabilities; and again."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tiny_models import tiny_model

from factory.errors import RecipeError
from factory.models import Located, elsewhere, find
from factory.models.chat import load_tokenizer, prompt_ids
from factory.prompts.collect import PROMPT
from factory.recipe.models import Weights
from factory.recipe.sampling import Sampling
from factory.recipe.served import Served
from factory.records import digest
from factory.sampler import draws
from factory.sampler.draws import Drawn, Teacher
from factory.sampler.strategies import ask, prepare
from factory.store import Store
from factory.store.draws import Draws

STRATEGIES: list[dict[str, Any]] = [
    {"name": "shown", "template": "few_shot", "examples": "shown.jsonl", "shots": 1}
    | {"when": {"domains": ["math"]}},
    {"name": "first", "template": "think_first", "when": {"min_words": 3}},
]
SETTINGS: dict[str, Any] = {
    "policy": {"fixed": {"draws": 2}},
    "strategies": STRATEGIES,
    "temperature": 1.0,
    "top_p": 1.0,
    "max_tokens": 24,
    "logprobs": True,
    "concurrency": 8,
    "engine_process": False,
}
QUESTIONS = [("math", "1+1?"), ("general", "Who are you?"), ("general", "Hi")]
OPENINGS = {"shown": "", "first": "<think>\n", None: ""}


def prompts() -> pl.DataFrame:
    rows = [
        {"prompt_id": digest(text), "source": "own", "domain": domain, "language": "en"}
        | {"messages": [{"role": "user", "content": text}]}
        | {"reference": '"2"', "verifier": "exact"}
        for domain, text in QUESTIONS
    ]
    return pl.DataFrame(rows, schema=PROMPT)


@dataclass
class Sitting:
    """A home of recipes with a run in it, sampled as often as is wanted."""

    home: Path
    teachers: list[Teacher]
    said: list[str] = field(default_factory=list)

    def draw(self, **changes: Any) -> Drawn:
        self.said.clear()
        return draws.draw(
            self.teachers,
            prompts(),
            Sampling.model_validate(SETTINGS | changes),
            seed=1,
            home=self.home,
            kept=Store(self.home / "run" / "draws"),
            report=lambda *_, **__: None,
            say=self.said.append,
        )

    @property
    def rows(self) -> pl.DataFrame:
        return Draws(self.home / "run" / "draws").read()


@pytest.fixture(scope="module")
def sitting(tmp_path_factory: pytest.TempPathFactory) -> Sitting:
    home = tmp_path_factory.mktemp("home")
    (home / "shown.jsonl").write_text(
        json.dumps({"question": "2+2?", "answer": "<think>two and two</think>4"})
    )
    found: list[Located] = []
    for seed, name in enumerate(("ann", "bob")):
        tiny_model(home / name, seed=seed)
        found.append(find(Weights(path=name), home))
    return Sitting(home, [Teacher(model) for model in found])


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("engine")
class TestTwoTeachers:
    """One sampling after the other in the same folder."""

    @pytest.fixture(scope="class")
    def first(self, sitting: Sitting) -> Drawn:
        return sitting.draw()

    def test_each_row_names_teacher_strategy_and_opening(self, sitting: Sitting, first: Drawn):
        rows, asked = sitting.rows, prompts()
        assert (first.failed, sitting.said) == ({}, [])
        assert first.ended_by == ["all prompts are finished"] * 2
        assert first.samples.height == rows.height == 2 * 3 * 2
        sampling = Sampling.model_validate(SETTINGS)
        names = {who.identity(sampling): who.model.name for who in sitting.teachers}
        counted = rows.group_by("teacher", "strategy", "opening").len().rows()
        expected = {(id, strategy, OPENINGS[strategy], 2) for id in names for strategy in OPENINGS}
        assert set(counted) == expected
        assert first.prompts.group_by("teacher").len().sort("teacher").rows() == [
            ("ann", 3),
            ("bob", 3),
        ]
        assert set(first.prompts["prompt_id"]) == set(asked["prompt_id"])
        by_teacher = rows.group_by("prompt_id", "draw").agg(pl.col("text").n_unique())
        assert by_teacher["text"].to_list() == [2] * 6  # the teachers differ
        assert rows["sample_id"].n_unique() == rows["seed"].n_unique() == 12

    def test_the_teacher_saw_what_the_strategy_says(self, sitting: Sitting, first: Drawn):
        tokenizer = load_tokenizer(sitting.home / "ann")
        strategies = prepare(Sampling.model_validate(SETTINGS).strategies, sitting.home)
        seen = {row["prompt_id"]: ask(strategies, row) for row in prompts().iter_rows(named=True)}
        for row in sitting.rows.iter_rows(named=True):
            asked = seen[row["prompt_id"]]
            ids = tokenizer.encode(asked.prefill, add_special_tokens=False)
            assert row["prompt_tokens"] == len(prompt_ids(tokenizer, asked.messages)) + len(ids)
            assert row["logprob"] < 0
            assert row["completion_tokens"] == len(row["token_ids"]) <= 24
            if row["opening"] and "</think>" not in row["text"]:
                assert row["response"] is None  # the thinking that we began never ended

    def test_the_same_again_draws_nothing(self, sitting: Sitting, first: Drawn):
        before = sitting.rows
        again = sitting.draw()
        assert again.samples.equals(first.samples)
        assert again.prompts.equals(first.prompts)
        assert sitting.rows.equals(before)
        assert sitting.said == []

    def test_another_temperature_is_told_and_drawn_beside(self, sitting: Sitting, first: Drawn):
        warm = sitting.draw(temperature=0.5)
        assert len(sitting.said) == 2  # of each teacher
        for said in sitting.said:
            assert said.startswith("not as in the last sitting: temperature was 1.0, is 0.5.")
        assert sitting.rows.height == 24
        assert set(warm.samples["sample_id"]).isdisjoint(first.samples["sample_id"])
        before = sitting.rows
        back = sitting.draw()
        assert "temperature was 0.5, is 1.0" in sitting.said[0]
        assert back.samples.equals(first.samples)
        assert sitting.rows.equals(before)

    def test_draws_are_found_again_by_id(self, sitting: Sitting, first: Drawn):
        place = Draws(sitting.home / "run" / "draws")
        rows = place.in_order(first.samples)
        assert rows["sample_id"].equals(first.samples["sample_id"])
        assert rows["text"].null_count() == 0
        told = draws.draws_digest(place, first.samples)
        assert told == draws.draws_digest(place, first.samples.reverse())
        assert told != draws.draws_digest(place, first.samples.head(11))


def test_an_endpoint_cannot_be_asked_to_think_for_so_long(tmp_path: Path):
    served = Served(endpoint="http://127.0.0.1:9/v1", model="far")
    teacher = Teacher(elsewhere(served), served)
    with pytest.raises(RecipeError, match=r"sampling\.thinking continues a draw by its token ids"):
        Sitting(tmp_path, [teacher]).draw(strategies=[], thinking={"max_tokens": 9})


def test_examples_that_are_missing_are_told_before_an_engine_starts(tmp_path: Path):
    with pytest.raises(RecipeError, match=r"shown\.jsonl: the examples cannot be read"):
        Sitting(tmp_path, []).draw()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("engine")
def test_one_teacher_thinks_freely_and_briefly_by_one_engine(tmp_path: Path):
    tiny_model(tmp_path / "ann", seed=1)
    sitting = Sitting(tmp_path, [Teacher(find(Weights(path="ann"), tmp_path))])
    free = {"name": "free", "prefill": "<think>\n"}
    brief = free | {"name": "brief", "thinking": {"max_tokens": 4}, "beside": True}
    drawn = sitting.draw(strategies=[free, brief], logprobs=False)
    rows = sitting.rows
    assert drawn.samples.height == rows.height == 2 * 3 * 2
    forced = rows.group_by("strategy").agg(pl.col("forced_tokens").max()).sort("strategy")
    assert forced["strategy"].to_list() == ["brief", "free"]
    assert forced["forced_tokens"][0] > forced["forced_tokens"][1] == 0
    ended = rows.filter(pl.col("forced_tokens") > 0)
    assert ended["text"].str.contains("</think>", literal=True).all()
    assert ended["response"].null_count() == 0
