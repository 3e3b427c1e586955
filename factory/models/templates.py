"""Chat templates of ours: the text around a turn, as pieces, where a model brings none to use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from factory.errors import RecipeError
from factory.models.chat import Message
from factory.recipe.models import OUR_TEMPLATES

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MARK = re.compile(r"<[|｜][^|｜<>]*[|｜]>")
"""How the special tokens look that our pieces are made of."""


@dataclass(frozen=True)
class ChatTemplate:
    """The pieces a model family puts around its turns.

    Templates that ship with models may cut out the thinking, add dates, or lack the markers that a
    loss mask needs; these have none of it.
    """

    name: str
    start: str
    """What stands once before the first turn."""
    turns: Mapping[str, tuple[str, str]]
    """What opens and what closes a turn of each role."""
    end: str
    """The one token that ends the assistant's generation; its closing text begins with it."""

    def prompt(self, messages: Sequence[Message]) -> str:
        """All turns of `messages` and the assistant's opening, ready to be completed."""
        turns = (message["content"].join(self.turns[message["role"]]) for message in messages)
        return self.start + "".join(turns) + self.turns["assistant"][0]

    def reply(self, messages: Sequence[Message], prompt: str) -> str:
        """The last turn's text with the one token that ends it: what follows the prompt."""
        return messages[-1]["content"] + self.end

    @property
    def tokens(self) -> list[str]:
        """The special tokens that the pieces are made of."""
        pieces = [self.start, *(piece for turn in self.turns.values() for piece in turn), self.end]
        return list(dict.fromkeys(MARK.findall("".join(pieces))))

    def missing(self, tokenizer: PreTrainedTokenizerBase) -> list[str]:
        """Those of `tokens` that are no tokens of this tokenizer."""
        vocabulary = tokenizer.get_vocab()
        return [token for token in self.tokens if token not in vocabulary]

    def jinja(self) -> str:
        """The same template for `tokenizer.chat_template`, so that other tools render alike."""
        branches = "".join(
            f"{{% {'if' if number == 0 else 'elif'} message['role'] == '{role}' %}}"
            f"{{{{ {_quoted(opening)} + message['content'] + {_quoted(closing)} }}}}"
            for number, (role, (opening, closing)) in enumerate(self.turns.items())
        )
        asking = _quoted(self.turns["assistant"][0])
        return (
            f"{{{{ {_quoted(self.start)} }}}}"
            f"{{% for message in messages %}}{branches}{{% endif %}}{{% endfor %}}"
            f"{{% if add_generation_prompt %}}{{{{ {asking} }}}}{{% endif %}}"
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def _same_for_all(opening: str, closing: str) -> dict[str, tuple[str, str]]:
    return {role: (opening.format(role=role), closing) for role in ("system", "user", "assistant")}


TEMPLATES: dict[str, ChatTemplate] = {
    "chatml": ChatTemplate(
        "chatml", "", _same_for_all("<|im_start|>{role}\n", "<|im_end|>\n"), "<|im_end|>"
    ),
    "llama3": ChatTemplate(
        "llama3",
        "<|begin_of_text|>",
        _same_for_all("<|start_header_id|>{role}<|end_header_id|>\n\n", "<|eot_id|>"),
        "<|eot_id|>",
    ),
    "deepseek": ChatTemplate(
        "deepseek",
        "<｜begin▁of▁sentence｜>",
        {
            "system": ("", ""),
            "user": ("<｜User｜>", ""),
            "assistant": ("<｜Assistant｜>", "<｜end▁of▁sentence｜>"),
        },
        "<｜end▁of▁sentence｜>",
    ),
}
"""Those that are made of special tokens."""
PLAIN = OUR_TEMPLATES[-1]
"""The name of the one that needs no special tokens."""


def ours(name: str, tokenizer: PreTrainedTokenizerBase) -> ChatTemplate:
    """Our template of that name, for this tokenizer: `plain` ends as the tokenizer ends a text.

    Raises:
        RecipeError: when it is `plain`, and the tokenizer does not say how a text ends.
    """
    if name != PLAIN:
        return TEMPLATES[name]
    if tokenizer.eos_token is None:
        raise RecipeError(
            f"tokenizer {tokenizer.name_or_path} names no end token, which the template plain ends "
            "a turn with; name another template, as `chatml`"
        )
    begun = tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id]
    end = str(tokenizer.eos_token)
    return ChatTemplate(
        PLAIN,
        str(tokenizer.bos_token) if begun else "",
        {
            "system": ("", "\n\n"),
            "user": ("User:\n", "\n\n"),
            "assistant": ("Assistant:\n", f"{end}\n\n"),
        },
        end,
    )


def fitting(tokenizer: PreTrainedTokenizerBase) -> list[ChatTemplate]:
    """Ours whose special pieces are all single tokens of the tokenizer."""
    return [template for template in TEMPLATES.values() if not template.missing(tokenizer)]
