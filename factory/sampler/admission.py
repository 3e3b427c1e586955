"""Which prompts a model can be asked, and how long the longest of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from factory.models import Located
from factory.models.chat import Message, tokenizers_on_all_cores
from factory.models.chat import prompts as prompts_of
from factory.models.control_tokens import control_token_in, control_tokens
from factory.models.thinking_tags import Speech, speech_of
from factory.recipe.strategies import QUESTION
from factory.sampler.prompt_state import Asker
from factory.sampler.strategies import Asked, ask

BATCH = 128
"""Prompts tokenised at once."""
SET_ASIDE = {"prompt_id": pl.String(), "reason": pl.String(), "words": pl.String()}
"""A prompt that a model is not asked: by which reason it is counted, and what there is to say."""


@dataclass(frozen=True)
class Admitted:
    """What became of prompts at the door."""

    prompts: pl.DataFrame
    """Those that are asked."""
    set_aside: pl.DataFrame
    """The others, as `SET_ASIDE`."""
    longest: int
    """Tokens of the longest prompt that is asked, as the model is asked."""


def admitted(
    model: Located | str, prompts: pl.DataFrame, asker: Asker, context: int | None
) -> Admitted:
    """Set aside what the model cannot be asked, one by one.

    A prompt has a `control_token` where its text spells out a mark of the chat, which would be
    taken for the mark itself. It is `refused_by_template` where the chat template refuses its
    turns, as a system turn or two user turns in a row; and `too_long` where it leaves no room for a
    token in the context.

    A token is a byte or more, so prompts are tokenised from the largest down until no smaller one
    can be longer. What template and strategies add is measured.

    Args:
        model: who is asked.
        prompts: the prompt table.
        asker: who asks, and how.
        context: tokens that the model can hold; None: as many as there are.
    """
    speech = speech_of(model)
    rows = prompts.drop("reference", strict=False).rechunk()  # or else each gathering takes long
    around, refused = _around(speech, prompts["messages"], asker)
    aside = _spelt(rows, speech)
    rows = rows.filter(~pl.col("prompt_id").is_in([row[0] for row in aside]))
    refusals = _refused(rows, asker, refused)
    rows = rows.filter(~pl.col("prompt_id").is_in([row[0] for row in refusals]))
    aside += refusals
    sizes = _sizes(rows["messages"], _growth(speech.tokenizer))
    times = max([p.question.count(QUESTION) for p in asker.strategies], default=1)
    largest_first, longest = sizes.arg_sort(descending=True), 0
    with tokenizers_on_all_cores():
        for first in range(0, rows.height, BATCH):
            batch = largest_first[first : first + BATCH]
            if sizes[batch[0]] * times + around <= longest:
                break
            here = list(rows[batch].iter_rows(named=True))
            lengths = _tokens(speech, [ask(asker.strategies, row) for row in here], asker)
            for row, length in zip(here, lengths, strict=True):
                if context is not None and length >= context:
                    words = f"{length:,} tokens, and the context is {context:,}"
                    aside.append((row["prompt_id"], "too_long", words))
                else:
                    longest = max(longest, length)
    left_out = pl.DataFrame(aside, schema=SET_ASIDE, orient="row")
    return Admitted(prompts.join(left_out, on="prompt_id", how="anti"), left_out, longest)


def _spelt(rows: pl.DataFrame, speech: Speech) -> list[tuple[str, str, str]]:
    """The prompts whose text has a control token of the model's tokenizer."""
    tokens = control_tokens(speech.tokenizer, speech.tags)
    if tokens is None:
        return []
    texts = rows["messages"].list.eval(pl.element().struct["content"]).list.join("\n")
    found = rows.filter(texts.str.contains(tokens.pattern))
    aside = []
    for row in found.select("prompt_id", "messages").iter_rows(named=True):
        token = control_token_in([turn["content"] for turn in row["messages"]], tokens)
        aside.append((row["prompt_id"], "control_token", f"its text has {token}"))
    return aside


def _refused(
    rows: pl.DataFrame, asker: Asker, refused: dict[tuple[str, ...], str]
) -> list[tuple[str, str, str]]:
    """The prompts whose turns, as they are asked, the template refuses."""
    if not refused:
        return []
    found = []
    for row in rows.iter_rows(named=True):
        words = refused.get(_roles(ask(asker.strategies, row)))
        if words is not None:
            found.append((row["prompt_id"], "refused_by_template", words))
    return found


def _roles(asked: Asked) -> tuple[str, ...]:
    return tuple(turn["role"] for turn in asked.messages)


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


def _around(
    speech: Speech, messages: pl.Series, asker: Asker
) -> tuple[int, dict[tuple[str, ...], str]]:
    """The most bytes that template and strategies put around a prompt's own; and the sequences of
    roles that the template refuses, with its words."""
    from jinja2 import TemplateError

    roles = messages.list.eval(pl.element().struct["role"]).unique()
    most, refused = 0, {}
    for turns in ([Message(role=role, content="x") for role in each] for each in roles.to_list()):
        for way in (Asked(turns), *(prepared.ask(turns) for prepared in asker.strategies)):
            try:
                text = _texts(speech, [way], asker)[0]
            except TemplateError as error:
                refused[_roles(way)] = " ".join(str(error).split())
                continue
            begun = text + speech.tags.said(way.prefill)
            most = max(most, len(begun.encode()) - len(turns))
    return most + 1, refused  # some tokenizers open a text with a mark of their own


def _texts(speech: Speech, asked: Sequence[Asked], asker: Asker) -> list[str]:
    """The prompts as the model is asked."""
    return [
        prompts_of(
            speech.tokenizer,
            [one.messages],
            {**asker.sampling.chat_template_kwargs, **one.template_arguments},
        )[0]
        for one in asked
    ]


def _tokens(speech: Speech, asked: Sequence[Asked], asker: Asker) -> list[int]:
    """The number of tokens of each, what its answer is begun with included."""
    begun = {one.prefill for one in asked}
    ids = {text: speech.encode(text) if text else [] for text in begun}
    lengths = _lengths(speech.tokenizer, _texts(speech, asked, asker))
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
