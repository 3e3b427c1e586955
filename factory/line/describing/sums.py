"""The sums of a version: its funnel, its ledger, and what it took."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

import polars as pl

from factory.ledger import Account
from factory.line.context import Context
from factory.line.describing.made import Made
from factory.line.done import Done
from factory.recipe import Recipe
from factory.run_folder import RunFolder
from factory.store import verdicts
from factory.versions import build
from factory.versions.grounds import grounds
from factory.versions.manifest import Cost, Rule
from factory.versions.publishable import without_machine

BEFORE = (
    "prompts",
    "benchmarks",
    "teacher-base",
    "teacher",
    "other-teachers",
    "judge",
    "samples",
    "difficulty",
    "measures",
)
"""The stages whose work is in a version."""


def measures(context: Context, asked: pl.DataFrame) -> dict[str, int | str]:
    """The version of each measure; of verdicts the verifiers that gave them."""
    names = ", ".join(sorted(set(asked["verifier"].drop_nulls())))
    version = importlib.metadata.version("math-verify")
    judged = f"{names} (math-verify {version})" if "math" in names else names
    return {**build.versions(context.recipe.filters), **({"verifiers": judged} if names else {})}


def rules(context: Context, made: Made) -> list[Rule]:
    """The filters in their order, with settings, counts and reasons."""
    active = context.recipe.filters.model_dump(mode="json", exclude_none=True)
    reasons = made.decided.select(pl.col("reasons").explode()).drop_nulls().to_series()
    counted: dict[str, int] = dict(reasons.value_counts(sort=True).iter_rows())
    used = context.recipe.filters.active()
    own = {
        name: [r for entry in rules.entries for r in (*entry.reasons(), entry.not_measured)]
        for name, rules in used.items()
    }
    return [
        Rule(
            filter=step["filter"],
            thresholds=_plain(active.get(step["filter"], {})),
            entering=step["entering"],
            not_judged=step["not_judged"],
            dropped=step["dropped"],
            left=step["left"],
            alone=step["dropped_alone_total"],
            reasons={name: n for name in own[step["filter"]] if (n := counted.get(name))},
            grounds=grounds(used[step["filter"]]),
        )
        for step in made.steps.iter_rows(named=True)
    ]


def _plain(entry: Any) -> dict[str, Any]:
    return entry if isinstance(entry, dict) else {"entries": entry}


def rounds(folder: Path) -> dict[str, dict[str, Any]]:
    """The later rounds of judging that count, by name: verifiers, packages, when."""
    from factory.sampler.rejudge import noted  # it brings the verifiers along

    told = {name: noted(folder, name) for name in verdicts.applied(folder)}
    kept = ("verifiers", "packages", "own", "mended", "began")
    return {name: {key: note[key] for key in kept if key in note} for name, note in told.items()}


def ledger(run: RunFolder, recipe: Recipe) -> dict[str, list[Account]]:
    """The sums of all stages before the dataset."""
    return {
        name: [_named(account) for account in done.accounts]
        for name, done in _done(run, recipe).items()
        if done.accounts
    }


def _named(account: Account) -> Account:
    told = {
        key: {without_machine(reason): count for reason, count in getattr(account, key).items()}
        for key in ("dropped", "failed")
    }
    return account.model_copy(update={**told, "what": without_machine(account.what)})


def _done(run: RunFolder, recipe: Recipe) -> dict[str, Done]:
    """The records of the stages before the dataset that the recipe asks for."""
    wanted = {
        "benchmarks": bool(recipe.benchmarks),
        "other-teachers": bool(recipe.teacher.others),
        "judge": recipe.judge is not None,
        "difficulty": recipe.dataset.rated_by == "student",
    }
    return {
        name: Done.model_validate_json(run.done(name).read_bytes())
        for name in BEFORE
        if wanted.get(name, True) and run.done(name).exists()
    }


def started(context: Context) -> str | None:
    """When the first of the stages before the dataset began; they are sorted as text."""
    told = [done.started for done in _done(context.run, context.recipe).values()]
    return min((when for when in told if when), default=None)


def cost(context: Context, made: Made) -> Cost:
    """What the version took, in draws, tokens and seconds."""
    completion, asked = pl.col("completion_tokens").sum(), pl.col("prompt_tokens").sum()
    counted = made.decided["prompt_tokens"].count() > 0
    seconds = {name: done.seconds for name, done in _done(context.run, context.recipe).items()}
    return Cost(
        draws=made.decided.height,
        prompt_tokens=made.decided.select(asked).item() if counted else None,
        completion_tokens=made.decided.select(completion).item(),
        row_tokens=made.decided.filter(fate="chosen").select(completion).item(),
        seconds=seconds,
        **_judging(context),
    )


def _judging(context: Context) -> dict[str, int]:
    if context.recipe.judge is None:
        return {}
    from factory.sampler.judge_notes import Notes

    notes = Notes(context.run.judged("samples"))
    return {"judge_questions": notes.questions, "judge_tokens": notes.tokens}
