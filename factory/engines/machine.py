"""vLLM's engine arguments for this machine: arithmetic, batches, and the memory that is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

SHARE = 0.4
"""Of a CPU's free memory, what one engine's cache may have: two stages may run side by side, and
what an engine has asked for counts as free until it is written to."""


def engine_arguments(
    model: Path | str, max_length: int, concurrency: int, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """All of vLLM's engine arguments: ours for this machine, and over them those of a recipe."""
    return {
        "model": str(model),
        "max_model_len": max_length,
        "enable_prefix_caching": True,
        "disable_log_stats": True,
        **device_arguments(str(model), max_length, concurrency),
        **arguments,
    }


def device_arguments(model: str, max_length: int, concurrency: int) -> dict[str, Any]:
    """vLLM's engine arguments for this machine; those of a recipe go before them."""
    if on_gpu():
        return {"max_num_seqs": concurrency}
    dtype = cpu_dtype(model)
    # A seeded request whose prefill is split over two steps kills the CPU engine, so prefill is
    # never chunked and a step holds the longest prompt; compiling costs more than it saves here.
    return {
        "dtype": dtype,
        "enforce_eager": True,
        "enable_chunked_prefill": False,
        "max_num_batched_tokens": max(8192, max_length),
        "max_num_seqs": concurrency,
        "kv_cache_memory_bytes": _cache_bytes(model, dtype, max_length * concurrency),
    }


def on_gpu() -> bool:
    """Whether engines run on a GPU here."""
    import torch

    return torch.cuda.is_available()


def cpu_dtype(model: str) -> str:
    """The arithmetic for a model on this machine's CPU: bfloat16 where the model is in it and the
    CPU multiplies it, else float32, which other CPUs are faster with."""
    from transformers import AutoConfig

    own = str(AutoConfig.from_pretrained(model).get_text_config().dtype)
    return "bfloat16" if own.endswith("bfloat16") and multiplies_bfloat16() else "float32"


def multiplies_bfloat16() -> bool:
    """Whether the CPU has instructions for bfloat16, as /proc/cpuinfo says."""
    file = Path("/proc/cpuinfo")
    flags = next((line for line in file.open() if line.startswith("flags")), "").split()
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)


def _cache_bytes(model: str, dtype: str, tokens: int) -> int:
    """Memory for the keys and values of so many tokens, but no more than `SHARE` of what is free
    once the weights are loaded, on the node that the engine will sit on.

    By itself the CPU engine asks for nearly all of the machine's memory, and fails when another has
    some of it.
    """
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(model).get_text_config()
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    width = 2 if dtype == "bfloat16" else 4
    needed = tokens * 2 * config.num_hidden_layers * config.num_key_value_heads * head * width
    # Twice over, since a sequence's last block is never quite full.
    return int(min(max(2 * needed, 64 * 2**20), SHARE * (_free() - _weights_bytes(model))))


def _free() -> int:
    """Free memory in bytes, of the machine and of the node that vLLM looks at."""
    import psutil
    from vllm.utils.cpu_resource_utils import get_allowed_cpu_list, get_memory_node_info

    node = get_allowed_cpu_list()[0].numa_node
    return min(psutil.virtual_memory().available, get_memory_node_info(node).available_memory)


def _weights_bytes(model: str) -> int:
    """Bytes of a model's weights in memory, at most: those of half precision may be widened."""
    files = Path(model).glob("*.safetensors")
    return 2 * sum(file.stat().st_size for file in files)
