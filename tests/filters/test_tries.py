"""A prompt is tried before it is asked: its key must be right, and what is no answer must not."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from needs import a_sandbox, real_data

from filters import own
from filters.tries import faults


def reasons(question: str, reference: object, verifier: str) -> list[str]:
    return [fault.reason for fault in faults(question, reference, verifier)]


@pytest.mark.parametrize(
    ("question", "reference", "verifier", "expected"),
    [
        ("What is 6 * 7?", "42", "math", []),
        ("What is 6 * 7?", "", "math", ["bad_reference"]),
        ("What is 6 * 7?", float("nan"), "math", ["bad_reference"]),  # an empty cell of a table
        ("What is 6 * 7?", "many", "numeric", ["bad_reference"]),
        # A solution went into the question; so it is in a row of Omni-MATH.
        ("How many? First, 6 * 7. The answer is $42$.", "42", "math", ["question_is_right"]),
        (r"Put it like this: \boxed{5}. What is 2 + 3?", "5", "math", ["question_is_right"]),
        ("Who knows?", r"\text{I don't know}", "exact", ["unknown_is_right"]),
        ("Who knows?", {"any_of": ["5", "I don't know"]}, "math", ["unknown_is_right"]),
        ("Is there a largest prime?", "no", "exact", []),
        # A list of options that is said again commits to none of them.
        ("Which is red?\nOptions:\n(A) The sky\n(B) A rose", "B", "choice", []),
        ("Which is red?\nA. The sky  B. Grass\nC. Snow  D. A rose", "D", "choice", []),
        ("Which is red? A) The sky B) Grass C) A rose", "C", "choice", []),
    ],
)
def test_a_prompt_is_tried_both_ways(question, reference, verifier, expected):
    assert reasons(question, reference, verifier) == expected


def test_an_instruction_may_be_followed_by_any_text():
    """ "I don't know" has no comma: that is no fault of the prompt, which asks for more."""
    reference = {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    assert reasons("Write without commas", reference, "instructions") == []


@pytest.mark.xdist_group("sandbox")
@a_sandbox
@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"inputs": ["1 2"], "outputs": ["3"]}, []),
        ({"inputs": ["1 2"], "outputs": ["\n"]}, ["empty_is_right"]),  # nothing is to be written
        ({"asserts": ["assert add(1, 2) == 3"]}, []),
        ({"asserts": ["assert len([1]) == 1"]}, ["bad_reference"]),  # no call of the program's
        ({"function": "add", "tests": [{"arguments": [1, 2], "result": 3}]}, []),
    ],
)
def test_tests_that_test_nothing_are_found(reference: dict[str, Any], expected: list[str]):
    assert reasons("Add two numbers.", reference, "code") == expected


def test_a_verifier_of_one_s_own_is_tried_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "contains.py").write_text("def it(response, key):\n    return key in response\n")
    monkeypatch.setattr(own, "_home", tmp_path)
    assert reasons("The opposite of black?", "white", "contains:it") == []
    assert reasons("Is snow white or black?", "white", "contains:it") == ["question_is_right"]
    # Whether the key is right only the verifier knows; without one, everything is for it to say.
    assert reasons("A haiku, please.", None, "contains:it") == []


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in real_data(name).read_text().splitlines()]


def gsm8k() -> list[tuple[str, object]]:
    rows = lines("gsm8k/test.jsonl")
    return [(row["question"], row["answer"].partition("####")[2].strip()) for row in rows]


def math500() -> list[tuple[str, object]]:
    return [(row["problem"], row["answer"]) for row in lines("math500/math500.jsonl")]


def omni_math() -> list[tuple[str, object]]:
    rows = lines("still_bench/omni_math_num_500.jsonl")
    return [(row["problem"], row["answer"]) for row in rows]


def bbh(name: str) -> list[tuple[str, object]]:
    rows = json.loads(real_data(f"bbh/{name}.json").read_text())["examples"]
    return [(row["input"], row["target"]) for row in rows]


def mmlu(name: str) -> list[tuple[str, object]]:
    rows = csv.reader(real_data(f"decontaminator/{name}.csv").open())
    return [(f"{q}\nA. {a}\nB. {b}\nC. {c}\nD. {d}", key) for q, a, b, c, d, key in rows]


def ifeval() -> list[tuple[str, object]]:
    told = ("instruction_id_list", "kwargs")
    rows = lines("ifeval/input_data.jsonl")
    return [(row["prompt"], {name: row[name] for name in told}) for row in rows]


@pytest.mark.parametrize(
    ("rows", "verifier", "expected"),
    [
        (gsm8k, "math", {}),
        (gsm8k, "numeric", {}),
        (math500, "math", {}),
        (omni_math, "math", {"question_is_right": 1}),  # its question ends with its solution
        (lambda: bbh("word_sorting"), "exact", {}),
        (lambda: bbh("date_understanding"), "choice", {}),
        (lambda: bbh("logical_deduction_five_objects"), "choice", {}),
        (lambda: mmlu("abstract_algebra_test"), "choice", {}),
        (ifeval, "instructions", {}),
    ],
)
def test_real_prompts(rows: Any, verifier: str, expected: dict[str, int]):
    prompts = rows()
    found = (reason for asked, key in prompts for reason in reasons(asked, key, verifier))
    assert dict(Counter(found)) == expected
