"""Questions out of turns, of several columns, and from inside a text."""

from typing import Any

import pytest
from pydantic import ValidationError
from sources import aside, files, questions, write

from factory.prompts.collect import Collected, collect
from factory.recipe.mapping import Mapping

GOOD = [{"role": "user", "content": "a good one"}]


def of(folder, value: Any, **mapping: Any) -> Collected:
    """What a column of turns becomes, behind a good one."""
    write(folder / "rows.jsonl", [{"m": GOOD, "a": "1"}, {"m": value, "a": "2", "s": "Be brief."}])
    columns = Mapping(messages="m", reference="a", **mapping)
    return collect([files("rows.jsonl", columns=columns)], seed=1, base=folder)


def turns(*pairs: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in pairs]


ASKED = turns(("system", "Be brief."), ("user", "1+1?"))


@pytest.mark.parametrize(
    "value",
    [
        ASKED,
        [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "1+1?"}],
        turns(("developer", "Be brief."), ("user", "1+1?"), ("model", "2")),
        '[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1?"}]',
        "[{'role': 'system', 'content': 'Be brief.'}, {'role': 'user', 'content': '1+1?'}]",
        turns(("system", "Be brief."), ("user", [{"type": "text", "text": "1+1?"}])),
        turns(("system", ["Be brief."]), ("user", [{"type": "input_text", "text": "1+1?"}])),
        [  # what comes after the last question is an answer, tools and all
            *ASKED,
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
            *turns(("tool", "2"), ("assistant", "It is 2.")),
        ],
    ],
)
def test_turns_are_read_in_each_dialect(tmp_path, value):
    assert of(tmp_path, value).prompts["messages"][1].to_list() == ASKED


@pytest.mark.parametrize(
    ("value", "reason", "detail"),
    [
        (turns(("user", "a"), ("tool", "b"), ("user", "c")), "tool_turn", "a turn of a tool"),
        (turns(("function_call", "b"), ("user", "c")), "tool_turn", "a turn of a tool"),
        (
            turns(("user", [{"type": "image_url", "image_url": {"url": "x"}}])),
            "not_text",
            "m has a part of type 'image_url': only text is asked",
        ),
        (turns(("critic", "a")), "wrong_type", "m has a turn of 'critic'; known are system"),
        (turns(("user", None)), "wrong_type", "the content of a turn of user in m is empty"),
        (turns(("assistant", "2")), "no_question", "m has no user turn, only assistant"),
        (turns(("user", " ")), "no_question", "the last user turn of m has no text"),
        ("1+1?", "wrong_type", "a column of plain text is named as `question`"),
        ("[1, 2", "wrong_type", "expected turns with role and content, or from and value"),
    ],
)
def test_turns_that_cannot_be_asked_are_named(tmp_path, value, reason, detail):
    collected = of(tmp_path, value)
    assert aside(collected) == [("rows.jsonl:2", reason)]
    assert detail in collected.set_aside["detail"][0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (turns(("user", "1+1?")), ASKED),
        (ASKED, ASKED),  # once
        (turns(("system", "Be long."), ("user", "1+1?")), "wrong_type"),
    ],
)
def test_a_system_prompt_may_have_a_column(tmp_path, value, expected):
    collected = of(tmp_path, value, system="s")
    assert collected.prompts["messages"][0].to_list() == GOOD  # its cell is empty
    if expected == "wrong_type":
        assert aside(collected) == [("rows.jsonl:2", "wrong_type")]
    else:
        assert collected.prompts["messages"][1].to_list() == expected


def test_a_column_of_turns_that_is_named_as_the_question_is_told(tmp_path):
    write(tmp_path / "rows.jsonl", [{"q": "x?", "a": "1"}, {"q": GOOD, "a": "2"}])
    collected = collect([files("rows.jsonl")], seed=1, base=tmp_path)
    assert "a column of turns is named as `messages`" in collected.set_aside["detail"][0]


