"""A version's manifest: what is in it, what made it, and a digest of each of its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from factory.errors import StageError, first_fault
from factory.ledger import Account
from factory.recipe.strict import Strict
from factory.versions.folder import manifest_of

FORMAT = 3
"""Of manifests. 1 and 2 were written by versions before 0.2 and cannot be published."""


class File(Strict):
    """One file of a version."""

    bytes: int
    """Its size."""
    sha256: str
    """Digest of its content, 64 hexadecimal digits."""
    rows: int | None = None
    """Its rows, where it is a table."""


class Input(Strict):
    """Where prompts, or questions that no row may have, came from."""

    what: Literal["prompts", "benchmark", "dataset"]
    """What it was read as; `dataset`: rows of another version or of the Hub, in a mix."""
    name: str
    """The source, as rows have it."""
    origin: str
    """A dataset on the Hub, a generator and its version, or the names of files: no folders."""
    revision: str | None = None
    """Commit on the Hub."""
    digest: str
    """Digest of what was read from it."""
    split: str | None = None
    """Split that was read."""
    config: str | None = None
    """Configuration of the dataset that was read."""
    files: dict[str, str] = Field(default_factory=dict)
    """Digest (sha256) of each file it was read from, by its name without folders."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Settings of the generator that made it."""
    license: str | None = None
    """Its licence, as a Hub's id or in its own words; null where nobody said."""
    rows: int
    """Rows that came in."""
    held_out: int = 0
    """Rows that were kept out of training."""


class Teacher(Strict):
    """Who wrote rows."""

    name: str
    """What people call it: the Hub's name, or the folder's."""
    revision: str | None = None
    """Commit on the Hub."""
    digest: str
    """Of weights, tokenizer and what changes its numbers; rows have it as `teacher_digest`."""
    template: str | None = None
    """Text of the chat template it was asked with; null where an endpoint keeps its own."""
    license: str | None = None
    """Licence of the model, where its card says one."""
    made_from: str | None = None
    """What it was trained from, where the run has made it."""
    sampling: dict[str, Any] = Field(default_factory=dict)
    """How it was asked, where that is not as the version's `sampling` says."""
    draws: int
    """Draws of it that count."""
    rows: int
    """Rows by it."""


class Compared(Strict):
    """A comparison in a rule: `tokens > max_tokens`."""

    measure: str
    """What is compared."""
    sign: str
    """<, <=, >, >=, == or !=."""
    setting: str | None = None
    """The setting that it is compared with; null: with `value`, whatever the settings."""
    value: bool | int | float | str | None = None
    """What it is compared with."""


class Ground(Strict):
    """What a reason to drop a draw goes by."""

    measures: list[str]
    """The columns that are looked at."""
    settings: list[str] = Field(default_factory=list)
    """The settings of the filter that change who has this reason."""
    compared: list[Compared] = Field(default_factory=list)
    """The comparisons in it, where it has plain ones."""


class Rule(Strict):
    """One filter as it was applied."""

    filter: str
    """Its name in the recipe."""
    thresholds: dict[str, Any]
    """Its settings, all of them."""
    entering: int
    """Draws that came to it."""
    not_judged: int = 0
    """Those that it does not judge."""
    dropped: int
    """Draws that it dropped first."""
    left: int
    """Draws that went on."""
    alone: int = 0
    """Draws that it would drop if it were the only one."""
    reasons: dict[str, int] = Field(default_factory=dict)
    """Draws that have each of its reasons, whoever dropped them first."""
    grounds: dict[str, Ground] = Field(default_factory=dict)
    """What each of its reasons goes by."""


class Cost(Strict):
    """What the version took."""

    draws: int
    """Draws that count."""
    prompt_tokens: int | None = None
    """Tokens of the questions asked; null where nobody counted."""
    completion_tokens: int | None = None
    """Tokens that were drawn."""
    row_tokens: int | None = None
    """Those of them that are in rows."""
    judge_questions: int = 0
    """Questions that the judge was asked."""
    judge_tokens: int = 0
    """Tokens of these and of its replies, as far as they were counted."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """Wall time of each stage, in its last sitting."""


class Parent(Strict):
    """The version that this one takes the place of."""

    number: int | None = None
    """Its number in the run."""
    version: str | None = None
    """Its name, where it was published."""
    digest: str
    """Digest of its rows."""


class Tested(Strict):
    """A statement of the recipe about its data, and whether it holds."""

    test: str
    """As the recipe says it."""
    value: float | None
    """What was measured; null where nothing could be."""
    holds: bool
    """Whether it does."""
    rows: int = 0
    """Rows that go against it."""
    examples: list[str] = Field(default_factory=list)
    """`sample_id` of some of them."""


class Marked(Strict):
    """How often a filter or a verifier is right, by what people said of draws of this version."""

    judge: str
    """Name of the filter or verifier."""
    about: Literal["filter", "verifier", "key", "whole"]
    """What it is; `key`: the doubt about keys; `whole`: all filters together."""
    words: str
    """The question that people were asked; whoever says yes agrees with the judge's yes."""
    people: int
    """People who marked."""
    marked: int
    """Draws, prompts or pairs that they said yes or no of, drawn by lot from strata."""
    precision: tuple[float, float, float] | None = None
    """Of what the judge says yes of, the share that people say yes of, 0 to 1, with its 95 %
    interval; null where it was not measured."""
    recall: tuple[float, float, float] | None = None
    """Of what people say yes of, the share that the judge says yes of."""
    missed: tuple[float, float, float] | None = None
    """Of what the judge says no of, the share that people say yes of."""


class Manifest(Strict):
    """All that a version says of itself; `manifest.json`."""

    format: Literal[3] = FORMAT
    """Of this file."""
    name: str
    """Name of the recipe."""
    number: int | None = None
    """The version's number in its run: v1, v2, …"""
    version: str | None = None
    """The name that it is published under, as 1.2.0."""
    repo: str | None = None
    """Where it is published under that name, as org/name."""
    digest: str
    """Content digest of its rows (`factory/versions/content.py`), 64 hexadecimal digits."""
    rows: int
    """Rows in all splits."""
    splits: dict[str, int]
    """Rows of each split."""
    started: str | None = None
    """When the first stage of its run began, UTC; null where nobody noted it."""
    created: str
    """When it was written, UTC."""
    parent: Parent | None = None
    """The version that this one takes the place of."""
    made_by: dict[str, Any]
    """All that the rows depend on, and nothing else, in digests and settings."""
    recipe: dict[str, Any]
    """The recipe, without folders, keys and hosts of the machine it ran on."""
    inputs: list[Input]
    """Where prompts and benchmarks came from."""
    teachers: list[Teacher]
    """Who wrote the rows."""
    judge: dict[str, Any] | None = None
    """The model that judged what rules cannot."""
    sampling: dict[str, Any]
    """How the teachers were asked."""
    measures: dict[str, int | str]
    """The version of each measure."""
    rounds: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Later rounds of judging that count, by name, in order: verifiers, packages, when."""
    rules: list[Rule]
    """The filters, in their order."""
    by_domain: list[dict[str, Any]] = Field(default_factory=list)
    """The funnel of each domain."""
    selection: dict[str, Any] = Field(default_factory=dict)
    """What each step of the selection left out, and where there were fewer rows than asked for."""
    formats: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Rows of each split of each further form of the data, by its name."""
    near_train: dict[str, int] | None = None
    """Rows of each split but `train` whose prompt is near one of `train`; null where nobody
    compared prompts."""
    mix: list[dict[str, Any]] = Field(default_factory=list)
    """The versions and datasets that a mix is made of."""
    tests: list[Tested] = Field(default_factory=list)
    """What the recipe says must hold."""
    students: list[dict[str, Any]] = Field(default_factory=list)
    """What each student will see of the rows."""
    marked: list[Marked] = Field(default_factory=list)
    """How often its filters and verifiers are right, where people marked its draws."""
    seeds: dict[str, int] = Field(default_factory=dict)
    """Where chance came from."""
    cost: Cost
    """What it took."""
    ledger: dict[str, list[Account]]
    """The sums of all stages up to here: each closes."""
    software: dict[str, str]
    """Versions of packages, and the commit of this program where it is known."""
    changes: str | None = None
    """What is different from the parent, as Markdown that this program wrote, for the card."""
    forced: list[str] = Field(default_factory=list)
    """What publishing refused and was told to do all the same, in its words."""
    files: dict[str, File]
    """Every file beside this one and what signs it, by its path in the version."""


def json_schema() -> dict[str, Any]:
    """The JSON schema of a manifest, as `manifest.schema.json` has it."""
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, **Manifest.model_json_schema(mode="serialization")}


def readable(version: Path) -> bool:
    """Whether the folder has a manifest of this format; an older version has another."""
    file = manifest_of(version)
    return file.exists() and json.loads(file.read_bytes()).get("format") == FORMAT


def read(version: Path) -> Manifest:
    """The manifest of a version's folder.

    Raises:
        StageError: there is none, or it is none of this format.
    """
    file = manifest_of(version)
    if not file.exists():
        raise StageError(f"{version}: no dataset version, it has no {file.name}")
    try:
        told = json.loads(file.read_bytes())
    except ValueError as error:
        raise StageError(f"{file}: no JSON ({error}). Take the file from where it came") from None
    return parsed(told, str(file))


def parsed(told: Any, place: str) -> Manifest:
    """A manifest of JSON values; `place` is named in errors.

    Raises:
        StageError: it is none of this format.
    """
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise StageError(
            f"{place}: written by another version of this program. `factory build` on its run "
            "writes the version anew"
        )
    try:
        return Manifest.model_validate(told)
    except ValidationError as error:
        raise StageError(f"{place}: {first_fault(error)}") from None
