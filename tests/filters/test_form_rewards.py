"""Rewards of form: what of thinking and answer inside tags counts for how much."""

import pytest

from filters.form_rewards import Integer, SoftFormat, StrictFormat, TagCount

WHOLE = "<think>\n6*7 = 42\n</think>\n<answer>\n42\n</answer>\n"


@pytest.mark.parametrize(
    ("said", "strict", "soft", "count", "remark"),
    [
        (WHOLE, 1, 1, 1.0, "as it should be"),
        (WHOLE.rstrip(), 1, 1, 1.0, "models stop there: no fault"),
        (WHOLE.replace("6*7 = 42", "6*7\n= 42"), 1, 1, 1.0, "thinking of two lines"),
        (WHOLE.replace("\n", ""), 0, 1, 0.0, "all of it on one line"),
        (f"Sure! {WHOLE}", 0, 0, 1.0, "something before it"),
        (f"{WHOLE}Yes.", 0, 1, 1 - 4 * 0.004, "four characters behind it, 0.004 each"),
        (WHOLE + WHOLE, 0, 1, 0.0, "twice: no tag stands once"),
        (WHOLE.replace("</answer>", ""), 0, 0, 0.75, "the last tag is missing"),
        ("<think>\n6*7\n</think>\n42", 0, 0, 0.5, "half of the tags"),
        ("42", 0, 0, 0.0, "none"),
        ("", 0, 0, 0.0, "nothing"),
    ],
)
def test_tags(said: str, strict: float, soft: float, count: float, remark: str):
    assert StrictFormat()([said]) == [strict], remark
    assert SoftFormat()([said]) == [soft], remark
    assert TagCount()([said]) == [pytest.approx(count)], remark


def test_the_more_of_the_form_the_more_reward():
    """What the count of tags is there for: a way up, where the strict form is all or nothing."""
    thought = "<think>\n6*7\n</think>\n"
    stations = ["42", "<think>\n42", f"{thought}42", f"{thought}<answer>\n42", WHOLE]
    assert TagCount()(stations) == [0, 0.25, 0.5, 0.75, 1]


def test_a_tag_that_the_template_wrote_counts_as_written():
    said = WHOLE.removeprefix("<think>\n")
    assert StrictFormat(opened=True)([said]) == SoftFormat(opened=True)([said]) == [1.0]
    assert TagCount(opened=True)([said]) == [1.0]
    assert StrictFormat()([said]) == [0.0]


@pytest.mark.parametrize(
    ("said", "reward", "remark"),
    [
        (WHOLE, 1, "a whole number in its tag"),
        (r"<think>6*7</think>\boxed{42}", 1, "or in a box"),
        ("<think>6*7</think>The answer is -42.", 1, "or announced, and below zero"),
        (WHOLE.replace("\n42\n", "\n42 eggs\n"), 0, "with a word beside it"),
        (WHOLE.replace("\n42\n", "\n42.5\n"), 0, "no whole number"),
        (WHOLE.replace("\n42\n", "\n\n"), 0, "nothing in the tag"),
        ("<think>42", 0, "thinking that never ended"),
    ],
)
def test_integers(said: str, reward: float, remark: str):
    assert Integer()([said]) == [reward], remark


def test_conversations_are_read_as_texts_are():
    turns = [[{"role": "assistant", "content": WHOLE}]]
    for each in (StrictFormat(), SoftFormat(), TagCount(), Integer()):
        assert each(turns) == [1.0]
