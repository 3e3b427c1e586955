"""Thinking, in whichever fields a server puts it: read, in order, and once."""

import json
from itertools import zip_longest
from typing import Any

import pytest
from asking import THINK, streamed
from hypothesis import example, given
from hypothesis import strategies as st
from misbehaving import END, STOP, USAGE, draw, event

from factory.engines import Completion
from factory.engines.raw_text import Rebuilt, raw_text
from factory.engines.responses import completion
from factory.errors import EngineFailure
from filters.text.thinking import split

TEXT = {"type": "text", "text": "4"}


def whole(message: dict[str, Any], **changes: Any) -> Completion:
    return completion(json.dumps(draw(message=message, **changes)).encode())


def in_pieces(message: dict[str, Any]) -> Completion:
    """The same as a stream would bring it: thinking, then text, a letter or a part at a time."""
    thinking = {name: value for name, value in message.items() if name != "content"}
    rows = zip_longest(*map(pairs, thinking.items()), fillvalue=("other", ""))
    deltas = [dict(row) for row in rows]
    deltas += [{"content": piece} for piece in cut(message.get("content"))]
    return streamed(*[event(delta=delta) for delta in deltas], END).completion()


def pairs(field: tuple[str, Any]) -> list[tuple[str, Any]]:
    return [(field[0], piece) for piece in cut(field[1])]


def cut(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [value[at : at + 2] for at in range(0, len(value), 2)]
    return [[part] for part in value] if isinstance(value, list) else [value]


FIELDS = [
    ({"reasoning": "2+2=4", "content": "4"}, "vLLM"),
    ({"reasoning_content": "2+2=4", "content": "4"}, "DeepSeek, SGLang"),
    ({"thinking": "2+2=4", "content": "4"}, "Ollama"),
    ({"reasoning_text": "2+2=4", "content": "4"}, "others"),
    (
        {"reasoning_details": [{"type": "reasoning.text", "text": "2+2=4"}], "content": "4"},
        "OpenRouter",
    ),
    (
        {"thinking_blocks": [{"type": "thinking", "thinking": "2+2=4", "signature": "Zm9v"}]}
        | {"content": "4"},
        "LiteLLM",
    ),
    ({"thinking": {"content": "2+2=4"}, "content": "4"}, "wrapped"),
    (
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "2+2=4"}]}, TEXT]},
        "Mistral",
    ),
    ({"content": [{"type": "thinking", "thinking": "2+2=4"}, TEXT]}, "Anthropic"),
    (
        {
            "content": [
                {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "2+2=4"}]},
                {"type": "output_text", "text": "4"},
            ]
        },
        "OpenAI's responses",
    ),
    ({"content": [{"text": "2+2=4", "thought": True}, {"text": "4"}]}, "Google"),
    ({"reasoning": "2+2=4", "content": ["4"]}, "a list of plain texts"),
    # what is there twice
    ({"reasoning": "2+2=4", "reasoning_content": "2+2=4", "content": "4"}, "two fields"),
    (
        {"reasoning": "2+2=4", "reasoning_details": [{"type": "reasoning.text", "text": "2+2=4"}]}
        | {"content": "4"},
        "text and details",
    ),
    ({"reasoning": "2+2=4", "content": "<think>2+2=4</think>4"}, "field and tags"),
    ({"reasoning": "2+2=4", "content": "<think>\n2+2=4\n</think>\n\n4"}, "with lines"),
    ({"reasoning": "2+2=4", "content": "2+2=4</think>4"}, "half of the tags"),
    ({"reasoning": "<think>2+2=4</think>", "content": "4"}, "tags in the field"),
]


@pytest.mark.parametrize("told", [whole, in_pieces])
@pytest.mark.parametrize(("message", "remark"), FIELDS)
def test_thinking_is_read_from_every_field_and_kept_once(told: Any, message: Any, remark: str):
    drawn = told(message)
    assert drawn.text == THINK, remark
    assert not drawn.thinking_hidden


HIDDEN = [
    ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "Zm9v"}]}, "encrypted"),
    ({"thinking_blocks": [{"type": "redacted_thinking", "data": "Zm9v"}]}, "encrypted"),
    ({"reasoning_details": [{"type": "reasoning.summary", "summary": "I add"}]}, "summary"),
    (
        {
            "reasoning": "I add",
            "reasoning_details": [{"type": "reasoning.summary", "summary": "I"}],
        },
        "summary",
    ),
    ({"reasoning": {"summary": [{"type": "summary_text", "text": "I add"}]}}, "summary"),
    (
        {
            "content": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "I"}]},
                TEXT,
            ]
        },
        "summary",
    ),
]


