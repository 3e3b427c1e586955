"""How many tokens a model can hold at once, its prompt and its draw together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "model_max_length")
"""Where a config says it, by family."""
SCALED = ("su", "longrope", "llama3", "yarn", "deepseek_yarn")
"""Ways of stretching positions whose factor is in that number already."""


def context_of(folder: Path | str, arguments: Mapping[str, Any] | None = None) -> int | None:
    """The context of a model in tokens; None where its config does not say.

    After vLLM's rules, since an engine of another length does not start: the config's number, times
    the factor of a rotary embedding that is stretched. What the tokenizer says does not count.

    Args:
        folder: with the config.
        arguments: vLLM's engine arguments; `max_model_len` among them is the last word.
    """
    from transformers import AutoConfig

    told = (arguments or {}).get("max_model_len")
    if isinstance(told, int) and told > 0:
        return told
    config = AutoConfig.from_pretrained(folder).get_text_config().to_dict()
    overrides = (arguments or {}).get("hf_overrides")
    return context_in(config | (overrides if isinstance(overrides, dict) else {}))


def context_in(config: Mapping[str, Any]) -> int | None:
    """The same by a config's own text."""
    told = [config[name] for name in NAMES if isinstance(config.get(name), int)]
    if not told:
        return None
    least = min(told)
    rope = config.get("rope_scaling") or config.get("rope_parameters") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind == "longrope":
        return int(config.get("original_max_position_embeddings", least))
    stretched = kind not in ("default", *SCALED) and "gemma3" not in config.get("model_type", "")
    return int(least * (rope.get("factor") or 1.0)) if stretched else least
