"""Benchmarks of a recipe: questions, keys and solutions, every row accounted for."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from factory.errors import RecipeError
from factory.ledger import check
from factory.prompts.benchmarks import collect, keys, of_prompts, questions
from factory.prompts.collect import PROMPT, R1
from factory.recipe.sources import Files


def written(folder: Path, *rows: dict[str, Any]) -> None:
    (folder / "set.jsonl").write_text("\n".join(map(json.dumps, rows)))


def source(**more: Any) -> Files:
    columns = {"question": "q", "reference": "a", "keep": ["worked"]}
    return Files.model_validate({"source": "files", "path": "set.jsonl", "columns": columns} | more)


def test_questions_keys_and_solutions_are_taken_and_bad_rows_counted(tmp_path: Path):
    written(
        tmp_path,
        {"q": "What is 2+3?", "a": 5, "worked": "Count on from two."},
        {"q": "", "a": "1"},
        {"q": "Prove it.", "a": None},
    )
    items, accounts = collect([source(name="sums")], tmp_path)
    assert items.rows() == [
        ("sums", "set.jsonl:1", "What is 2+3?", "5", "Count on from two."),
        ("sums", "set.jsonl:3", "Prove it.", None, None),
    ]
    check("benchmarks", accounts)
    assert accounts[0].dropped == {"no_question": 1}


def test_rows_are_taken_from_the_top(tmp_path: Path):
    written(tmp_path, *({"q": f"What is {n}?", "a": n, "worked": None} for n in range(9)))
    items, _ = collect([source(rows=2), source(name="more", rows=3)], tmp_path)
    assert items["benchmark"].to_list() == ["set"] * 2 + ["more"] * 3


def test_a_benchmark_without_questions_is_an_error(tmp_path: Path):
    written(tmp_path, {"q": "", "a": 1, "worked": None})
    with pytest.raises(RecipeError, match="benchmark set: none of its 1 rows is a question"):
        collect([source()], tmp_path)


@pytest.mark.parametrize(
    ("content", "instruction", "question"),
    [
        ("How far?", None, "How far?"),
        ("How far?\n\nBe brief.", "Be brief.", "How far?"),
        (f"How far? {R1}", None, "How far?"),
        ("Be brief.", None, "Be brief."),
    ],
)
def test_a_prompt_is_compared_without_its_instruction(
    content: str, instruction: str | None, question: str
):
    row = {"prompt_id": "p", "source": "tales", "instruction": instruction, "reference": '"5"'}
    row |= {"messages": [{"role": "user", "content": content}]}
    prompts = pl.DataFrame([row], PROMPT)
    assert questions(prompts).to_list() == [question]
    assert of_prompts(prompts).row(0) == ("tales, held out", "p", question, "5", None)


def test_only_a_text_is_a_key():
    prompts = pl.DataFrame(
        {"reference": ['"5"', None, '{"tests": []}', '""']}, {"reference": pl.String}
    )
    assert keys(prompts).to_list() == ["5", None, None, ""]
