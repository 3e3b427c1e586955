"""Pass rates of prompts: unbiased estimates, whatever ended drawing."""

from __future__ import annotations

from typing import Any

import polars as pl
from pydantic import ValidationError

from factory.audit.subject import Subject
from factory.recipe.sampling import Policy
from factory.sampler import policy


def rates(subject: Subject) -> pl.DataFrame:
    """The subject's prompts; where all their rates are unknown and the version says by which rule
    drawing ended, with the estimates that follow from their draws."""
    prompts = subject.prompts
    rule = _rule(subject)
    if rule is None or prompts["pass_rate"].null_count() < prompts.height:
        return prompts
    kinds = prompts.select("source", "draws", "correct").unique().drop_nulls(["draws", "correct"])
    told = [(*row, _rate(rule, *row)) for row in kinds.iter_rows()]
    known = pl.DataFrame(told, schema={**kinds.schema, "pass_rate": pl.Float64()}, orient="row")
    on = ["source", "draws", "correct"]
    found = prompts.drop("pass_rate").join(
        known, on=on, how="left", nulls_equal=True, maintain_order="left"
    )
    return found.select(prompts.columns)


def _rule(subject: Subject) -> Policy | None:
    """None where nobody noted it, or where a teacher had one of its own."""
    manifest = subject.manifest
    if manifest is None or any("policy" in teacher.sampling for teacher in manifest.teachers):
        return None
    sampling: dict[str, Any] = manifest.recipe.get("sampling", {})
    try:
        return Policy.model_validate(sampling["policy"])
    except (KeyError, ValidationError):
        return None


def _rate(rule: Policy, source: str | None, draws: int, correct: int) -> float | None:
    """None where the rule would have gone on, so the prompt was broken off."""
    limits = policy.limits_of(rule, source or "")
    if policy.goes_on(limits, draws, correct):
        return None
    try:
        return policy.pass_rate(limits, draws, correct)
    except ValueError:
        return None
