"""The chat template that a student learns: its base's own where that is faithful, or ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from factory.errors import RecipeError
from factory.models import Located
from factory.models.chat import Message, load_tokenizer
from factory.models.own_template import Unfaithful, own_template
from factory.models.templates import OUR_TEMPLATES, PLAIN, ChatTemplate, fitting, ours
from factory.models.thinking_tags import Tags, named_tags, tags_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Renders(Protocol):
    """Turns a conversation into a prompt and the reply that follows it."""

    @property
    def end(self) -> str: ...

    def prompt(self, messages: Sequence[Message]) -> str: ...

    def reply(self, messages: Sequence[Message], prompt: str) -> str: ...


@dataclass(frozen=True)
class Learner:
    """What a student is trained with."""

    tokenizer: PreTrainedTokenizerBase
    """With the template, and every token it is made of; its end token ends a turn."""
    template: Renders
    tags: Tags
    why: str
    """Which template it is and why, in words."""
    added: tuple[str, ...] = ()
    """Tokens that the base did not have."""

    @property
    def named_tags(self) -> tuple[str, str] | None:
        """The tags, where nobody would find them in its tokenizer."""
        found = tags_of(self.tokenizer)
        return None if self.tags == found else (self.tags.open, self.tags.close)


def learner(base: Located) -> Learner:
    """A student's tokenizer and template.

    Raises:
        RecipeError: when it is for the user to say which template it is to be.
    """
    tokenizer: Any = load_tokenizer(base.path)
    if isinstance(tokenizer.chat_template, dict):
        tokenizer.chat_template = tokenizer.chat_template.get("default")
    tags = named_tags(base.thinking_tags) or tags_of(tokenizer)
    if base.template in OUR_TEMPLATES:
        told = f"{base.template}, as the recipe says"
        return _of_ours(base, tokenizer, ours(str(base.template), tokenizer), told)
    if base.template is not None:
        tokenizer.chat_template = base.template
    if tokenizer.chat_template is None:
        return _of_ours(base, tokenizer, _only(base, tokenizer, "has no chat template"), None)
    try:
        own = own_template(tokenizer, tags)
    except Unfaithful as unfaithful:
        if base.template is not None:
            raise RecipeError(
                f"student {base.name}: the template that the recipe names {unfaithful}, so it "
                f"cannot be trained with; mend it, or name one of ours ({', '.join(OUR_TEMPLATES)})"
            ) from unfaithful
        why = f"its own template {unfaithful}"
        return _of_ours(base, tokenizer, _only(base, tokenizer, why), why)
    _ends(tokenizer, own.end)
    whose = "its own" if base.template is None else "the recipe's"
    return Learner(tokenizer, own, tags, f"{whose} template, which keeps what it is taught")


def untrained(base: Located) -> Located:
    """A student's base as it can be asked before it has learnt: tokens that it has never seen would
    tell it nothing, so then it is asked in plain words."""
    own = load_tokenizer(base.path).chat_template is not None
    if base.template not in OUR_TEMPLATES and (base.template is not None or own):
        return base
    learns = learner(base)
    assert isinstance(learns.template, ChatTemplate)  # as it has no template of its own
    name = PLAIN if learns.added else learns.template.name
    return base.model_copy(update={"template": name})


def _only(base: Located, tokenizer: PreTrainedTokenizerBase, why: str) -> ChatTemplate:
    """The one of ours that fits."""
    fit = fitting(tokenizer)
    if len(fit) == 1:
        return fit[0]
    if fit:
        raise RecipeError(
            f"student {base.name}: {why}, and {len(fit)} of ours fit its tokenizer: write which "
            f"one beside its path, as `template: {fit[0].name}` or {_names(fit[1:])}"
        )
    raise RecipeError(
        f"student {base.name}: {why}, and none of ours fits its tokenizer: write `template: "
        "chatml` beside its path, whose tokens are then added, or `plain`, which needs none"
    )


def _of_ours(base: Located, tokenizer: Any, template: ChatTemplate, why: str | None) -> Learner:
    """A learner of one of our templates; tokens that are missing are added."""
    from tokenizers import AddedToken

    told = why or "it has no chat template"
    if template.name not in told:
        told += f", so it trains with {template.name}"
    missing = template.missing(tokenizer)
    if missing:
        tokens = [AddedToken(token, special=True, normalized=False) for token in missing]
        tokenizer.add_tokens(tokens, special_tokens=True)
        told += f"; {len(missing)} tokens are new to it: {', '.join(missing)}"
    tokenizer.chat_template = template.jinja()
    _ends(tokenizer, template.end)
    tags = named_tags(base.thinking_tags) or Tags()
    return Learner(tokenizer, template, tags, told, tuple(missing))


def _ends(tokenizer: Any, end: str) -> None:
    """The tokenizer ends a text where the template ends a turn."""
    tokenizer.eos_token = end
    if tokenizer.pad_token is None:
        tokenizer.pad_token = end


def _names(templates: Sequence[ChatTemplate]) -> str:
    return " or ".join(f"`{template.name}`" for template in templates)
