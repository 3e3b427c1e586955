"""The recipe: what is wanted, in the order in which it will happen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator

from factory.sampling import Sampling
from factory.sources import Source
from factory.strict import Strict
from filters import Filters


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


class Training(Strict):
    """How a model is fine-tuned with TRL's SFTTrainer."""

    epochs: float = Field(3, gt=0)
    """Passes over the rows."""
    batch_size: int = Field(16, ge=1)
    """Rows an optimiser step sees, accumulation included."""
    device_batch_size: int | None = Field(None, ge=1)
    """Rows a device holds at once; left out: the whole batch."""
    learning_rate: float = Field(1e-5, gt=0)
    """Peak learning rate."""
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"] = "cosine"
    """How the learning rate falls after its peak."""
    warmup: float = Field(0.05, ge=0, lt=1)
    """Share of the steps over which the learning rate rises, 0 to 1."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled weight decay."""
    max_length: int = Field(32768, ge=8)
    """Longest row in tokens, prompt included; a longer one is dropped and counted, never cut."""
    save_steps: int = Field(500, ge=1)
    """Optimiser steps between two checkpoints, from which a killed training goes on."""


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


class Served(Strict):
    """A model behind an OpenAI-compatible endpoint: `vllm serve`, SGLang, a hosted one."""

    endpoint: str
    """Address that `/chat/completions` is added to, as `http://localhost:8000/v1`."""
    model: str = Field(min_length=1)
    """Name of the model, as the endpoint knows it."""
    api_key_env: str | None = None
    """Environment variable that holds the key; left out: no key is sent."""
    opens_thinking: bool = False
    """The endpoint's chat template writes `<think>` itself and the answers come without it."""
    deadline: float = Field(1800, gt=0)
    """Longest time for one draw in seconds, all attempts at it included."""
    outage: float = Field(120, gt=0)
    """Seconds in which the endpoint may do nothing but fail, before the run stops."""
    stream: bool = False
    """Every draw comes word by word; left out: only one that may have to be stopped early does."""
    idle: float = Field(300, gt=0)
    """Longest silence of a draw that is streamed, in seconds, waiting in the server's queue
    included; one without a word for so long is asked for again."""
    proxy: bool = False
    """Go through the proxy that HTTP_PROXY or HTTPS_PROXY names, NO_PROXY aside; left out: none."""
    without: list[Literal["n", "seed", "stream_options"]] = Field(default_factory=list)
    """Fields of a request that the endpoint refuses, so that they are not sent."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Further fields of each request, as `return_token_ids: true` for vLLM."""

    @field_validator("endpoint")
    @classmethod
    def _is_address(cls, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected an address, as http://localhost:8000/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(
                "expected an address without user, password, query or fragment; the key comes from "
                "the environment variable named by api_key_env"
            )
        return endpoint

    @field_validator("api_key_env")
    @classmethod
    def _is_name(cls, name: str | None) -> str | None:
        # The value is not repeated: who takes this for the place of the key has written it here.
        if name is not None and not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise ValueError(
                "expected the name of an environment variable in capitals, as TEACHER_API_KEY; "
                "a key itself must not stand in a recipe"
            )
        return name

    @field_validator("extra")
    @classmethod
    def _is_further(cls, extra: dict[str, Any]) -> dict[str, Any]:
        ours = {"model", "messages", "temperature", "top_p", "max_tokens", "seed", "n", "stream"}
        ours |= {"echo", "continue_final_message", "add_generation_prompt"}
        if taken := sorted(ours & extra.keys()):
            raise ValueError(f"{', '.join(taken)}: set elsewhere, or not to be set")
        if not isinstance(extra.get("stream_options", {}), dict):
            raise ValueError("stream_options: expected a mapping")
        return extra


Model = Tiny | Weights


class Rewards(Strict):
    """Weights of the rewards that are added up; 0 leaves one out."""

    accuracy: float = Field(1.0, ge=0)
    """Weight of a correct final answer."""
    format: float = Field(0.2, ge=0)
    """Weight of thinking inside its tags, with one final answer after them."""


