"""What is said before a training: memory beside what is there, time on GPUs, and what helps."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch

from factory.recipe.models import Training
from sft.forecast import forecast
from sft.rows import ROW


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three rows that are trained on, 8,192 tokens at most, and one that is not."""
    rows = {"sample_id": list("abcd"), "tokens": [1000, 8192, 2000, 90_000]}
    fates = {"fate": ["trained"] * 3 + ["too_long"]}
    empty = {"input_ids": [[]] * 4, "reply_start": [0] * 4, "trained_tokens": [0] * 4}
    pl.DataFrame(rows | fates | empty, schema=ROW).write_parquet(tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Qwen2.5-0.5B's shape, without weights."""
    from transformers import Qwen2Config

    size: dict[str, Any] = {"hidden_size": 896, "intermediate_size": 4864, "vocab_size": 151_936}
    size |= {"num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2}
    Qwen2Config(**size, tie_word_embeddings=True).save_pretrained(tmp_path / "base")
    return tmp_path / "base"


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine with GPUs of so many GiB."""

    def pretend(count: int, gib: float) -> None:
        class Card:
            total_memory = int(gib * 2**30)

        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: Card)

    return pretend


def test_on_a_gpu(base: Path, table: Path, gpu: Any):
    gpu(1, 80)
    (words,) = forecast(base, table, Training(epochs=10), 1)
    assert words.startswith(
        "494.0 million weights in bfloat16 need about 4.7 GiB of the 80.0 GiB that a GPU "
        "has: 3.7 GiB for weights, gradients and states, 1.0 GiB for the rows, 1 row of 8,192 at a "
        "time"
    )
    # 8 x 494 million x 10 epochs of 11,192 tokens
    assert words.endswith("4.4e+14 operations, 1 s if each GPU does 300 TFLOP/s as an H100 did")


def test_where_it_will_hardly_fit(base: Path, table: Path, gpu: Any):
    gpu(1, 8)
    training = Training(dtype="float32", batch_size=16, device_batch_size=2)
    _, warning = forecast(base, table, training, 1)
    assert warning == (
        "that will hardly fit; what helps: device_batch_size: 1, dtype: bfloat16, a lower "
        "max_length or more devices"
    )
    gpu(8, 8)
    assert len(forecast(base, table, training, 8)) == 1  # each holds an eighth


def test_a_tiny_model_needs_something(table: Path, tmp_path: Path):
    """The quickstart's student: of 0.2 million weights nobody wants to read that they need 0.0."""
    from transformers import LlamaConfig

    size: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 128, "vocab_size": 900}
    size |= {"num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 4}
    LlamaConfig(**size).save_pretrained(tmp_path / "tiny")
    first, *_ = forecast(tmp_path / "tiny", table, Training(), 1)
    assert " 0.0 " not in first
    assert re.match(r"\d{3},\d{3} weights in float32 need about [\d.]+ MiB of the ", first)
    assert "MiB for weights, gradients and states" in first


def test_on_a_cpu_nothing_is_said_of_time(base: Path, table: Path):
    first, *_ = forecast(base, table, Training(), 1)
    assert "million weights in float32" in first
    assert "that are free" in first
    assert "TFLOP" not in first
