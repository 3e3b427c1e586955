"""Whether a recipe's lengths fit into the contexts of the models that it names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from factory import models
from factory.errors import RecipeError
from factory.line import other_runs
from factory.line.examining import examination, tried
from factory.line.stages import told_aside
from factory.models.context import context_in
from factory.models.tokenizers import must_speak
from factory.prompts.collect import collect
from factory.recipe import Recipe
from factory.recipe.models import Model, OfRun, Tiny, Weights
from factory.recipe.sampling import Sampling
from factory.recipe.served import Served
from factory.recipe.sources import Hub
from factory.recipe.teacher import Grpo
from factory.sampler.failures import with_questions
from factory.sampler.rounds import fitted, rounds_of
from factory.sampler.strategies import prepare
from factory.sampler.teacher import Teacher

HUB_SECONDS = 5.0
"""Longest wait for the Hub's word about a model."""


@dataclass(frozen=True)
class Use:
    """A model, and what a recipe wants to put into its context."""

    what: str
    """Its part in the recipe, as `teacher` or `student`."""
    model: Model
    tokens: int
    """Of the longest draw, or of the longest row."""
    key: str
    """The recipe's key that says so."""
    is_row: bool = False
    """A row is prompt and draw together."""


def uses(recipe: Recipe) -> Iterator[Use]:
    """Every model of weights that the recipe names, with each length that it is used at."""
    teacher, student = recipe.teacher, recipe.student
    sampling = recipe.sampling
    if not isinstance(teacher.base, Served):
        asked = sampling.asking(teacher.asked)
        yield Use("teacher", teacher.base, asked.max_tokens, _key(sampling, asked))
        for key, grpo in teacher.grpos.items():
            yield Use("teacher", teacher.base, grpo.max_tokens, f"{key}.max_tokens")
        for step in teacher.steps:
            if step.samples or isinstance(step.told, Grpo):
                continue
            if length := step.told.training.max_length:
                key = f"{step.key}.training.max_length"
                yield Use("teacher", teacher.base, length, key, is_row=True)
        if recipe.evaluate:
            asked = examination(recipe, "teacher")
            yield Use("teacher", teacher.base, asked.max_tokens, "evaluate.max_tokens")
    for number, other in enumerate(teacher.others):
        if isinstance(other, Weights):
            asked = sampling.asking(other.sampling)
            yield Use(f"teacher {number + 2}", other, asked.max_tokens, _key(sampling, asked))
    if recipe.judge and isinstance(recipe.judge.model, Weights):
        yield Use("judge", recipe.judge.model, recipe.judge.max_tokens, "judge.max_tokens")
    if student:
        if length := student.training.max_length:
            yield Use("student", student.base, length, "student.training.max_length", is_row=True)
        if recipe.dataset.rated_by == "student":
            asked = tried(recipe)
            yield Use("student", student.base, asked.max_tokens, "sampling.max_tokens")
        if recipe.evaluate:
            asked = examination(recipe, "student")
            yield Use("student", student.base, asked.max_tokens, "evaluate.max_tokens")


def _key(sampling: Sampling, asked: Sampling) -> str:
    return "sampling.max_tokens" if asked.max_tokens == sampling.max_tokens else "its max_tokens"


def told(recipe: Recipe, home: Path) -> list[str]:
    """What does not fit, a sentence each; and the models whose context nobody here knows.

    `home` is the folder that relative paths in the recipe start from.

    Raises:
        RecipeError: rows would be longer than the student's context, which the run refuses.
    """
    lines: dict[str, None] = {}
    known: dict[str, int | None] = {}
    for use in uses(recipe):
        name = _name(use.model)
        if name not in known:
            known[name] = _context(use.model, home)
        context = known[name]
        if use.what == "student" and recipe.student and recipe.student.context:
            context = recipe.student.context
        if context is None:
            lines[f"the context of {name} is not known here: it was not compared"] = None
        elif use.is_row and use.tokens > context:
            raise RecipeError(
                f"{use.what} {name}: {use.key} is {use.tokens:,}, and its context {context:,} "
                "tokens: write a smaller one, as rows are trained on whole"
            )
        elif not use.is_row and use.tokens >= context:
            lines[
                f"{use.what} {name}: {use.key} is {use.tokens:,}, and its context {context:,} "
                "tokens with the prompt: draws end there"
            ] = None
    return list(lines)


def prompts_told(recipe: Recipe, home: Path, prompts: pl.DataFrame | None = None) -> list[str]:
    """What the run will say of its prompts, where they and the teachers' tokenizers are here.

    Args:
        recipe: the recipe.
        home: folder that relative paths in it start from.
        prompts: those of its sources, where they were read already.

    Raises:
        RecipeError: a source, a strategy or a template is not as it should be.
        StageError: a teacher can be asked no prompt.
    """
    others = [(other, other.sampling) for other in recipe.teacher.others]
    named = [(recipe.teacher.base, recipe.teacher.asked), *others]
    there = [(model, own) for model, own in named if isinstance(model, Weights)]
    known = [(found, own) for model, own in there if (found := models.here(model, home))]
    if not known:
        return []
    if prompts is None:
        sources = recipe.prompts
        if any(isinstance(source, Hub) and not source.folder(home) for source in sources):
            return []  # `look` says so
        prompts = collect(sources, recipe.seed, home).prompts
    lines: list[str] = []
    asked = prompts.filter(split="train")
    strategies = prepare(recipe.sampling.strategies, home)
    for found, own in known:
        must_speak(found)
        teacher = Teacher(found, asked=own)
        for each in rounds_of(teacher, recipe.sampling, recipe.seed, strategies, asked):
            fits = fitted(each, lines.append)
            if fits.set_aside.height:
                aside = with_questions(fits.set_aside, asked)
                lines.append(f"{found.name}: {told_aside(aside)}")
    return lines


def _name(model: Model) -> str:
    if isinstance(model, OfRun):
        return f"{model.run}, {model.stage}"
    return f"tiny {model.tiny}" if isinstance(model, Tiny) else model.path


def _context(model: Model, home: Path) -> int | None:
    if isinstance(model, Tiny):
        return model.context
    if isinstance(model, OfRun):
        try:
            found = Path(other_runs.model(model, home).path)
        except RecipeError:  # its absence is told elsewhere
            return None
        return context_in(_text_part((found / "config.json").read_bytes()))
    folder = home / Path(model.path).expanduser()
    if (folder / "config.json").exists():
        return context_in(_text_part((folder / "config.json").read_bytes()))
    config = hub_config(model)
    return context_in(_text_part(config)) if config else None


def _text_part(config: bytes) -> dict[str, Any]:
    """The part of a config that is about text."""
    told = json.loads(config)
    return told | told.get("text_config", {})


def hub_config(model: Weights) -> bytes | None:
    """The config of a model on the Hub: of the cache, or asked for once; None where neither has it.

    Not by the Hub's own client: away from a network it tries for half a minute.
    """
    import httpx
    from huggingface_hub import hf_hub_url, is_offline_mode, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import build_hf_headers

    try:
        cached = try_to_load_from_cache(model.path, "config.json", revision=model.revision)
        if isinstance(cached, str):
            return Path(cached).read_bytes()
        if is_offline_mode():
            return None
        address = hf_hub_url(model.path, "config.json", revision=model.revision)
        asked: dict[str, Any] = {"headers": build_hf_headers(), "follow_redirects": True}
        answer = httpx.get(address, timeout=HUB_SECONDS, **asked)
    except (httpx.HTTPError, HFValidationError):
        return None
    return answer.content if answer.is_success else None
