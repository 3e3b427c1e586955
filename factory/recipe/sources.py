"""Where prompts come from: the sources that a recipe may name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from factory.errors import nearest
from factory.recipe import own_code
from factory.recipe.mappings import MAPPINGS, Mapping
from factory.recipe.strict import Strict


def _known_verifier(name: str, info: ValidationInfo) -> str:
    from filters.verifiers import VERIFIERS

    if own_code.there(name, info) or name in VERIFIERS:
        return name
    hint, known = nearest(name, VERIFIERS), ", ".join(VERIFIERS)
    known += ", or your own as module:function"
    raise ValueError(f"no verifier is called {name!r}{hint or '.'} Known: {known}")


def _ready_mapping(columns: Mapping | str | None) -> Mapping | str | None:
    if isinstance(columns, str) and columns not in MAPPINGS:
        hint, known = nearest(columns, MAPPINGS), ", ".join(MAPPINGS)
        raise ValueError(f"no ready mapping is called {columns!r}{hint or '.'} Known: {known}")
    return columns


Columns = Annotated[Mapping | str | None, AfterValidator(_ready_mapping)]


class ReasoningGym(Strict):
    """Questions made by a generator of reasoning-gym, judged by its own scorer."""

    verifier: ClassVar[str] = "logic"
    language: ClassVar[str] = "en"
    license: ClassVar[str | None] = "Apache-2.0"

    source: Literal["reasoning_gym"]
    name: str | None = None
    """Name of the source in the tables; left out: the task."""
    task: str
    """Name of the generator, as `chain_sum`."""
    options: dict[str, Any] = Field({})
    """The generator's own settings; seed and size are set here."""
    instruction: str | None = None
    """Put after each question, as R1's "Please reason step by step, and put your final answer
    within \\boxed{}."; left out: the question stands alone."""
    domain: str = "math"
    """Field of the questions: math, code, stem, logic or general."""
    rows: int = Field(ge=1)
    """Different questions to make, held-out ones among them."""
    held_out: int = Field(0, ge=0)
    """How many of them are kept out of training, for evaluation."""

    @property
    def label(self) -> str:
        return self.name or self.task


class Majority(Strict):
    """How a vote is held among the draws of a prompt that has no key."""

    of: Literal["math", "numeric", "choice", "exact"] = "math"
    """The verifier that says whether two answers agree."""
    min_share: float = Field(0.5, ge=0, le=1)
    """Least share of a prompt's draws that makes a majority, those without an answer included."""
    min_draws: int = Field(4, ge=2)
    """Draws below which no vote is held."""


class Table(Strict):
    """What files and Hub datasets have in common."""

    name: str | None = None
    """Name of the source in the tables; left out: that of the first file, or of the dataset."""
    columns: Columns = None
    """Which columns hold what, or the name of a dataset whose ready mapping fits."""
    instruction: str | None = None
    """Put after each question, as R1's "Please reason step by step, and put your final answer
    within \\boxed{}."; left out: the question stands alone."""
    verifier: Annotated[str, AfterValidator(_known_verifier)] = "math"
    """Who judges the answers; a function of your own as `module:function`, its module in the
    recipe's folder (docs/verifiers.md)."""
    majority: Majority | None = None
    """With `verifier: majority`: right is what most draws of a prompt agree on."""
    domain: str = "math"
    """Field of the questions: math, code, stem, logic or general."""
    language: str = "en"
    """Language of the questions, ISO 639-1."""
    license: str | None = None
    """Licence of the questions, as an SPDX name; left out: not known."""
    rows: int | None = Field(None, ge=1)
    """Prompts to take at most, from the top, held-out ones among them; left out: all."""
    held_out: int = Field(0, ge=0)
    """How many of them are kept out of training, for evaluation."""

    def mapping(self, dataset: str | None = None) -> Mapping:
        """The mapping that was given, or the ready one it names."""
        return (
            self.columns
            if isinstance(self.columns, Mapping)
            else MAPPINGS[self.columns or dataset or ""]
        )

    @property
    def vote(self) -> dict[str, Any] | None:
        """How draws vote, where there is to be a vote; it stands in the place of a key."""
        voted = self.verifier == "majority"
        return (self.majority or Majority()).model_dump() if voted else None

    @property
    def names_a_key(self) -> bool:
        """Whether a column is named for the key."""
        return self.mapping(getattr(self, "dataset", None)).reference is not None


class Files(Table):
    """Questions from local files: JSON lines, Parquet or CSV, told apart by their suffix."""

    source: Literal["files"]
    path: str | Annotated[list[str], Field(min_length=1)]
    """File or files (.jsonl, .parquet, .csv), relative to the recipe's folder."""

    @field_validator("path")
    @classmethod
    def _is_there(cls, path: str | list[str], info: ValidationInfo) -> str | list[str]:
        """A missing file is found before anything starts, where the recipe's folder is known."""
        if info.context and "home" in info.context:
            for name in [path] if isinstance(path, str) else path:
                if fault := missing(info.context["home"], name):
                    raise ValueError(fault)
        return path

    @model_validator(mode="after")
    def _columns_are_named(self) -> Self:
        if self.columns is None:
            raise ValueError(f"columns is missing: a mapping, or one of {', '.join(MAPPINGS)}")
        return self

    @property
    def paths(self) -> list[str]:
        return [self.path] if isinstance(self.path, str) else self.path

    @property
    def label(self) -> str:
        return self.name or Path(self.paths[0]).stem


class Hub(Table):
    """Questions from a dataset on the Hugging Face Hub."""

    source: Literal["hub"]
    dataset: str
    """Name on the Hub, as `openai/gsm8k`, or a local folder in a form that `datasets` reads."""
    config: str | None = None
    """Configuration of the dataset, where it has several."""
    split: str = "train"
    """Its split."""
    revision: str | None = None
    """Commit, tag or branch; left out: what the default branch is now."""
    streaming: bool = False
    """Read over the network while it is needed, instead of downloading all of it first."""

    @model_validator(mode="after")
    def _columns_are_known(self) -> Self:
        if self.columns is None and self.dataset not in MAPPINGS:
            known = ", ".join(MAPPINGS)
            raise ValueError(
                f"no ready mapping for {self.dataset!r}: name its columns. Ready: {known}"
            )
        return self

    @property
    def label(self) -> str:
        return self.name or self.dataset


Source = ReasoningGym | Files | Hub


def missing(base: Path, name: str) -> str | None:
    """What is wrong when there is no such file: where it was looked for, and the nearest name."""
    path = base / Path(name).expanduser()
    if path.is_file():
        return None
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    return f"{name}: there is no such file (looked for {path}){nearest(path.name, beside)}"