class Grpo(Strict):
    """Reinforcement learning on the train prompts, rewarded by the filters' own verifiers."""

    steps: int = Field(80, ge=1)
    """Optimiser steps."""
    prompts_per_step: int = Field(16, ge=1)
    """Prompts whose draws make one step."""
    draws: int = Field(8, ge=2)
    """Draws of each prompt: the group whose mean reward is the baseline."""
    learning_rate: float = Field(1e-6, gt=0)
    """Learning rate, constant."""
    beta: float = Field(0.0, ge=0)
    """Weight of the divergence from the starting model; 0 keeps no reference model."""
    temperature: float = Field(1.0, gt=0)
    """Sampling temperature; top-p and top-k stay off, so that draws are the policy's own."""
    max_tokens: int = Field(1024, ge=1)
    """Longest draw in tokens."""
    rewards: Rewards = Rewards()
    """What is rewarded, by weight."""
    held_out: int = Field(128, ge=0)
    """Held-out prompts for the curve of pass@1, only looked at; 0 draws no curve."""
    evaluate_every: int = Field(10, ge=1)
    """Steps between two points of that curve."""
    save_steps: int = Field(20, ge=1)
    """Steps between two checkpoints, from which a killed training goes on with new draws."""


class Teacher(Strict):
    """Who writes the samples: a model, improved by reinforcement learning if asked."""

    base: Model | Served
    """The model to start from."""
    grpo: Grpo | None = None
    """Reinforcement learning before it samples; left out: it samples as it is."""
    others: list[Weights | Served] = Field(default_factory=list)
    """Further models that answer the same prompts as they are; each row names its own."""

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        if self.grpo and isinstance(self.base, Served):
            raise ValueError(
                "grpo trains the teacher, and a model behind an endpoint cannot be trained: "
                "leave grpo out, or name a base with `path` or `tiny`"
            )
        return self


class Select(Strict):
    """Which of the accepted samples become rows."""

    per_prompt: int | None = Field(None, ge=1)
    """Rows of one prompt at most: the shortest are taken first; left out: all."""


class Dataset(Strict):
    """What the dataset is made of."""

    select: Select = Select()
    """Which of the accepted samples become rows."""


class Student(Strict):
    """The small model that learns from the dataset."""

    base: Model
    """The model to start from."""
    template: Literal["chatml", "llama3", "deepseek"] | None = None
    """Chat template to train and save; left out: the one whose end token the tokenizer knows."""
    training: Training = Training()
    """How it is trained."""
    control: bool = True
    """Train the same student on as many unfiltered samples too, to see what filtering brings."""


class Evaluate(Strict):
    """How each model is examined on the held-out prompts."""

    draws: int = Field(4, ge=1)
    """Answers of each prompt; pass@1 is their mean."""
    temperature: float | None = Field(None, ge=0)
    """Sampling temperature; left out: that of the sampling."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Share of the probability that is sampled from; left out: that of the sampling."""
    max_tokens: int | None = Field(None, ge=1)
    """Longest answer in tokens; left out: that of the sampling."""


class Recipe(Strict):
    """A recipe reads top to bottom like the line itself."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of the run and of its folder, runs/NAME."""
    seed: int = Field(0, ge=0)
    """Where all chance comes from."""
    prompts: list[Annotated[Source, Field(discriminator="source")]] = Field(min_length=1)
    """Where the prompts come from."""
    teacher: Teacher
    """Who writes the samples."""
    allow_unsandboxed: bool = False
    """Run the programs that models write without isolation where there is none: only for those that
    you would run by hand (docs/code.md)."""
    sampling: Sampling = Sampling()
    """How the teacher is asked."""
    filters: Filters = Filters()
    """What is dropped, and why: one entry for each filter that is used."""
    dataset: Dataset = Dataset()
    """What the dataset is made of."""
    student: Student | None = None
    """Who learns from it; left out: the line ends at the dataset."""
    evaluate: Evaluate | None = None
    """How the models are examined; left out: they are not."""

    @model_validator(mode="after")
    def _someone_to_ask(self) -> Self:
        if self.evaluate and not any(source.held_out for source in self.prompts):
            raise ValueError("evaluate asks held-out prompts, and none of the prompts has held_out")
        return self

    @model_validator(mode="after")
    def _sources_are_there(self) -> Self:
        rule, there = self.sampling.policy.until, [source.label for source in self.prompts]
        if rule and (unknown := sorted(set(rule.give_up_by_source) - set(there))):
            raise ValueError(
                f"give_up_by_source has no source to go by: {', '.join(unknown)}; "
                f"the prompts are of {', '.join(there)}"
            )
        return self


def load(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: with file, line, column, key and what was expected, for each mistake.
    """
    from factory import places

    return places.load(path, Recipe)
