"""Ready mappings, on rows of our own in the shape of each dataset."""

import base64
import json
from typing import Any

import pytest
from ready_rows import FIRST, PRIVATE, ROWS, livecode, packed, turns
from sources import files, questions, references, write

from factory.prompts.collect import Collected, collect
from factory.recipe.mappings import MAPPINGS
from factory.recipe.sources import Files, Hub


def of(folder, name: str, *rows: dict[str, Any]) -> Collected:
    write(folder / "rows.jsonl", rows)
    return collect([files("rows.jsonl", columns=name)], seed=1, base=folder)


@pytest.mark.parametrize(("name", "row", "question", "key"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_becomes_a_prompt(tmp_path, name, row, question, key):
    collected = of(tmp_path, name, row)
    assert questions(collected) == [question]
    assert references(collected) == [key]
    told = collected.prompts.select("verifier", "domain", "license").row(0)
    assert told == (MAPPINGS[name].verifier, MAPPINGS[name].domain, MAPPINGS[name].license)
    assert json.loads(collected.prompts["meta"][0]).keys() == set(MAPPINGS[name].keep)


def test_every_ready_mapping_is_tried():
    tried = {name for name, *_ in ROWS}
    elsewhere = {"openai/gsm8k", "HuggingFaceH4/MATH-500", "AI-MO/NuminaMath-1.5"}  # test_mappings
    assert MAPPINGS.keys() == tried | elsewhere | {"open-r1/OpenR1-Math-220k"}


def good(name: str) -> dict[str, Any]:
    return next(row for dataset, row, *_ in ROWS if dataset == name)


@pytest.mark.parametrize(
    ("name", "changes", "reason", "detail"),
    [
        ("nvidia/OpenMathReasoning", {"problem_type": "converted_proof"}, "not_selected", ""),
        ("simplescaling/s1K", {"cot_type": "crossword"}, "not_selected", "cot_type is 'crossword'"),
        ("AI-MO/NuminaMath-CoT", {"solution": "By induction."}, "no_reference", "read as boxed"),
        (
            "open-r1/Mixture-of-Thoughts",
            {"messages": turns("Sort.", "```cpp\n```")},
            "no_reference",
            "messages, read as boxed_reply, has no key",
        ),
        ("codeparrot/apps", {"input_output": ""}, "no_reference", "input_output is empty"),
        ("codeparrot/apps", {"input_output": "{}"}, "bad_reference", "it has no tests"),
        ("BAAI/TACO", {"input_output": "[1"}, "bad_reference", "JSON was expected"),
        (
            "open-r1/codeforces",
            {"generated_checker": "int main() {}"},
            "bad_reference",
            "checker: a program in Python was expected",
        ),
        ("open-r1/codeforces", {"interaction_format": "…"}, "needs_checker", "it is interactive"),
        ("open-r1/codeforces", {"official_tests_complete": False}, "not_selected", ""),
        ("open-r1/codeforces", {"official_tests": []}, "no_reference", ""),
        (
            "openai/openai_humaneval",
            {"test": "def check(candidate):\n    for n in (1, 2): assert candidate(n, n) > 9"},
            "bad_reference",
            "its own answer is judged incorrect (wrong_answer",
        ),
        (
            "openai/openai_humaneval",
            {"test": "x = 1"},
            "bad_reference",
            "its own answer is judged unverifiable (bad_reference: test 1 of 1, the tests cannot",
        ),
        (
            "openai/openai_humaneval",  # its own program fails its tests
            {"canonical_solution": "    return a - b\n"},
            "bad_reference",
            "its own answer is judged incorrect",
        ),
        ("google-research-datasets/mbpp", {"test_list": []}, "no_question", "test_list is empty"),
        (
            "allenai/IF_multi_constraints_upto5",
            {"ground_truth": "[{'instruction_id': ['last_word:last'], 'kwargs': [{}]}]"},
            "bad_reference",
            "there is no instruction 'last_word:last'",
        ),
        ("allenai/IF_multi_constraints_upto5", {"ground_truth": "5"}, "bad_reference", "no list"),
        ("google/IFEval", {"kwargs": None}, "bad_reference", "no lists of instructions"),
    ],
)
def test_a_row_without_a_usable_key_is_set_aside(tmp_path, name, changes, reason, detail):
    collected = of(tmp_path, name, good(name), good(name) | changes)
    assert collected.prompts.height == 1
    assert collected.set_aside["reason"].to_list() == [reason]
    assert detail in collected.set_aside["detail"][0]


class Program:
    """What a pickle can do when it is loaded."""

    def __reduce__(self) -> Any:
        return (print, ("run",))


@pytest.mark.parametrize(
    ("private", "detail"),
    [
        (packed(Program()), "private_test_cases are a pickle of more than a text"),
        (packed([PRIVATE]), "private_test_cases are a pickle of more than a text"),
        (packed("not a list"), "expected a list of tests"),
        (base64.b64encode(b"x").decode(), "private_test_cases cannot be unpacked"),
        ("???", "private_test_cases cannot be unpacked"),
    ],
)
def test_packed_tests_are_never_loaded(tmp_path, capfd, private, detail):
    name = "livecodebench/code_generation_lite"
    collected = of(tmp_path, name, livecode(""), livecode(private))
    assert references(collected) == [{"tests": [FIRST], "metadata": "{}"}]  # the public one alone
    assert collected.set_aside["reason"].to_list() == ["bad_reference"]
    assert detail in collected.set_aside["detail"][0]
    assert "run" not in capfd.readouterr().out.split()


def test_packed_tests_are_taken_up_to_a_megabyte(tmp_path):
    large = json.dumps([{"input": "x" * 300_000, "output": "y", "testtype": "stdin"}] * 9)
    collected = of(tmp_path, "livecodebench/code_generation_lite", livecode(packed(large)))
    assert len(references(collected)[0]["tests"]) == 1 + 3


def test_a_recipe_has_the_last_word():
    told = {"source": "hub", "dataset": "codeparrot/apps"}
    assert Hub.model_validate(told).verifier == "code"
    own = Hub.model_validate(told | {"verifier": "exact", "license": "CC0-1.0"})
    assert (own.verifier, own.license, own.domain) == ("exact", "CC0-1.0", "code")
    named = {"source": "files", "path": "x.jsonl", "columns": "google/IFEval"}
    assert Files.model_validate(named).verifier == "instructions"
    config = {"source": "hub", "dataset": "google-research-datasets/mbpp", "config": "sanitized"}
    source = Hub.model_validate(config)
    assert source.mapping() is MAPPINGS["google-research-datasets/mbpp:sanitized"]
