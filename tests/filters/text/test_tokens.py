"""Counting tokens: what `tokenizers` says, by the fast one where that says the same."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers

from filters.text import tokens
from filters.text.tokens import ODD, TokenCounter, _as_one

TEXTS = [*ODD, "So 12 + 7 = 19. " * 50, None, "  12  x 3\n\n\n 4.5e6 "] * 3


def smollm_like() -> Tokenizer:
    """Byte-level BPE whose digits stand alone, with special tokens."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train_from_iterator([text for text in TEXTS if text], trainer)
    made.add_special_tokens([AddedToken("<|im_end|>", special=True), "<think>"])
    return made


def expected(tokenizer: Tokenizer, texts: Sequence[str | None]) -> list[int | None]:
    return [
        None if text is None else len(tokenizer.encode(text, add_special_tokens=False).ids)
        for text in texts
    ]


class Fast:
    """Stands in for fastokens: reads as `tokenizers` does, but for `wrong` texts and for `bad`."""

    def __init__(self, told: str, wrong: str | None = None, bad: str | None = None):
        self.tokenizer, self.wrong, self.bad = Tokenizer.from_str(told), wrong, bad
        self.read = 0

    def encode_batch_flat(self, texts: list[str]) -> tuple[bytes, bytes]:
        if self.bad in texts:
            raise BaseException("a panic of Rust")
        self.read += len(texts)
        rows = [self.tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        rows = [
            [*ids, 0] if text == self.wrong else ids for text, ids in zip(texts, rows, strict=True)
        ]
        ends = np.cumsum([0, *map(len, rows)])
        return np.concatenate(rows).astype(np.uint32).tobytes(), ends.astype(np.uint64).tobytes()


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Installs a fast tokenizer, which then has read texts after the first hundred characters."""

    def install(**faults: str) -> list[Fast]:
        made: list[Fast] = []

        def from_json_str(told: str) -> Fast:
            made.append(Fast(told, **faults))
            return made[-1]

        module = SimpleNamespace(Tokenizer=SimpleNamespace(from_json_str=from_json_str))
        monkeypatch.setitem(sys.modules, "fastokens", module)
        monkeypatch.setattr(tokens, "TRIED", 100)
        monkeypatch.setattr(tokens, "AT_ONCE", 200)
        return made

    return install


def test_the_fast_one_goes_on_where_it_reads_the_first_texts_alike(fast: Any):
    made, said, tokenizer = fast(), [], smollm_like()
    counts = TokenCounter.of(tokenizer, said.append).counts(pl.Series("texts", TEXTS))
    assert counts.to_list() == expected(tokenizer, TEXTS)
    assert (counts.dtype, counts.name) == (pl.Int32(), "texts")
    assert made[0].read > 40
    assert not said


@pytest.mark.parametrize("wrong", ["<|im_end|>", "<think>", ODD[3]])
def test_other_ids_for_odd_texts_are_seen_before_it_counts_a_text(fast: Any, wrong: str):
    fast(wrong=wrong)
    said, tokenizer = [], smollm_like()
    texts = ["So 12 + 7 = 19. " * 50] * 5 + [wrong]
    counts = TokenCounter.of(tokenizer, said.append).counts(pl.Series(texts))
    assert counts.to_list() == expected(tokenizer, texts)
    assert len(said) == 1
    assert "other than the" in said[0]
    assert "of tokenizers, which counts from here on" in said[0]


def test_some_of_the_later_texts_are_read_by_both(fast: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tokens, "ONE_IN", 1)
    fast(wrong="x" * 60)
    said, tokenizer = [], smollm_like()
    texts = ["So 12 + 7 = 19. " * 50] * 3 + ["x" * 60, "y" * 60]
    counts = TokenCounter.of(tokenizer, said.append).counts(pl.Series(texts))
    assert counts.to_list() == expected(tokenizer, texts)
    assert len(said) == 1


def test_a_text_on_which_it_fails_is_read_by_the_other(fast: Any):
    made = fast(bad=" " * 300)
    said, tokenizer = [], smollm_like()
    texts = ["So 12 + 7 = 19. " * 50] * 3 + [" " * 300, "So 4.", " " * 300] + ["Then 5. " * 40] * 3
    counts = TokenCounter.of(tokenizer, said.append).counts(pl.Series(texts))
    assert counts.to_list() == expected(tokenizer, texts)
    assert said == ["fastokens fails on some texts (a panic of Rust): tokenizers counts these"]
    assert made[0].read > len(ODD)


def test_without_it_a_word_is_said_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "fastokens", None)
    monkeypatch.setattr(tokens, "TRIED", 100)
    said, tokenizer = [], smollm_like()
    counter = TokenCounter.of(tokenizer, said.append)
    assert counter.counts(pl.Series(TEXTS)).to_list() == expected(tokenizer, TEXTS)
    assert counter.counts(pl.Series(TEXTS)).to_list() == expected(tokenizer, TEXTS)
    assert said == ["fastokens is not installed: tokenizers counts tokens, which takes longer"]


def test_few_texts_are_not_worth_it():
    said, tokenizer = [], smollm_like()
    counts = TokenCounter.of(tokenizer, said.append).counts(pl.Series(TEXTS[:9]))
    assert counts.to_list() == expected(tokenizer, TEXTS[:9])
    assert not said


def test_no_texts_and_only_nulls():
    counter = TokenCounter.of(smollm_like())
    assert counter.counts(pl.Series([], dtype=pl.String)).to_list() == []
    assert counter.counts(pl.Series([None, None], dtype=pl.String)).to_list() == [None, None]


def test_a_folder_is_read_and_limits_in_it_do_not_count(tmp_path: Path):
    tokenizer = smollm_like()
    whole = expected(tokenizer, TEXTS)
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    for place in (tmp_path, tmp_path / "tokenizer.json"):
        assert TokenCounter(place).counts(pl.Series(TEXTS)).to_list() == whole


def test_a_file_that_is_none(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        TokenCounter(tmp_path)
    (tmp_path / "tokenizer.json").write_text('{"model": {}}')
    with pytest.raises(ValueError, match="tokenizers cannot read this"):
        TokenCounter(tmp_path)


def test_one_pattern_for_digits_apart_splits_the_same():
    import json

    tokenizer = smollm_like()
    told = json.loads(tokenizer.to_str())
    other = Tokenizer.from_str(json.dumps(_as_one(told)))
    assert _as_one(told) != told
    others = ["a  5", "5  5 \n ", " ½x", " \n7", "it's 5's", " 's"]
    for text in [text for text in [*TEXTS, *others] if text]:
        assert other.encode(text).ids == tokenizer.encode(text).ids, text


def test_the_real_one_reads_alike(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tokens, "TRIED", 100)
    monkeypatch.setattr(tokens, "ONE_IN", 2)
    said, tokenizer = [], smollm_like()
    counter = TokenCounter.of(tokenizer, said.append)
    texts = [*TEXTS, " " * 200_000, "<|im_end|>" * 1000]
    for _ in range(2):
        assert counter.counts(pl.Series(texts)).to_list() == expected(tokenizer, texts)
    assert [words for words in said if "fails on some texts" not in words] == []
