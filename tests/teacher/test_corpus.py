"""Web-like text for a tiny base: careful rows are right, guesses guess, none is held out."""

import random
from collections import Counter
from typing import Any

import pytest

from factory.models.chat import Message
from factory.prompts.collect import prompt_id
from factory.recipe.models import Mix
from filters.format import well_formed
from filters.text.answer import extract
from filters.text.thinking import split
from teacher.corpus import CHAINS, answer, conversations, running_sum

ASK = "State the final answer to the following arithmetic problem: "
OPTIONS: dict[str, Any] = {"min_terms": 2, "max_terms": 4, "min_digits": 1, "max_digits": 1}
WANTED: dict[str, Any] = {"rows": 200, "mix": Mix(careful=0.6, guess=0.3), "seed": 5}


def made(**changes: Any) -> list[list[Message]]:
    settings: dict[str, Any] = WANTED | {"held_out": set()} | changes
    return list(conversations("chain_sum", OPTIONS, **settings))


@pytest.mark.parametrize(
    ("expression", "chain", "total"),
    [
        ("4 + 3 =", "4+3=7", 7),
        ("4 - 1 - 7 =", "4-1=3\n3-7=-4", -4),
        ("-3 + 12 - 10 =", "-3+12=9\n9-10=-1", -1),  # a first term may have a sign
        ("10 - 200 + 3000 =", "10-200=-190\n-190+3000=2810", 2810),
        ("5 =", "", 5),  # nothing to add
    ],
)
def test_a_careful_chain_has_a_line_a_step(expression: str, chain: str, total: int):
    assert running_sum(ASK + expression, random.Random(0)) == (chain, total)


@pytest.mark.parametrize(
    ("mix", "expected"),
    [
        (Mix(careful=1, guess=0), "<think>\n7-9=-2\n-2+4=2\n</think>\n\\boxed{2}"),
        (Mix(careful=0, guess=1), "<think>\n\n</think>\n\\boxed{5}"),  # off by a few
        (Mix(careful=0, guess=0), "5"),  # no form at all
    ],
)
def test_the_mix_says_what_kind_a_row_is(mix: Mix, expected: str):
    assert answer("chain_sum", ASK + "7 - 9 + 4 =", mix, random.Random(0)) == expected


def test_kinds_come_in_the_shares_that_were_asked_for():
    kinds = Counter[str]()
    right = 0
    for turns in made(rows=1000):
        text = turns[-1]["content"]
        thought = split(text)
        careful = well_formed(text)
        kinds["careful" if careful else "guess" if thought.reasoning is not None else "bare"] += 1
        if careful:
            _, total = CHAINS["chain_sum"](turns[0]["content"], random.Random(0))
            right += extract(thought.response or "") == str(total)
    assert right == kinds["careful"]  # who reasons with care is right
    assert kinds["careful"] == pytest.approx(600, abs=50)
    assert kinds["guess"] == pytest.approx(300, abs=50)


def test_rows_are_questions_of_the_task_and_the_same_for_the_same_seed():
    rows = made()
    assert len(rows) == WANTED["rows"]
    assert all([turn["role"] for turn in turns] == ["user", "assistant"] for turns in rows)
    assert all(turns[0]["content"].startswith(ASK) for turns in rows)
    assert made() == rows
    assert made(seed=6) != rows


def test_an_instruction_stands_after_every_question():
    for plain, instructed in zip(made(), made(instruction="Think first."), strict=True):
        assert instructed[0]["content"] == plain[0]["content"] + "\n\nThink first."
        assert instructed[1] == plain[1]


@pytest.mark.parametrize("instruction", [None, "Think first."])
def test_no_row_asks_what_is_held_out(instruction: str | None):
    def ids(rows: list[list[Message]]) -> set[str]:
        return {
            prompt_id([{"role": "user", "content": turns[0]["content"]}], [instruction or ""])
            for turns in rows
        }

    held_out = set(sorted(ids(made()))[:50])  # whatever stood behind the questions there
    rows = made(held_out=held_out, instruction=instruction)
    assert len(rows) == WANTED["rows"]
    assert held_out.isdisjoint(ids(rows))


def test_too_few_questions_are_an_error_and_not_fewer_rows():
    options = OPTIONS | {"max_terms": 2}
    asked = (f"{ASK}{a} {sign} {b} =" for a in range(10) for b in range(10) for sign in "+-")
    every = {prompt_id([{"role": "user", "content": question}]) for question in asked}
    with pytest.raises(ValueError, match="all but 0 questions are held out; 200 wanted"):
        list(conversations("chain_sum", options, **WANTED, held_out=every))
