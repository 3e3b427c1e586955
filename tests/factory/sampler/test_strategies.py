"""Strategies: which fits which prompt, what the teacher sees, and what the row keeps."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from factory.errors import RecipeError
from factory.recipe.sampling import Sampling, Strategy
from factory.records import digest
from factory.sampler.strategies import Asked, ask, prepare


def prompt(question: str = "How many?", **columns: Any) -> dict[str, Any]:
    row = {"prompt_id": "p", "source": "own", "domain": "math", "language": "en"}
    return row | {"messages": [{"role": "user", "content": question}]} | columns


def asked(row: dict[str, Any], *strategies: dict[str, Any], home: Path = Path()) -> Asked:
    named = [{"name": f"s{n}"} | strategy for n, strategy in enumerate(strategies)]
    return ask(prepare([Strategy.model_validate(s) for s in named], home), row)


# --- which prompt -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "row", "fits"),
    [
        ({}, prompt(), True),
        ({"domains": ["math", "code"]}, prompt(), True),
        ({"domains": ["code"]}, prompt(), False),
        ({"domains": ["code"]}, prompt(domain=None), False),  # not known is not that
        ({"sources": ["own"]}, prompt(), True),
        ({"sources": ["other"]}, prompt(), False),
        ({"languages": ["de"]}, prompt(language="de"), True),
        ({"languages": ["de"]}, prompt(), False),
        ({"min_words": 2}, prompt("two words"), True),
        ({"min_words": 3}, prompt("two words"), False),
        ({"max_words": 2}, prompt("two  \n words "), True),
        ({"max_words": 1}, prompt("two words"), False),
        ({"min_words": 1}, prompt(""), False),
        ({"domains": ["math"], "languages": ["de"]}, prompt(), False),  # all that is named
        ({"domains": ["math"], "languages": ["en"], "max_words": 9}, prompt(), True),
    ],
    ids=str,
)
def test_a_strategy_is_for_the_prompts_that_meet_all_it_names(
    when: dict[str, Any], row: dict[str, Any], fits: bool
):
    assert asked(row, {"when": when}).strategy == ("s0" if fits else None)


def test_words_are_those_of_the_last_turn():
    turns = [("user", "one two three four"), ("assistant", "yes"), ("user", "five")]
    messages = [{"role": role, "content": content} for role, content in turns]
    assert asked(prompt(messages=messages), {"when": {"max_words": 1}}).strategy == "s0"


def test_the_first_that_fits_is_used_and_none_leaves_the_prompt_as_it_is():
    strategies: list[dict[str, Any]] = [
        {"name": "codes", "when": {"domains": ["code"]}, "system": "Code."},
        {"name": "long", "when": {"min_words": 3}, "system": "Long."},
        {"name": "maths", "when": {"domains": ["math"]}, "system": "Maths."},
    ]
    rows = [prompt(domain="code"), prompt("a b c"), prompt("a b"), prompt("a b", domain="stem")]
    assert [asked(row, *strategies).strategy for row in rows] == ["codes", "long", "maths", None]
    assert asked(rows[3], *strategies) == Asked(rows[3]["messages"])


def test_a_share_is_chosen_by_lot_and_always_the_same():
    shares: list[dict[str, Any]] = [
        {"name": "quarter", "when": {"share": 0.25}},
        {"name": "half of the rest", "when": {"share": 0.5}},
    ]
    shares[1]["name"] = "half-of-the-rest"
    rows = [prompt(prompt_id=digest(n)) for n in range(4000)]
    chosen = [asked(row, *shares).strategy for row in rows]
    counts = Counter(chosen)
    assert counts["quarter"] / 4000 == pytest.approx(0.25, abs=0.03)
    assert counts["half-of-the-rest"] / 4000 == pytest.approx(0.375, abs=0.03)
    backwards = [asked(row, *shares).strategy for row in reversed(rows)]
    assert backwards[::-1] == chosen  # a prompt's lot does not hang on its neighbours'


# --- what the teacher sees ----------------------------------------------------------------------

SYSTEM = {"role": "system", "content": "Be kind."}
EARLIER = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]


@pytest.mark.parametrize(
    ("strategy", "before", "turns"),
    [
        ({}, [], [("user", "How many?")]),
        ({"system": "Think."}, [], [("system", "Think."), ("user", "How many?")]),
        (
            {"system": "Think."},
            [SYSTEM],
            [("system", "Think.\n\nBe kind."), ("user", "How many?")],
        ),
        ({}, [SYSTEM], [("system", "Be kind."), ("user", "How many?")]),
        (
            {"question": "Q: {question}\nA:"},
            EARLIER,
            [("user", "Hi"), ("assistant", "Hello"), ("user", "Q: How many?\nA:")],
        ),
    ],
    ids=["as it is", "system", "two systems", "its own system", "question"],
)
def test_a_strategy_is_put_around_the_conversation(
    strategy: dict[str, Any], before: list[dict[str, str]], turns: list[tuple[str, str]]
):
    messages = [*before, {"role": "user", "content": "How many?"}]
    row = prompt(messages=messages)
    kept = json.dumps(row)
    seen = asked(row, strategy)
    assert [(turn["role"], turn["content"]) for turn in seen.messages] == turns
    assert json.dumps(row) == kept  # the row keeps the plain question


def test_a_question_with_braces_is_put_as_it_is():
    row = prompt("What is {question} in {0}?")
    assert asked(row, {"question": "<{question}>"}).messages[-1]["content"] == (
        "<What is {question} in {0}?>"
    )


@pytest.mark.parametrize(
    ("template", "prefill", "says"),
    [
        ("reflect", "", "reflect on whether each step holds"),
        ("boxed", "", "How many?\nPlease reason step by step"),
        ("think_first", "<think>\n", "think inside <think>"),
        ("no_thinking", "<think>\n\n</think>\n\n", "How many?"),
    ],
)
def test_templates_are_ready_and_can_be_overridden(template: str, prefill: str, says: str):
    seen = asked(prompt(), {"template": template})
    assert seen.prefill == prefill
    assert says in "\n".join(turn["content"] for turn in seen.messages)
    own = asked(prompt(), {"template": template, "system": "", "question": "{question}!"})
    assert own.messages == [{"role": "user", "content": "How many?!"}]
    assert own.prefill == prefill


def test_whatever_the_teacher_is_told_is_in_the_settings(tmp_path: Path):
    (tmp_path / "one.jsonl").write_text(EXAMPLES)
    (tmp_path / "two.jsonl").write_text(EXAMPLES.replace("2+2", "3+3"))
    told: list[dict[str, Any]] = [
        {"system": "a"},
        {"system": "b"},
        {"question": "a {question}"},
        {"prefill": "a"},
        {"examples": "one.jsonl"},
        {"examples": "one.jsonl", "shots": 1},
        {"examples": "two.jsonl"},
    ]
    settings = [asked(prompt(), strategy, home=tmp_path).settings for strategy in told]
    assert len({*settings, ""}) == len(told) + 1
    # Name and choice of prompts shape no draw.
    assert (
        asked(prompt(), {"name": "x", "system": "a", "when": {"min_words": 1}}).settings
        == (settings[0])
    )


# --- examples -------------------------------------------------------------------------------------

EXAMPLES = (
    '{"question": "1+1?", "answer": "<think>one and one</think>2"}\n'
    "\n"
    '{"question": "2+2?", "answer": "<think>two, four</think>4", "more": 1}\n'
    '{"question": "never shown", "answer": "3"}\n'
)
FEW: dict[str, Any] = {"name": "few", "template": "few_shot", "examples": "shown.jsonl"}


def test_examples_are_shown_before_the_question(tmp_path: Path):
    (tmp_path / "shown.jsonl").write_text(EXAMPLES)
    seen = asked(prompt(), FEW, home=tmp_path)
    assert [turn["role"] for turn in seen.messages] == [
        "system", "user", "assistant", "user", "assistant", "user",
    ]  # fmt: skip
    assert [turn["content"] for turn in seen.messages[1:]] == [
        "1+1?", "<think>one and one</think>2", "2+2?", "<think>two, four</think>4", "How many?",
    ]  # fmt: skip


def test_line_separators_and_marks_inside_an_example_are_text(tmp_path: Path):
    line = json.dumps({"question": "a\u2028b", "answer": "c\u0085d"}, ensure_ascii=False)
    (tmp_path / "shown.jsonl").write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n")
    seen = asked(prompt(), FEW | {"shots": 1}, home=tmp_path)
    assert [turn["content"] for turn in seen.messages[1:3]] == ["a\u2028b", "c\u0085d"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "shown.jsonl: the examples cannot be read"),
        (b"\xff\xfe{}", "shown.jsonl: the examples cannot be read"),
        (b"\n\nno JSON\n", "shown.jsonl:3: expected a JSON object with `question` and `answer`"),
        (b'{"question": "a"}', "shown.jsonl:1: expected a JSON object.*KeyError: 'answer'"),
        (b'{"question": "a", "answer": null}', "shown.jsonl:1: .*None is no text"),
        (b'{"question": 7, "answer": "b"}', "shown.jsonl:1: .*7 is no text"),
        (b"[1, 2]", "shown.jsonl:1: expected a JSON object"),
        (b"17", "shown.jsonl:1: expected a JSON object"),
        (b'{"question": "a", "answer": "b"}\n\n', "1 examples, and `shots` wants 2"),
        (b"", "0 examples, and `shots` wants 2"),
    ],
    ids=["missing", "encoding", "no JSON", "half", "null", "number", "list", "17", "few", "empty"],
)
def test_bad_examples_are_told_with_their_line(tmp_path: Path, content: bytes | None, said: str):
    if content is not None:
        (tmp_path / "shown.jsonl").write_bytes(content)
    with pytest.raises(RecipeError, match=said):
        prepare([Strategy.model_validate(FEW)], tmp_path)


def test_few_shots_without_examples_are_refused():
    with pytest.raises(RecipeError, match="strategy few: few_shot needs `examples`"):
        prepare([Strategy.model_validate(FEW | {"examples": None})], Path())


@pytest.mark.parametrize(
    ("strategies", "said"),
    [
        ([{"name": "a", "question": "no place for it"}], "expected a text with {question} in it"),
        ([{"name": "a"}, {"name": "a"}], "two strategies are called a"),
        ([{"name": "a", "when": {"share": 0}}], "greater than 0"),
        ([{"name": "with space"}], "pattern"),
    ],
)
def test_mistakes_in_strategies_are_refused(strategies: list[dict[str, Any]], said: str):
    with pytest.raises(ValidationError, match=said):
        Sampling.model_validate({"strategies": strategies})
