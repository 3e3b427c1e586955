"""Small models of random weights, for tests of real engines."""

from pathlib import Path
from typing import Any

LONGEST = 4096
"""Tokens: enough that a draw is seen to be stopped before its end."""


def tiny_model(
    folder: Path, seed: int, *, tokens: tuple[str, ...] = ("<think>", "</think>")
) -> Path:
    """One whose tags are tokens, as those of R1 are; `tokens` are those it has for itself."""
    from teacher.tiny import make_model, make_tokenizer, save

    tokenizer = make_tokenizer([f"<think>{n}+{n}={2 * n}</think>" for n in range(200)], 320)
    tokenizer.add_tokens([*tokens])
    size: dict[str, Any] = {"hidden": 64, "layers": 1, "heads": 2, "max_length": LONGEST}
    save(make_model("qwen2", tokenizer, **size, seed=seed), tokenizer, folder)
    return folder