@pytest.mark.parametrize(
    ("pattern", "row", "expected"),
    [
        ("{q}\n\n{o}", {"q": "Best?", "o": ["Paris", "Rome"]}, "Best?\n\nA. Paris\nB. Rome"),
        ("{q}\n{o}", {"q": "Best?", "o": "['Paris', 'Rome']"}, "Best?\nA. Paris\nB. Rome"),
        ("{q}\n{o}", {"q": "Best?", "o": {"A": "Paris", "B": "Rome"}}, "Best?\nA. Paris\nB. Rome"),
        (
            "{q}\n{o}",  # as ARC keeps them
            {"q": "Best?", "o": {"label": ["1", "2"], "text": ["Paris", "Rome"]}},
            "Best?\n1. Paris\n2. Rome",
        ),
        ("{o.A} or {o.B}?", {"o": {"A": "Tea", "B": "milk"}}, "Tea or milk?"),
        ("{q} ({n})", {"q": "Best?", "n": 3}, "Best? (3)"),
        (r"{q} \boxed{{}}", {"q": "Best?"}, r"Best? \boxed{}"),
        ("Tests:\n{t:lines}", {"t": ["assert f(1)", "f(2)"]}, "Tests:\nassert f(1)\nf(2)"),
        (
            "{t}",
            {"t": [{"input": "1\n", "output": "2\n"}, {"input": "3\n", "output": "4\n"}]},
            "input:\n1\noutput:\n2\n\ninput:\n3\noutput:\n4",
        ),
        ("{q}\n\n{hint:optional}", {"q": "Best?", "hint": ""}, "Best?"),
        ("{q}\n\n{hint:optional}", {"q": "Best?", "hint": "Tea."}, "Best?\n\nTea."),
        ("{q}\n\n{o}", {"q": "Best?", "o": []}, ("no_question", "o is empty")),
        ("{q}\n\n{o}", {"q": "Best?", "o": None}, ("no_question", "o is empty")),
        ("{q}{o}", {"q": "?", "o": list("x" * 27)}, ("wrong_type", "o has 27 entries, more than")),
        ("{q}{o}", {"q": "?", "o": [["x"]]}, ("wrong_type", "o has ['x'], expected text")),
    ],
)  # fmt: skip
def test_a_question_is_composed_of_columns(tmp_path, pattern, row, expected):
    blank = dict.fromkeys(row, "x")
    write(
        tmp_path / "rows.jsonl", [blank | {"o": {"A": "1", "B": "2"}, "a": "0"}, row | {"a": "1"}]
    )
    mapping = Mapping(compose=pattern, reference="a")
    collected = collect([files("rows.jsonl", columns=mapping)], seed=1, base=tmp_path)
    if isinstance(expected, str):
        assert questions(collected)[1] == expected
    else:
        assert aside(collected) == [("rows.jsonl:2", expected[0])]
        assert expected[1] in collected.set_aside["detail"][0]


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ({"compose": "Solve it."}, "names no column; write it in braces"),
        ({"compose": r"{q} \boxed{}"}, r"a brace stands alone at '\{\}': columns stand in braces"),
        ({"compose": "{q", "reference": "a"}, "a brace stands alone"),
        ({"compose": "{q}", "question": "q"}, "name one of `question`"),
        ({"compose": "{q}", "question_pattern": "(.*)"}, "question_pattern looks inside a column"),
    ],
)
def test_a_pattern_that_makes_no_question(mapping, expected):
    with pytest.raises(ValidationError, match=expected):
        Mapping(**mapping)


def test_a_question_can_be_taken_out_of_what_stands_around_it(tmp_path):
    rows = [{"q": "Solve: 1+1? Be brief.", "a": "2"}, {"q": "Nothing", "a": "1"}]
    write(tmp_path / "rows.jsonl", rows)
    mapping = Mapping(question="q", question_pattern="Solve: (.*) Be brief", reference="a")
    collected = collect([files("rows.jsonl", columns=mapping)], seed=1, base=tmp_path)
    assert questions(collected) == ["1+1?"]
    assert aside(collected) == [("rows.jsonl:2", "no_question")]
