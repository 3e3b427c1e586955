"""Tokenizers with the tokens of real families, and their real chat templates where these lie."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

BESIDE = Path(__file__).parents[3] / "shared" / "data" / "real" / "chat_templates"
REAL = Path(os.environ.get("CHAT_TEMPLATES", BESIDE))
"""Templates belong to their families, and are not kept here."""


@dataclass(frozen=True)
class Family:
    """What of a tokenizer matters here. Its words are nobody's."""

    file: str
    special: tuple[str, ...]
    """Special tokens; the last is the one that its settings call the end."""
    added: tuple[str, ...] = ()
    """Tokens that are added, and not marked as special."""
    bos: str | None = None


THINK = ("<think>", "</think>")
CHATML = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
LLAMA3 = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>")
LLAMA3 = (*LLAMA3, "<|python_tag|>", "<|eot_id|>")
DEEPSEEK = ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>")
TURNS = ("<｜User｜>", "<｜Assistant｜>", *THINK)  # in R1's tokenizers they are not special
HARMONY = ("<|startoftext|>", "<|start|>", "<|message|>", "<|channel|>", "<|end|>", "<|call|>")

FAMILIES = {
    "Qwen2.5": Family("Qwen-Qwen2.5-7B-Instruct", CHATML),
    "Qwen3": Family("Qwen-Qwen3-0.6B", CHATML, THINK),
    "QwQ": Family("Qwen-QwQ-32B", CHATML, THINK),
    "R1-Distill-Qwen": Family(
        "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", DEEPSEEK, TURNS, DEEPSEEK[0]
    ),
    "R1-Distill-Llama": Family(
        # It keeps Llama's marks of turns, and has DeepSeek's instead of Llama's beginning.
        "deepseek-ai-DeepSeek-R1-Distill-Llama-8B",
        (*LLAMA3[1:], *DEEPSEEK),
        TURNS,
        DEEPSEEK[0],
    ),
    "DeepSeek-V3.1": Family("deepseek-ai-DeepSeek-V3.1", DEEPSEEK, TURNS, DEEPSEEK[0]),
    "Llama-3.1": Family("meta-llama-Llama-3.1-8B-Instruct", LLAMA3, (), LLAMA3[0]),
    "Llama-3.2": Family("meta-llama-Llama-3.2-3B-Instruct", LLAMA3, (), LLAMA3[0]),
    "Llama-3.3": Family("meta-llama-Llama-3.3-70B-Instruct", LLAMA3, (), LLAMA3[0]),
    "SmolLM3": Family("HuggingFaceTB-SmolLM3-3B", CHATML, THINK),
    "gpt-oss": Family("openai-gpt-oss-120b", (*HARMONY, "<|return|>")),
}


def tokenizer(
    special: tuple[str, ...],
    added: tuple[str, ...] = (),
    template: str | None = None,
    bos: str | None = None,
    eos: str | None = None,
) -> Any:
    """A byte-level tokenizer of few words that has these tokens; the last special one ends it."""
    from transformers import Qwen2Tokenizer

    made: Any = Qwen2Tokenizer().train_new_from_iterator(
        ["What follows? First I think of it."] * 9, 300, show_progress=False
    )
    made.add_tokens([*special], special_tokens=True)
    made.add_tokens([*added])
    made.bos_token, made.eos_token, made.chat_template = bos, eos or special[-1], template
    return made


def real_text(file: str) -> str:
    """What stands in a real file; skips the test where it is not here."""
    if not (REAL / file).is_file():
        pytest.skip("a real chat template (CHAT_TEMPLATES=FOLDER of OWNER-MODEL.jinja files)")
    return (REAL / file).read_text()


@cache
def real_tokenizer(name: str) -> Any:
    """One of a real family with its real template; skips the test where that is not here."""
    family = FAMILIES[name]
    template = real_text(f"{family.file}.jinja")
    return tokenizer(family.special, family.added, template, family.bos)


def model_folder(folder: Path, tokenizer: Any, *, tied: bool = True) -> Path:
    """A model of random weights with this tokenizer, as its family saves it."""
    from teacher.tiny import make_model

    size: dict[str, Any] = {"hidden": 32, "layers": 1, "heads": 1, "max_length": 2048, "seed": 1}
    model = make_model("qwen2", tokenizer, **size)
    if not tied:
        model.config.tie_word_embeddings = False
        model = type(model)(model.config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
