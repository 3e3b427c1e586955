"""Who is asked, kept beside the draws: a resumed run says what is no longer the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from factory.records import digest, file_digest
from filters.text.shorten import shorten

TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
)


def of_model(folder: str) -> dict[str, str]:
    """Digests of what of a model's folder is not its weights: tokenizer and chat template."""
    if not folder:
        return {}
    from factory.models.chat import load_tokenizer

    files = [Path(folder) / name for name in TOKENIZER if (Path(folder) / name).exists()]
    template = load_tokenizer(folder).chat_template
    return {"tokenizer": file_digest(*files), "chat template": digest(template)}


def changed(file: Path, told: dict[str, Any]) -> list[str]:
    """What differs from what the file says, in words; the file then says what is told now.

    Args:
        file: `asked.json` of earlier sittings; it need not exist.
        told: JSON-able, by the names that people know them by.
    """
    now = json.loads(json.dumps(told))
    before = json.loads(file.read_text()) if file.exists() else now
    differences = [
        f"{name} was {_short(before.get(name))}, is {_short(now.get(name))}"
        for name in sorted(now.keys() | before.keys())
        if now.get(name) != before.get(name)
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(file.name + ".tmp")
    temporary.write_text(json.dumps(now, indent=1))
    temporary.rename(file)
    return differences


def _short(value: Any) -> str:
    return shorten(value if isinstance(value, str) else json.dumps(value), 80)
