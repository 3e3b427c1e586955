"""Nothing that a stranger wrote acts on a terminal, and what a person can read stays as it is."""

import json

import pytest
from hostile_texts import HOSTILE, raw

from filters.text.visible import as_json, visible


def test_there_are_many():
    assert len(set(HOSTILE.values())) == len(HOSTILE) >= 160


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
@pytest.mark.parametrize("newlines", [False, True])
def test_nothing_comes_out_raw(text: str, newlines: bool):
    shown = visible(f"before {text} after", newlines)
    assert not raw(shown)
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert visible(shown, newlines) == shown
    shown.encode()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_json_is_safe_and_the_same_document(text: str):
    told = as_json({"text": text, text: [1]})
    assert not raw(told)
    assert json.loads(told) == {"text": text, text: [1]}
    told.encode()


@pytest.mark.parametrize(
    "text",
    [
        "So x² ≤ 5, thus \\boxed{\\frac{1}{2}}.",
        "所以答案是　42。",  # with a blank as wide as a letter
        "l\u2019été à 20\u00a0°C, 5\u202f000 €",
        "उत्तर ५ है, क्\u200dष",  # a joiner that shapes letters
        "\u0645\u06cc\u200c\u062e\u0648\u0627",  # and one that parts them
        "👩\u200d🔬 says ❤\ufe0f and ✔\ufe0e",
        "e\u0301, ệ as e\u0323\u0302",
        "[bold]no markup[/bold] :smile: {x} %s",
    ],
)
def test_what_can_be_read_stays(text: str):
    assert visible(text) == text


def test_ends_of_lines_are_kept_where_asked():
    text = "one\r\ntwo\tthree\rfour\n"
    assert visible(text, newlines=True) == "one\ntwo\tthree\\rfour\n"
    assert visible(text) == "one\\r\\ntwo\\tthree\\rfour\\n"


def test_a_joiner_among_other_letters_is_shown():
    assert visible("pass\u200dword ❤\ufe0f\ufe0f") == "pass\\u200dword ❤\\ufe0f\\ufe0f"


def test_marks_beyond_eight_are_shown():
    assert visible("a" + "\u0301" * 10) == "a" + "\u0301" * 8 + "\\u0301" * 2
