"""The tokenizer of a model with the template that it is asked by: the recipe's, or its own."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from factory.errors import RecipeError
from factory.models import Located, at
from factory.models.chat import load_tokenizer
from factory.models.templates import OUR_TEMPLATES, ours

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

DATE = datetime.datetime(2024, 7, 26)
"""What a template that writes the date of the day writes instead: Llama 3's own, where its template
knows no day. Prompts must not depend on the day on which they are asked."""
CLOCK = re.compile(r"""strftime_now\(\s*(["'])(.*?)\1\s*\)""")
"""How templates ask for the date: transformers' function, with a format."""


def tokenizer_of(model: Located | Path | str) -> PreTrainedTokenizerBase:
    """A model's tokenizer with the template it is asked by: the recipe's, else its own, undated.

    Raises:
        RecipeError: when the recipe names one of our templates and its tokens are not there.
    """
    if not isinstance(model, Located):
        model = at(model)
    tokenizer = load_tokenizer(model.path)
    if model.template is not None:
        tokenizer.chat_template = _named(model, tokenizer)
    if isinstance(tokenizer.chat_template, dict):
        tokenizer.chat_template = tokenizer.chat_template.get("default")
    if tokenizer.chat_template is not None:
        tokenizer.chat_template = undated(tokenizer.chat_template)
    return tokenizer


def _named(model: Located, tokenizer: PreTrainedTokenizerBase) -> str:
    """The template that the recipe names; one of ours ends a text where it ends a turn."""
    if model.template not in OUR_TEMPLATES:
        return str(model.template)
    template = ours(model.template, tokenizer)
    if missing := template.missing(tokenizer):
        raise RecipeError(
            f"model {model.name}: the template {template.name} is made of tokens that its "
            f"tokenizer does not have ({', '.join(missing)}), so it has never seen them; name "
            "`plain`, which needs none, or a .jinja file of the model's own"
        )
    tokenizer.eos_token = template.end
    return template.jinja()


def template_text(model: Located) -> str | None:
    """The chat template that a model is asked by, read from its files; None where it is not here,
    or has none. Only one of ours needs the tokenizer."""
    folder = Path(model.path)
    if not model.path or not (folder / "tokenizer_config.json").is_file():
        return None
    if model.template in OUR_TEMPLATES:
        return tokenizer_of(model).chat_template  # pyrefly: ignore
    if model.template is not None:
        return undated(model.template)
    beside = folder / "chat_template.jinja"
    if beside.is_file():
        return undated(beside.read_text(encoding="utf-8"))
    told = json.loads((folder / "tokenizer_config.json").read_bytes()).get("chat_template")
    if isinstance(told, list):
        told = {each["name"]: each["template"] for each in told}.get("default")
    return undated(told) if told else None


def must_speak(model: Located) -> PreTrainedTokenizerBase:
    """The tokenizer of a model that is to be asked.

    Raises:
        RecipeError: when nobody knows how to ask it: it has no chat template, and the recipe names
            none.
    """
    tokenizer = tokenizer_of(model)
    if tokenizer.chat_template is None:
        raise RecipeError(
            f"model {model.name} has no chat template, as base models have none, and the recipe "
            "names none: write `template: plain` beside its path, or chatml, llama3 or deepseek "
            "where its tokenizer has the tokens, or a .jinja file"
        )
    return tokenizer


def undated(template: str) -> str:
    """The template with a fixed date in place of the day's.

    >>> undated("Today is {{ strftime_now('%d %B %Y') }}.")
    "Today is {{ '26 July 2024' }}."
    """
    return CLOCK.sub(lambda asked: repr(DATE.strftime(asked[2])), template)
