"""Procedural tasks: reasoning-gym's own scorers, and which of them are trusted."""

import json

import pytest
import reasoning_gym

from filters.verifiers import check_reference, verify
from filters.verifiers.logic import EVALUATES, judge, shape


def reference(task: str, **options: int) -> dict:
    """The first entry of a task as it comes back from a stored prompt."""
    entry = reasoning_gym.create_dataset(task, seed=17, size=1, **options)[0]
    return json.loads(json.dumps({"task": task, "entry": entry}))


SUM = {"task": "chain_sum", "entry": {"question": "4 - 7 =", "answer": "-3", "metadata": {}}}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("-3", "correct"),
        ("-3.0", "correct"),
        ("$-3$", "correct"),
        (r"\text{-3}", "correct"),
        ("3", "incorrect"),
        ("4-7=-3", "incorrect"),  # reasoning-gym gives part of the mark; we give none
        ("", "incorrect"),
    ],
)
def test_a_sum(answer, outcome):
    assert judge(answer, SUM).outcome == outcome


@pytest.mark.parametrize("task", ["chain_sum", "gcd", "number_sequence", "mini_sudoku", "maze"])
def test_a_task_s_own_answer_is_correct_and_another_is_not(task):
    key = reference(task)
    assert check_reference(key, "logic") is None
    assert verify(rf"\boxed{{{key['entry']['answer']}}}", key, "logic").outcome == "correct"
    assert verify(r"\boxed{certainly not}", key, "logic").outcome == "incorrect"


@pytest.mark.parametrize("task", sorted(EVALUATES))
def test_scorers_that_run_the_answer_as_python_are_refused(task):
    wrong = f"task {task} is refused: its scorer runs the answer as Python code"
    assert check_reference(reference(task), "logic") == wrong
    verdict = verify(r"\boxed{__import__('os').abort()}", reference(task), "logic")
    assert (verdict.outcome, verdict.reason) == ("unverifiable", f"bad_reference: {wrong}")


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("12", "an object with task and entry was expected, not str"),
        ({"task": "chain_sum"}, "an object like"),
        ({"task": "chain_sum", "entry": {"answer": "3"}}, "its entry lacks question, metadata"),
        (SUM | {"task": "chain_sums"}, "did you mean 'chain_sum'?"),
    ],
)
def test_references_that_are_none(key, wrong):
    assert wrong in (shape(key) or "")


def test_an_entry_that_does_not_bear_its_own_answer():
    lost = {"task": "mini_sudoku", "entry": {"question": "?", "answer": "1", "metadata": {}}}
    assert check_reference(lost, "logic") == "judging its own answer raised KeyError: 'solution'"
