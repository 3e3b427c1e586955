"""A row of anybody's table as samples: what was thought and said, in whatever form it is."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.generations.columns import layout_of
from factory.generations.samples import SAMPLE, Told, samples
from factory.recipe.layout import Layout

WORDS = st.sampled_from(["text", "prompt", "answer", "role", "from", "content", "message", "id"])


def read(row: dict[str, Any], **told: Any) -> list[dict[str, Any]]:
    """The samples of a row whose columns are taken by their names."""
    layout = layout_of(told.pop("columns", None), "it", list(row), [row])
    return list(samples("it:1", row, Told(layout, "math", **told)))


def texts(row: dict[str, Any], **told: Any) -> list[str | None]:
    return [sample.get("text") for sample in read(row, **told)]


TURN = {"role": "user", "content": "2+2?"}
APART = {"content": "4", "reasoning": "2+2=4"}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [TURN, {"role": "assistant", "content": "<think>\n2+2=4\n</think>\n4"}]},
        {"messages": [TURN, {"role": "assistant", "content": "4", "reasoning_content": "2+2=4"}]},
        {"messages": [TURN, {"role": "assistant", "content": "4", "thinking": "2+2=4"}]},
        {"prompt": [TURN], "completion": [{"role": "assistant", **APART}]},
        {"prompt": "2+2?", "response": "4", "reasoning_content": "2+2=4"},
        {"question": "2+2?", "generation": "<|begin_of_thought|>\n2+2=4\n<|end_of_thought|>\n4"},
        {"question": "2+2?", "generation": "think\n2+2=4\nanswer\n4"},
        {"question": "2+2?", "generation": "<|im_start|>think\n2+2=4\n<|im_start|>answer\n4"},
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "2+2?"}]},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "2+2=4"},
                        {"type": "text", "text": "4"},
                    ],
                },
            ]
        },
        {
            "messages": [
                {"role": "user", "parts": [{"text": "2+2?"}]},
                {"role": "model", "parts": [{"text": "2+2=4", "thought": True}, {"text": "4"}]},
            ]
        },
        {
            "thread": [
                {"role": "prompter", "text": "2+2?"},
                {"role": "Assistant", "text": "<think>\n2+2=4\n</think>\n4"},
            ]
        },
        {"data": {"talk": [TURN, {"role": "assistant", **APART}]}},
        {"prompt": "2+2?", "response": {"body": {"choices": [{"message": APART}]}}},
        {"problem": "2+2?", "generations": ["[THINK]\n2+2=4\n[/THINK]\n4"]},
        {
            "conversations": [
                {"from": "human", "value": "2+2?"},
                {"from": "gpt", "value": "<think>\n2+2=4\n</think>\n4"},
            ]
        },
        {
            "responses_create_params": {"input": [TURN]},
            "response": {
                "text": {"format": "text"},
                "output": [
                    {"type": "reasoning", "summary": [{"text": "2+2=4"}]},
                    {"type": "message", "content": [{"type": "output_text", "text": "4"}]},
                ],
            },
        },
    ],
    ids=[
        "messages",
        "reasoning_content",
        "thinking",
        "TRL",
        "columns",
        "Sky-T1",
        "s1",
        "s1 with its tokens",
        "parts",
        "parts of Google",
        "a conversation of another name",
        "a conversation inside",
        "a batch's answer",
        "Mistral",
        "ShareGPT",
        "Responses",
    ],
)
def test_thinking_and_answer_are_found_in_every_usual_form(row: dict[str, Any]):
    (sample,) = read(row)
    assert (sample["reasoning"], sample["response"]) == ("2+2=4", "4")
    assert sample["prompt"] == "2+2?"
    assert sample["text"] == "<think>\n2+2=4\n</think>\n4"


def test_several_generations_of_a_row_are_samples_with_what_belongs_to_each():
    row = {
        "problem": "2+2?",
        "answer": "4",
        "generations": ["<think>a</think>4", "<think>b"],
        "finish_reasons": ["stop", "length"],
        "correctness_math_verify": [True, False],
    }
    one, two = read(row, columns={"verdict": "correctness_math_verify"})
    assert (one["sample_id"], two["sample_id"]) == ("it:1#1", "it:1#2")
    assert (one["finish_reason"], two["finish_reason"]) == ("stop", "length")
    assert (one["verdict"], two["verdict"]) == ("correct", "incorrect")
    assert one["prompt_id"] == two["prompt_id"]
    assert one["reference"] == two["reference"] == '"4"'


@pytest.mark.parametrize("text", ["[1, 2]", '{"a": 1}', "(4, 1)", '["x"]', "[]", "{}"])
def test_a_text_stays_a_text_whatever_it_looks_like(text: str):
    assert texts({"prompt": "Print it.", "response": text}) == [text]


def test_a_conversation_that_a_csv_cell_has_as_text_is_read():
    cell = str([TURN, {"role": "assistant", "content": "4"}])
    assert texts({"messages": cell}) == ["4"]


def test_a_template_that_opens_the_thinking_leaves_texts_without_the_tag():
    (sample,) = read({"text": "2+2=4, so"}, opened=True)
    assert (sample["reasoning"], sample["response"]) == ("2+2=4, so", None)
    (sample,) = read({"text": "2+2=4</think>4"})
    assert (sample["reasoning"], sample["response"]) == ("2+2=4", "4")


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"text": None}, "no_text: text is empty"),
        ({"text": 7}, "wrong_type: text is 7, expected text"),
        (
            {"text": "half: \ud800"},
            "not_utf8: it has half a character, or bytes that are not UTF-8",
        ),
        ({"generations": []}, "no_text: generations is an empty list"),
        ({"messages": [TURN]}, "no_text: messages ends in a turn of user, not of the assistant"),
        ({"messages": []}, "no_text: messages has no turn"),
        (
            {"messages": [TURN, {"role": "assistant", "content": None, "tool_calls": [{}]}]},
            "tool_turn: messages ends in a call of a tool, and no text",
        ),
        ({"messages": "hello"}, "wrong_type: messages is 'hello', expected turns"),
        ({"completions": [{"answer": "4", "full": "It is 4."}]}, "as completions.*.full"),
    ],
)
def test_what_is_no_text_is_a_named_error(row: dict[str, Any], error: str):
    (sample,) = read(row)
    assert error in sample["error"]
    assert "text" not in sample
    sample["error"].encode()


def test_an_empty_text_is_a_text():
    assert texts({"text": ""}) == [""]


def test_one_bad_generation_costs_the_others_nothing():
    good, bad = read({"prompt": "2+2?", "generations": ["4", None]})
    assert good["text"] == "4"
    assert bad["error"] == "no_text: generations is empty"


@pytest.mark.parametrize("prompt", ["", None, 5, "\ud800"])
def test_a_question_that_cannot_be_read_leaves_the_text(prompt: Any):
    (sample,) = read({"prompt": prompt, "response": "4"})
    assert sample["text"] == "4"
    assert "prompt_id" not in sample
    assert sample["prompt_error"].split(":")[0] in ("no_question", "wrong_type", "not_utf8")


def test_marks_of_s1_are_read_where_they_can_be_nothing_else():
    assert texts({"text": "think\n2+2, let me see"}) == ["<think>\n2+2, let me see"]
    unclear = "think\na\nanswer\nb\nanswer\nc"
    words = "think of two\nanswer\n4"
    for text in (unclear, words):
        assert texts({"text": text}) == [text]


def test_a_worked_solution_as_gsm8k_has_it_gives_its_last_line_as_key():
    solution = "It is $2 + 2 = <<2+2=4>>4.\n#### 1,234 "
    row = {"question": "2+2?", "text": "4", "answer": solution}
    assert read(row)[0]["reference"] == '"1,234"'
    told = {"reference": "answer", "reference_pattern": r"=(\d+)>>"}
    assert read(row, columns=told)[0]["reference"] == '"4"'
    assert read(row | {"answer": "# 4"})[0]["reference"] == '"# 4"'


def test_rows_say_their_language_domain_and_verifier_and_the_command_says_them_for_the_rest():
    row = {"text": "x", "prompt_language": "sw", "domain": "code", "verifier": "exact"}
    (sample,) = read(row, language="en", domain="math")
    assert (sample["language"], sample["domain"], sample["verifier"]) == ("sw", "code", "exact")
    (sample,) = read({"text": "x", "prompt_language": None}, language="en", domain="math")
    assert (sample["language"], sample["domain"], sample["verifier"]) == ("en", "math", "math")


def test_rows_are_chosen_as_in_a_recipe():
    layout = Layout.model_validate({"generation": "text", "where": {"kind": "math"}})
    (sample,) = samples("it:1", {"text": "x", "kind": "chat"}, Told(layout, "math"))
    assert sample["error"] == "not_selected: kind is 'chat'"


def test_a_row_that_nobody_thought_of_is_a_named_error():
    (sample,) = read({"messages": [{"role": ["user"], "content": "x"}]})
    assert sample["error"].startswith("unreadable: TypeError")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.dictionaries(WORDS, JSON, min_size=1))
def test_whatever_json_a_row_is_it_gives_samples_or_errors(row: dict[str, Any]):
    layout = Layout(
        generation="text", question="prompt", reference="answer", id="id", language="role"
    )
    told = Told(layout, "math")
    found = pl.DataFrame(list(samples("it:1", row, told)), schema=SAMPLE)
    assert found.height >= 1
    assert found.select((pl.col("text").is_null() != pl.col("error").is_null()).all()).item()
