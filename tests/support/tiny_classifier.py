"""A tiny model of random weights that classifies texts, for tests of filters that ask one."""

from pathlib import Path

LABELS = ("safe", "unsafe", "unsure")
LONGEST = 16
"""Tokens that it reads at once."""


def tiny_classifier(folder: Path, seed: int = 1, labels: tuple[str, ...] = LABELS) -> Path:
    """One that reads small English words."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "answer", "is", "so", "we", "add", "harm"]
    words += ["one", "two", "three"]
    known = {word: place for place, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()  # pyrefly: ignore
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()  # pyrefly: ignore
    tokenizer.post_processor = processors.TemplateProcessing(  # pyrefly: ignore
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", model_max_length=LONGEST
    ).save_pretrained(folder)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=LONGEST,
        id2label=dict(enumerate(labels)), label2id={label: n for n, label in enumerate(labels)},
        initializer_range=1.0,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder
