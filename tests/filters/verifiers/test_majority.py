"""Majority: what most responses agree on, in whatever spelling and order."""

import random
import time

import pytest

from filters.verifiers import pool
from filters.verifiers.majority import VOTING
from filters.verifiers.majority.vote import majority


def boxed(*answers: str | None) -> list[str | None]:
    return [answer if answer is None else rf"So \boxed{{{answer}}}." for answer in answers]


@pytest.mark.parametrize(
    ("answers", "verifier", "label", "reason", "counts"),
    [
        (["4", "4", "5"], "math", "4", None, [("4", 2), ("5", 1)]),
        (["0.5", r"\frac{1}{2}", "50\\%", "2"], "math", "0.5", None, [("0.5", 3), ("2", 1)]),
        (["4"], "math", "4", None, [("4", 1)]),
        ([r"x+1", "1+x", "x"], "math", "1+x", None, [("1+x", 2), ("x", 1)]),
        (["4", "5"], "math", None, "tie", [("4", 1), ("5", 1)]),
        (["4", "4.0", "5", r"\frac{10}{2}"], "math", None, "tie", [("4", 2), ("5", 2)]),
        ([None, None], "math", None, "no_answers", []),
        ([], "math", None, "no_answers", []),
        (["B", "(B)", "A"], "choice", "B", None, [("B", 2), ("A", 1)]),
        (["B) Rome", "B", "A"], "choice", "B", None, [("B", 2), ("A", 1)]),
        (["yes", "Yes", "yes"], "exact", "yes", None, [("yes", 2), ("Yes", 1)]),
        (["1 km", "1000 m", "2 km"], "numeric", "1 km", None, [("1 km", 2), ("2 km", 1)]),
        # The first spelling stands for its group: no way leads from 0.33 over others to 1/3.
        (["1/3", "0.333333", "0.33"], "math", "1/3", None, [("1/3", 2), ("0.33", 1)]),
    ],
)
def test_labels(answers, verifier, label, reason, counts):
    vote = majority(boxed(*answers), verifier)
    assert (vote.label, vote.reason, list(vote.counts)) == (label, reason, counts)
    assert vote.share == (counts[0][1] / len(answers) if counts else 0.0)


def test_responses_without_an_answer_have_no_vote_and_count_for_the_share():
    vote = majority([*boxed("4", "4"), "I do not know.", None])
    assert (vote.label, vote.share, vote.groups) == ("4", 0.5, (0, 0, None, None))
    assert vote.rewards() == [1.0, 1.0, 0.0, 0.0]


def test_a_label_needs_its_share():
    responses = boxed("4", "4", "5", "6", "7")
    assert majority(responses, min_share=0.4).label == "4"
    vote = majority(responses, min_share=0.41)
    assert (vote.label, vote.reason, vote.share) == (None, "small_share", 0.4)
    assert vote.rewards() == [None] * 5


def test_the_order_of_responses_does_not_matter():
    answers = ["0.5", "1/2", "1/2", "0.33", "1/3", "0.333333", "2", "2.0", "x", r"\frac{2}{4}", "7"]
    first = majority(boxed(*answers))
    assert majority(boxed(*answers)) == first
    for seed in range(10):
        order = random.Random(seed).sample(range(len(answers)), len(answers))
        again = majority(boxed(*(answers[n] for n in order)))
        assert (again.label, again.counts) == (first.label, first.counts)
        assert [again.groups[order.index(n)] for n in range(len(answers))] == list(first.groups)


def test_a_hostile_answer_costs_one_deadline_and_no_label(monkeypatch):
    monkeypatch.setattr(pool, "DEADLINE", 1.0)
    hostile = r"\sum_{k=1}^{10^9} k^k"
    start = time.perf_counter()
    vote = majority(boxed(r"\sqrt{2}", r"\sqrt{2}", "3", "5", hostile))
    assert time.perf_counter() - start < 20
    assert (vote.label, vote.undecided) == (r"\sqrt{2}", 1)
    assert (hostile, 1) in vote.counts


@pytest.mark.parametrize("verifier", ["code", "logic", "instructions", "?"])
def test_references_that_are_no_answers_have_no_vote(verifier):
    with pytest.raises(ValueError, match=f"there are {', '.join(VOTING)}"):
        majority([], verifier)


def test_a_share_is_a_part_of_one():
    with pytest.raises(ValueError, match="min_share is 40"):
        majority([], min_share=40)
