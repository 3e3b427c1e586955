"""Tiny models made on the spot, for machines that have no weights to start from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from factory.models.chat import load_tokenizer
from factory.models.templates import TEMPLATES
from sft.folder import write

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Architecture = Literal["qwen2", "llama"]
TEMPLATE = TEMPLATES["chatml"]
SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


INITIAL_SPREAD = 0.08
"""Standard deviation of the first weights. transformers' 0.02 suits wide models; at a width of 64
the same loss is reached in half the steps with this."""


def make_tokenizer(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerBase:
    """A byte-level BPE tokenizer of about `vocabulary` entries, every digit a token of its own.

    It is a Qwen2Tokenizer beside either architecture, since AutoTokenizer picks the class by the
    model's type and must arrive at the same ids again.
    """
    from transformers import Qwen2Tokenizer

    tokenizer = Qwen2Tokenizer().train_new_from_iterator(
        texts, vocabulary, new_special_tokens=SPECIAL_TOKENS[1:], show_progress=False
    )
    tokenizer.eos_token = TEMPLATE.end
    tokenizer.pad_token = "<|endoftext|>"
    tokenizer.chat_template = TEMPLATE.jinja()
    return tokenizer


def make_model(
    architecture: Architecture,
    tokenizer: PreTrainedTokenizerBase,
    *,
    hidden: int,
    layers: int,
    heads: int,
    max_length: int,
    seed: int,
) -> PreTrainedModel:
    """A model of the given size with random weights, its end and padding ids set."""
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, set_seed

    set_seed(seed)
    config_class, model_class = {
        "qwen2": (Qwen2Config, Qwen2ForCausalLM),
        "llama": (LlamaConfig, LlamaForCausalLM),
    }[architecture]
    config = config_class(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=hidden * 4,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=max_length,
        tie_word_embeddings=True,
        initializer_range=INITIAL_SPREAD,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return model_class(config)


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a folder that transformers and vLLM load, and prove that its ids survive the trip.

    Raises:
        RuntimeError: when AutoTokenizer reads the folder as another tokenizer.
    """
    write(model, tokenizer, folder)
    probe = TEMPLATE.prompt([{"role": "user", "content": "<think>\n12-7=5\n</think>\n\\boxed{5}"}])
    again = load_tokenizer(folder)
    if again.encode(probe) != tokenizer.encode(probe):
        raise RuntimeError(
            f"{folder}: the tokenizer reads back as {type(again).__name__} with other ids"
        )
