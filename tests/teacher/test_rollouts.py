"""Draws of a training as they are kept."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tables import factory

from teacher.rollouts import ROLLOUT, Rollouts, figures, json_text, measured, right

THOUGHT = "<think>\nNo wait, I should check. 2 + 3 is five.\n</think>\n5"


def row(prompt: str = "p1", verdict: str = "correct", text: str = THOUGHT, **changed: Any):
    return {
        "turns": [{"role": "user", "content": "2 + 3?"}],
        "text": text,
        "prompt_id": prompt,
        "completion_tokens": 12,
        "finish_reason": "stop",
        "source": "made",
        "language": "en",
        "verifier": "math",
        "reference": "5",
        "verdict": verdict,
        "rewards": [{"name": "accuracy", "value": 1.0}, {"name": "format", "value": None}],
        "reward": 1.0,
        "advantage": 0.5,
    } | changed


@pytest.fixture
def kept(tmp_path: Path) -> Rollouts:
    return Rollouts(tmp_path / "rollouts", tmp_path / "given-up")


def step(number: int, *rows: dict[str, Any]) -> pl.DataFrame:
    return measured(rows or [row()], number, opened=False)


def test_a_step_is_read_as_it_was_written(kept: Rollouts):
    kept.write(3, step(3, row(), row(verdict="incorrect")))
    ((number, table),) = kept.each()
    assert number == 3
    assert table.schema == pl.Schema(ROLLOUT)
    assert table["step"].to_list() == [3, 3]
    first = table.row(0, named=True)
    assert first["messages"][-1] == {"role": "assistant", "content": THOUGHT}
    assert first["rewards"] == [
        {"name": "accuracy", "value": 1.0},
        {"name": "format", "value": None},
    ]


def test_draws_are_numbered_within_their_prompt():
    rows = [row("p1"), row("p1"), row("p2"), row("p1"), row("p2")]
    assert step(1, *rows)["draw"].to_list() == [0, 1, 0, 2, 1]


def test_the_tag_that_the_template_opened_is_in_the_conversation_and_not_in_the_text():
    said = "fine.\n</think>\n5"
    told = measured([row(text=said)], 1, opened=True).row(0, named=True)
    assert told["text"] == said
    assert told["messages"][-1]["content"] == "<think>\n" + said


def test_reflection_is_counted_in_the_thinking():
    told = step(1).row(0, named=True)
    assert told["reflections"] >= 1
    assert told["thinking_words"] == 10
    assert told["language_share"] == 1
    unthought = step(1, row(text="5")).row(0, named=True)
    assert (unthought["reflections"], unthought["thinking_words"]) == (0, 0)


def test_figures_of_a_step():
    rows = [row(), row(), row(verdict="incorrect", finish_reason="length")]
    told = figures(step(1, *rows, row(verdict="unverifiable", completion_tokens=24)))
    assert told["draws/right"] == pytest.approx(2 / 3)  # of those that were judged
    assert told["draws/unverifiable"] == 0.25
    assert told["draws/cut"] == 0.25
    assert told["draws/length"] == 15


def test_what_nothing_can_be_said_of_is_left_out():
    told = figures(step(1, row(verdict="unverifiable", text="")))
    assert "draws/right" not in told
    assert "draws/reflection" not in told  # 0 of 0 words


def test_shares_of_right_draws_are_of_what_was_judged():
    rows = [row("a"), row("a", "incorrect"), row("a", "unverifiable"), row("b", "unverifiable")]
    assert right(step(1, *rows)) == {"a": 0.5}


@pytest.mark.parametrize(
    ("stored", "told"),
    [('"5"', "5"), ("5", "5"), ('{"a": 1}', '{"a": 1}'), (None, None), ("null", None)],
)
def test_keys_are_told_as_others_write_them(stored: str | None, told: str | None):
    assert json_text(stored) == told


def test_they_are_audited_as_any_data(kept: Rollouts, tmp_path: Path):
    """With the words of docs/teacher.md: verdicts are believed, and each step is a source."""
    page = (Path(__file__).parents[2] / "docs" / "teacher.md").read_text()
    (columns,) = re.findall(r"factory audit runs/mine/teacher/rollouts --columns '(.*)'", page)
    for number in (1, 2):
        kept.write(number, step(number, row(), row("p2", "incorrect"), row("p2", "unverifiable")))
    done = factory("audit", kept.folder, "--columns", columns, "--out", tmp_path / "audit")
    assert done.exit_code == 0, done.output
    told = pl.read_parquet(tmp_path / "audit" / "audit.parquet")
    assert not told.is_empty()
    assert (tmp_path / "audit" / "audit.html").exists()
    assert "6 samples of 1 prompt" in done.output


class TestGivingUp:
    """Draws of steps that a crash undid are put aside, and never mixed with those made anew."""

    def test_later_steps_are_put_aside(self, kept: Rollouts):
        for number in (1, 2, 3):
            kept.write(number, step(number))
        assert kept.give_up(1) == 2
        assert kept.steps() == [1]
        there = sorted(file.name for file in kept.aside.iterdir())
        assert there == ["step-00002-1.parquet", "step-00003-1.parquet"]
        assert kept.aside.parent.name == "given-up"

    def test_each_crash_keeps_its_own(self, kept: Rollouts):
        for text in ("first", "second"):
            kept.write(2, step(2, row(text=text)))
            kept.give_up(1)
        told = [pl.read_parquet(file)["text"][0] for file in sorted(kept.aside.iterdir())]
        assert told == ["first", "second"]

    def test_before_there_is_anything_nothing_is_undone(self, kept: Rollouts):
        assert kept.give_up(0) == 0
        assert kept.steps() == []
