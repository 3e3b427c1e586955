"""Rendering a conversation into token ids, and which of them are in the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from factory.models.chat import Message
from factory.models.own_template import NotRendered
from factory.models.student_template import Renders
from factory.models.thinking_tags import Tags

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

VERSION = 2
"""Raised whenever the same conversation would get other ids, or others of them be trained."""
IGNORED = -100
"""The label of a token that is not in the loss, as torch's cross entropy has it."""


@dataclass(frozen=True)
class Rendered:
    """One training row."""

    input_ids: list[int]
    reply_start: int
    """Where the reply starts; from there on all ids are in the loss."""
    left_out: str | None = None
    """Why the template does not take it: it has no ids then."""

    @property
    def labels(self) -> list[int]:
        """The id where a token is trained, and -100 elsewhere."""
        return [IGNORED] * self.reply_start + self.input_ids[self.reply_start :]

    @property
    def trained_tokens(self) -> int:
        """Number of tokens in the loss."""
        return len(self.input_ids) - self.reply_start


def render(
    tokenizer: PreTrainedTokenizerBase, template: Renders, messages: Sequence[Message]
) -> Rendered:
    """Ids and labels of one conversation; see `render_all`."""
    return render_all(tokenizer, template, [messages])[0]


def render_all(
    tokenizer: PreTrainedTokenizerBase,
    template: Renders,
    conversations: Sequence[Sequence[Message]],
    tags: Tags | None = None,
) -> list[Rendered]:
    """Ids and labels of conversations whose last turn is the assistant's.

    In the loss are the last turn's text, thinking included, and the one token that ends it. The
    prompt's ids are those that a model is asked with later.

    Args:
        tags: the model's own, in place of ours.

    Raises:
        ValueError: when a last message is not the assistant's.
    """
    for messages in conversations:
        if messages[-1]["role"] != "assistant":
            raise ValueError(
                f"the last turn to train on is {messages[-1]['role']}'s, not the assistant's"
            )
    told = [written(template, messages, tags) for messages in conversations]
    texts = [pair for pair in told if not isinstance(pair, NotRendered)]
    ids = iter(tokenised(tokenizer, texts) if texts else [])
    return [
        Rendered([], 0, str(pair)) if isinstance(pair, NotRendered) else next(ids) for pair in told
    ]


def written(
    template: Renders, messages: Sequence[Message], tags: Tags | None
) -> tuple[str, str] | NotRendered:
    """Prompt and reply as texts, or why there are none."""
    turns = tags.in_replies(messages) if tags else messages
    try:
        prompt = template.prompt(turns[:-1])
        return prompt, template.reply(turns, prompt)
    except NotRendered as reason:
        return reason


def tokenised(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[tuple[str, str]]
) -> list[Rendered]:
    """Prompts and replies as ids, each by itself: so a model is asked, and so it answers."""
    asked = tokenizer([prompt for prompt, _ in texts], add_special_tokens=False)["input_ids"]
    if _joins(tokenizer):
        whole = tokenizer([a + b for a, b in texts], add_special_tokens=False)["input_ids"]
        told = [ids[len(prompt) :] for prompt, ids in zip(asked, whole, strict=True)]
    else:
        told = tokenizer([reply for _, reply in texts], add_special_tokens=False)["input_ids"]
    return [
        Rendered(prompt + reply, len(prompt)) for prompt, reply in zip(asked, told, strict=True)
    ]


def _joins(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether a text has other ids alone than behind another, as where Llama 2's tokenizer puts a
    blank before it: such replies are tokenised behind their prompts."""
    alone = tokenizer(["a a", "a", " a"], add_special_tokens=False)["input_ids"]
    return alone[0] != alone[1] + alone[2]
