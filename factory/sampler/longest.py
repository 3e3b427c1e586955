"""The longest prompt, as a model is asked: an engine needs room for it and its draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from factory.models import Located
from factory.models.chat import Message, tokenizers_on_all_cores
from factory.models.chat import prompts as prompts_of
from factory.models.thinking_tags import Speech, speech_of
from factory.recipe.sampling import QUESTION
from factory.sampler.prompt_state import Asker
from factory.sampler.strategies import Asked, Prepared, ask

BATCH = 128
"""Prompts tokenised at once."""


def longest_prompt(model: Located | str, prompts: pl.DataFrame, asker: Asker) -> int:
    """Tokens of the longest prompt, as the model is asked.

    A token is a byte or more, so prompts are tokenised from the largest down until no smaller one
    can be longer. What template and strategies add is measured.
    """
    speech = speech_of(model)
    tokenizer = speech.tokenizer
    sizes = _sizes(prompts["messages"], _growth(tokenizer))
    times = max([p.question.count(QUESTION) for p in asker.strategies], default=1)
    around = _around(speech, prompts["messages"], asker.strategies)
    largest_first, longest = sizes.arg_sort(descending=True), 0
    rows = prompts.drop("reference", strict=False).rechunk()  # or else each gathering takes long
    with tokenizers_on_all_cores():
        for first in range(0, rows.height, BATCH):
            batch = largest_first[first : first + BATCH]
            if sizes[batch[0]] * times + around <= longest:
                break
            asked = [ask(asker.strategies, row) for row in rows[batch].iter_rows(named=True)]
            longest = max(longest, *_tokens(speech, asked))
    return longest


def _sizes(messages: pl.Series, growth: int) -> pl.Series:
    """Bytes of each prompt's turns, those of other scripts as many as a normaliser may make."""
    content = pl.element().struct["content"]
    ascii_bytes = content.str.replace_all(r"[^\x00-\x7F]", "").str.len_bytes()
    size = growth * content.str.len_bytes() - (growth - 1) * ascii_bytes
    return messages.list.eval(size.cast(pl.Int64)).list.sum()


def _growth(tokenizer: Any) -> int:
    """The bytes that the tokenizer's normaliser makes of one, at most, outside of ASCII.

    Factors of UTF-8 from Unicode's FAQ on normalisation: 3 for NFC, 11 for any form.
    """
    if not hasattr(tokenizer, "backend_tokenizer"):
        return 11
    normalizer = tokenizer.backend_tokenizer.normalizer
    return {"NoneType": 1, "NFC": 3}.get(type(normalizer).__name__, 11)


def _around(speech: Speech, messages: pl.Series, strategies: Sequence[Prepared]) -> int:
    """The most bytes that template and strategies put around a prompt's own."""
    roles = messages.list.eval(pl.element().struct["role"]).unique()
    most = 0
    for turns in ([Message(role=role, content="x") for role in each] for each in roles.to_list()):
        ways = [Asked(turns), *(prepared.ask(turns) for prepared in strategies)]
        for text, way in zip(_texts(speech.tokenizer, ways), ways, strict=True):
            begun = text + speech.tags.said(way.prefill)
            most = max(most, len(begun.encode()) - len(turns))
    return most + 1  # some tokenizers open a text with a mark of their own


def _texts(tokenizer: Any, asked: Sequence[Asked]) -> list[str]:
    return prompts_of(tokenizer, [one.messages for one in asked])


def _tokens(speech: Speech, asked: Sequence[Asked]) -> list[int]:
    """The number of tokens of each, what its answer is begun with included."""
    begun = {one.prefill for one in asked}
    ids = {text: speech.encode(text) if text else [] for text in begun}
    lengths = _lengths(speech.tokenizer, _texts(speech.tokenizer, asked))
    return [own + len(ids[one.prefill]) for own, one in zip(lengths, asked, strict=True)]


def _lengths(tokenizer: Any, texts: list[str]) -> list[int]:
    """Tokens of each text."""
    if not hasattr(tokenizer, "backend_tokenizer"):
        return [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]
    # The same tokens in half the time: places in the text, and Python's lists, are left out.
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    return [len(row) for row in backend.encode_batch_fast(texts, add_special_tokens=False)]
