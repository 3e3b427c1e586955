"""What tests of prompts share: sources, files of rows, and what was collected from them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory.prompts.collect import Collected
from factory.recipe.mapping import Mapping
from factory.recipe.sources import Files, ReasoningGym

DATA = Path(__file__).parents[1] / "factory" / "prompts" / "data"
"""A few rows of known datasets."""
PLAIN = Mapping(question="q", reference="a")


def files(path: str | list[str], **settings: Any) -> Files:
    return Files.model_validate({"source": "files", "path": path, "columns": PLAIN} | settings)


def gym(**settings: Any) -> ReasoningGym:
    defaults = {"source": "reasoning_gym", "task": "chain_sum"}
    return ReasoningGym.model_validate(defaults | settings)


def write(path: Path, rows: Sequence[dict[str, Any] | bytes]) -> None:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")


def questions(collected: Collected) -> list[str]:
    return [turns[-1]["content"] for turns in collected.prompts["messages"].to_list()]


def references(collected: Collected) -> list[Any]:
    return [None if text is None else json.loads(text) for text in collected.prompts["reference"]]


def aside(collected: Collected) -> list[tuple[str, str]]:
    return collected.set_aside.select("place", "reason").rows()
