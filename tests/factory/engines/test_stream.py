"""Events that come word by word: the draw that they become, or why they are none."""

import re
from collections.abc import Sequence

import pytest
from asking import THINK, streamed
from misbehaving import (
    DONE,
    END,
    ROLE,
    STOP,
    USAGE,
    event,
)

from factory.errors import EngineFailure

COUNTS = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
ZEROS = dict.fromkeys(COUNTS, 0)
DRAWS = [
    ((ROLE, event("2"), event("+2"), END), "2+2", 3, None, "as everybody streams"),
    ((event("4", finish_reason="stop"), USAGE, DONE), "4", 3, None, "the last word at the end"),
    ((event("4"), STOP, USAGE), "4", 3, None, "without a last event"),
    ((event("4"), STOP, DONE), "4", 0, None, "without usage: nobody knows"),
    ((event("2"), event(""), event("+"), END), "2+", 3, None, "an empty one"),
    ((event("4", token_ids=[7, 8]), event("", token_ids=[9]), STOP), "4", 3, [7, 8, 9], "ids are"),
    ((event("4", token_ids=[7, 8, 9]), END), "4", 3, [7, 8, 9], "as many ids as usage says"),
    ((event("4"), STOP, event(choices=[]), event(""), STOP, DONE), "4", 0, None, "more to no end"),
    ((event(reasoning="2+2"), event(reasoning="=4"), event("4"), END), THINK, 3, None, "vLLM"),
    ((event(reasoning_content="2+2=4"), event("4"), END), THINK, 3, None, "older"),
    ((event(None, reasoning="2+2=4"), event("4", reasoning=None), END), THINK, 3, None, "nulls"),
    (
        (event("\n"), event(reasoning="2+2=4\n\n"), event("\n"), event("\n4"), END),
        THINK,
        3,
        None,
        "",
    ),
    ((event(reasoning="so 4"), END), "<think>\nso 4", 3, None, "thinking without an end"),
    ((event(reasoning="so 4"), event("\n"), END), "<think>\nso 4", 3, None, "nor is this one"),
    ((event("<thi"), event("nk>so"), END), "<think>so", 3, None, "inline"),
    ((event("2"), event(delta=None), event("4"), END), "24", 3, None, "nothing new"),
    ((event("4", finish_reason=""), event("2", finish_reason="null"), END), "42", 3, None, "none"),
    ((event("4", index=None), STOP, event(choices=None, usage=COUNTS), DONE), "4", 3, None, "null"),
    ((event("4"), STOP, event("\n"), event("", finish_reason=""), USAGE), "4", 3, None, "a line"),
    ((event("4"), event(finish_reason="eos"), STOP, USAGE), "4", 3, None, "the end in two words"),
    ((event("4", usage=ZEROS), event(finish_reason="stop", usage=ZEROS)), "4", 0, None, "zeros"),
    ((event("4", usage=COUNTS), event(finish_reason="stop", usage=ZEROS)), "4", 3, None, "no more"),
    ((event("4", usage={"completion_tokens": -3}), STOP), "4", 0, None, "not to be believed"),
]


@pytest.mark.parametrize(("events", "text", "tokens", "ids", "remark"), DRAWS)
def test_events_make_a_draw(
    events: Sequence[bytes], text: str, tokens: int, ids: list[int] | None, remark: str
):
    drawn = streamed(*events)
    assert drawn.trouble is None
    completion = drawn.completion()
    assert (completion.text, completion.token_ids) == (text, ids), remark
    assert (completion.finish_reason, completion.completion_tokens) == ("stop", tokens), remark


def test_the_prompts_tokens_are_counted_where_usage_is_missing():
    first = event("", prompt_token_ids=[1, 2, 3, 4])
    assert streamed(first, event("4"), STOP, DONE).completion().prompt_tokens == 4
    assert streamed(event("4"), STOP, DONE).completion().prompt_tokens == 0
    assert streamed(first, event("4"), END).completion().prompt_tokens == 5


def test_a_server_may_notice_a_loop_itself():
    drawn = streamed(event("ha ha"), event(finish_reason="repetition"), USAGE, DONE)
    assert drawn.completion().finish_reason == "loop"


BAD = [
    (b"data: {", "bad_body", "no JSON"),
    (b"data: [1]", "bad_body", "expected a mapping"),
    (b'data: {"choices": {}}', "bad_body", "expected a list"),
    (event(choices=[{}, {}]), "bad_body", "2 choices"),
    (event(choices=[None]), "bad_body", "1 choices"),
    (event("4", index=1), "bad_body", "choice number 1"),
    (event(delta=[4]), "bad_body", "delta is"),
    (event(delta={"content": 4}), "bad_body", "content .* expected text"),
    (event("4", token_ids=["7"]), "bad_body", "expected numbers"),
    (event("4", token_ids=[1, 2]) + END, "bad_body", "expected 3 numbers"),
    (STOP + event("4"), "bad_body", "something after the end"),
    (STOP + event(finish_reason="length"), "bad_body", "something after the end"),
    (event(None, role="assistant") + STOP + USAGE, "empty", "no word, and counts 3 tokens"),
    (event(refusal="I ca") + event(refusal="n't") + STOP, "refusal", "I can't"),
    (event(None, refusal="I can't"), "refusal", "I can't"),
    (event("4") + event(finish_reason="tool_calls"), "unfinished", "a tool is called"),
    (event("2+2=4</think>4") + END, "bad_body", "opens_thinking: true"),
    (event(reasoning="a</th") + event(reasoning="ink>4") + END, "bad_body", "its end is unknown"),
    (event("4", finish_reason="abort"), "unfinished", "'abort'"),
    (event("4", finish_reason="content_filter"), "refusal", "'content_filter'"),
    (event("4", finish_reason="SAFETY"), "refusal", "'SAFETY'"),
    (
        event(error={"message": "You exceeded your quota", "code": "insufficient_quota"}),
        "http_402",
        "quota",
    ),
    (event(error={"message": "too long", "code": 400}), "http_400", "too long"),
]


@pytest.mark.parametrize(("events", "reason", "message"), BAD)
def test_what_is_no_draw_is_a_failure(events: bytes, reason: str, message: str):
    drawn = streamed(events)
    assert drawn.trouble is None
    with pytest.raises(EngineFailure, match=message) as caught:
        drawn.completion()
    assert caught.value.reason == reason


TROUBLES = [
    (event("4"), "cut_stream", "no finish_reason"),
    (event("4") + DONE, "cut_stream", "no finish_reason"),  # said to be done, and is not
    (event("4", finish_reason="") + DONE, "cut_stream", "no finish_reason"),
    (event("4") + b'data: {"object": "error", "message": "gone", "code": 503}', "http_503", "gone"),
    (event("4") + event(choices=[{"index": 0, "error": {"code": 502}}]), "http_502", ""),
    (b"", "cut_stream", "no finish_reason"),
    (event("4") + event(choices=[], error={"message": "gone", "code": 502}), "http_502", "gone"),
    (event(error={"message": "gone", "code": "503"}), "http_503", "gone"),
    (event(error="out of memory"), "http_500", "out of memory"),
    (event(error={"code": "server_error"}), "http_500", "server_error"),
    (event(error={"code": 429, "message": "slow down"}), "rate_limited", "slow down"),
]


@pytest.mark.parametrize(("events", "reason", "message"), TROUBLES)
def test_what_ends_in_the_middle_may_be_asked_for_again(events: bytes, reason: str, message: str):
    drawn = streamed(events)
    assert drawn.trouble
    assert drawn.trouble.failure.reason == reason
    assert re.search(message, str(drawn.trouble))
