"""The words that docs/trouble.md quotes are those of the program."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEADINGS = re.findall(r"^### (.*)$", (ROOT / "docs" / "trouble.md").read_text(), re.MULTILINE)
WORDS = [
    words for heading in HEADINGS for words in re.findall(r"`([^`]+)`", heading) if " " in words
]


@cache
def texts() -> list[str]:
    """Every text in the code, with … where a value is put in."""
    found = []
    for room in ("factory", "filters", "sft", "teacher"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.JoinedStr):
                    parts = (p.value if isinstance(p, ast.Constant) else "…" for p in node.values)
                    found.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return found


@pytest.mark.parametrize("words", WORDS)
def test_the_program_says_this(words: str):
    """Word for word, but for what stands in place of …; two texts may follow each other."""
    for part in filter(None, (part.strip(" ,;.'") for part in words.split("…"))):
        assert any(part in text for text in texts()), f"nothing in the code says {part!r}"


def test_there_are_words():
    assert len(WORDS) > 20
