"""What vLLM is told of this machine: its arithmetic, and the memory that is really there."""

from pathlib import Path

import pytest
from tiny_models import tiny_model

from factory.engines import machine

GIB = 2**30


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("tiny"), seed=1))


@pytest.fixture(autouse=True)
def a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "on_gpu", lambda: False)


def cache(model: str, length: int, concurrency: int) -> int:
    return machine.device_arguments(model, length, concurrency)["kv_cache_memory_bytes"]


def test_a_cache_is_as_large_as_its_draws_may_become(model: str):
    """Keys and values of 64 numbers of four bytes, in one layer; twice over."""
    assert cache(model, 4096, 256) == 2 * (4096 * 256 * 2 * 64 * 4)
    assert cache(model, 16, 1) == 64 * 2**20  # and never tiny


def test_it_asks_for_a_share_of_what_is_free(model: str, monkeypatch: pytest.MonkeyPatch):
    """Two engines side by side fit, though what an engine asked for counts as free at first."""
    monkeypatch.setattr(machine, "_free", lambda: GIB)
    weights = sum(file.stat().st_size for file in Path(model).glob("*.safetensors"))
    asked = cache(model, 32768, 256)
    assert asked == int(0.4 * (GIB - 2 * weights))
    assert 2 * (asked + 2 * weights) < GIB


def test_free_is_what_the_node_has_that_the_engine_sits_on(monkeypatch: pytest.MonkeyPatch):
    """On a machine of two nodes half of the memory is out of an engine's reach."""
    import psutil
    from vllm.utils import cpu_resource_utils

    node = cpu_resource_utils.MemoryNodeInfo(total_memory=12 * GIB, available_memory=7 * GIB)
    monkeypatch.setattr(cpu_resource_utils, "get_memory_node_info", lambda number: node)
    assert machine._free() == min(7 * GIB, psutil.virtual_memory().available)


@pytest.mark.parametrize(
    ("own", "multiplies", "dtype"),
    [
        ("bfloat16", True, "bfloat16"),
        ("bfloat16", False, "float32"),
        ("float32", True, "float32"),
    ],
)
def test_bfloat16_where_cpu_and_model_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, multiplies: bool, dtype: str
):
    tiny_model(tmp_path, seed=1)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"dtype": "float32"', f'"dtype": "{own}"'))
    monkeypatch.setattr(machine, "multiplies_bfloat16", lambda: multiplies)
    assert machine.device_arguments(str(tmp_path), 64, 1)["dtype"] == dtype


def test_a_recipe_has_the_last_word(model: str):
    told = machine.engine_arguments(model, 64, 1, {"dtype": "float16", "max_model_len": 32})
    assert (told["dtype"], told["max_model_len"]) == ("float16", 32)
