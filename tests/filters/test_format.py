"""Format: the form that the teacher is rewarded for, and that samples must have."""

import polars as pl
import pytest
from pydantic import ValidationError

from filters.format import Format, well_formed
from filters.text.thinking import split


def reasons(text: str, **options: bool) -> list[str]:
    thought = split(text)
    row = {"text": text, "reasoning": thought.reasoning, "response": thought.response}
    table = pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))
    return Format.measured(table).select(Format.model_validate(options).faults()).item().to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"<think>6*7=42</think>\boxed{42}", []),
        (r"6*7=42</think>\boxed{42}", []),  # the template opened the thinking
        (r"<think>\boxed{41}? No.</think>\boxed{42}", []),  # boxes in thinking do not count
        (r"<think>6*7=42</think>\boxed{\frac{84}{2}}", []),  # braces in braces are one box
        (r"\boxed{42}", ["no_thinking"]),
        (r"<think> </think>\boxed{42}", ["empty_thinking"]),
        (r"<think>6*7=42</think>42", ["no_final_answer"]),
        (r"<think>6*7=42</think>\boxed{42", ["no_final_answer"]),  # never closed
        (r"<think>a</think>\boxed{4} or \boxed{2}", ["several_final_answers"]),
        (r"<think>a</think>So \boxed{4}. **Answer:** \boxed{4}", []),  # said twice
        (r"<think>a</think>It is \boxed{0.5}, that is \boxed{\frac{1}{2}}.", []),  # the same number
        (r"<think>a</think>\boxed{x = 4} and so \boxed{\text{4}}", []),
        (r"<think>a</think>\boxed{4} or \boxed{4.1} or \boxed{4}", ["several_final_answers"]),
        (
            r"<think>a</think>Fill \boxed{\phantom{2}} in: 48\boxed{\phantom{2}}. It is \boxed{4}.",
            [],
        ),
        ("<think>a</think> ", ["empty_response", "no_final_answer"]),
        (r"<think>a</think><think>b</think>\boxed{4}", ["stray_think_tag"]),
        (r"<think>a</think>\boxed{4}</think>", ["stray_think_tag"]),
        (r"Sure! <think>a</think>\boxed{4}", ["text_before_thinking"]),
        ("<think>6*7", ["no_final_answer"]),  # that it has no end is for `truncation` to say
        ("", ["empty_response", "no_thinking", "no_final_answer"]),
    ],
)
def test_faults(text, expected):
    assert reasons(text) == expected


def test_a_recipe_may_want_less():
    assert reasons(r"\boxed{42}", require_thinking=False) == []
    assert reasons("<think>6*7</think>42", final_answer=False) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello!", []),
        ("<think>\n\n</think>Hello!", []),  # how models with a switch write that they did not think
        ("<think>Someone greets.</think>Hello!", ["unwanted_thinking"]),
        ("Someone greets.</think>Hello!", ["unwanted_thinking"]),
    ],
)
def test_a_domain_of_plain_answers_may_want_no_thinking(text, expected):
    wanted = {"require_thinking": False, "forbid_thinking": True, "final_answer": False}
    assert reasons(text, **wanted) == expected


def test_thinking_cannot_be_wanted_and_unwanted():
    with pytest.raises(ValidationError, match="goes with `require_thinking: false`"):
        Format(forbid_thinking=True)


def test_a_thousand_different_boxes_take_no_time_to_compare():
    many = "".join(rf"\boxed{{{n}}}" for n in range(1000))
    assert reasons(f"<think>a</think>{many}") == ["several_final_answers"]


@pytest.mark.parametrize(
    ("text", "opened", "expected"),
    [
        (r"<think>6*7=42</think>\boxed{42}", False, True),
        (r"6*7=42</think>\boxed{42}", True, True),
        (r"6*7=42</think>\boxed{42}", False, False),  # forgot to open
        (r"<think>6*7=42</think>\boxed{42}", True, False),  # opened twice
        (r"<think></think>\boxed{42}", False, False),  # no thought, no reward
        (r"<think>6*7=42\boxed{42}", False, False),  # no end
        (r"<think>a</think>\boxed{4}\boxed{4}", False, False),  # two answers, even the same
        (r"<think>a</think>4", False, False),
        (r"<think>a</think></think>\boxed{4}", False, False),
        (r"Hi <think>a</think>\boxed{4}", False, False),
        ("", False, False),
    ],
)
def test_the_reward_wants_the_form_to_the_letter(text, opened, expected):
    assert well_formed(text, opened) is expected
