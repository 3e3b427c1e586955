"""What a teacher is rewarded for: the `rewards` of GRPO; their weights may change over steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationInfo, model_validator

from factory.errors import nearest
from factory.recipe import own_code
from factory.recipe.models import Weights
from factory.recipe.strict import Strict


class Weighed(Strict):
    """A weight, which may go in a straight line to another one, and for whose prompts it holds."""

    weight: float = Field(1.0, ge=0)
    """The weight, up to step `from_step`."""
    end: float | None = Field(None, ge=0)
    """The weight from step `to_step` on; left out: it stays as it is."""
    from_step: int = Field(0, ge=0)
    """The optimiser step from which on it changes."""
    to_step: int | None = Field(None, ge=1)
    """The optimiser step at which it is `end`."""
    domains: list[str] = Field(default_factory=list)
    """Only for prompts of these domains; left out: of all."""
    sources: list[str] = Field(default_factory=list)
    """Only for prompts of these sources, by their names; left out: of all."""

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if (self.end is None) != (self.to_step is None):
            raise ValueError("end and to_step belong together: name both, or none")
        if self.to_step is not None and self.to_step <= self.from_step:
            raise ValueError(f"to_step is {self.to_step}, and must come after {self.from_step}")
        return self

    def counts_for(self, domain: str, source: str) -> bool:
        """Whether it holds for prompts of this domain and source."""
        return domain in (self.domains or [domain]) and source in (self.sources or [source])

    def at(self, step: int) -> float:
        """The weight at a step, counted from 0.

        >>> Weighed(weight=0.1, end=0, from_step=10, to_step=20).at(15)
        0.05
        """
        if self.end is None or self.to_step is None:
            return self.weight
        part = min(1.0, max(0.0, (step - self.from_step) / (self.to_step - self.from_step)))
        return self.weight + part * (self.end - self.weight)


Weight = Annotated[float, Field(ge=0)] | Weighed
"""A weight as a recipe has it: a number, or more than that."""


class Preference(Weighed):
    """Who says how good an answer is where no rule can: a model for sequence classification, or the
    recipe's judge, by criteria. Name the domains or sources of the general prompts, so that those
    for reasoning keep rules alone."""

    model: Weights | None = None
    """The model, by its `path`; no code in it is run. Left out: the recipe's judge is asked."""
    label: str | None = None
    """The label whose score counts, as the model's `config.json` calls it; left out where the model
    has one output."""
    score: Literal["probability", "raw"] = "probability"
    """What is rewarded: the label's probability, 0 to 1, or what the model puts out for it."""
    criteria: list[str] = Field(default_factory=list)
    """What the judge checks, one by one; the share that is met is rewarded. Left out: our own."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if self.model and self.criteria:
            raise ValueError("criteria are for a judge: leave out model, or criteria")
        if not self.model and (self.label or self.score == "raw"):
            raise ValueError("label and score are of a model: name it, or leave them out")
        if not self.criteria:
            return self
        from filters.verifiers.judge.rubric import LONGEST

        for number, text in enumerate(self.criteria, 1):
            if not 0 < len(text.strip()) <= LONGEST:
                raise ValueError(f"criterion {number}: 1 to {LONGEST} characters were expected")
        return self


class Rewards(Strict):
    """What is added up, each by its weight: a number, or `{weight: 0.1, end: 0, to_step: 200}`; 0
    leaves one out (docs/rewards.md). Further keys name functions of your own as `module:function`
    (docs/verifiers.md)."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Weight]  # pyrefly: ignore

    accuracy: Weight = 1.0
    """Weight of a correct final answer."""
    format: Weight = 0.2
    """Weight of thinking inside its tags, with one final answer in a box after them."""
    strict_format: Weight = 0.0
    """Weight of thinking and `<answer>` inside their tags, each once, on lines of their own."""
    soft_format: Weight = 0.0
    """Weight of a reply that begins with thinking and `<answer>` inside their tags."""
    tag_count: Weight = 0.0
    """Weight of the share of those four tags that stand once, less what stands behind them."""
    integer: Weight = 0.0
    """Weight of a final answer that is a whole number."""
    language: Weight = 0.0
    """Weight of the share of words of the thinking in the question's language, 0 to 1 (DeepSeek-R1,
    arXiv 2501.12948, 2.3.2)."""
    length: Weight = 0.0
    """Weight of a penalty near the longest draw, soft overlong punishment: 0 up to four fifths of
    `max_tokens`, from there down to -1 (DAPO, arXiv 2503.14476, equation 13)."""
    repetition: Weight = 0.0
    """Weight of minus the share of words that stand in a repeated run, 0 to -1."""
    helpfulness: Preference | None = None
    """How good the response is, without its thinking (DeepSeek-R1's second round)."""
    harmlessness: Preference | None = None
    """How harmless all is that was written, thinking included."""
    deadline: float = Field(600, gt=0)
    """Seconds in which a reward must have judged all draws of a step; what is not judged by then
    counts as `unverifiable`."""

    @property
    def own(self) -> list[str]:
        """The functions of a person's own, by name."""
        return list(self.__pydantic_extra__ or {})

    @property
    def weighed(self) -> dict[str, Weighed]:
        """Those that count at any step, by name, in the order in which they are written here."""
        told = {name: getattr(self, name) for name in type(self).model_fields if name != "deadline"}
        told |= self.__pydantic_extra__ or {}
        whole = {
            name: each if isinstance(each, Weighed) else Weighed(weight=each)
            for name, each in told.items()
            if each is not None
        }
        return {name: each for name, each in whole.items() if each.weight or each.end}

    @property
    def scorers(self) -> dict[str, Weights]:
        """The models for sequence classification that are asked, by the reward's name."""
        found = {"helpfulness": self.helpfulness, "harmlessness": self.harmlessness}
        wanted = {name: each.model for name, each in found.items() if each and each.model}
        return {name: model for name, model in wanted.items() if name in self.weighed}

    @property
    def judged(self) -> list[str]:
        """The rewards that are the judge's by themselves, whoever a prompt's verifier is."""
        weighed = self.weighed.items()
        return [name for name, p in weighed if isinstance(p, Preference) and not p.model]

    def fault(self, key: str, domains: Iterable[str], sources: Iterable[str]) -> str | None:
        """Which of these names prompts that are not there, in words; None where none does. `key`:
        where the recipe has them, as `teacher.grpo`."""
        there = {"domains": sorted(set(domains)), "sources": sorted(set(sources))}
        for name, each in self.weighed.items():
            for what, known in there.items():
                if unknown := sorted(set(getattr(each, what)) - set(known)):
                    return (
                        f"{key}.rewards.{name} names {what} that no prompts have: "
                        f"{', '.join(unknown)}; the prompts are of {', '.join(known)}"
                    )
        return None

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if not self.weighed:
            raise ValueError("all weights are 0: nothing would be rewarded")
        return self

    @model_validator(mode="after")
    def _own_are_there(self, info: ValidationInfo) -> Self:
        known = [name for name in type(self).model_fields if name != "deadline"]
        for name in self.own:
            if not own_code.there(name, info):
                listed = ", ".join(known)
                raise ValueError(
                    f"no reward is called {name!r}{nearest(name, known) or '.'} Known: {listed}, "
                    "or your own as module:function"
                )
        return self
