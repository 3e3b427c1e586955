"""The estimate of memory against what was measured on an H100 (benchmarks/RESULTS.md)."""

from pathlib import Path
from typing import Any

import pytest

from sft.memory import GIB, Needs, Shape, needs, operations

QWEN = {
    "0.5B": Shape(494_032_768, 896, 4864, 24, 151_936),
    "1.5B": Shape(1_543_714_304, 1536, 8960, 28, 151_936),
    "7B": Shape(7_615_616_512, 3584, 18944, 28, 152_064),
}


@pytest.mark.parametrize(
    ("model", "dtype", "rows", "length", "measured"),
    [
        ("0.5B", "float32", 4, 2048, 8.1),
        ("0.5B", "float32", 16, 2048, 11.4),
        ("0.5B", "float32", 2, 16384, 11.4),
        ("1.5B", "float32", 4, 2048, 24.2),
        ("1.5B", "float32", 16, 2048, 28.3),
        ("7B", "bfloat16", 4, 2048, 58.0),
    ],
)
def test_it_is_within_a_tenth_of_what_was_measured(
    model: str, dtype: str, rows: int, length: int, measured: float
):
    """Rows of one length, the whole batch at once."""
    told = needs(
        QWEN[model], dtype=dtype, rows=rows, length=length, accumulates=False, padded=False
    )
    print(model, dtype, rows, length, measured, round(told.peak / GIB, 1))
    assert told.peak / GIB == pytest.approx(measured, rel=0.1)


def of(**changes: Any) -> Needs:
    usual: dict[str, Any] = {"dtype": "bfloat16", "rows": 1, "length": 8192}
    return needs(QWEN["7B"], **(usual | changes))


def test_float32_takes_twice_as_much_for_weights_gradients_and_states():
    small, large = of(), of(dtype="float32")
    for part in ("weights", "gradients", "states", "checkpoints"):
        assert getattr(large, part) == 2 * getattr(small, part)


def test_accumulation_keeps_gradients_beside_checkpoints():
    assert of().peak - of(accumulates=False).peak == min(of().gradients, of().checkpoints)


def test_more_rows_need_more_and_a_mask():
    assert of(rows=2).checkpoints == 2 * of().checkpoints
    assert (of().padding, of(rows=2).padding) == (0, 3 * 2 * 8192**2)


def test_devices_share_what_belongs_to_weights_alone():
    one, eight = of(), of(devices=8)
    assert eight.weights == one.weights // 8
    assert eight.layer == one.layer
    assert 0 < eight.gathered < one.weights
    assert eight.peak < one.peak / 3


def test_without_checkpointing_all_layers_are_kept():
    assert of(checkpointing=False).layer == 28 * of().layer


def test_operations_are_eight_for_each_weight_and_token():
    assert operations(QWEN["7B"], 1000) == 8000 * 7_615_616_512


def test_the_shape_of_a_folder_needs_no_weights(tmp_path: Path):
    from transformers import Qwen2Config

    Qwen2Config(
        hidden_size=896,
        intermediate_size=4864,
        num_hidden_layers=24,
        num_attention_heads=14,
        num_key_value_heads=2,
        vocab_size=151_936,
        tie_word_embeddings=True,
    ).save_pretrained(tmp_path)
    assert Shape.of(tmp_path) == QWEN["0.5B"]