@pytest.mark.parametrize("told", [whole, in_pieces])
@pytest.mark.parametrize(("message", "how"), HIDDEN)
def test_a_summary_is_not_the_thinking(told: Any, message: Any, how: str):
    drawn = told({"content": "4"} | message)
    assert drawn.text == "4"
    assert how in drawn.thinking_hidden


def test_thinking_that_is_counted_and_not_given_is_noticed():
    usage = {"prompt_tokens": 5, "completion_tokens": 90}
    usage |= {"completion_tokens_details": {"reasoning_tokens": 80}}
    assert whole({"content": "4"}, usage=usage).thinking_hidden == "not at all"
    assert not whole({"content": THINK}, usage=usage).thinking_hidden
    last = event(choices=[], usage=usage)
    assert streamed(event("4"), STOP, last).completion().thinking_hidden == "not at all"


def test_who_thinks_again_has_tags_in_the_middle_of_the_answer():
    parts = [("thinking", "2+2"), ("text", "4?"), ("thinking", "=4"), ("text", "4!")]
    content = [{"type": kind, kind: text} for kind, text in parts]
    expected = "<think>\n2+2\n</think>\n4?\n<think>\n=4\n</think>\n4!"
    assert whole({"content": content}).text == in_pieces({"content": content}).text == expected
    by_fields = [event(reasoning="2+2"), event("4?"), event(reasoning="=4"), event("4!"), END]
    assert streamed(*by_fields).completion().text == expected
    unfinished = streamed(event("4"), event(reasoning="no, 5"), END).completion().text
    assert split(unfinished).response is None  # who was still thinking has not answered


def test_thinking_that_comes_once_more_at_the_end_is_kept_once():
    last = event(reasoning_content="2+2=4")
    told = streamed(event(THINK), last, END).completion()
    assert told.text == THINK
    again = streamed(event(reasoning="2+2=4"), event("4"), event(reasoning="2+2=4"), END)
    assert again.completion().text == THINK


def test_two_fields_that_contradict_each_other_are_no_draw():
    drawn = streamed(event(reasoning="2+2=4"), event(thinking="no, 5"), event("4"), END)
    with pytest.raises(EngineFailure, match="thinking in reasoning, then other thinking in thinki"):
        drawn.completion()


def test_an_answer_that_begins_like_the_thinking_is_an_answer():
    for content in ("2+2", "2+2=4", "2+2=4 is right", "<think", "4 <think>"):
        expected = f"<think>\n2+2=4\n</think>\n{content}"
        assert raw_text({"reasoning": "2+2=4", "content": content}) == expected
        assert in_pieces({"reasoning": "2+2=4", "content": content}).text == expected


def test_both_at_once_piece_by_piece():
    """Some gateways write the thinking into its field and into the text in the same breath."""
    thought = [event(piece, reasoning=piece) for piece in ("2+", "2=", "4")]
    inline = "<think>2+2=4</think>4"
    tag, close = event("<think>", reasoning=""), event("</think>")
    assert streamed(tag, *thought, close, event("4"), END).completion().text == inline


def test_a_draw_that_was_cut_unseen_is_a_draw_that_was_cut():
    for message in ({"role": "assistant"}, {"content": None}, {"content": ""}):
        drawn = whole(message, finish_reason="length")
        assert (drawn.text, drawn.finish_reason) == ("", "length")
    end = event(finish_reason="max_output_tokens")
    drawn = streamed(event(None, role="assistant"), end, USAGE).completion()
    assert (drawn.text, drawn.finish_reason) == ("", "length")
    assert drawn.finish_word == "max_output_tokens"


def test_a_draw_that_is_known_to_be_empty_is_one():
    body = json.dumps(draw("", token_ids=[2], usage=None)).encode()
    assert completion(body).completion_tokens == 1


PIECES = st.lists(st.sampled_from(["<think>", "</think>", "a", "b", "\n", " ", "<"]), max_size=6)


@example("a", ["a", "</think>", "a", "</think>"])
@given(st.sampled_from(["a", "ab", "a\nb", "ba"]), PIECES)
def test_it_does_not_matter_how_a_repetition_is_cut(thought: str, content: list[str]):
    text = "".join(content)
    try:
        expected = raw_text({"reasoning": thought, "content": text})
    except EngineFailure:
        return
    for size in (1, 2, 5):
        rebuilt = Rebuilt()
        rebuilt.add(thought, "")
        told = [rebuilt.add("", text[at : at + size]) for at in range(0, len(text), size)]
        assert rebuilt.finish() == expected
        assert expected.startswith(f"<think>\n{thought}" + "".join(told))
