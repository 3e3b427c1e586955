"""Keys that draws contradict are listed for review; where little is known, nothing is said."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from runs import RIGHT, WRONG, call, run_of

from factory.audit.keys import WORDS, Doubt, Review, agreeing, review
from filters.verifiers.majority.vote import among

YES, NO, U = "correct", "incorrect", "unverifiable"
Draw = tuple[str, str | None, str]
"""Teacher, final answer, verdict."""


def draws(*given: Draw) -> list[dict[str, str | None]]:
    return [dict(zip(("teacher", "answer", "verdict"), draw, strict=True)) for draw in given]


def of(teacher: str, answers: str, verdicts: Sequence[str]) -> list[Draw]:
    """A letter an answer, `-` for none."""
    given = zip(answers, verdicts, strict=True)
    return [(teacher, None if a == "-" else a, v) for a, v in given]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (of("t", "6666", [NO] * 4), "draws"),
        (of("t", "6667", [NO] * 4), "draws"),
        (of("t", "6665", [NO, NO, NO, YES]), "draws"),  # an eighth or a quarter may be luck
        (of("t", "6655", [NO, NO, YES, YES]), "key_holds"),
        (of("t", "5555", [YES] * 4), "key_holds"),
        (of("t", "666", [NO] * 3), "too_few_draws"),
        (of("t", "5", [YES]), "too_few_draws"),  # drawing stopped at its success
        (of("t", "6789", [NO] * 4), "no_majority"),
        (of("t", "6677", [NO] * 4), "no_majority"),  # a tie
        (of("t", "66----", [NO] * 6), "no_majority"),  # draws without an answer count
        (of("t", "----", [NO] * 4), "no_majority"),
        (of("t", "6666", [U] * 4), "not_compared"),  # nobody knows that 6 is not the key
        (of("t", "6666", [NO, NO, NO, YES]), "key_holds"),  # the verifier says so of one spelling
        (of("t", "66", [NO] * 2) + of("u", "6", [NO]), "teachers"),
        (of("t", "66", [NO] * 2) + of("u", "7", [NO]), "too_few_draws"),
        (of("t", "66", [NO] * 2) + of("u", "-", [NO]), "too_few_draws"),
        (of("t", "6678", [NO] * 4) + of("u", "6679", [NO] * 4), "draws"),
        (
            of("t", "6678", [NO] * 4) + of("u", "6-79", [NO] * 4),
            "no_majority",
        ),  # u has no favourite
        (of("t", "66789", [NO] * 5) + of("u", "66781", [NO] * 5), "teachers"),
    ],
)
def test_a_key_is_doubtful_when_draws_or_teachers_agree_on_another_answer(
    given: list[Draw], word: str
):
    assert Doubt().of(draws(*given), "math")[0] == word
    assert Doubt().of(draws(*given[::-1]), "math")[0] == word
    assert word in WORDS


@pytest.mark.parametrize(
    ("doubt", "word"),
    [
        (Doubt(min_draws=5), "too_few_draws"),
        (Doubt(min_share=0.8), "no_majority"),
        (Doubt(max_key_share=0.2), "key_holds"),
    ],
)
def test_thresholds_are_policy(doubt: Doubt, word: str):
    given = draws(*of("t", "6665", [NO, NO, NO, YES]))
    assert Doubt().of(given, "math")[0] == "draws"
    assert doubt.of(given, "math")[0] == word


def test_spellings_vote_together_and_tasks_have_no_vote():
    given = [("t", r"\frac{1}{2}", NO), ("t", "0.5", NO), ("t", "1/2", NO), ("t", "7", NO)]
    word, vote = Doubt(min_share=0.75).of(draws(*given), "math")
    assert vote
    assert (word, vote.counts[0][1]) == ("draws", 3)
    assert Doubt().of(draws(*given), "logic") == ("not_votable", None)


def test_teachers_that_agree_are_those_whose_first_answer_it_is():
    given = draws(*of("t", "667", [NO] * 3), *of("u", "77", [NO] * 2), *of("v", "6", [NO]))
    assert agreeing(given, among([draw["answer"] for draw in given])) in (0, 2)  # 6 and 7 tie


def reviewed(folder: Path) -> tuple[Review, pl.DataFrame]:
    context = run_of(
        folder,
        {
            "bad key": [(WRONG, (NO, "wrong_answer"))] * 4,
            "good": [(RIGHT, (YES, None))],
            "unlucky": [(WRONG, (NO, "wrong_answer"))] * 2 + [(RIGHT, (YES, None))] * 2,
        },
        shard_rows=3,
    )
    return review(context, Doubt()), pl.read_parquet(folder / "key_suspects.parquet")


def test_suspects_are_written_with_their_draws_and_every_prompt_is_counted(tmp_path: Path):
    found, kept = reviewed(tmp_path)
    assert found.counts == {"draws": 1, "key_holds": 1, "too_few_draws": 1, "no_draws": 0}
    assert kept.equals(found.suspects)
    (row,) = kept.to_dicts()
    told = ("prompt_id", "question", "key", "label", "votes", "correct", "draws", "why", "rows")
    assert [row[name] for name in told] == ["bad key", "bad key?", "5", "6", 4, 0, 4, "draws", 0]
    assert row["answers"] == [{"answer": "6", "votes": 4}]
    assert [draw["draw"] for draw in row["samples"]] == [0, 1, 2, 3]
    assert {draw["response"] for draw in row["samples"]} == {r"\boxed{6}"}


def test_the_command_lists_them_and_says_what_selection_hides(tmp_path: Path):
    reviewed(tmp_path)
    shown = call("keys", tmp_path)
    assert "too few draws to say anything" in shown
    assert "drawing stopped at successes" in shown
    assert "bad key" in shown
    assert "so many keys are seldom wrong" in shown  # one of three
    assert "bad key?" not in call("keys", tmp_path, "--min-draws", "5")
