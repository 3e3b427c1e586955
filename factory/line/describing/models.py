"""The models of a version: who wrote its rows, and who judged what rules cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from factory.line.context import Context
from factory.line.describing.made import Made
from factory.models import Located
from factory.models.tokenizers import template_text
from factory.recipe.models import Tiny
from factory.recipe.raising import Rejection
from factory.recipe.sampling import Sampling
from factory.recipe.teacher import Grpo
from factory.sampler.teacher import Teacher as Asked
from factory.versions import manifest
from factory.versions.publishable import base_name, publishable


def teachers(context: Context, made: Made) -> list[manifest.Teacher]:
    """Every model that wrote draws, in the recipe's order, with how many draws and rows are its."""
    chosen = (pl.col("fate") == "chosen").sum()
    counts = made.decided.group_by("teacher", maintain_order=True).agg(pl.len(), chosen)
    by_digest = {digest: (draws, rows) for digest, draws, rows in counts.iter_rows()}
    asked = context.teachers()
    names = dict(made.fates.select("teacher_digest", "teacher").unique().iter_rows())
    found = []
    for number, digest in _in_order(list(by_digest), names, asked, context.recipe.sampling):
        draws, rows = by_digest[digest]
        found.append(_teacher(context, number, asked[number], digest, draws, rows))
    return found


def _in_order(
    digests: list[str], names: dict[str, str], asked: list[Asked], sampling: Sampling
) -> Iterator[tuple[int, str]]:
    """The number of the teacher behind each digest: by its name, where several share it by what
    they are."""
    told = [teacher.model.name for teacher in asked]
    own: dict[str, int] = {}
    if len(set(told)) < len(told):
        own = {
            teacher.identity(sampling.asking(teacher.asked)): number
            for number, teacher in enumerate(asked)
        }
    by_name = {name: number for number, name in reversed(list(enumerate(told)))}
    places = {d: own.get(d, by_name.get(names.get(d, ""), 0)) for d in digests}
    yield from sorted(((number, digest) for digest, number in places.items()))


def _teacher(
    context: Context, number: int, asked: Asked, digest: str, draws: int, rows: int
) -> manifest.Teacher:
    model, made_from = asked.model, None
    licensed = license_of(model)
    if number == 0:
        made_from = _made_from(context)
        base = context.run.done("teacher-base").exists() and context.run.model("teacher-base")
        licensed = licensed or (license_of(base) if base else None)
    own = asked.asked.model_dump(mode="json", exclude_none=True) if asked.asked else {}
    return manifest.Teacher(
        name=_name(model),
        revision=model.revision,
        digest=digest,
        template=template_text(model),
        license=licensed,
        made_from=made_from,
        sampling=publishable({"sampling": own}, context.home)["sampling"],
        draws=draws,
        rows=rows,
    )


def _name(model: Located) -> str:
    """A name as people have it: no folder of this machine."""
    return base_name(model.name) if model.name.startswith(("/", "~", ".")) else model.name


def _made_from(context: Context) -> str | None:
    """What the run has made the teacher from; None where it is asked as it came."""
    teacher = context.recipe.teacher
    steps = "".join(f", then {words}" for words in _raised(context))
    if isinstance(teacher.base, Tiny):
        return (
            f"a tiny {teacher.base.tiny}, trained on {teacher.base.rows:,} rows made for it{steps}"
        )
    if not teacher.is_raised:
        return None
    found = context.run.model("teacher-base")
    return f"{_name(found)}{f'@{found.revision}' if found.revision else ''}{steps}"


def _raised(context: Context) -> Iterator[str]:
    """What was done with the base, stage by stage."""
    teacher = context.recipe.teacher
    if teacher.grpo:
        yield f"{teacher.grpo.steps:,} steps of GRPO"
    for step in teacher.steps:
        told = step.told
        if isinstance(told, Grpo):
            yield f"{told.steps:,} steps of GRPO"
        elif isinstance(told, Rejection) and step.samples:
            yield "rejection sampling"
        else:
            again = " of the base again" if step.starts != step.before else ""
            of = "" if step.rows else f" on {', '.join(part.part().name for part in step.data)}"
            yield f"fine-tuning{again}{of}"


def judge(context: Context) -> dict[str, Any] | None:
    """The model that judged, and how it was asked."""
    told = context.recipe.judge
    if told is None:
        return None
    model = context.run.model("judge")
    asked = told.asked().model_dump(mode="json", include=set(type(told).model_fields))
    return {
        "name": _name(model),
        "revision": model.revision,
        "digest": model.digest,
        "license": license_of(model),
        "template": template_text(model),
        "votes": told.votes,
        "sampling": {key: value for key, value in asked.items() if value not in (None, {}, [])},
    }


def license_of(model: Located) -> str | None:
    """What a model's card says of its licence; None where it has no card, or says nothing."""
    from huggingface_hub import ModelCard, constants

    file = Path(model.path) / constants.REPOCARD_NAME
    if not model.path or not file.is_file():
        return None
    try:
        card = ModelCard(file.read_text(encoding="utf-8"), ignore_metadata_errors=True)
    except ValueError:  # no card in the Hub's form
        return None
    told = card.data.to_dict()
    name = told.get("license_name") if told.get("license") == "other" else told.get("license")
    return str(name) if name else None
