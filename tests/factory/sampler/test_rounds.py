"""One teacher asked in several ways: strategies beside others, settings of a model's own."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sampled import RIGHT, WRONG, fixed, prompts, until

from factory.engines import Completion, Engine, Request
from factory.models import Located
from factory.recipe.asking import Asking
from factory.recipe.sampling import Sampling
from factory.sampler import draws
from factory.sampler.draws import Drawn
from factory.sampler.teacher import Teacher
from factory.store import Store
from factory.store.draws import Draws

EFFORTS = [
    {"name": "low", "chat_template_kwargs": {"reasoning_effort": "low"}},
    {"name": "high", "chat_template_kwargs": {"reasoning_effort": "high"}, "beside": True},
    {"name": "math-only", "when": {"domains": ["math"]}, "beside": True},
]


class ByEffort:
    """Right at a high effort, wrong at a low one; notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        return False

    async def draw(self, request: Request) -> Completion:
        self.asked.append(request)
        high = request.template_arguments.get("reasoning_effort") == "high"
        return Completion(RIGHT if high else WRONG, None, "stop", 5, 9)


class Folder:
    """A folder that is sampled into, as often as is wanted."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch):
        self.path, self.engines = path, []

        @contextlib.asynccontextmanager
        async def running(*_: Any) -> AsyncIterator[Engine]:
            self.engines.append(ByEffort())
            yield self.engines[-1]

        monkeypatch.setattr(draws, "running", running)

    def draw(self, *, asked: Asking | None = None, **settings: Any) -> Drawn:
        table = prompts("a", "b", "c").with_columns(domain=pl.Series(["math", "math", "general"]))
        return draws.draw(
            [Teacher(Located(path="", name="ann", digest="d"), asked=asked)],
            table,
            Sampling.model_validate({"policy": fixed(2), "strategies": EFFORTS} | settings),
            seed=1,
            home=self.path,
            kept=Store(self.path / "draws"),
            report=lambda *_, **__: None,
            say=lambda _: None,
        )

    @property
    def rows(self) -> pl.DataFrame:
        return Draws(self.path / "draws").read()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder(tmp_path, monkeypatch)


def test_a_strategy_beside_others_answers_the_same_prompts(folder: Folder):
    drawn = folder.draw()
    rows = folder.rows
    counted = rows.group_by("strategy").agg(pl.len(), pl.col("prompt_id").n_unique())
    assert sorted(counted.rows()) == [("high", 6, 3), ("low", 6, 3), ("math-only", 4, 2)]
    assert rows["sample_id"].n_unique() == drawn.samples.height == 16
    assert len(folder.engines) == 1  # one start for all rounds


def test_what_became_of_a_prompt_is_told_for_each_way(folder: Folder):
    drawn = folder.draw(policy=until(1, 3))
    fates = drawn.prompts.select("beside", "prompt_id", "draws", "state").sort("prompt_id")
    assert fates.filter(pl.col("beside").is_null()).rows()[0] == (None, "a", 3, "hopeless")
    assert fates.filter(beside="high").rows() == [
        ("high", "a", 1, "enough"),
        ("high", "b", 1, "enough"),
        ("high", "c", 1, "enough"),
    ]


def test_nothing_is_drawn_twice(folder: Folder):
    first = folder.draw()
    again = folder.draw()
    assert again.samples.equals(first.samples)
    assert len(folder.engines) == 1


def test_another_effort_later_draws_only_that(folder: Folder):
    folder.draw(strategies=EFFORTS[:1])
    folder.draw(strategies=EFFORTS[:2])
    assert len(folder.engines[1].asked) == 6
    assert {r.template_arguments["reasoning_effort"] for r in folder.engines[1].asked} == {"high"}


def test_a_target_counts_for_each_round(folder: Folder):
    drawn = folder.draw(target={"accepted": 2}, concurrency=1)
    low, high, _ = drawn.ended_by
    assert (low, high) == ("all prompts are finished", "the target of 2 accepted rows")


def test_a_models_own_settings_are_asked_for(folder: Folder):
    own = Asking(temperature=0.1, top_k=20, stop_words=["END"], chat_template_kwargs={"deep": True})
    folder.draw(asked=own, strategies=[], top_p=0.9)
    request = folder.engines[0].asked[0]
    assert (request.temperature, request.top_p) == (0.1, 0.9)
    assert (request.options, request.stop_words) == ({"top_k": 20}, ("END",))
    assert request.template_arguments == {"deep": True}


@pytest.mark.parametrize(
    "own",
    [
        {"temperature": 0.1},
        {"top_k": 20},
        {"repetition_penalty": 1.05},
        {"stop_words": ["END"]},
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"engine_arguments": {"dtype": "bfloat16"}},
    ],
    ids=lambda own: next(iter(own)),
)
def test_settings_that_change_draws_make_new_ones(folder: Folder, own: dict[str, Any]):
    folder.draw(strategies=[])
    folder.draw(strategies=[], asked=Asking.model_validate(own))
    assert folder.rows.height == 12


def test_memory_and_seeding_do_not(folder: Folder):
    folder.draw(strategies=[])
    own = Asking(engine_arguments={"gpu_memory_utilization": 0.5})
    folder.draw(strategies=[], asked=own, seeded=False)
    assert folder.rows.height == 6
