"""Rendering a conversation into token ids, and which of them are in the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from factory.models.chat import ChatTemplate, Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

VERSION = 1
"""Raised whenever the same conversation would get other ids, or others of them be trained."""
IGNORED = -100
"""The label of a token that is not in the loss, as torch's cross entropy has it."""


@dataclass(frozen=True)
class Rendered:
    """One training row."""

    input_ids: list[int]
    reply_start: int
    """Where the reply starts; from there on all ids are in the loss."""

    @property
    def labels(self) -> list[int]:
        """The id where a token is trained, and -100 elsewhere."""
        return [IGNORED] * self.reply_start + self.input_ids[self.reply_start :]

    @property
    def trained_tokens(self) -> int:
        """Number of tokens in the loss."""
        return len(self.input_ids) - self.reply_start


def render(
    tokenizer: PreTrainedTokenizerBase, template: ChatTemplate, messages: Sequence[Message]
) -> Rendered:
    """Ids and labels of one conversation; see `render_all`."""
    return render_all(tokenizer, template, [messages])[0]


def render_all(
    tokenizer: PreTrainedTokenizerBase,
    template: ChatTemplate,
    conversations: Sequence[Sequence[Message]],
) -> list[Rendered]:
    """Ids and labels of conversations whose last turn is the assistant's.

    In the loss are the last turn's text, thinking included, and the one token that ends it. The
    prompt is tokenised by itself, so its ids are those that a model is asked with later.

    Raises:
        ValueError: when a last message is not the assistant's.
    """
    for messages in conversations:
        if messages[-1]["role"] != "assistant":
            raise ValueError(
                f"the last turn to train on is {messages[-1]['role']}'s, not the assistant's"
            )
    prompts = [template.prompt(messages[:-1]) for messages in conversations]
    replies = [messages[-1]["content"] + template.end for messages in conversations]
    asked = tokenizer(prompts, add_special_tokens=False)["input_ids"]
    told = tokenizer(replies, add_special_tokens=False)["input_ids"]
    return [
        Rendered(prompt + reply, len(prompt)) for prompt, reply in zip(asked, told, strict=True)
    ]
