"""How models are examined, and the student's base tried: what a recipe says of it."""

from __future__ import annotations

from factory.recipe import Recipe
from factory.recipe.asking import Asking
from factory.recipe.sampling import Fixed, Policy, Sampling


def tried(recipe: Recipe) -> Sampling:
    """How the student's base is asked for its pass rates: plainly, each prompt alike."""
    band = recipe.dataset.select.difficulty
    assert band  # asked only then
    return _plainly(recipe.sampling, band.draws)


def examination(recipe: Recipe, model: str) -> Sampling:
    """How a model is examined: as the sampling says, but plainly and each prompt alike; a teacher
    as that says for it; and for all, what `evaluate` says otherwise."""
    evaluate, sampling = recipe.evaluate, recipe.sampling
    assert evaluate  # asked only then
    plain = _plainly(sampling, evaluate.draws)
    is_teacher = model.startswith("teacher")
    return plain.asking(recipe.teacher.asked if is_teacher else None).asking(evaluate)


def _plainly(sampling: Sampling, draws: int) -> Sampling:
    kept = {*Asking.model_fields, "engine_process", "seeded", "concurrency", "grace"}
    policy = Policy(fixed=Fixed(draws=draws))
    return Sampling(**sampling.model_dump(include=kept, exclude_none=True), policy=policy)
