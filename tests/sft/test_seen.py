"""What a student would see: thinking, ids, end tokens and lengths of every row, by its template."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from families import FAMILIES, model_folder, real_tokenizer, tokenizer
from versions import described

from factory.cli import main
from factory.errors import RecipeError
from factory.models import at
from factory.versions.write import write
from sft.seen import blind, named, seen, table

THOUGHT = "<think>\nTwo and two.\n\nThat is four.\n</think>\n\n"
TEXTS = {
    "a": THOUGHT + r"It is \boxed{4}.",
    "b": r"Only \boxed{4}.",
    "c": THOUGHT + "long " * 300,
    "d": THOUGHT + "It ends <|im_end|> here.",
}


def turns(reply: str, *before: str) -> list[dict[str, str]]:
    system = [{"role": "system", "content": text} for text in before]
    asked = {"role": "user", "content": "What is 2+2?"}
    return [*system, asked, {"role": "assistant", "content": reply}]


def version(home: Path, rows: dict[str, list[dict[str, str]]]) -> Path:
    table = pl.DataFrame({"sample_id": list(rows), "messages": list(rows.values())})
    decisions = pl.DataFrame({"sample_id": list(rows), "fate": ["chosen"] * len(rows)})
    return write(home, lambda _: [table], {}, described(decisions))[0]


def quiet(*_: Any, **__: Any) -> None:
    """A report that nobody reads."""


@pytest.fixture
def chatml(tmp_path: Path) -> Path:
    """A student whose tokenizer has chatml's tokens and no template."""
    return model_folder(tmp_path / "chatml", tokenizer(("<|im_start|>", "<|im_end|>")))


def look(folder: Path, student: Path, context: int | None = None) -> dict[str, Any]:
    [told] = seen(folder, [(at(student), context)], quiet)
    return told


def test_what_training_would_make_of_rows_is_counted(tmp_path: Path, chatml: Path):
    folder = version(tmp_path / "versions", {id: turns(text) for id, text in TEXTS.items()})
    told = look(folder, chatml, 256)
    assert told["template"] == "it has no chat template, so it trains with chatml"
    assert (told["rows"], told["thinking"], told["thinking_kept"]) == (4, 3, 3)
    assert (told["round_trip"], told["one_end"]) == (4, 3)
    assert told["left_out"] == {"end_token_inside": 1}
    assert (told["context"], told["over_context"], told["over"]["4096"]) == (256, 1, 0)
    assert told["tokens"]["max"] > 256 > told["tokens"]["p50"]
    assert 0 < told["loss_tokens"]["total"] < told["tokens"]["total"]
    assert (told["nothing"], blind([told])) == (0, [])


def test_the_tokens_in_the_loss_are_those_of_training(tmp_path: Path, chatml: Path):
    from factory.models.student_template import learner
    from sft.template import render

    folder = version(tmp_path / "versions", {"a": turns(TEXTS["a"])})
    learns = learner(at(chatml))
    row = render(learns.tokenizer, learns.template, turns(TEXTS["a"]))  # type: ignore[arg-type]
    told = look(folder, chatml)
    assert told["loss_tokens"]["total"] == row.trained_tokens
    assert told["tokens"]["total"] == len(row.input_ids)


def test_rows_that_teach_nothing_are_named(tmp_path: Path, chatml: Path):
    folder = version(tmp_path / "versions", {"a": turns(TEXTS["a"]), "empty": turns(" \n")})
    told = look(folder, chatml)
    assert (told["nothing"], told["examples"]) == (1, ["empty"])
    assert blind([told]) == ["1 of 2 rows teach chatml nothing, as empty"]
    result = CliRunner().invoke(main, ["students", str(folder), "--model", str(chatml)])
    assert result.exit_code == 1
    assert "1 of 2 rows teach chatml nothing, as empty" in result.output


REFUSES = """{%- if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}
{%- for turn in messages %}{{ '<|im_start|>' + turn.role + '\n' + turn.content + '<|im_end|>\n' }}
{%- endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""


def test_rows_that_a_template_refuses_teach_nothing(tmp_path: Path):
    own = tokenizer(("<|im_start|>", "<|im_end|>"), template=REFUSES)
    student = model_folder(tmp_path / "strict", own)
    rows = {"a": turns(TEXTS["a"]), "b": turns(TEXTS["b"], "Be careful.")}
    told = look(version(tmp_path / "versions", rows), student)
    assert told["left_out"] == {"refused_by_template": 1}
    assert (told["nothing"], told["examples"]) == (1, ["b"])


@pytest.mark.parametrize("name", FAMILIES)
def test_thinking_survives_in_real_families(tmp_path: Path, name: str):
    student = model_folder(tmp_path / "student", real_tokenizer(name))
    folder = version(tmp_path / "versions", {id: turns(TEXTS[id]) for id in "abc"})
    if name == "gpt-oss":  # nobody can be trained with it as it is
        with pytest.raises(RecipeError, match="its own template writes the date of the day"):
            look(folder, student)
        return
    told = look(folder, student)
    assert (told["thinking"], told["thinking_kept"]) == (2, 2), told["template"]
    assert told["round_trip"] == told["one_end"] == told["rows"] == 3
    assert told["nothing"] == 0


def test_a_recipe_names_its_students():
    other = {"path": "org/b", "context": 4096}
    recipe = {"student": {"base": {"path": "org/a"}}, "dataset": {"students": [other]}}
    assert [(one.path, one.context) for one in named(recipe)] == [("org/a", None), ("org/b", 4096)]
    assert named({"student": {"base": {"tiny": "qwen2"}}}) == []


def test_all_that_was_counted_is_to_be_had(tmp_path: Path, chatml: Path):
    folder = version(tmp_path / "versions", {"a": turns(TEXTS["a"])})
    arguments = ["students", str(folder), "--model", str(chatml), "--context", "64", "--json"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    [told] = json.loads(result.output)
    assert (told["student"], told["context"]) == ("chatml", 64)
    assert len(table([told])) == 2


def test_somebody_must_be_named(tmp_path: Path):
    folder = version(tmp_path / "versions", {"a": turns(TEXTS["a"])})
    result = CliRunner().invoke(main, ["students", str(folder)])
    assert result.exit_code == 1
    assert "its recipe names no students; name some with --model" in result.output
