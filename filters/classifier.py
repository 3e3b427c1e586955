"""Classifier: a model that scores texts, named by its folder in a recipe."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from filters.filter import Filter

if TYPE_CHECKING:
    import torch

FILES = ("*.safetensors", "*.bin", "*.json", "*.txt", "*.model")
"""Files of a model whose content says what it answers."""
DIGITS = 12
"""Of the digest of these, which measures are stored under."""
NAME = r"[a-z][a-z0-9_]*"
WINDOWS = 32
"""Windows that the model sees at once."""


class Classifier(Filter):
    """Drops samples that a classifier model of your own scores above a limit.

    DeepSeek-R1 judges harmlessness by a model (arXiv 2501.12948, 2.3.4); toxicity, quality and
    topic can be judged so as well. The model is any for sequence classification that `transformers`
    knows, in a folder: no code in it is run, nothing is fetched. It is loaded when the first sample
    is measured, on a GPU where there is one. A text longer than the model reads is cut into
    windows, and the highest score counts. Measures are stored under a digest of the model's files:
    another model measures again, another limit does not.

    Measures:
        NAME_score: the model's probability that the sample has the label, 0 to 1; 0 where the
            sample has no such part
    """

    name: ClassVar[str] = "classifier"
    reads: ClassVar[tuple[str, ...]] = ("response",)
    columns: ClassVar[dict[str, pl.DataType]] = {}
    folder: ClassVar[Path] = Path()
    """Where the model is."""

    model: str
    """Folder of the model, from the recipe's folder."""
    label: str | None = None
    """The label whose probability is the score, as the model's `config.json` calls it; left out
    where the model has one output."""
    part: Literal["response", "text"] = "response"
    """What is scored: the response, or all that was written."""
    max_score: float = Field(0.5, ge=0, le=1)
    """Highest score of a sample to keep, 0 to 1."""

    @classmethod
    def stamp(cls) -> str:
        return f"{cls.version}-{digest(cls.folder)}"

    @classmethod
    def measured(cls, rows: pl.DataFrame) -> pl.DataFrame:
        model_in(cls.folder, digest(cls.folder))  # a model that is broken is no fault of a row
        return super().measured(rows)

    def reasons(self) -> dict[str, pl.Expr]:
        return {f"{self.name}_score": pl.col(f"{self.name}_score") > self.max_score}


def entry(name: str, said: Any, home: Path) -> Classifier:
    """What a recipe says of a classifier, as an entry of a class of its own.

    Raises:
        ValueError: there is no such model, or it has no such label.
    """
    if isinstance(said, Classifier):
        return said
    if not re.fullmatch(NAME, name):
        raise ValueError(f"{name!r} is no name: expected small letters, digits and _")
    if not (isinstance(said, Mapping) and isinstance(said.get("model"), str)):
        raise ValueError(f"{name}: expected `model: FOLDER`, found {said!r}")
    folder = (home / said["model"]).absolute()
    label, part = said.get("label"), said.get("part", "response")
    try:
        return _made(name, folder, output_of(folder, label), part).model_validate(dict(said))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


@cache
def _made(name: str, folder: Path, place: int, part: str) -> type[Classifier]:
    """The class of a classifier: one that has its name, and measures with its model."""
    column = f"{name}_score"
    told = {
        "__doc__": (Classifier.__doc__ or "").replace("NAME", name),
        "__module__": __name__,
        "name": name,
        "folder": folder,
        "reads": (part,),
        "columns": {column: pl.Float64()},
        "measure": staticmethod(partial(_scores, column, folder, place)),
    }
    return type(Classifier)(f"Classifier_{name}", (Classifier,), told)


