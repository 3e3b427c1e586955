"""What the documents name is there: files, commands, links."""

import re
from pathlib import Path

import pytest

from factory.cli import main

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path):
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text())
    missing = [link for link in links if not (document.parent / link).exists()]
    assert not missing


def test_the_tree_in_the_readme_is_the_tree():
    tree = (ROOT / "README.md").read_text().split("## The tree")[1].split("```")[1]
    room, named = ROOT, 0
    for line in tree.splitlines():
        if match := re.match(r"([\w/]+/)", line):
            room = ROOT / match[1]
        for name in re.findall(r"\b\w+\.py\b", line):
            assert (room / name).is_file(), f"{name} is not in {room.name}/"
            named += 1
        assert room.is_dir()
    assert named > 10


def test_the_readme_has_every_command_and_no_other():
    told = set(re.findall(r"^\| `factory ([\w-]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert told == set(main.commands)


def test_every_first_docstring_line_is_one_phrase():
    for room in ("factory", "filters", "sft", "teacher"):
        for file in (ROOT / room).rglob("*.py"):
            text = file.read_text().lstrip("r")
            assert not text or text.startswith('"""'), f"{file} says nothing of itself"
