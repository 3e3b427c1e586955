"""Where prompts come from: the sources that a recipe may name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from factory.errors import RecipeError, nearest
from factory.recipe import own_code
from factory.recipe.mapping import TASKS, Mapping
from factory.recipe.mappings import MAPPINGS, Ready, ready
from factory.recipe.paths import files, stem
from factory.recipe.strict import Strict
from filters.verifier_settings import SETTINGS, TAKE_THEM, usual, written

VERIFIERS = (
    "math",
    "numeric",
    "choice",
    "exact",
    "logic",
    "code",
    "instructions",
    "judge",
    "rubric",
    "majority",
)
"""The keys of `filters.verifiers.VERIFIERS`, which take a while to be imported."""
NOT_RESCUED = ("code", "instructions", "judge", "rubric", "majority")
"""Those that compare with no key, or that ask the judge anyway."""


def _known_verifier(name: str, info: ValidationInfo) -> str:
    if name in VERIFIERS or own_code.there(name, info):
        return name
    hint, known = nearest(name, VERIFIERS), ", ".join(VERIFIERS)
    known += ", or your own as module:function"
    raise ValueError(f"no verifier is called {name!r}{hint or '.'} Known: {known}")


def _ready_mapping(columns: Mapping | str | None) -> Mapping | str | None:
    if isinstance(columns, str) and columns not in MAPPINGS:
        hint = nearest(columns, MAPPINGS) or f". Known: {', '.join(MAPPINGS)}"
        raise ValueError(f"no ready mapping is called {columns!r}{hint}")
    return columns


def _ready_one(told: dict[str, Any]) -> Ready | None:
    """The ready mapping that the keys of a source name, if any."""
    columns = told.get("columns")
    name = told.get("dataset") if columns is None else columns
    return ready(name, told.get("config")) if isinstance(name, str) else None


def _known_encoding(name: str | None) -> str | None:
    try:
        "".encode(name or "utf-8")
    except LookupError:
        hint = nearest(name or "", ["utf-8", "utf-16", "latin-1", "cp1252", "cp932", "gb18030"])
        raise ValueError(f"no encoding of text is called {name!r}{hint}") from None
    return name


Columns = Annotated[Mapping | str | None, AfterValidator(_ready_mapping)]


class ReasoningGym(Strict):
    """Questions made by a generator of reasoning-gym, judged by its own scorer."""

    verifier: ClassVar[str] = "logic"
    judged_by: ClassVar[str] = "logic"
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
    """Who judges the answers; `judge`: a model, for open answers; `rubric`: a model, by criteria
    that stand in the key's place; a function of your own as `module:function`, its module in the
    recipe's folder (docs/verifiers.md)."""
    extraction: Literal["announced", "last"] = "announced"
    """What counts as the final answer. `announced`: what is in a box or an answer tag, behind
    `####` or words such as "the answer is", or bold or displayed at the end. `last`: without any
    of these the last formula or number, for models that were never asked to announce one."""
    tolerance: Literal["rounded", "exact", "relative"] = "rounded"
    """How near a number with a point must be to the key: `rounded`, what it was rounded from
    agrees; `exact`, to six digits after the point; `relative`, to one part in 10,000."""
    rescue: Literal["judge"] | None = None
    """`judge`: where the verifier says no or cannot tell, the recipe's judge has the last word."""
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

    @model_validator(mode="before")
    @classmethod
    def _as_its_mapping_says(cls, told: Any) -> Any:
        """Verifier, domain and licence of a ready mapping, where the recipe does not say them."""
        found = _ready_one(told) if isinstance(told, dict) else None
        return found.of_source() | told if found else told

    @model_validator(mode="after")
    def _settings_are_of_its_verifier(self) -> Self:
        of = (self.majority or Majority()).of if self.verifier == "majority" else self.verifier
        told = [key for key, value in self._settings.items() if value != usual(key)]
        if told and of not in TAKE_THEM:
            raise ValueError(
                f"{' and '.join(told)}: the verifiers {' and '.join(TAKE_THEM)}, whose answers are "
                f"formulas and numbers, can be told so, and {of} cannot: leave it out"
            )
        return self

    @model_validator(mode="after")
    def _something_to_rescue(self) -> Self:
        if self.rescue and self.verifier in NOT_RESCUED:
            raise ValueError(
                f"rescue: a judge compares an answer with the key, and {self.verifier} has "
                "no rules for that: leave it out"
            )
        return self

    def mapping(self) -> Mapping:
        """The mapping that was given, or the ready one: it is named, or the dataset's own."""
        if isinstance(self.columns, Mapping):
            return self.columns
        found = _ready_one(vars(self))
        assert found  # the recipe was checked
        return found

    @model_validator(mode="after")
    def _several_keys_are_answers(self) -> Self:
        own = self.columns if isinstance(self.columns, Mapping) else None
        several = own and not own.reference_form and len(own.references) > 1
        if several and self.verifier in TASKS:
            raise ValueError(f"several columns of keys: the verifier {self.verifier} takes one")
        return self

    @property
    def vote(self) -> dict[str, Any] | None:
        """How draws vote, where there is to be a vote; it stands in the place of a key."""
        if self.verifier != "majority":
            return None
        how = self.majority or Majority()
        return how.model_dump() | {"of": written(how.of, **self._settings)}

    @property
    def judged_by(self) -> str:
        """The verifier with its settings, as prompts carry it."""
        voted = self.verifier == "majority"  # whose settings are those of the votes
        return self.verifier if voted else written(self.verifier, **self._settings)

    @property
    def _settings(self) -> dict[str, str]:
        return {key: getattr(self, key) for key in SETTINGS}

    @property
    def names_a_key(self) -> bool:
        """Whether a column is named for the key."""
        return bool(self.mapping().references)


class Files(Table):
    """Questions from local files: JSON lines, JSON, CSV, TSV, Parquet or Arrow, by their suffix;
    text files also as .gz or .zst."""

    source: Literal["files"]
    path: str | Annotated[list[str], Field(min_length=1)]
    """File, pattern as `shards/*.jsonl.gz`, folder with files of one kind, or what `save_to_disk`
    wrote; or several of them. Relative to the recipe's folder."""
    encoding: Annotated[str | None, AfterValidator(_known_encoding)] = None
    """What text files are written in, as `cp1252`; left out: what their first bytes say, or else
    UTF-8."""
    field: str | None = None
    """Where the rows are in a JSON file that is no list of rows, as `data`; left out: its only list
    of objects."""

    @field_validator("path")
    @classmethod
    def _is_there(cls, path: str | list[str], info: ValidationInfo) -> str | list[str]:
        """A missing file is found before anything starts, where the recipe's folder is known."""
        if info.context and "home" in info.context:
            for name in [path] if isinstance(path, str) else path:
                files(info.context["home"], name)
        return path

    @model_validator(mode="after")
    def _columns_are_named(self) -> Self:
        if self.columns is None:
            way = "say which hold what, as {question: problem, reference: answer}"
            raise ValueError(f"columns is missing: {way}, or name a dataset of docs/prompts.md")
        return self

    @property
    def paths(self) -> list[str]:
        return [self.path] if isinstance(self.path, str) else self.path

    @property
    def label(self) -> str:
        return self.name or stem(self.paths[0])


class Hub(Table):
    """Questions from a dataset on the Hugging Face Hub."""

    source: Literal["hub"]
    dataset: str
    """Name on the Hub, as `openai/gsm8k`, or a local folder in a form that `datasets` reads,
    relative to the recipe's folder."""
    config: str | None = None
    """Configuration of the dataset, where it has several."""
    split: str = "train"
    """Its split."""
    revision: str | None = None
    """Commit, tag or branch; left out: what the default branch is now."""
    streaming: bool = False
    """Read over the network while it is needed, instead of downloading all of it first."""

    @field_validator("dataset")
    @classmethod
    def _is_there(cls, dataset: str, info: ValidationInfo) -> str:
        """As for files: a missing folder is found before anything starts."""
        if info.context and "home" in info.context:
            _folder(info.context["home"], dataset)
        return dataset

    @model_validator(mode="after")
    def _columns_are_known(self) -> Self:
        if self.columns is None and not ready(self.dataset, self.config):
            way = "say which hold what, as {question: problem, reference: answer}"
            hint = nearest(self.dataset, MAPPINGS)
            raise ValueError(
                f"no ready mapping for {self.dataset!r}{hint}; otherwise name its columns: {way}"
                if hint
                else f"no ready mapping for {self.dataset!r}: name its columns: {way}"
            )
        return self

    @property
    def label(self) -> str:
        """As rows have it, so no folders of a machine: of a local folder its name."""
        away = self.dataset.startswith((".", "/", "~")) or self.dataset.count("/") > 1
        return self.name or (away and Path(self.dataset).name) or self.dataset

    def folder(self, base: Path) -> Path | None:
        """The local folder that it names, or None where the name is one of the Hub's.

        Raises:
            RecipeError: it names a folder that is not there.
        """
        try:
            return _folder(base, self.dataset)
        except ValueError as wrong:
            raise RecipeError(str(wrong)) from None


def _folder(base: Path, dataset: str) -> Path | None:
    path = base / Path(dataset).expanduser()
    if path.is_dir():
        return path
    if dataset.startswith((".", "/", "~")) or dataset.count("/") > 1:
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = nearest(path.name, beside)
        raise ValueError(f"{dataset}: there is no such folder (looked for {path}){hint}")
    return None


Source = ReasoningGym | Files | Hub
