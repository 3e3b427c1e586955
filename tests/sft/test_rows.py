"""Training rows: what their file says reaches the loss, and memory holds few of them."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from factory.models.templates import TEMPLATES
from factory.recipe.models import Training
from sft.rows import Collator, accounts, fitting, write_rows
from sft.template import IGNORED, render
from sft.train import train
from teacher import tiny

TEMPLATE = TEMPLATES["chatml"]
WORDS = ["one", "two", "three", "and", "so", "wait"]


def quiet(*_: object, **__: object) -> None:
    """No report."""


def conversations(count: int) -> pl.DataFrame:
    """Rows of all lengths; every tenth is too long, every seventh spells the end token."""
    told = []
    for number in range(count):
        reply = "<think>" + " ".join(WORDS[: number % 6 + 1]) + f"</think>{number}"
        reply += " and so" * 60 if number % 10 == 9 else ""
        reply += TEMPLATE.end if number % 7 == 6 else ""
        question = {"role": "user", "content": f"{number} + {number} ="}
        told.append([question, {"role": "assistant", "content": reply}])
    return pl.DataFrame({"sample_id": [f"row {n:04}" for n in range(count)], "messages": told})


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    texts = [turn["content"] for turns in conversations(40)["messages"] for turn in turns]
    return tiny.make_tokenizer(texts * 3, 400)


def written(rows: Iterator[pl.DataFrame], total: int, tokenizer: Any, file: Path) -> None:
    write_rows(rows, total, tokenizer, TEMPLATE, max_length=100, file=file, report=quiet)


def test_the_file_has_every_row_in_order_as_it_is_rendered(tokenizer: Any, tmp_path: Path):
    rows, file = conversations(150), tmp_path / "rows.parquet"
    written(rows.iter_slices(70), 150, tokenizer, file)
    table = pl.read_parquet(file)
    assert table["sample_id"].to_list() == rows["sample_id"].to_list()
    for turns, row in zip(rows["messages"], table.iter_rows(named=True), strict=True):
        alone = render(tokenizer, TEMPLATE, turns)
        assert row["input_ids"] == alone.input_ids
        assert row["reply_start"] == alone.reply_start
        assert row["trained_tokens"] == sum(label != IGNORED for label in alone.labels)
    by_row, _ = accounts(file, rows["sample_id"])
    assert by_row.dropped == {"too_long": 15, "end_token_inside": 19}


def test_a_crash_leaves_no_half_of_the_file(tokenizer: Any, tmp_path: Path):
    def breaks_off() -> Iterator[pl.DataFrame]:
        yield conversations(5)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        written(breaks_off(), 10, tokenizer, tmp_path / "rows.parquet")
    assert not (tmp_path / "rows.parquet").exists()


def test_the_trainer_numbers_rows_as_it_is_told(tokenizer: Any, tmp_path: Path):
    rows, file = conversations(40), tmp_path / "rows.parquet"
    written(rows.iter_slices(), 40, tokenizer, file)
    order = rows["sample_id"].reverse()
    table = pl.read_parquet(file).filter(fate="trained").reverse()
    for _ in range(2):  # an earlier sitting's copy is not in the way
        given = fitting(file, order, tmp_path / "cache")
        assert given["input_ids"][:] == table["input_ids"].to_list()
        assert given["reply_start"][:] == table["reply_start"].to_list()


def test_a_batch_is_padded_on_the_right_and_padding_is_no_loss():
    rows = [{"input_ids": [5, 6, 7], "reply_start": 1}, {"input_ids": [8, 9], "reply_start": 1}]
    batch = {name: tensor.tolist() for name, tensor in Collator(padding=9)(rows).items()}
    assert batch == {
        "input_ids": [[5, 6, 7], [8, 9, 9]],
        "labels": [[IGNORED, 6, 7], [IGNORED, 9, IGNORED]],
        "attention_mask": [[1, 1, 1], [1, 1, 0]],
    }


@pytest.mark.slow
@pytest.mark.xdist_group("engine")
def test_exactly_the_rows_of_the_file_reach_the_loss(tokenizer: Any, tmp_path: Path):
    rows, file = conversations(30), tmp_path / "rows.parquet"
    written(rows.iter_slices(), 30, tokenizer, file)
    size: dict[str, Any] = {"hidden": 32, "layers": 1, "heads": 1, "max_length": 128, "seed": 0}
    model: Any = tiny.make_model("llama", tokenizer, **size)
    seen: Counter[Any] = Counter()

    def look(module: Any, arguments: Any, given: dict[str, Any]) -> None:
        for ids, labels, there in zip(
            given["input_ids"], given["labels"], given["attention_mask"], strict=True
        ):
            assert set(labels[there == 0].tolist()) <= {IGNORED}
            seen[tuple(ids[there == 1].tolist()), tuple(labels[there == 1].tolist())] += 1

    model.register_forward_pre_hook(look, with_kwargs=True)
    given = fitting(file, rows["sample_id"], tmp_path / "cache")
    training = Training(epochs=2, batch_size=4, max_length=100)
    folder = tmp_path / "checkpoints"
    train(model, tokenizer, given, training, seed=1, checkpoints=folder, report=quiet)
    trained = pl.read_parquet(file).filter(fate="trained")
    expected: Counter[Any] = Counter()
    for ids, start in trained.select("input_ids", "reply_start").iter_rows():
        expected[tuple(ids), (*[IGNORED] * start, *ids[start:])] += 2  # once an epoch
    assert seen == expected


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_memory_does_not_grow_with_the_rows():
    """20,000 rows of 4 KB would be 3.5 GB as Python's lists; most of this is the trainer's own."""
    script = Path(__file__).parents[2] / "benchmarks" / "training_rows.py"
    settings = ["--rows", "20000", "--bytes", "4096", "--most", "700"]
    done = subprocess.run([sys.executable, script, *settings], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


SPELT = {
    "system": "<|endoftext|>",
    "question": "A <|im_start|>?",
    "reply": "<|im_start|>",
}


@pytest.mark.parametrize("place", SPELT)
def test_a_text_that_spells_a_control_token_is_dropped(place: str, tokenizer: Any, tmp_path: Path):
    said = {"system": "Be careful.", "question": "1+1?", "reply": "<think>1+1</think>2"}
    roles = ("system", "user", "assistant")
    messages = [
        [{"role": role, "content": text} for role, text in zip(roles, each.values(), strict=True)]
        for each in (said, said | {place: SPELT[place]})
    ]
    table, file = pl.DataFrame({"sample_id": ["a", "b"], "messages": messages}), tmp_path / "rows"
    written(table.iter_slices(), 2, tokenizer, file)
    assert pl.read_parquet(file)["fate"].to_list() == ["trained", "control_token_inside"]
