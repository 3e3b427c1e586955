"""Who writes the samples: the `teacher` part of a recipe."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import ConfigDict, Field, ValidationInfo, model_validator

from factory.errors import nearest
from factory.recipe import own_code
from factory.recipe.asking import Asking
from factory.recipe.models import Held, Model, Weights
from factory.recipe.raising import Data, Rejection, Sft
from factory.recipe.served import Served
from factory.recipe.strict import Strict

Weight = Annotated[float, Field(ge=0)]


class Rewards(Strict):
    """Weights of the rewards that are added up; 0 leaves one out. Further keys name functions of
    your own as `module:function` (docs/verifiers.md)."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Weight]  # pyrefly: ignore

    accuracy: float = Field(1.0, ge=0)
    """Weight of a correct final answer."""
    format: float = Field(0.2, ge=0)
    """Weight of thinking inside its tags, with one final answer after them."""
    language: float = Field(0.0, ge=0)
    """Weight of the share of letters in the question's language, 0 to 1, in thinking and response,
    as the filter `language` measures it (DeepSeek-R1, arXiv 2501.12948, 2.3.2, for words)."""
    length: float = Field(0.0, ge=0)
    """Weight of a penalty near the longest draw: 0 up to four fifths of `max_tokens`, from there
    down to -1 (DAPO, arXiv 2503.14476, equation 13)."""

    @property
    def own(self) -> list[str]:
        """The functions of a person's own, by name."""
        return list(self.__pydantic_extra__ or {})

    @model_validator(mode="after")
    def _own_are_there(self, info: ValidationInfo) -> Self:
        known = list(type(self).model_fields)
        for name in self.own:
            if not own_code.there(name, info):
                listed = ", ".join(known)
                raise ValueError(
                    f"no reward is called {name!r}{nearest(name, known) or '.'} Known: {listed}, "
                    "or your own as module:function"
                )
        return self


class Grpo(Held):
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
    dtype: Literal["bfloat16", "float32"] = "float32"
    """Numbers that weights, gradients and optimizer states are held in, at 8 or 16 bytes a weight
    (docs/students.md)."""
    vllm_memory: float = Field(0.3, gt=0, lt=1)
    """Share of each GPU's memory that vLLM may take to draw with, 0 to 1; without a GPU
    transformers draws."""
    rewards: Rewards = Rewards()
    """What is rewarded, by weight."""
    held_out: int = Field(128, ge=0)
    """Held-out prompts for the curve of pass@1, only looked at; 0 draws no curve."""
    evaluate_every: int = Field(10, ge=1)
    """Steps between two points of that curve."""
    save_steps: int = Field(20, ge=1)
    """Steps between two checkpoints, from which a killed training goes on with new draws."""

    @property
    def completions(self) -> int:
        """Draws that make one step, over all devices."""
        return self.prompts_per_step * self.draws

    @model_validator(mode="after")
    def _divides(self) -> Self:
        self.shares(self.completions, self.devices or 1, whole=self.device_batch_size is None)
        return self


class Raising(Strict):
    """One stage of a teacher's raising: exactly one of these keys."""

    sft: Sft | None = None
    """Fine-tuning on conversations."""
    grpo: Grpo | None = None
    """Reinforcement learning on the recipe's prompts."""
    rejection: Rejection | None = None
    """Rejection sampling from the model so far, and fine-tuning on what the filters leave."""

    @property
    def kinds(self) -> list[str]:
        """The keys that are there: one, as it is checked."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]

    @property
    def kind(self) -> str:
        """Which it is."""
        return self.kinds[0]

    @property
    def told(self) -> Sft | Grpo | Rejection:
        """What its key says."""
        return getattr(self, self.kind)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.kinds) != 1:
            told = " and ".join(self.kinds) or "none of them"
            raise ValueError(f"a stage is one of sft, grpo and rejection; this one has {told}")
        return self


class Step(NamedTuple):
    """A stage of the line that raises the teacher."""

    name: str
    """Also its folder: `teacher-2-grpo`."""
    key: str
    """Where the recipe says it: `teacher.stages[1].grpo`."""
    told: Sft | Grpo | Rejection
    before: str
    """The stage whose model was there before."""
    samples: bool = False
    """Whether it makes rows, which the stage behind it learns from, and no model."""
    rows: tuple[str, ...] = ()
    """The stage that made the rows it learns from, where another did."""

    @property
    def data(self) -> list[Data]:
        """The rows of elsewhere that it takes."""
        if isinstance(self.told, Sft):
            return self.told.data
        return self.told.mix if isinstance(self.told, Rejection) and self.samples else []

    @property
    def starts(self) -> str:
        """The stage whose model it trains, or asks."""
        from_base = not isinstance(self.told, Grpo) and self.told.start == "base"
        return "teacher-base" if from_base and not self.samples else self.before


class Teacher(Strict):
    """Who writes the samples: a model, raised stage by stage if asked."""

    base: Model | Served
    """The model to start from."""
    grpo: Grpo | None = None
    """Reinforcement learning before it samples; left out: it samples as it is. Short for one entry
    of `stages`."""
    stages: list[Raising] = Field(default_factory=list)
    """How it is raised before it samples, in this order (docs/teacher.md)."""
    others: list[Weights | Served] = Field(default_factory=list)
    """Further models that answer the same prompts as they are; each row names its own."""

    @property
    def asked(self) -> Asking | None:
        """How the base is asked, where that is not as the sampling says."""
        return self.base.sampling if isinstance(self.base, Weights | Served) else None

    @property
    def is_raised(self) -> bool:
        """Whether it is more than its base."""
        return bool(self.grpo or self.stages)

    @property
    def grpos(self) -> dict[str, Grpo]:
        """Its reinforcement learning, by the key in the recipe."""
        found = {"teacher.grpo": self.grpo} if self.grpo else {}
        return found | {s.key: s.told for s in self.steps if isinstance(s.told, Grpo)}

    @property
    def steps(self) -> list[Step]:
        """The stages of the line that `stages` stands for, in order; a rejection is two of them."""
        found: list[Step] = []
        last = "teacher-base"
        for place, stage in enumerate(self.stages):
            name, key = f"teacher-{place + 1}-{stage.kind}", f"teacher.stages[{place}].{stage.kind}"
            rows = (name,) if stage.rejection else ()
            if stage.rejection:
                found.append(Step(name, key, stage.told, last, samples=True))
                name = f"teacher-{place + 1}-sft"
            found.append(Step(name, key, stage.told, last, rows=rows))
            last = name
        return found

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        if self.is_raised and isinstance(self.base, Served):
            key = "grpo trains" if self.grpo else "stages train"
            raise ValueError(
                f"{key} the teacher, and a model behind an endpoint cannot be trained: "
                f"leave {key.split()[0]} out, or name a base with `path` or `tiny`"
            )
        if self.grpo and self.stages:
            raise ValueError("grpo is short for stages with one entry: name one of them")
        return self
