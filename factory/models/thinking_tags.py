"""What marks a model's thinking, and the same between `<think>` and `</think>`, as we keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.models import Located
from factory.models.chat import Message, end_of_reply, opens_thinking
from factory.models.tokenizers import tokenizer_of
from filters.text.thinking import CLOSE, OPEN

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Tags:
    """What a model writes around its thinking."""

    open: str = OPEN
    close: str = CLOSE
    others: Mapping[str, str] = field(default_factory=dict)
    """Further marks, and what is read in their place."""

    def said(self, text: str) -> str:
        """A text of ours in the model's own marks.

        >>> Tags("[THINK]", "[/THINK]").said("<think>2+2=4</think>4")
        '[THINK]2+2=4[/THINK]4'
        """
        return text.replace(OPEN, self.open).replace(CLOSE, self.close)

    def in_replies(self, messages: Sequence[Message]) -> list[Message]:
        """A conversation with the assistant's turns in the model's own marks."""
        return [
            Message(role=turn["role"], content=self.said(turn["content"]))
            if turn["role"] == "assistant"
            else turn
            for turn in messages
        ]


HARMONY = Tags(
    "<|channel|>analysis<|message|>",
    "<|end|><|start|>assistant<|channel|>final<|message|>",
    {
        "<|channel|>final<|message|>": "",
        "<|end|><|start|>assistant<|channel|>analysis<|message|>": "\n",
    },
)
"""gpt-oss: what it thinks goes to one channel, what it says to another."""
KNOWN = (
    Tags(),
    Tags("[THINK]", "[/THINK]"),
    Tags("<seed:think>", "</seed:think>"),
    Tags("<|START_THINKING|>", "<|END_THINKING|>"),
    Tags("<mm:think>", "</mm:think>"),
    Tags("<thinking>", "</thinking>"),
    Tags("◁think▷", "◁/think▷"),
    HARMONY,
)
"""DeepSeek, Qwen and most others; Mistral; Seed; Command A; MiniMax; various; Kimi-VL; gpt-oss."""


def tags_of(tokenizer: PreTrainedTokenizerBase) -> Tags:
    """The known tags whose tokens this tokenizer has; `<think>`, `</think>` where it has none.

    Where it has several, those that its chat template speaks of go first.
    """
    vocabulary, template = tokenizer.get_vocab(), str(tokenizer.chat_template)

    def is_there(tag: str) -> bool:
        tokens = re.findall(r"<\|[^|]*\|>", tag) if tag.startswith("<|") else [tag]
        return all(token in vocabulary for token in tokens)

    there = [tags for tags in KNOWN if is_there(tags.open) and is_there(tags.close)]
    return min(there, key=lambda tags: tags.open not in template, default=Tags())


def marks_of(tags: Tags) -> dict[str, str]:
    """What is read in place of what, so that our marks stand in a text."""
    marks = {tags.open: OPEN, tags.close: CLOSE, **tags.others}
    return {mark: read for mark, read in marks.items() if mark != read}


class Reading:
    """A text that grows, its marks read as ours. What may be the beginning of a mark is held back
    until more is known."""

    def __init__(self, marks: Mapping[str, str]):
        """`marks`: what stands in the text, and what is read in its place."""
        self._marks = marks
        self.held = ""
        longest_first = sorted(map(re.escape, marks), key=len, reverse=True)
        self._pattern = re.compile("|".join(longest_first)) if marks else None

    def feed(self, piece: str) -> str:
        """What is new, as far as it is known."""
        if self._pattern is None:
            return piece
        text = self.held + piece
        known = self._known(text)
        self.held = text[known:]
        return self._read(text[:known])

    def finish(self) -> str:
        """What was held back, when no more comes."""
        rest, self.held = self.held, ""
        return self._read(rest)

    def _read(self, text: str) -> str:
        return self._pattern.sub(lambda mark: self._marks[mark[0]], text) if self._pattern else text

    def _known(self, text: str) -> int:
        """The place from where on the text may be the beginning of a mark."""
        assert self._pattern
        longest = max(map(len, self._marks))
        last = range(max(0, len(text) - longest + 1), len(text))
        known = next((place for place in last if self._begins(text[place:])), len(text))
        ends = [m.end() for m in self._pattern.finditer(text) if m.start() < known < m.end()]
        return max([known, *ends])

    def _begins(self, text: str) -> bool:
        return any(len(text) < len(mark) and mark.startswith(text) for mark in self._marks)


class Speech:
    """How a model is spoken to and read: its tokenizer, and its marks as ours."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, tags: Tags | None = None):
        """`tags`: left out, they are found in the tokenizer."""
        self.tokenizer = tokenizer
        self.tags = tags or tags_of(tokenizer)

    @cached_property
    def special(self) -> bool:
        """Whether some of the tags are special tokens, which engines leave out of a text."""
        added = self.tokenizer.added_tokens_decoder
        ids = self._encoded(self.tags.open) + self._encoded(self.tags.close)
        return any(id in added and added[id].special for id in ids)

    @cached_property
    def marks(self) -> Mapping[str, str]:
        """What is read in place of what. Where special tokens are not left out by the engine since
        tags are among them, the others are left out here."""
        ours = marks_of(self.tags)
        if not self.special:
            return ours
        added = self.tokenizer.added_tokens_decoder.values()
        tags = (self.tags.open, self.tags.close)
        others = {t.content: "" for t in added if t.special and t.content not in tags}
        return others | ours

    def reading(self) -> Reading:
        """Reads what is written piece by piece."""
        return Reading(self.marks)

    def read(self, text: str) -> str:
        """A whole text, as the engine gives it, with our marks."""
        reading = self.reading()
        return reading.feed(text) + reading.finish()

    def encode(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        """The ids of a text of ours, in the model's own marks."""
        return self._encoded(self.tags.said(text), add_special_tokens)

    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """The text of ids, with our marks."""
        skip = skip_special_tokens and not self.special
        return self.read(str(self.tokenizer.decode(list(ids), skip_special_tokens=skip)))

    def opens(self, arguments: Mapping[str, Any] | None = None) -> bool:
        """Whether the template writes the opening tag, so that completions lack it."""
        return opens_thinking(self.tokenizer, arguments, self.tags.open)

    @cached_property
    def ends(self) -> list[int]:
        """The token that closes a reply by the template, where it can be told."""
        end = end_of_reply(self.tokenizer)
        return [] if end is None else [end]

    def _encoded(self, text: str, add_special_tokens: bool = False) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=add_special_tokens)


def speech_of(model: Located | Path | str) -> Speech:
    """How a model is spoken to and read: by the recipe's template and tags, or by its own.

    Raises:
        RecipeError: see `tokenizer_of`.
    """
    named = model.thinking_tags if isinstance(model, Located) else None
    return Speech(tokenizer_of(model), named_tags(named))


def named_tags(named: tuple[str, str] | None) -> Tags | None:
    """The tags of these two texts; None where none are named."""
    if named is None:
        return None
    known = (tags for tags in KNOWN if (tags.open, tags.close) == tuple(named))
    return next(known, Tags(*named))
