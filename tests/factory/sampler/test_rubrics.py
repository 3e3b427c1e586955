"""Rubrics as a verifier and as a filter: criteria per prompt, of which the judge is asked."""

from __future__ import annotations

from pathlib import Path

from judging import Both, Sittings, asked
from misbehaving import serving
from sampled import fixed, until

from factory.store.draws import Draws
from filters import Filters, judge, measure

LETTER = "Write a letter to Anna."
RUBRIC = {
    "criteria": ['It says "Dear".', {"criterion": 'It says "Yours".', "weight": 3}],
    "least": 0.75,
}
DRAWS = [
    "<think>short</think>Dear Anna. Yours",
    "<think>rude</think>Hey. Yours",
    "<think>rude</think>Dear Anna.",
    "<think>Dear Anna. Yours",
]


def test_criteria_are_judged_one_by_one_and_the_correctness_filter_reads_the_verdict(
    tmp_path: Path,
):
    both = Both({LETTER: DRAWS})
    with serving(both) as url:
        sittings = Sittings(tmp_path, both, url)
        drawn = sittings.draw(asked({LETTER: RUBRIC}, "rubric"), fixed(4), {}, concurrency=1)
    assert sittings.verdicts() == [
        ("correct", "judge: judge, 1 met"),
        ("correct", "judge: judge, 0.75 met, not 1"),
        ("incorrect", "criteria_missed: judge, 0.25 met, not 2"),
        ("incorrect", "unfinished"),
    ]
    # Each of three texts with each of two criteria; nothing of what was thought.
    assert len(both.asked) == 6
    assert not any("short" in text or "rude" in text for _, text, _ in both.asked)
    assert drawn.judged.startswith("3 answers in 6 questions")

    rows = Draws(tmp_path / "draws", tmp_path / "verdicts").read().sort("draw")
    filters = Filters.model_validate({"correctness": {}})
    kept = judge(measure(rows, filters), filters)["dropped_by"].is_null()
    assert kept.to_list() == [True, True, False, False]


def test_a_policy_goes_by_it_and_no_answer_is_asked_about_twice(tmp_path: Path):
    both = Both({LETTER: [DRAWS[2], DRAWS[2], DRAWS[0]]})
    with serving(both) as url:
        sittings = Sittings(tmp_path, both, url)
        drawn = sittings.draw(asked({LETTER: RUBRIC}, "rubric"), until(1, 8), {}, concurrency=1)
    assert drawn.prompts["correct"].to_list() == [1]
    assert len(sittings.verdicts()) == 3
    assert len(both.asked) == 4  # two texts, two criteria


def test_a_judge_that_is_unsure_makes_a_response_unverifiable(tmp_path: Path):
    both = Both({LETTER: DRAWS[:1]}, meets=lambda *_: "UNSURE")
    with serving(both) as url:
        sittings = Sittings(tmp_path, both, url)
        sittings.draw(asked({LETTER: RUBRIC}, "rubric"), fixed(1), {})
    ((outcome, reason),) = sittings.verdicts()
    assert outcome == "unverifiable"
    assert (reason or "").startswith("judge_undecided: judge, criterion 1 undecided")
