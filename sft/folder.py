"""A model's folder as any tool reads it: transformers 4.57 and 5, vLLM, and what builds on them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from factory.store.shards import write_text


def write(
    model: Any, tokenizer: Any, folder: Path, *, dtype: Any = None, weights: Any = None
) -> None:
    """Write weights, configuration and tokenizer; tied matrices stay one.

    Args:
        dtype: torch's type that the weights are saved in; left out: as they are.
        weights: the tensors by name, where the model itself holds a part of them only.
    """
    if weights is None:
        model.to(dtype or model.dtype)
    else:
        kept = {name: tensor for name, tensor in weights.items() if name not in _copies(model)}
        weights = {name: tensor.to(dtype or tensor.dtype) for name, tensor in kept.items()}
        model.config.dtype = dtype or model.dtype
    model.save_pretrained(folder, state_dict=weights)
    tokenizer.save_pretrained(folder)
    make_readable(folder)


def _copies(model: Any) -> set[str]:
    """Names of weights that are another's, as a tied output matrix."""
    return set(getattr(model, "all_tied_weights_keys", None) or ())


def make_readable(folder: Path) -> None:
    """Add to a folder of transformers 5 what transformers 4 reads in its stead.

    Without it transformers 4.57 refuses the tokenizer ("'list' object has no attribute 'keys'"),
    and takes every model's positions to be rotated by its class's own `rope_theta`, silently.
    """
    _change(folder / "config.json", _older_config)
    _change(folder / "tokenizer_config.json", _older_tokenizer)


def _older_config(config: dict[str, Any]) -> None:
    rope = config.get("rope_parameters")
    if isinstance(rope, dict) and "rope_theta" in rope:
        config["rope_theta"] = rope["rope_theta"]
        scaling = {key: value for key, value in rope.items() if key != "rope_theta"}
        scaled = rope.get("rope_type", "default") != "default"
        config["rope_scaling"] = scaling if scaled else None


def _older_tokenizer(config: dict[str, Any]) -> None:
    if isinstance(config.get("extra_special_tokens"), list):
        config["additional_special_tokens"] = config.pop("extra_special_tokens")
    if config.get("tokenizer_class") == "TokenizersBackend":
        config["tokenizer_class"] = "PreTrainedTokenizerFast"


def _change(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    if file.exists():
        told = json.loads(file.read_text())
        change(told)
        write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", file)


def stretch(config: Any, *, context: int | None, rope_theta: float | None) -> None:
    """Give a model's configuration another context, or another base of its rotary positions."""
    if context:
        config.max_position_embeddings = context
    if rope_theta:
        config.rope_parameters = {**config.rope_parameters, "rope_theta": rope_theta}


def generation(tokenizer: Any) -> Any:
    """Where to end, and nothing else: how to sample is for whoever asks.

    What a base says there (Qwen's has a repetition penalty) is of another model's training.
    """
    from transformers import GenerationConfig

    return GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
