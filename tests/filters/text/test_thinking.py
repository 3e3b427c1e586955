"""Thinking and response are taken apart by ourselves, the same for every engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.text.thinking import CLOSE, OPEN, Thought, split

ANY_TEXT = st.text(st.characters(categories=["L", "N", "P", "S", "Z", "C", "M", "Cs"]))
PIECES = st.lists(st.sampled_from([OPEN, CLOSE, "a", " ", "\n", "<think", "/think>"])).map("".join)


@pytest.mark.parametrize(
    ("text", "opened", "reasoning", "response"),
    [
        ("<think>2+2=4</think> 4", False, "2+2=4", "4"),
        ("\n<think>\n2+2=4\n</think>\n\n4\n", False, "2+2=4", "4"),  # outer whitespace goes
        ("4", False, None, "4"),  # a reply without thinking
        ("", False, None, ""),  # an empty reply is a reply
        ("<think></think>4", False, "", "4"),  # thought nothing, which is not: did not think
        ("<think>2+2=4, so 4", False, "2+2=4, so 4", None),  # no end, no response
        ("<think>", False, "", None),
        ("2+2=4</think>4", False, "2+2=4", "4"),  # the template opened, nobody told us
        ("2+2=4</think>4", True, "2+2=4", "4"),
        ("2+2=4, so 4", True, "2+2=4, so 4", None),  # opened by the template, never closed
        ("<think>2+2=4</think>4", True, "2+2=4", "4"),  # the model opened once more
        ("a<think>b</think>c", True, "a<think>b", "c"),  # in mid-thinking the tag is just text
        ("Well. <think>a</think>b", False, "a", "b"),  # what stands before belongs to neither
        ("<think>a</think>b<think>c</think>d", False, "a", "b<think>c</think>d"),  # first pair
        ("<think>a<think>b</think>c</think>d", False, "a<think>b", "c</think>d"),  # no nesting
        ("a</think>b<think>c", False, "a", "b<think>c"),  # closing before opening
        ("<thinking>a</thinking>b", False, None, "<thinking>a</thinking>b"),  # another tag
    ],
)
def test_first_opening_to_first_closing(text, opened, reasoning, response):
    assert split(text, opened) == Thought(reasoning, response)


@given(ANY_TEXT.filter(lambda text: CLOSE not in text and OPEN not in text), ANY_TEXT)
def test_a_well_formed_draw_comes_apart_as_it_was_put_together(reasoning, response):
    expected = Thought(reasoning.strip(), response.strip())
    assert split(f"{OPEN}{reasoning}{CLOSE}{response}") == expected
    assert split(f"{reasoning}{CLOSE}{response}", opened=True) == expected


@given(PIECES, st.booleans())
def test_parts_are_pieces_of_the_text_and_a_response_needs_an_end(text, opened):
    thought = split(text, opened)
    assert (thought.reasoning or "") in text
    assert (thought.response or "") in text
    assert (thought.response is None) == (CLOSE not in text and (opened or OPEN in text))
