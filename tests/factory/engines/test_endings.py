"""How a draw ended, in the words of many servers."""

import pytest

from factory.engines.endings import finished, said_nothing, same
from factory.errors import EngineFailure


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("stop", "stop"),
        ("STOP", "stop"),
        ("FINISH_REASON_STOP", "stop"),
        ("end_turn", "stop"),
        ("eos", "stop"),
        ("eos_token", "stop"),
        ("stop_sequence", "stop"),
        ("COMPLETE", "stop"),
        ("length", "length"),
        ("MAX_TOKENS", "length"),
        ("max_output_tokens", "length"),
        ("model_length", "length"),
        ("model_context_window_exceeded", "length"),
        ("repetition", "loop"),
    ],
)
def test_words_are_read_by_their_meaning_and_kept(word: str, meaning: str):
    assert finished(word) == (meaning, None if word == meaning else word)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("content_filter", "refusal"),
        ("SAFETY", "refusal"),
        ("RECITATION", "refusal"),
        ("refusal", "refusal"),
        ("tool_calls", "unfinished"),
        ("function_call", "unfinished"),
        ("error", "unfinished"),
        ("abort", "unfinished"),
        ("sojourn", "unfinished"),
        (None, "unfinished"),
        ("", "unfinished"),
        ({}, "unfinished"),
        (1, "unfinished"),
    ],
)
def test_other_words_are_failures_that_repeat_them(word: object, reason: str):
    with pytest.raises(EngineFailure) as caught:
        finished(word)
    assert caught.value.reason == reason
    assert repr(word) in str(caught.value)


def test_some_words_before_the_end_say_nothing():
    assert all(said_nothing(word) for word in (None, "", "null", "None", " "))
    assert not said_nothing("stop")
    assert same("stop", "eos")
    assert not same("stop", "length")
