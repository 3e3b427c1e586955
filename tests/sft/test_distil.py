"""Distilling accounts for every row and every trained token, and drops what it must not cut."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from families import model_folder, tokenizer

from factory.errors import LedgerError, StageError
from factory.ledger import Account
from factory.models import Located, at
from factory.models.chat import Message, load_tokenizer, prompt_ids
from factory.recipe.student import Student
from sft.distil import distil
from sft.rows import ROW
from teacher import tiny

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine")]

REPLIES = {
    "short": "<think>\n1+1=2\n</think>\n\\boxed{2}",
    "long": "<think>\n" + "1+1=2\n" * 50 + "</think>\n\\boxed{2}",
    "spells the end": "<think>\n1+1=2<|im_end|>\n</think>\n\\boxed{2}",
}


def rows(*ids: str) -> pl.DataFrame:
    question = {"role": "user", "content": "1 + 1 ="}
    messages = [[question, {"role": "assistant", "content": REPLIES[id]}] for id in ids]
    return pl.DataFrame({"sample_id": ids, "messages": messages})


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    tokenizer = tiny.make_tokenizer(list(REPLIES.values()), 400)
    size = {"hidden": 64, "layers": 1, "heads": 2, "max_length": 256}
    tiny.save(tiny.make_model("llama", tokenizer, **size, seed=1), tokenizer, folder)
    return folder


@pytest.fixture
def student() -> Student:
    training = {"epochs": 1, "batch_size": 1, "max_length": 60}
    return Student.model_validate({"base": {"tiny": "llama"}, "training": training})


def distilled(base: Located, table: pl.DataFrame, student: Student, folder: Path) -> list[Account]:
    return distil(
        base,
        table.iter_slices(2),
        table["sample_id"],
        student,
        seed=1,
        out=folder / "model",
        table=folder / "rows.parquet",
        checkpoints=folder / "checkpoints",
        report=lambda *_, **__: None,
    )


def test_every_row_has_a_fate_and_every_token_is_counted(
    base: Path, student: Student, tmp_path: Path
):
    by_row, by_token = distilled(at(base), rows(*REPLIES), student, tmp_path)
    table = pl.read_parquet(tmp_path / "rows.parquet")
    assert table.schema == ROW
    fates = dict(table.select("sample_id", "fate").iter_rows())
    assert fates == {"short": "trained", "long": "too_long", "spells the end": "end_token_inside"}
    assert by_row.left == 1
    assert by_row.dropped == {"too_long": 1, "end_token_inside": 1}
    assert by_token.left == table.filter(fate="trained")["trained_tokens"].item()
    assert not by_row.open
    assert not by_token.open
    assert table["tokens"].equals(table["input_ids"].list.len().cast(pl.Int32), check_names=False)
    assert (table["reply_start"] + table["trained_tokens"] == table["tokens"]).all()


def test_nothing_to_train_on_is_said(base: Path, student: Student, tmp_path: Path):
    with pytest.raises(StageError, match=r"none of 1 rows can be trained on: \{'too_long': 1\}"):
        distilled(at(base), rows("long"), student, tmp_path)


def test_a_row_that_is_missing_is_missed(base: Path, student: Student, tmp_path: Path):
    table = rows(*REPLIES)
    with pytest.raises(LedgerError, match=r"rows: .* 1 came in and are nowhere: spells the end"):
        distil(
            at(base),
            [table.head(2)],
            table["sample_id"],
            student,
            seed=1,
            out=tmp_path / "model",
            table=tmp_path / "rows.parquet",
            checkpoints=tmp_path / "checkpoints",
            report=lambda *_, **__: None,
        )


BARE: dict[str, tuple[bool, str]] = {
    "chatml": (True, "<|im_end|>"),  # tokens that are new, so that the embeddings grow
    "chatml, untied": (False, "<|im_end|>"),
    "plain": (True, "</s>"),
}


@pytest.mark.parametrize("named", BARE)
def test_a_base_without_chat_tokens_learns_the_template_that_is_named(named: str, tmp_path: Path):
    from transformers import AutoModelForCausalLM, GenerationConfig

    tied, end = BARE[named]
    folder = model_folder(tmp_path / "base", tokenizer(("</s>",)), tied=tied)
    learnt = {"epochs": 2, "batch_size": 1, "max_length": 60, "learning_rate": 1e-3}
    student = Student.model_validate({"base": {"path": str(folder)}, "training": learnt})
    base = at(folder).model_copy(update={"template": named.partition(",")[0]})
    by_row, _ = distilled(base, rows("short"), student, tmp_path)
    assert by_row.left == 1
    # Whoever loads the folder asks and stops as it was trained.
    again: Any = load_tokenizer(tmp_path / "model")
    model: Any = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    ids = pl.read_parquet(tmp_path / "rows.parquet")["input_ids"][0].to_list()
    question: list[Message] = [{"role": "user", "content": "1 + 1 ="}]
    asked = prompt_ids(again, question)
    assert ids[: len(asked)] == asked
    assert model.get_input_embeddings().num_embeddings >= max(ids) + 1
    shared = model.get_input_embeddings().weight is model.get_output_embeddings().weight
    assert shared is tied
    end_id = again.convert_tokens_to_ids(end)
    assert ids[-1] == end_id == again.eos_token_id == model.config.eos_token_id
    assert GenerationConfig.from_pretrained(tmp_path / "model").eos_token_id in (end_id, [end_id])
