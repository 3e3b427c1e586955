"""What a server answered, whole: raw text put together again, and what is no draw."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from misbehaving import draw

from factory.engines import Completion
from factory.engines.raw_text import ECHOED, Rebuilt, raw_text
from factory.engines.responses import completion
from factory.errors import EngineFailure
from filters.text.thinking import split

# --- raw text, rebuilt --------------------------------------------------------------------------

THINK = "<think>\n2+2=4\n</think>\n4"


@pytest.mark.parametrize(
    ("message", "opens", "text", "reasoning", "response", "remark"),
    [
        ({"content": "4"}, False, "4", None, "4", "no thinking at all"),
        ({"content": THINK}, False, THINK, "2+2=4", "4", "inline, left as it is"),
        ({"content": "4", "reasoning": "2+2=4"}, False, THINK, "2+2=4", "4", "vLLM's field"),
        ({"content": "4", "reasoning_content": "2+2=4"}, False, THINK, "2+2=4", "4", "older"),
        ({"content": "\n\n4", "reasoning": "\n2+2=4\n"}, False, THINK, "2+2=4", "4", "with lines"),
        ({"content": "4", "reasoning": "<think>2+2=4"}, False, THINK, "2+2=4", "4", "its tag"),
        ({"content": "4", "reasoning": None}, False, "4", None, "4", "a field left empty"),
        ({"content": None, "reasoning": "so 4"}, False, "<think>\nso 4", "so 4", None, "cut"),
        ({"content": "", "reasoning": "so 4"}, False, "<think>\nso 4", "so 4", None, "cut"),
        ({"content": "\n", "reasoning": "so 4"}, False, "<think>\nso 4", "so 4", None, "cut"),
        ({"content": "<think>so 4"}, False, "<think>so 4", "so 4", None, "cut, inline"),
        ({"content": "2+2=4\n</think>\n4"}, True, THINK, "2+2=4", "4", "pre-filled"),
        ({"content": "so 4"}, True, "<think>\nso 4", "so 4", None, "pre-filled, cut"),
        ({"content": THINK}, True, THINK, "2+2=4", "4", "pre-filled, and its own tag"),
        ({"content": "4", "reasoning": "2+2=4"}, True, THINK, "2+2=4", "4", "pre-filled, parsed"),
    ],
)
def test_thinking_is_put_back_where_the_model_wrote_it(
    message: dict[str, Any],
    opens: bool,
    text: str,
    reasoning: str | None,
    response: str | None,
    remark: str,
):
    body = json.dumps(draw(message=message)).encode()
    drawn = completion(body, opens)
    assert drawn.text == text, remark
    thought = split(drawn.text)
    assert (thought.reasoning, thought.response) == (reasoning, response), remark


@pytest.mark.parametrize("size", [1, 3, 7, 100])
@pytest.mark.parametrize("opens", [False, True])
def test_tags_of_one_s_own_are_read_as_ours(size: int, opens: bool):
    tags, content = ("[THINK]", "[/THINK]"), "[THINK]\n2+2=4\n[/THINK]\n4 [x"
    expected = f"{THINK} [x"
    body = json.dumps(draw(message={"content": content})).encode()
    assert completion(body, opens, tags=tags).text == expected
    rebuilt = Rebuilt(opens, tags=tags)
    for start in range(0, len(content), size):
        rebuilt.add("", content[start : start + size])
    assert rebuilt.finish() == expected
    inner = json.dumps(draw(message={"content": "2+2=4\n[/THINK]\n4"})).encode()
    if opens:  # the template has written the tag
        assert completion(inner, opens, tags=tags).text == THINK
    else:
        assert completion(body).text == content  # nobody has named them


BEGUN = "<think>\n2+2"
ANSWERED = "<think>\n2+2=4\n</think>\n"


@pytest.mark.parametrize(
    ("message", "prefill", "text", "remark"),
    [
        ({"content": "=4\n</think>\n4"}, BEGUN, "=4\n</think>\n4", "no parser: as it is"),
        ({"content": "\n =4"}, BEGUN, "\n =4", "white space is part of what goes on"),
        ({"content": ""}, BEGUN, "", "nothing more to say"),
        ({"reasoning": "=4\n", "content": "\n4"}, BEGUN, "=4\n</think>\n4", "taken apart"),
        ({"reasoning": "\n=4", "content": None}, BEGUN, "\n=4", "still thinking, and no new tag"),
        ({"reasoning": "<think>", "content": None}, BEGUN, "<think>", "a tag that the model wrote"),
        ({"content": "4"}, ANSWERED, "4", "the answer itself"),
        ({"reasoning": "4\n", "content": None}, ANSWERED, "4\n", "vLLM's parsers, not streamed"),
        ({"content": "</think>4"}, ANSWERED, "</think>4", "a tag too many is for Format to see"),
        ({"content": "so 4"}, "I see, ", "so 4", "no thinking at all"),
        ({"content": "<think>2"}, "I see, ", "<think>2", "or later"),
    ],
)
@pytest.mark.parametrize("opens", [False, True])
def test_a_turn_that_was_begun_goes_on(
    message: dict[str, Any], prefill: str, text: str, remark: str, opens: bool
):
    assert raw_text(message, opens, prefill) == text, remark  # a template opens new turns only


LONG = "<think>\n" + "2+2 is what? " * 9


@pytest.mark.parametrize(
    ("message", "prefill", "told"),
    [
        ({"content": "4", "reasoning": "2+2=4"}, "I see, ", "its tags are lost"),
        ({"content": "2+2=4</think>4"}, "I see, ", "opens_thinking: true"),
        ({"content": LONG + "4"}, LONG, "repeats its own beginning"),
    ],
)
def test_a_turn_that_cannot_be_put_together(message: dict[str, Any], prefill: str, told: str):
    assert len(LONG) > ECHOED
    with pytest.raises(EngineFailure, match=told):
        raw_text(message, prefill=prefill)


LETTERS = st.text("a\n <>/", max_size=8)
WORDS = st.lists(st.sampled_from(["<think>", "\n", " ", "a", "2+2", "<", "think"]), max_size=6)


@given(
    WORDS.map("".join),
    st.one_of(LETTERS, WORDS.map("".join)),
    st.sampled_from(["", BEGUN, ANSWERED]),
    st.booleans(),
    st.lists(st.integers(0, 30)),
)
def test_it_does_not_matter_how_a_text_is_cut(
    reasoning: str, content: str, prefill: str, opens: bool, cuts: list[int]
):
    whole = raw_text({"reasoning": reasoning, "content": content}, opens, prefill)
    rebuilt = Rebuilt(opens, prefill)
    told = [rebuilt.add(piece, "") for piece in pieces_of(reasoning, cuts)]
    told += [rebuilt.add("", piece) for piece in pieces_of(content, cuts)]
    assert rebuilt.so_far == "".join(told)  # what a watch has seen
    assert rebuilt.finish() == whole
    assert whole.startswith("".join(told))


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    return [text[start:end] for start, end in pairwise(places)]


def test_token_ids_are_kept_where_the_server_gives_them():
    body = json.dumps(draw(token_ids=[3, 1, 2], finish_reason="length")).encode()
    assert completion(body) == Completion("4", [3, 1, 2], "length", 5, 3)


NO_DRAWS = [
    (b"", "bad_body", "no JSON"),
    (b"<html>Sign in</html>", "bad_body", "no JSON.*Sign in"),
    (json.dumps(draw()).encode()[:-9], "bad_body", "no JSON"),  # cut, and the server says nothing
    (b'{"choices": [{"message": {"content": "\\ud800"}}]}', "bad_body", "no JSON"),  # half a letter
    (b"[" * 100_000, "bad_body", "no JSON"),
    (b"[]", "bad_body", "no list of choices"),
    (b"{}", "bad_body", "no list of choices"),
    (draw(choices=[]), "bad_body", "0 choices"),
    (draw(choices=[None]), "bad_body", "1 choices"),
    (draw(choices=draw()["choices"] * 2), "bad_body", "2 choices"),
    (draw(index=1), "bad_body", "choice number 1"),  # of another draw
    (draw(message=None), "bad_body", "message is None"),
    (draw(message={"role": "assistant"}), "empty", "no word, and counts 3 tokens"),
    (draw(None), "empty", "no word, and counts 3 tokens"),
    (draw(" \n", usage=None), "empty", "no word$"),
    (draw(None, refusal="I can't help with that"), "refusal", "I can't help"),
    (draw([{"type": "refusal", "refusal": "No."}]), "refusal", "No."),
    (draw([{"type": "image_url"}]), "bad_body", "a part of type 'image_url'"),
    (draw(4), "bad_body", "content .* expected text"),
    (draw(reasoning=4), "bad_body", "reasoning .* expected text"),
    (draw(None, reasoning="a</think>4"), "bad_body", "its end is unknown"),  # no answer, if cut
    (draw("2+2=4</think>4"), "bad_body", "opens_thinking: true"),
    (draw(token_ids=[1, 2]), "bad_body", "expected 3 numbers"),  # not as many as it counted
    (draw(token_ids=[1, 2, "3"]), "bad_body", "expected numbers"),
    (draw(token_ids=[1, 2, 2**33]), "bad_body", "expected numbers"),
    (draw(finish_reason="abort"), "unfinished", "'abort'"),  # as a server says when it is stopped
    (draw(finish_reason="content_filter"), "refusal", "'content_filter'"),
    (draw(finish_reason=None), "unfinished", "None"),
    (draw(finish_reason={}), "unfinished", "{}"),
    (draw("x" * 10_000 + "</think>"), "bad_body", "…"),  # not all of it is repeated
]


@pytest.mark.parametrize(("body", "reason", "message"), NO_DRAWS)
def test_what_is_no_draw_is_a_failure(body: Any, reason: str, message: str):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(EngineFailure, match=message) as caught:
        completion(content)
    assert caught.value.reason == reason
    assert not caught.value.final  # the sampler may ask for another
    assert len(str(caught.value)) < 700
