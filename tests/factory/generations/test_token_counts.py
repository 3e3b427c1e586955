"""Tokens of anybody's generations: by a column, else by the tokenizer that a person names."""

from pathlib import Path

import pytest
from tables import RIGHT, factory, fates, filtered, measured, written
from tokenizers import Tokenizer, models, pre_tokenizers


@pytest.fixture
def by_word(tmp_path: Path) -> Path:
    """The folder of a tokenizer that has a token for each word and mark."""
    words = Tokenizer(models.WordLevel({"[unknown]": 0}, unk_token="[unknown]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    (tmp_path / "tokenizer").mkdir()
    words.save(str(tmp_path / "tokenizer" / "tokenizer.json"))
    return tmp_path / "tokenizer"


def test_tokens_are_counted_where_no_column_has_them(tmp_path: Path, by_word: Path):
    rows = [{"text": "one two three"}, {"text": "one", "num_tokens": 99}, {"text": None}]
    columns = ("--columns", "generation: text, completion_tokens: num_tokens")
    data = written(tmp_path, rows)
    found = measured(data, "--filters", "length", "--tokenizer", by_word, *columns)
    assert found["tokens"].to_list() == [3, 99, None]


def test_a_limit_in_tokens_wants_a_column_or_a_tokenizer(tmp_path: Path, by_word: Path):
    data, rules = written(tmp_path, [{"text": RIGHT}, {"text": "Short."}]), {"max_tokens": 5}
    folder = filtered(data, {"length": rules}, "--tokenizer", by_word)
    assert list(fates(folder).values()) == ["length", "kept"]


def test_a_tokenizer_that_cannot_be_read_is_named(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_text("{}")
    out = tmp_path / "out.parquet"
    data = written(tmp_path, [{"text": "x"}])
    found = factory("measure", data, "--out", out, "--tokenizer", tmp_path)
    assert found.exit_code
    assert "which counts the tokens of samples, cannot be read" in " ".join(found.output.split())