def digest(folder: Path) -> str:
    """Of the model's files, by name and content."""
    files = sorted({file for pattern in FILES for file in folder.glob(pattern)})
    return _digest(tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


@cache
def _digest(files: tuple[tuple[Path, int, int], ...]) -> str:
    total = hashlib.sha256()
    for file, size, _ in files:
        total.update(f"{file.name}\0{size}\0".encode())
        with file.open("rb") as content:
            total.update(hashlib.file_digest(content, "sha256").digest())
    return total.hexdigest()[:DIGITS]


def output_of(folder: Path, label: str | None) -> int:
    """The output of the model that is the score; -1 where it has but one."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        raise ValueError(
            f"no model in {folder}: its config.json cannot be read ({error})"
        ) from None
    labels = {str(told): int(place) for place, told in config.get("id2label", {}).items()}
    if not str(config.get("architectures")).count("ForSequenceClassification"):
        raise ValueError(f"{folder} is no model for sequence classification")
    if label is None and len(labels) == 1:
        return -1
    if label not in labels:
        known = ", ".join(labels) or "no names"
        raise ValueError(f"{folder} has no label {label!r}; it has {known}")
    return -1 if len(labels) == 1 else labels[label]


def _scores(column: str, folder: Path, place: int, rows: pl.DataFrame) -> pl.DataFrame:
    """The highest score of the windows of each text."""
    tokenizer, model = model_in(folder, digest(folder))
    texts = [text or "" for text in rows.to_series()]
    scores = [0.0] * len(texts)
    for owners, batch in _batches(tokenizer, model, texts):
        for owner, score in zip(owners, _probabilities(model, batch, place), strict=True):
            scores[owner] = max(scores[owner], score)
    return pl.DataFrame({column: pl.Series(scores, dtype=pl.Float64)})


def _batches(
    tokenizer: Any, model: Any, texts: Sequence[str]
) -> Iterator[tuple[list[int], Mapping[str, torch.Tensor]]]:
    """Windows of the texts that are not empty, with the places of their texts; the longest last,
    so that little is padded."""
    import torch

    windows: list[tuple[int, list[int]]] = []
    for place, text in enumerate(texts):
        if text.strip():
            told = tokenizer(
                text, truncation=True, max_length=longest_of(tokenizer, model),
                return_overflowing_tokens=True, return_attention_mask=False,
            )  # fmt: skip
            windows += [(place, ids) for ids in told["input_ids"]]
    windows.sort(key=lambda window: len(window[1]))
    pad = tokenizer.pad_token_id
    for start in range(0, len(windows), WINDOWS):
        some = windows[start : start + WINDOWS]
        width = max(len(ids) for _, ids in some)
        ids = torch.tensor([ids + [pad] * (width - len(ids)) for _, ids in some])
        there = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for _, ids in some])
        yield [place for place, _ in some], {"input_ids": ids, "attention_mask": there}


def longest_of(tokenizer: Any, model: Any) -> int:
    """Tokens in the longest window that the model reads."""
    places = getattr(model.config, "max_position_embeddings", None) or 512
    first = (model.config.pad_token_id or 0) + 1 if "roberta" in model.config.model_type else 0
    return min(tokenizer.model_max_length, places - first)


def _probabilities(model: Any, batch: Mapping[str, torch.Tensor], place: int) -> list[float]:
    import torch

    with torch.inference_mode():
        on_device = {name: tensor.to(model.device) for name, tensor in batch.items()}
        outputs = model(**on_device).logits.float()
    several = model.config.problem_type == "multi_label_classification"
    shares = outputs.sigmoid() if place < 0 or several else outputs.softmax(-1)
    return shares[:, max(0, place)].tolist()


@cache
def model_in(folder: Path, content: str) -> tuple[Any, Any]:
    """Tokenizer and model of a folder with this content.

    Raises:
        ValueError: the model cannot be loaded, or has no fast tokenizer.
    """
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    only = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, **only)
        model: Any = AutoModelForSequenceClassification.from_pretrained(folder, **only)
    except Exception as error:
        raise ValueError(f"the classifier in {folder} cannot be loaded: {error}") from error
    if not tokenizer.is_fast:
        raise ValueError(f"the classifier in {folder} has no fast tokenizer (tokenizer.json)")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    model.config.pad_token_id = tokenizer.pad_token_id
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return tokenizer, model.eval().to(device)
