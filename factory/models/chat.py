"""Asking a model by its chat template: its tokenizer, and prompts as text and ids."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

VERSION = 2
"""Raised whenever a conversation would be written otherwise, for the same template and turns."""


class Message(TypedDict):
    """One turn of a conversation: `role` is system, user or assistant."""

    role: str
    content: str


def load_tokenizer(folder: Path | str) -> PreTrainedTokenizerBase:
    """The tokenizer of a model's folder, with the template that lies there."""
    from transformers import AutoTokenizer

    loaded: Any = AutoTokenizer.from_pretrained(folder)
    return loaded


@contextlib.contextmanager
def tokenizers_on_all_cores() -> Iterator[None]:
    """Meanwhile a batch is tokenised on all cores; the line keeps stages to one otherwise."""
    name = "TOKENIZERS_PARALLELISM"  # looked at with each batch
    before = os.environ.get(name)
    os.environ[name] = "true"
    try:
        yield
    finally:
        # Said, and not left open: then no process that is forked later is warned.
        os.environ[name] = before or "false"


def prompts(
    tokenizer: PreTrainedTokenizerBase,
    conversations: Sequence[Sequence[Message]],
    arguments: Mapping[str, Any] | None = None,
) -> list[str]:
    """The text that asks for the assistant's turn after each conversation.

    Args:
        arguments: what the template is told besides, as `enable_thinking: false`.
    """
    asked = [
        [{"role": turn["role"], "content": turn["content"]} for turn in turns]
        for turns in conversations
    ]
    texts: Any = tokenizer.apply_chat_template(
        asked, tokenize=False, add_generation_prompt=True, **(arguments or {})
    )
    return texts


def prompt_ids(
    tokenizer: PreTrainedTokenizerBase,
    messages: Sequence[Message],
    arguments: Mapping[str, Any] | None = None,
) -> list[int]:
    """Token ids that ask a model for the assistant's turn, by the template saved with it."""
    [text] = prompts(tokenizer, [messages], arguments)
    return tokenizer.encode(text, add_special_tokens=False)


def opens_thinking(
    tokenizer: PreTrainedTokenizerBase,
    arguments: Mapping[str, Any] | None = None,
    tag: str = "<think>",
) -> bool:
    """Whether the template pre-fills the thinking's opening tag, as DeepSeek-R1's does: completions
    then lack it."""
    [text] = prompts(tokenizer, [[Message(role="user", content="?")]], arguments)
    return text.rstrip().endswith(tag.rstrip())


def closing_token(tokenizer: PreTrainedTokenizerBase, whole: str, reply: str) -> int | None:
    """The one token that closes a reply in the text of a conversation, blanks aside; None where
    there is none, or more than one."""
    ids = tokenizer.encode(whole.rpartition(reply)[2].strip(), add_special_tokens=False)
    return ids[0] if len(ids) == 1 and ids[0] in tokenizer.added_tokens_decoder else None


def end_of_reply(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """The token that closes a reply by the template; None where that cannot be told. Not every
    tokenizer names it as its end token, and a draw is to end there."""
    from jinja2 import TemplateError

    reply = "It is so."
    turns = [{"role": "user", "content": "Is it?"}, {"role": "assistant", "content": reply}]
    try:
        whole = str(tokenizer.apply_chat_template(turns, tokenize=False))
    except (TemplateError, TypeError, KeyError):
        return None
    return closing_token(tokenizer, whole, reply)
