"""The tree, printed from the first line of each file's docstring."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("filters", "factory", "sft", "teacher")
BESIDE = {
    "manifests": "Recipes",
    "deploy": "A cluster's start: ray up, Slurm, KubeRay",
    "tests": "The same tree again",
    "benchmarks": "What was measured: RESULTS.md, and how to measure it again",
    "docs": "These pages; printed.py fills in what the code says of itself",
    "requirements": "Locks for CPU and GPU",
}
"""What is no room of the house."""
DEPTH = 3
"""Folders that deep stand in the short tree."""


def rooms() -> str:
    """Each folder with its phrase, for the README."""
    lines = [(f"{room}/", BESIDE[room]) for room in ("manifests", "deploy")]
    for folder in _folders():
        if len(folder.relative_to(ROOT).parts) <= DEPTH:
            lines.append((f"{folder.relative_to(ROOT)}/", phrase(folder / "__init__.py")))
    lines += [(f"{room}/", BESIDE[room]) for room in BESIDE if room not in ("manifests", "deploy")]
    return _block(lines)


def files() -> str:
    """Each file with its phrase, folder by folder, for docs/architecture.md."""
    lines = []
    for folder in _folders():
        lines.append((f"{folder.relative_to(ROOT)}/", phrase(folder / "__init__.py")))
        inside = (file for file in sorted(folder.glob("*.py")) if not file.stem.startswith("__"))
        lines += [(f"  {file.name}", phrase(file)) for file in inside]
    return _block(lines)


def phrase(file: Path) -> str:
    """What a file says of itself in its first line."""
    text = ast.get_docstring(ast.parse(file.read_text())) or ""
    return text.partition("\n")[0].removesuffix(".")


def _folders() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted(file.parent for file in (ROOT / room).rglob("__init__.py"))


def _block(lines: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in lines) + 2
    return "```text\n" + "\n".join(f"{name:{width}}{said}" for name, said in lines) + "\n```"
