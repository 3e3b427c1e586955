"""Control tokens in a text: what a tokenizer would read as a mark of the chat, and not as words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from factory.models.thinking_tags import KNOWN, Tags

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

THINKING = {tag for tags in KNOWN for tag in (tags.open, tags.close)}


def control_tokens(
    tokenizer: PreTrainedTokenizerBase, tags: Tags | None = None
) -> re.Pattern[str] | None:
    """Finds the text of a control token; None where the tokenizer has none.

    They are its special tokens, and those added tokens that stand in its chat template, since not
    every family marks its own as special. Tags of thinking are none.

    Args:
        tags: the model's own, beside the known ones.
    """
    template = str(tokenizer.chat_template or "")
    thinking = THINKING | ({tags.open, tags.close} if tags else set())
    found = {
        token.content
        for token in tokenizer.added_tokens_decoder.values()
        if token.content not in thinking and (token.special or token.content in template)
    }
    return _any_of(found - {""})


def _any_of(tokens: Collection[str]) -> re.Pattern[str] | None:
    longest_first = sorted(map(re.escape, tokens), key=len, reverse=True)
    return re.compile("|".join(longest_first)) if tokens else None


def control_token_in(texts: Iterable[str], tokens: re.Pattern[str] | None) -> str | None:
    """The first control token that is spelt out in these texts; None where there is none."""
    if tokens is None:
        return None
    found = (tokens.search(text) for text in texts)
    return next((match[0] for match in found if match), None)
