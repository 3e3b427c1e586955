"""`factory audit` of a dataset in which whatever a stranger can write is hostile."""

import json
from pathlib import Path

import pytest
from hostile_texts import BRIEF, HALVES, raw
from tables import factory

NAMES = ("domain", "teacher", "language", "id", "finish_reason")
COLUMNS = ", ".join(f"{name}: {name}" for name in NAMES)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rows of each kind: question, reply, key and all names are the text, and so is the file's
    name of one."""
    file = tmp_path_factory.mktemp("data") / "\x1b[2J<b>\u202e.jsonl"
    with file.open("w") as lines:
        for text in [text for name, text in BRIEF.items() if name not in HALVES]:
            texts = {
                "question": text,
                "generation": f"<think>{text}</think> {text}",
                "answer": text,
            }
            row = texts | dict.fromkeys(NAMES, text[:300])
            lines.writelines([json.dumps(row) + "\n"] * 2)
    return file


@pytest.mark.parametrize(
    "more",
    [[], ["--json"], ["--what-if", "format.final_answer=off"], ["--against"]],
    ids=lambda more: more[0] if more else "alone",
)
def test_nothing_of_it_reaches_the_terminal(data: Path, more: list[str]):
    other = [str(data)] if more == ["--against"] else []
    told = factory("audit", data, "--columns", COLUMNS, *more, *other)
    assert told.exit_code == 0, told.output
    assert not raw(told.stdout)
    assert not raw(told.stderr)
    assert "filter" in told.stdout
