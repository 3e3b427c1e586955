"""Models with random weights for `benchmarks/gpu.py`, and prompts for them.

Nothing is downloaded. Shapes are Qwen2.5's, from the configs on its model cards; the vocabulary is
made up, but as large, so that turning ids into text costs about as much.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import polars as pl
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Qwen2Config

    from factory.models.chat import Message

OUT = Path(os.environ.get("OUT") or "runs/gpu").absolute()
"""Where figures, logs and models go."""
TINY = bool(os.environ.get("TINY"))
"""Every shape is a tiny one, so that the code can be tried on a CPU."""


class Shape(NamedTuple):
    """What of a Qwen2 model depends on its size."""

    hidden: int
    inner: int
    """Width of the feed-forward layer."""
    layers: int
    heads: int
    key_value_heads: int
    tied: bool
    """Whether one matrix embeds tokens and scores them."""


SHAPES = {
    "05": Shape(896, 4864, 24, 14, 2, True),
    "15": Shape(1536, 8960, 28, 12, 2, True),
    "7": Shape(3584, 18944, 28, 28, 4, False),
}
if TINY:
    SHAPES = dict.fromkeys(SHAPES, Shape(64, 128, 2, 2, 2, True))
VOCABULARY = 2_000 if TINY else 151_936
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
NO_TOKEN = 0 if TINY else 290
"""Ids that the model can draw and the tokenizer does not know; Qwen2.5 has about as many."""
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tokenizer() -> PreTrainedTokenizerBase:
    """A byte-level BPE: 256 bytes, then all pairs, triples and quadruples of letters, in turn."""
    from transformers import Qwen2Tokenizer
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    names = list(bytes_to_unicode().values())
    room = VOCABULARY - len(SPECIAL) - len(names) - NO_TOKEN
    words = (word for size in (2, 3, 4) for word in itertools.product(LETTERS, repeat=size))
    merges: Any = [("".join(word[:-1]), word[-1]) for word in itertools.islice(words, room)]
    names += [begun + last for begun, last in merges]
    tokenizer: Any = Qwen2Tokenizer(
        vocab={name: i for i, name in enumerate([*names, *SPECIAL])},
        merges=merges,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def make_config(shape: str, tokenizer: PreTrainedTokenizerBase) -> Qwen2Config:
    """The config of a shape."""
    from transformers import Qwen2Config

    size = SHAPES[shape]
    return Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=size.hidden,
        intermediate_size=size.inner,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.key_value_heads,
        tie_word_embeddings=size.tied,
        max_position_embeddings=32768,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        architectures=["Qwen2ForCausalLM"],
        dtype="float32" if TINY else "bfloat16",
    )


def bare_folder(shape: str) -> Path:
    """A folder with config and tokenizer; vLLM makes up the weights (`load_format: dummy`)."""
    folder = OUT / "models" / f"{'tiny' if TINY else 'qwen'}-{shape}"
    if not (folder / "tokenizer.json").exists():
        tokenizer = make_tokenizer()
        config = make_config(shape, tokenizer)
        config.save_pretrained(folder)
        stop = {"eos_token_id": tokenizer.eos_token_id}
        (folder / "generation_config.json").write_text(json.dumps(stop))
        tokenizer.save_pretrained(folder)  # last: its file says that the folder is whole
    return folder


def random_model(shape: str, dtype: str) -> PreTrainedModel:
    """A model made where it will be trained, on the GPU if there is one.

    Args:
        dtype: of the weights, by torch's name.
    """
    import torch
    from transformers import AutoModelForCausalLM

    from factory.models.chat import load_tokenizer

    config = make_config(shape, load_tokenizer(bare_folder(shape)))
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype))
    model.config._name_or_path = str(bare_folder(shape))  # the trainer looks for a tokenizer there
    return model


def full_folder(shape: str) -> Path:
    """A folder with config, tokenizer and random weights, for what loads them from a disk."""
    from factory.models.chat import load_tokenizer

    folder = bare_folder(shape).with_name(f"{bare_folder(shape).name}-weights")
    random_model(shape, "float32" if TINY else "bfloat16").save_pretrained(folder)
    load_tokenizer(bare_folder(shape)).save_pretrained(folder)
    return folder


def operations(config: Any, length: int) -> float:
    """Floating-point operations a token, forward and backward, in a row of `length` tokens.

    What checkpointing does again is not counted. Six for each weight in a matrix product, and for
    attention's scores and values 12 x layers x width x length, half of them masked (PaLM, app. B).
    """
    width, layers = config.hidden_size, config.num_hidden_layers
    narrow = config.num_key_value_heads * (width // config.num_attention_heads)
    layer = 2 * width * width + 2 * width * narrow + 3 * width * config.intermediate_size
    return 6 * (layers * layer + width * config.vocab_size) + 6 * layers * width * length


def questions(number: int, words: int = 45) -> list[list[Message]]:
    """Conversations of one turn, each another, of about 3.2 tokens a word.

    Args:
        words: of the longest one, 45 and more: they have from 45 to so many.
    """
    draw = random.Random(0)
    texts = (
        " ".join("".join(draw.choices(LETTERS[:12], k=4)) for _ in range(draw.randint(45, words)))
        for _ in range(number)
    )
    return [[{"role": "user", "content": text}] for text in texts]


def prompt_table(number: int, words: int = 45) -> pl.DataFrame:
    """The same questions as the line has them, with a key that no draw will hit."""
    import polars as pl

    from factory.prompts.collect import PROMPT, prompt_id

    asked: Any = questions(number, words)
    common = {"source": "made", "domain": "maths", "language": "en", "license": "none"}
    common |= {"reference": '"5"', "verifier": "math", "meta": "{}", "split": "train"}
    rows = [{"prompt_id": prompt_id(turns), "messages": turns, **common} for turns in asked]
    # In the order in which the sampler asks: what is drawn last decides how a round ends.
    return pl.DataFrame(rows, schema={**PROMPT, "split": pl.String()}).sort("prompt_id")
