"""A recipe's judge at work: asked as draws come, after rules or alone, and never twice.

Teacher and judge are two models of one scripted server on loopback.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest
from judging import Both, Opinion, Sittings, asked, box, knows_names
from misbehaving import serving
from sampled import fixed, until

from factory.errors import RecipeError, StageError

FAUST = "Who wrote Faust?"
KEYS = {FAUST: "Goethe"}


def many() -> dict[str, str]:
    return {f"Who is number {n}?": "Goethe" for n in range(30)}


def both_ways(first: str, second: str) -> list[tuple[str, str]]:
    return [(first, second), (second, first)]


@pytest.fixture
def sit(tmp_path: Path) -> Iterator[Callable[..., Sittings]]:
    """Makes sittings with a server that gives these answers; it ends with the test."""
    with contextlib.ExitStack() as stack:

        def make(answers: dict[str, Sequence[str]], opinion: Opinion = knows_names) -> Sittings:
            both = Both(answers, opinion)
            return Sittings(tmp_path, both, stack.enter_context(serving(both)))

        yield make


Sit = Callable[..., Sittings]


def test_it_rescues_what_rules_reject_before_the_next_draw(sit: Sit):
    sittings = sit({FAUST: [box("Schiller"), box("Wolfgang"), box("Goethe")]})
    drawn = sittings.draw(asked(KEYS), until(1, 3), {})
    assert sittings.verdicts() == [
        ("incorrect", "judged_different: judge, 1 of 1 vote, after wrong_answer"),
        ("correct", "judge_rescued: judge, after wrong_answer"),
    ]
    assert drawn.prompts["correct"].to_list() == [1]
    orders = [(a, b) for name in ("Schiller", "Wolfgang") for a, b in both_ways("Goethe", name)]
    assert sittings.both.about(FAUST) == orders
    assert drawn.judged == "2 answers in 4 questions, 32 tokens"


def test_alone_it_judges_open_answers_and_the_key_s_own_words_need_no_model(sit: Sit):
    said = ["It is goethe .", "The city of Canberra", "goethe", "Wolfgang", "<think>Goethe"]
    sittings = sit({FAUST: said})
    sittings.draw(asked(KEYS, "judge"), fixed(5), {}, concurrency=1)
    counted = Counter(sittings.verdicts())
    assert counted == {
        ("incorrect", "judged_different: judge, 1 of 1 vote"): 2,
        ("correct", None): 1,
        ("correct", "judge: judge"): 1,
        ("incorrect", "unfinished"): 1,
    }


@pytest.mark.parametrize("answer", ["Who knows?", "<think>It is Wolfgang"])
def test_it_is_not_asked_where_there_is_no_answer(sit: Sit, answer: str):
    sittings = sit({FAUST: [answer]})
    drawn = sittings.draw(asked(KEYS), fixed(2), {})
    assert (sittings.both.asked, drawn.judged) == ([], "")
    assert {outcome for outcome, _ in sittings.verdicts()} == {"incorrect"}


def test_the_thinking_and_the_source_s_instruction_are_not_shown(sit: Sit):
    put = f"{FAUST}\n\nBe brief."
    prompts = asked({put: "Goethe"}).with_columns(instruction=pl.lit("Be brief."))
    sittings = sit({put: [f"<think>SECRET</think>{box('Wolfgang')}"]})
    sittings.draw(prompts, fixed(1), {})
    assert sittings.both.about(FAUST) == both_ways("Goethe", "Wolfgang")


def test_the_same_answer_is_asked_about_once(sit: Sit):
    sittings = sit({FAUST: [box("Wolfgang")]})
    drawn = sittings.draw(asked(KEYS), fixed(6), {})
    assert [outcome for outcome, _ in sittings.verdicts()] == ["correct"] * 6
    assert len(sittings.both.asked) == 2
    assert drawn.judged.startswith("1 answer in 2 questions")


def test_who_cannot_be_asked_calls_nothing_wrong_and_is_asked_again(sit: Sit):
    def ill(question: str, first: str, second: str) -> str:
        if "Wolfgang" in first + second:
            raise OSError("out of order")
        return knows_names(question, first, second)

    sittings = sit({FAUST: [box("Schiller"), box("Wolfgang")]}, ill)
    drawn = sittings.draw(asked(KEYS), fixed(2), {})
    reason = "judge_failed: judge, 1 failed (http_400), after wrong_answer"
    assert sittings.verdicts()[1] == ("unverifiable", reason)
    assert (drawn.missing, len(drawn.unjudged)) == (1, 1)
    (lost,) = drawn.unjudged.values()
    assert (lost.prompt_id, lost.draw, lost.reason) == (FAUST, 1, "judge_failed")
    sittings.both.opinion, before = knows_names, len(sittings.both.asked)
    again = sittings.draw(asked(KEYS), fixed(2), {})
    assert sittings.verdicts()[1] == ("correct", "judge_rescued: judge, after wrong_answer")
    assert sittings.said == ["the judge was asked about 1 draws that had waited for it"]
    assert (again.missing, sittings.both.drawn[FAUST]) == (0, 2)  # no draw was made anew
    assert len(sittings.both.asked) - before == 2  # Schiller is known


def test_a_reply_without_a_verdict_leaves_the_answer_open(sit: Sit):
    sittings = sit({FAUST: [box("Wolfgang")]}, lambda *_: "PERHAPS")
    drawn = sittings.draw(asked(KEYS), until(1, 1), {})
    told = "judge_undecided: judge, 1 without a verdict, after wrong_answer"
    assert (sittings.verdicts(), drawn.missing) == ([("unverifiable", told)], 0)


def test_a_judge_that_fails_at_one_question_after_the_other_ends_the_stage(sit: Sit):
    def ill(*_: str) -> str:
        raise OSError("no money left")

    names = many()
    sittings = sit({question: [box("Wolfgang")] for question in names}, ill)
    with pytest.raises(StageError, match=r"the judge judge answered none of 20 questions; .*money"):
        sittings.draw(asked(names), fixed(1), {})
    kept = sittings.verdicts()
    assert len(kept) >= 20  # what was drawn is kept
    assert {(reason or "").split(":")[0] for _, reason in kept} == {"judge_failed"}
    sittings.both.opinion = knows_names
    drawn = sittings.draw(asked(names), fixed(1), {})
    assert (drawn.missing, {verdict for verdict, _ in sittings.verdicts()}) == (0, {"correct"})
    assert sum(sittings.both.drawn.values()) - len(names) <= 6  # those in flight


def test_a_judge_that_is_not_there_ends_the_stage(sit: Sit):
    sittings = sit({FAUST: [box("Wolfgang")]})
    nowhere = {"endpoint": "http://127.0.0.1:9/v1", "model": "judge", "deadline": 5}
    with pytest.raises(StageError, match="the judge judge: nobody was reached at http://127"):
        sittings.draw(asked(KEYS), fixed(1), {"model": nowhere})
    assert sittings.verdicts() == [("unverifiable", "judge_failed: it was out")]  # and not lost
    sittings.draw(asked(KEYS), fixed(1), {})
    assert sittings.verdicts() == [("correct", "judge_rescued: judge, after wrong_answer")]
    assert sittings.both.drawn == {FAUST: 1}


def test_another_judge_judges_again_and_the_first_one_is_not_asked_twice(sit: Sit):
    sittings = sit({FAUST: [box("Wolfgang"), box("Goethe")]})
    sittings.draw(asked(KEYS), fixed(2), {})
    assert len(sittings.both.asked) == 2
    sittings.both.opinion = lambda *_: "DIFFERENT"
    sittings.draw(asked(KEYS), fixed(2), {"temperature": 0.0})
    assert sittings.said == [
        "the keys of 1 prompts, or who judges them, are not as they were: their 2 draws were "
        "judged again, and 1 verdicts turned"
    ]
    assert [outcome for outcome, _ in sittings.verdicts()] == ["incorrect", "correct"]
    sittings.draw(asked(KEYS), fixed(2), {})
    assert [outcome for outcome, _ in sittings.verdicts()] == ["correct", "correct"]
    assert len(sittings.both.asked) == 4  # two by the other one, none more by the first
    sittings.draw(asked(KEYS, rescue=None), fixed(2))
    assert sittings.verdicts()[0] == ("incorrect", "wrong_answer")
    assert sittings.both.drawn == {FAUST: 2}


def test_votes_are_counted_and_each_asks_in_both_orders(sit: Sit):
    likes_the_first = lambda _, first, second: "SAME" if first == "Goethe" else "DIFFERENT"  # noqa: E731
    sittings = sit({FAUST: [box("Wolfgang")]}, likes_the_first)
    sittings.draw(asked(KEYS), fixed(1), {"votes": 3})
    told = "judge_undecided: judge, 2 changed with the order, after wrong_answer"
    assert sittings.verdicts() == [("unverifiable", told)]


def test_no_judge_on_a_cluster(sit: Sit):
    sittings = sit({FAUST: [box("Wolfgang")]})
    with pytest.raises(RecipeError, match="the engines of a cluster ask no judge"):
        sittings.draw(asked(KEYS), fixed(1), {}, cluster="ray")
