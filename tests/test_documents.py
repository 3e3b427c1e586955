"""What the documents name is there: files, commands, links."""

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from factory.cli import main
from factory.recipe import Recipe
from factory.recipe.mix import Mix

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "deploy/README.md")),
    ROOT / "benchmarks" / "RESULTS.md",
    *sorted((ROOT / "docs").glob("*.md")),
]

CLASSIFIER = json.dumps(
    {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "safe", "1": "unsafe"}}
)


def headings(page: Path) -> set[str]:
    """What leads to each heading, as sites make addresses of them."""
    found = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-").lower() for heading in found}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path):
    for link, _, heading in re.findall(r"\]\(([^)#:]*)(#([^)]+))?\)", document.read_text()):
        page = document.parent / link if link else document
        assert page.exists(), link
        assert not heading or heading in headings(page), f"{link}#{heading}"


def test_the_readme_s_recipe_is_one():
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert Recipe.model_validate(YAML(typ="safe").load(text)).student


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_recipe_s_part_in_a_document_is_one(document: Path, tmp_path: Path):
    """Each fragment laid over a recipe that is whole, keys at its top replaced; a mix is a file.

    What it names of the reader's own is a file that the page says how to write.
    """
    for code in re.findall(r"```python\n(.*?)```", document.read_text(), re.DOTALL)[:1]:
        (tmp_path / "my_filters.py").write_text(code)
    if "models/harm" in document.read_text():  # beside a recipe, a classifier of two labels
        (tmp_path / "models" / "harm").mkdir(parents=True)
        (tmp_path / "models" / "harm" / "config.json").write_text(CLASSIFIER)
    whole = YAML(typ="safe").load((ROOT / "manifests" / "quickstart.yaml").read_text())
    for text in re.findall(r"```yaml\n(.*?)```", document.read_text(), re.DOTALL):
        part = YAML(typ="safe").load(text) or {}
        if "parts" in part:
            assert Mix.model_validate(part).parts
            continue
        read = Recipe.model_validate(whole | part, context={"filters_home": tmp_path})
        read = read.model_dump(exclude_unset=True)
        assert part.keys() <= read.keys()


def test_the_readme_has_every_command_and_no_other():
    told = set(re.findall(r"^\| `factory ([\w-]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert told == set(main.commands)


def test_every_first_docstring_line_is_one_phrase():
    for room in ("factory", "filters", "sft", "teacher"):
        for file in (ROOT / room).rglob("*.py"):
            text = file.read_text().lstrip("r")
            assert not text or text.startswith('"""'), f"{file} says nothing of itself"
