"""The order in which a student meets its rows: shuffled anew each epoch, or as they are written."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from factory.models import at
from factory.models.chat import load_tokenizer
from factory.recipe.student import Student
from sft.distil import distil
from sft.rows import Collator
from teacher import tiny

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine")]

COUNT = 9


def rows() -> pl.DataFrame:
    told = []
    for number in range(COUNT):
        question = {"role": "user", "content": f"{number} ="}
        told.append([question, {"role": "assistant", "content": f"<think>so</think>{number}"}])
    # Their ids say nothing of the order in which they are written.
    ids = [f"row {number * 5 % COUNT}" for number in range(COUNT)]
    return pl.DataFrame({"sample_id": ids, "messages": told})


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    texts = [turn["content"] for turns in rows()["messages"] for turn in turns]
    tokenizer = tiny.make_tokenizer(texts * 9, 400)
    size: dict[str, Any] = {"hidden": 64, "layers": 1, "heads": 2, "max_length": 128, "seed": 1}
    tiny.save(tiny.make_model("llama", tokenizer, **size), tokenizer, folder)
    return folder


def met(base: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, in_order: bool) -> list[int]:
    """The questions' numbers in the order in which batches are made of them, of two epochs."""
    seen: list[int] = []
    collated = Collator.__call__

    def noted(self: Collator, batch: Any) -> dict[str, Any]:
        seen.extend(numbers[tuple(row["input_ids"])] for row in batch)
        return collated(self, batch)

    monkeypatch.setattr(Collator, "__call__", noted)
    training = {"epochs": 2, "batch_size": 2, "device_batch_size": 1}
    numbers = _Numbers(base)
    told = rows()
    distil(
        at(base),
        [told.tail(4), told.head(COUNT - 4)],  # they may be read in any order
        told["sample_id"],
        Student.model_validate({"base": {"path": "it"}, "training": training}),
        seed=3,
        in_order=in_order,
        out=folder / "model",
        table=folder / "rows.parquet",
        checkpoints=folder / "checkpoints",
        report=lambda *_, **__: None,
    )
    return seen


class _Numbers(dict[tuple[int, ...], int]):
    """The number that a row's question begins with, by its ids."""

    def __init__(self, base: Path):
        self.tokenizer = load_tokenizer(base)

    def __missing__(self, ids: tuple[int, ...]) -> int:
        text = self.tokenizer.decode([*ids])
        return int(next(letter for letter in text if letter.isdigit()))


def test_a_curriculum_is_met_as_it_is_written_in_every_epoch(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert met(base, tmp_path, monkeypatch, in_order=True) == [*range(COUNT)] * 2


def test_else_each_epoch_has_an_order_of_its_own(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = met(base, tmp_path, monkeypatch, in_order=False)
    first, second = seen[:COUNT], seen[COUNT:]
    assert sorted(first) == sorted(second) == [*range(COUNT)]
    assert len({tuple(first), tuple(second), tuple(range(COUNT))}) == 3
