"""What docs/any-dataset.md shows is what the two commands print."""

import re
from pathlib import Path

import pytest
from tables import factory

PAGE = (Path(__file__).parents[2] / "docs" / "any-dataset.md").read_text()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of somebody who follows the page."""
    for kind, name in (("json", "traces.jsonl"), ("yaml", "rules.yaml")):
        (tmp_path / name).write_text(re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("number", [0, 1])
def test_the_commands_print_what_the_page_shows(number: int):
    command, *shown = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)[number].splitlines()
    told = factory(*command.removeprefix("$ factory ").split())
    printed = [line.rstrip() for line in told.output.splitlines()]
    assert [line for line in shown if line != "…"] == [line for line in printed if line in shown]
    assert len(shown) > 10
