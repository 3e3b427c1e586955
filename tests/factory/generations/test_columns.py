"""Columns are found by the names that datasets use, said aloud, and never guessed from the key."""

from typing import Any

import pytest

from factory.errors import RecipeError
from factory.generations.columns import layout_of, said, told

VERL = "question from query, reference from reward_model.ground_truth"
QUESTION = "question from question, reference from answer"
SOLUTION = "question from problem, reference from solution, reference_form boxed"


def found(*columns: str, named: Any = None, dataset: str = "it", **texts: str) -> str:
    """What is said of these columns."""
    first = [dict.fromkeys(columns, "") | texts] if texts else []
    return said(layout_of(named, dataset, [*columns, *texts], first))


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (["messages"], "messages from messages"),
        (["conversations", "id"], "messages from conversations, id from id"),
        (
            ["text", "prompt_language", "domain"],
            "generation from text, domain from domain, language from prompt_language",
        ),
        (["prompt", "completion"], "generation from completion, question from prompt"),
        (["question", "response", "answer"], f"generation from response, {QUESTION}"),
        (["problem", "output", "solution"], f"generation from output, {SOLUTION}"),
        (
            ["query", "response", "reward_model"],
            f"generation from response, {VERL}",
        ),
    ],
)
def test_usual_names_are_known(columns: list[str], line: str):
    assert found(*columns) == line


def test_what_is_asked_in_two_columns_is_one_question():
    line = "generation from output, question from {instruction} {input:optional}"
    assert found("instruction", "input", "output") == line


def test_of_several_conversations_somebody_has_to_say_which():
    talk: Any = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]
    assert found(thread=talk) == "messages from thread"
    with pytest.raises(RecipeError, match='as --columns "messages: chosen"'):
        found(chosen=talk, rejected=talk)


def test_several_generations_come_before_the_one_that_somebody_chose():
    columns = ["problem", "solution", "answer", "generations", "messages", "finish_reasons"]
    line = "generation from generations, question from problem, reference from answer"
    assert found(*columns).startswith(line)
    assert found(*columns, dataset="open-r1/OpenR1-Math-220k").startswith(line)


def test_a_key_that_was_taken_from_the_replies_is_not_used_to_judge_them():
    """The ready mapping of a dataset of replies makes their boxes the key; every reply would be
    right by it."""
    columns = ["conversations", "domain", "source", "difficulty"]
    line = found(*columns, dataset="open-thoughts/OpenThoughts3-1.2M")
    assert line == "messages from conversations, domain from domain"


def test_a_worked_solution_is_taken_only_where_nothing_is_longer():
    worked = "We add both sides. " * 20
    assert "generation from solution" in found("answer", problem="2+2?", solution=worked)
    with pytest.raises(RecipeError, match="reference_form: boxed, generation: code"):
        found(problem="2+2?", solution=worked, code=worked * 5)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("problm", "expected keys and columns"),
        ("{question: [", "not valid YAML"),
        ("questoin: q", "unknown key 'questoin'; did you mean 'question'?"),
        ("open-r1/OpenR1-Math", "did you mean 'open-r1/OpenR1-Math-220k'?"),
    ],
)
def test_what_is_typed_wrong_is_told(named: str, message: str):
    with pytest.raises(RecipeError) as error:
        told(named)
    assert message in str(error.value)


def test_columns_that_are_not_there_are_told_with_those_that_are():
    with pytest.raises(
        RecipeError, match=r"no column 'outpt'; did you mean 'output'\? Columns: q, "
    ):
        found("q", "output", named=told("generation: outpt"))
    with pytest.raises(RecipeError, match="no column is called as generations are; columns: a, b"):
        found("a", "b")


def test_keys_are_named_as_in_a_recipe_and_the_rest_is_found():
    named = told("{question: q, generation: code, where: {split: train}, reference: null}")
    line = found("q", "code", "split", "answer", "finish_reason", named=named)
    assert line == "generation from code, question from q, finish_reason from finish_reason"


def test_a_ready_mapping_can_be_named():
    line = found("question", "response", "answer", named=told("openai/gsm8k"))
    assert "reference_pattern ####" in line
