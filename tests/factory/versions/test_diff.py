"""Two versions compared: every row that is different has its reason, with the value.

Each version is made by the stages of a run (`tests/support/worlds.py`): of questions `p`, `q` and
`r`, whose first draws are `p0`, `q0` and `r0`.
"""

from pathlib import Path

import polars as pl
import pytest
from diff_cases import BASE, CASES, FALSE, P, Q, R, limit, select, told
from runs import NO, RIGHT, WRONG, YES, again, apply, made, run_of
from worlds import Draw, Question, World

from factory.versions.diff import Difference, Side, difference
from filters.length import Length


def compared(folder: Path, was: World, now: World) -> Difference:
    """The versions of two worlds, compared."""
    a, b = was.made(folder / "a"), now.made(folder / "b")
    return difference(Side(a, "v1"), Side(b, "v2"))


@pytest.mark.parametrize("case", CASES)
def test_a_reason_names_what_changed_with_the_value(case: str, tmp_path: Path):
    was, now, expected = CASES[case]
    found = compared(tmp_path, was, now)
    assert told(found) == sorted(expected)
    assert found.without_reason.is_empty()
    assert found.recorded


def test_the_same(tmp_path: Path):
    found = compared(tmp_path, BASE, BASE)
    assert found.same
    assert found.counts == {"added": 0, "removed": 0, "changed": 0, "same": 3}


def test_another_version_of_a_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    world = BASE.of(P.drawn(Draw(tokens=1)), Q.drawn(Draw(tokens=1)), R)
    a = world.made(tmp_path / "a")
    measure = Length.measure
    monkeypatch.setattr(Length, "version", Length.version + 1)
    twice = lambda rows: measure(rows).with_columns(pl.col("tokens") * 20)  # noqa: E731
    monkeypatch.setattr(Length, "measure", staticmethod(twice))
    b = world.made(tmp_path / "b")
    found = difference(Side(a, "v1"), Side(b, "v2"))
    assert (
        "delete", "r0", "measure",
        "too_long: tokens 200 > max_tokens 100; measure length 1 → 2: tokens 10 → 200",
    ) in told(found)  # fmt: skip
    assert ("update", "p0", "measure", "tokens 1 → 20; measure length 1 → 2") in told(found)
    assert found.without_reason.is_empty()


def test_a_later_round_of_judging_is_named_with_its_verifiers(tmp_path: Path):
    """`q`'s answer was taken for wrong, and a later round says that it is right."""
    run = run_of(tmp_path, {"p": [(RIGHT, YES)], "q": [(RIGHT, NO)], "r": [(WRONG, YES)]})
    made(run)
    was = run.run.current_version()
    name = again(run).folder.name
    apply(tmp_path, name)
    made(run)
    now = run.run.current_version()
    assert was
    assert now
    found = difference(Side(was, "v1"), Side(now, "v2"))
    words = {(change, reason): detail for change, _, reason, detail in told(found)}
    turned = f"verdict incorrect → correct by round {name} (verifiers "
    assert words["insert", "verdict"].startswith(f"incorrect no more; {turned}")
    assert "math-verify 0." in words["insert", "verdict"]
    assert f"verdict correct → incorrect by round {name}" in words["delete", "verdict"]
    assert found.without_reason.is_empty()


def test_all_at_once(tmp_path: Path):
    """A threshold, a verdict, a key, a source, a licence, a draw, a question, a column."""
    was = World(
        [
            Question("a"), Question("b", [Draw(tokens=50)]), Question("c"), Question("d"),
            Question("e", source="old"), Question("f"), Question("g", [Draw(), Draw(20)]),
            Question("h"),
        ],
        {"filters": limit(100), "dataset": select(per_prompt=1)},
    )  # fmt: skip
    now = World(
        [
            Question("a"), Question("b", [Draw(tokens=50)]), Question("c", [FALSE]),
            Question("d", [FALSE], reference='"6"'), Question("f", license=None),
            Question("g", [Draw(), Draw(20), Draw(5)]), Question("i"),
        ],
        {"filters": limit(40) | {"code_blocks": {}}, "dataset": select(per_prompt=1)},
    )  # fmt: skip
    found = compared(tmp_path, was, now)
    assert found.without_reason.is_empty()
    assert {(change, row, reason) for change, row, reason, _ in told(found)} == {
        ("delete", "b0", "threshold"), ("delete", "c0", "verdict"), ("delete", "d0", "key"),
        ("delete", "e0", "source"), ("delete", "g0", "selection"), ("delete", "h0", "question"),
        ("insert", "g2", "draws"), ("insert", "i0", "question"),
        ("update", "a0", "column"), ("update", "f0", "column"), ("update", "f0", "licence"),
    }  # fmt: skip
    assert found.counts == {"added": 2, "removed": 6, "changed": 2, "same": 0}
    assert found.rows.prompts == {
        "all": 9, "new": 1, "gone": 5, "other_answer": 1, "more": 0, "fewer": 0
    }  # fmt: skip
    pairs = {row: pair for _, row, _, pair in found.different.rows() if pair}
    assert pairs == {"g0": "g2", "g2": "g0"}


def test_another_answer_is_told_from_another_question(tmp_path: Path):
    was = BASE.of(P, Q, R)
    found = compared(tmp_path, was, BASE.of(P.drawn(Draw(settings="z")), Q, Question("x")))
    assert found.rows.prompts == {
        "all": 4, "new": 1, "gone": 1, "other_answer": 1, "more": 0, "fewer": 0
    }  # fmt: skip
