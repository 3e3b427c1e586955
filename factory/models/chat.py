"""Chat templates: the text around a turn, as pieces we own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from factory.errors import FactoryError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

VERSION = 1
"""Raised whenever a conversation would be written otherwise, for the same template and turns."""


class Message(TypedDict):
    """One turn of a conversation: `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class ChatTemplate:
    """The pieces a model family puts around its turns.

    Templates that ship with models cut out the thinking, add dates or system prompts, or lack the
    markers that a loss mask needs; so a student is trained, saved and asked with these pieces.
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


def load_tokenizer(folder: Path | str) -> PreTrainedTokenizerBase:
    """The tokenizer of a model's folder."""
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


def template_for(tokenizer: PreTrainedTokenizerBase, name: str | None = None) -> ChatTemplate:
    """The template whose end token the tokenizer knows, or the one named.

    Raises:
        FactoryError: when no template fits, or the one named needs a token that is not there.
    """
    vocabulary = tokenizer.get_vocab()
    wanted = [TEMPLATES[name]] if name else list(TEMPLATES.values())
    for template in wanted:
        if template.end in vocabulary:
            return template
    ends = ", ".join(f"{template.name} needs {template.end}" for template in wanted)
    raise FactoryError(
        f"tokenizer {tokenizer.name_or_path}: no chat template fits its vocabulary ({ends}); "
        "add the token to the tokenizer or name another template in the recipe"
    )


def prompt_ids(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> list[int]:
    """Token ids that ask a model for the assistant's turn, by the template saved with it."""
    turns = [{"role": turn["role"], "content": turn["content"]} for turn in messages]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    return tokenizer.encode(str(text), add_special_tokens=False)


def opens_thinking(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the template pre-fills `<think>`, as DeepSeek-R1's does: completions then lack it."""
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "?"}], tokenize=False, add_generation_prompt=True
    )
    return str(text).rstrip().endswith("<think>")
