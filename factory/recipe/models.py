"""Models that a recipe may name: made on the spot, a folder, or a Hub name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from factory.recipe.asking import Asking
from factory.recipe.served import are_tags
from factory.recipe.strict import Strict

LONGEST = 32768
"""Tokens of the longest row, where neither recipe nor model says less."""


class Mix(Strict):
    """What the rows of a tiny base are like; the rest ignores the form altogether."""

    careful: float = Field(0.6, ge=0, le=1)
    """Share of rows that reason step by step and answer right, 0 to 1."""
    guess: float = Field(0.3, ge=0, le=1)
    """Share of rows that think nothing and guess, 0 to 1."""

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if self.careful + self.guess > 1:
            raise ValueError(
                "careful and guess are shares of the rows and may not exceed 1 together"
            )
        return self


class Held(Strict):
    """What of a training is held by devices, and how many of these there are."""

    device_batch_size: int | None = Field(None, ge=1)
    """Rows a device holds at once, the rest of a batch after them; left out: 1, and of a tiny model
    the whole batch."""
    devices: int | None = Field(None, ge=1)
    """GPUs that it is spread over, or processes on a CPU; left out: all GPUs of this machine, of a
    tiny model one. More than this machine has: several machines (docs/students.md)."""

    def shares(self, batch: int, devices: int, *, whole: bool = False) -> tuple[int, int]:
        """Rows a device holds at once, and how often in turn, to make a batch on these devices.

        Args:
            batch: rows that an optimiser step sees.
            whole: where nothing is said, hold as many as there are (tiny models).

        Raises:
            ValueError: they do not divide the batch.
        """
        held = self.device_batch_size or (max(1, batch // devices) if whole else 1)
        if batch % (held * devices):
            spread = f" on each of {devices} devices" if devices > 1 else ""
            raise ValueError(
                f"a batch of {batch} rows cannot be made of {held} at a time{spread}: "
                f"expected a multiple of {held * devices}"
            )
        return held, batch // (held * devices)


class Training(Held):
    """How a model is fine-tuned with TRL's SFTTrainer."""

    epochs: float = Field(3, gt=0)
    """Passes over the rows."""
    batch_size: int = Field(16, ge=1)
    """Rows an optimiser step sees, over all devices, accumulation included."""
    dtype: Literal["bfloat16", "float32"] | None = None
    """Numbers that weights, gradients and optimizer states are held in, at 8 or 16 bytes a weight;
    left out: bfloat16 on GPUs, float32 on CPUs. What it costs: docs/students.md."""
    learning_rate: float = Field(1e-5, gt=0)
    """Peak learning rate."""
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"] = "cosine"
    """How the learning rate falls after its peak."""
    warmup: float = Field(0.05, ge=0, lt=1)
    """Share of the steps over which the learning rate rises, 0 to 1."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled weight decay."""
    max_length: int | None = Field(None, ge=8)
    """Longest row in tokens, prompt included; a longer one is dropped and counted, never cut. Left
    out: the model's context, 32,768 at most."""
    save_steps: int = Field(500, ge=1)
    """Optimiser steps between two checkpoints, from which a killed training goes on."""

    def longest(self, context: int | None) -> int:
        """Tokens of the longest row, for a model made for so many; None: it does not say."""
        return self.max_length or min(context or LONGEST, LONGEST)

    @model_validator(mode="after")
    def _divides(self) -> Self:
        self.shares(self.batch_size, self.devices or 1, whole=self.device_batch_size is None)
        return self


class Tiny(Strict):
    """A model made on the spot, for machines without weights."""

    tiny: Literal["qwen2", "llama"]
    """Architecture."""
    hidden: int = Field(64, ge=32, multiple_of=32)
    """Width of the model."""
    layers: int = Field(3, ge=1)
    """Number of layers."""
    heads: int = Field(2, ge=1)
    """Attention heads; vLLM on a CPU wants `hidden / heads` to be 32 or more."""
    vocabulary: int = Field(400, ge=300)
    """Entries of the tokenizer, at most."""
    context: int = Field(512, ge=64)
    """Longest sequence the model is made for, in tokens."""
    rows: int = Field(80_000, ge=100)
    """Web-like rows it is trained on; questions that are held out are never among them."""
    mix: Mix = Mix()
    """What those rows are like."""
    training: Training = Training(epochs=1, learning_rate=3e-3, max_length=512, save_steps=1000)
    """How it is trained on them."""

    @model_validator(mode="after")
    def _heads(self) -> Self:
        if self.hidden % self.heads or self.hidden // self.heads < 32:
            raise ValueError("hidden must be a multiple of heads, and hidden / heads 32 or more")
        return self


OUR_TEMPLATES = ("chatml", "llama3", "deepseek", "plain")
"""Chat templates that a recipe may name."""


class Weights(Strict):
    """A model that exists: a folder, or a repository on the Hub."""

    path: str
    """Folder (relative to the recipe) or Hub name, as `Qwen/Qwen2.5-Math-7B`."""

    @field_validator("path")
    @classmethod
    def _is_there(cls, path: str, info: ValidationInfo) -> str:
        """What is plainly meant as a folder must be one; any other name may be on the Hub."""
        if info.context and "home" in info.context and path.startswith(("/", "./", "../", "~")):
            folder = info.context["home"] / Path(path).expanduser()
            if not (folder / "config.json").is_file():
                raise ValueError(f"{folder} is no folder with a config.json")
        return path

    revision: str | None = None
    """Commit, tag or branch on the Hub; left out: the default branch. The commit is noted."""
    sampling: Asking | None = None
    """How it is asked as a teacher, where that is not as the recipe's `sampling` says."""
    template: str | None = None
    """Chat template: `chatml`, `llama3`, `deepseek`, `plain`, or a `.jinja` file (relative to the
    recipe); left out: the model's own."""
    thinking_tags: tuple[str, str] | None = None
    """What opens and what closes its thinking; left out: found in its tokenizer."""

    _tags = field_validator("thinking_tags")(are_tags)

    @field_validator("template")
    @classmethod
    def _is_a_template(cls, template: str | None, info: ValidationInfo) -> str | None:
        if template is None or template in OUR_TEMPLATES:
            return template
        if not template.endswith(".jinja"):
            names = ", ".join(OUR_TEMPLATES)
            raise ValueError(f"expected {names}, or a file whose name ends in .jinja")
        if info.context and "home" in info.context:
            file = info.context["home"] / Path(template).expanduser()
            if not file.is_file():
                raise ValueError(f"{file} is no file")
        return template


class OfRun(Strict):
    """A model that another run has made."""

    run: str
    """Folder of that run, relative to the recipe's folder."""
    stage: str = "teacher"
    """Its stage that made the model, as `teacher`, `student` or `teacher-1-sft`."""


Model = Tiny | Weights | OfRun
