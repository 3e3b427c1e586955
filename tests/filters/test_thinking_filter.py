"""Thinking: counts by phrases, the first place of the answer, rules that are off until given."""

import polars as pl
import pytest

from filters.filter import SAMPLE
from filters.text.first_answer import first_answer
from filters.text.reconsidering import LOOKS_BACK, TAKES_BACK, TURNS, spelt
from filters.thinking import Thinking


@pytest.mark.parametrize(
    ("thinking", "answer", "until"),
    [
        ("6*7 = 42. Then 42 + 0 = 42.", "42", "6*7 = 42"),
        (r"So the product is \(42\). Check: 42.", "42", r"So the product is \(42"),
        (r"Thus \boxed{42} holds. And 42.", "42", r"Thus \boxed{42"),
        ("There are 42 rows, and 42 - 2 = 40.", "40", "There are 42 rows, and 42 - 2 = 40"),
        ("It is 42 + 1, so = 43.", "42", None),  # it goes on: no result
        ("x = -42. So 42 is wrong.", "42", None),  # another number
        ("We get = 1,000 metres.", "1000", "We get = 1,000"),
        ("The share is = 1/2.", r"\frac{1}{2}", "The share is = 1/2"),
        (r"Then \dfrac{1}{2} = \tfrac{1}{2}.", r"\frac{1}{2}", r"Then \dfrac{1}{2} = \tfrac{1}{2}"),
        ("5 = 5 of them. So the answer is 5.", "5", "5 = 5 of them. So the answer is 5"),
        ("3 + 2 = 5, and so on.", "5", None),  # one digit, and nothing says that it is all
        ("Option C fits. So the answer is C.", "C", "Option C fits. So the answer is C"),
        (r"= 32 \text{ dollars}", r"\$32", "= 32"),
        ("所以答案是42。再检查一遍。", "42", "所以答案是42"),
        ("Also ist das Ergebnis 42 km. Stimmt.", "42 km", None),  # `ist` is too far away
        ("Es ist = 42 km. Stimmt.", r"42\text{ km}", "Es ist = 42"),
        ("Nothing here.", "42", None),
        ("", "42", None),
        ("= 42", "", None),
    ],
)
def test_where_the_answer_first_is_a_result(thinking: str, answer: str, until: str | None):
    assert first_answer(thinking, answer) == (until and len(until))


def measured(**row: str | None) -> dict:
    return Thinking.of(**row)


def test_only_a_correct_sample_has_a_first_correct_answer():
    text = {"reasoning": "6*7 = 42. Wait, is that right? Yes.", "answer": "42"}
    assert measured(**text, verdict="correct")["outcome_efficiency"] == pytest.approx(8 / 35)
    for verdict in ("incorrect", "unverifiable", None):
        assert measured(**text, verdict=verdict)["answer_at"] is None


def test_a_sample_without_thinking_has_nothing_to_count():
    assert set(measured(reasoning=None).values()) == {0, None}


@pytest.mark.parametrize("phrases", [LOOKS_BACK, TAKES_BACK, TURNS])
def test_phrases_are_in_small_letters_and_of_14_languages(phrases: dict[str, str]):
    assert len(phrases) == 14
    for told in phrases.values():
        for phrase in told.split(" / "):
            assert phrase == phrase.lower()
            assert all("{" not in text and "|" not in text for text in spelt(phrase))


SLOW = "6*7 = 42. " + "Wait, let me check. Alternatively, add sevens. That's wrong. " * 4
SWIFT = "6 sevens: 7, 14, 21, 28, 35, and 35 + 7 = 42."


@pytest.mark.parametrize(
    ("settings", "faults"),
    [
        ({}, []),  # neither paper drops samples for it
        ({"min_efficiency": 0.5}, ["overthinking"]),
        ({"min_efficiency": 0.01}, []),
        ({"max_after_answer": 100}, ["long_after_answer"]),
        ({"max_after_answer": 1000}, []),
        ({"min_thought_chars": 100}, ["underthinking"]),
        ({"max_reflections": 7}, ["many_reflections"]),
        ({"max_reflections": 8}, []),
        ({"max_switches": 3, "max_backtracks": 3}, ["many_backtracks", "many_switches"]),
    ],
)
def test_rules_are_off_until_given(settings: dict, faults: list[str]):
    rows = [{"reasoning": text, "answer": "42", "verdict": "correct"} for text in (SLOW, SWIFT)]
    table = Thinking.measured(pl.DataFrame(rows, schema=SAMPLE))
    judged = table.with_columns(faults=Thinking.model_validate(settings).faults())
    assert judged["faults"].to_list() == [faults, []]


def test_what_is_not_found_is_kept():
    rules = Thinking(min_efficiency=0.9, max_after_answer=0).faults()
    row = {"reasoning": "Half of it.", "answer": "0.5", "verdict": "correct"}
    table = Thinking.measured(pl.DataFrame([row], schema=SAMPLE))
    assert table.select(rules.alias("faults")).item().to_list() == []
