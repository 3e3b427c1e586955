"""Whether a model's own chat template may teach: probe conversations are rendered by it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from factory.models.chat import Message, closing_token, prompts
from factory.models.thinking_tags import Tags
from filters.text.thinking import CLOSE, OPEN

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

THOUGHT, ANSWER = "First I think of it.", "So the answer follows."
REPLY = Message(role="assistant", content=f"{OPEN}\n{THOUGHT}\n{CLOSE}\n\n{ANSWER}")
ASKED = Message(role="user", content="What follows?")
PROBES: tuple[list[Message], ...] = (
    [ASKED, REPLY],
    [Message(role="system", content="Be careful."), ASKED, REPLY],
    [ASKED, REPLY, Message(role="user", content="Are you sure?"), REPLY],
)
"""The first must be rendered faithfully, the others where the template takes them at all."""
BLANKS = re.compile(r"\s+")


class NotRendered(Exception):
    """A conversation that the template does not take, or changes; its text is the row's fate."""


class Unfaithful(Exception):
    """Why a template may not teach, in words that follow "its own template"."""


@dataclass(frozen=True)
class OwnTemplate:
    """A model's own template, which was seen to be faithful."""

    tokenizer: PreTrainedTokenizerBase
    tags: Tags
    end: str
    """The one token that closes a reply."""

    def prompt(self, messages: Sequence[Message]) -> str:
        """What the model is asked with.

        Raises:
            NotRendered: where the template refuses such turns, as a system turn, or two of a user.
        """
        from jinja2 import TemplateError

        try:
            return prompts(self.tokenizer, [messages])[0]
        except (TemplateError, TypeError, KeyError) as error:
            raise NotRendered("refused_by_template") from error

    def reply(self, messages: Sequence[Message], prompt: str) -> str:
        """What follows the prompt in the whole conversation, up to the end token.

        Raises:
            NotRendered: where the template refuses the conversation, or changes what is said.
        """
        content, opening = messages[-1]["content"], self._opening(prompt)
        if opening and content.lstrip().startswith(self.tags.open):
            thought = content.lstrip().removeprefix(self.tags.open)
            content = opening + thought.lstrip("\n")
        whole = self.whole([*messages[:-1], Message(role="assistant", content=content)])
        if not whole.startswith(prompt):
            raise NotRendered("changed_by_template")
        reply, end, _ = whole[len(prompt) :].rpartition(self.end)
        said, meant = _bare(opening + reply), _bare(content)
        if not end or said not in (meant, _bare(self.tags.open + self.tags.close) + meant):
            raise NotRendered("changed_by_template")
        return reply + end

    def whole(self, messages: Sequence[Message]) -> str:
        """The conversation as the template writes it; raises NotRendered where it refuses it."""
        from jinja2 import TemplateError

        turns = [{"role": turn["role"], "content": turn["content"]} for turn in messages]
        try:
            return str(self.tokenizer.apply_chat_template(turns, tokenize=False))
        except (TemplateError, TypeError, KeyError) as error:
            raise NotRendered("refused_by_template") from error

    def _opening(self, prompt: str) -> str:
        """The opening tag that ends a prompt, with the blanks behind it."""
        place = len(prompt.rstrip().removesuffix(self.tags.open.rstrip()))
        return prompt[place:] if prompt.rstrip().endswith(self.tags.open.rstrip()) else ""


def own_template(tokenizer: PreTrainedTokenizerBase, tags: Tags) -> OwnTemplate:
    """The tokenizer's own template, if it may teach.

    It may where what it asks with is how its conversations begin, so that it is known what was
    asked and what is the reply; where the thinking stays; where one token closes a reply; and
    where it writes no date, which would be another tomorrow.

    Raises:
        Unfaithful: it may not.
    """
    template: Any = tokenizer.chat_template
    if "strftime_now" in template:
        raise Unfaithful("writes the date of the day")
    own = OwnTemplate(tokenizer, tags, "")
    for number, probe in enumerate(tags.in_replies(probe) for probe in PROBES):
        try:
            asked, whole = own.prompt(probe[:-1]), own.whole(probe)
        except NotRendered as refused:
            if number == 0:
                raise Unfaithful("refuses a question and its answer") from refused
            continue
        _check(own, asked, whole)
        own = OwnTemplate(tokenizer, tags, _end(tokenizer, whole))
        try:
            own.reply(probe, asked)
        except NotRendered as changed:
            raise Unfaithful("changes what is said") from changed
    return own


def _check(own: OwnTemplate, asked: str, whole: str) -> None:
    if ANSWER not in whole:
        raise Unfaithful("changes what is said")
    if THOUGHT not in whole.rpartition(ASKED["content"])[2].rpartition("Are you sure?")[2]:
        raise Unfaithful("cuts the thinking out of replies")
    if not whole.startswith(asked):
        raise Unfaithful("asks with another text than its conversations begin with")


def _end(tokenizer: PreTrainedTokenizerBase, whole: str) -> str:
    """The one token between the probe's answer and the end, blanks aside."""
    end = closing_token(tokenizer, whole, ANSWER)
    if end is None:
        raise Unfaithful("does not close a reply with one token of its own")
    return str(tokenizer.convert_ids_to_tokens(end))


def _bare(text: str) -> str:
    return BLANKS.sub("", text)
