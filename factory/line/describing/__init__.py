"""What a run's manifest says of a version: facts of recipe, models, stages and draws."""

from __future__ import annotations

from factory.line.context import Context
from factory.line.describing.inputs import inputs
from factory.line.describing.made import Made
from factory.line.describing.models import judge, teachers
from factory.line.describing.sums import (
    cost,
    ledger,
    measures,
    rounds,
    rules,
    started,
)
from factory.store import verdicts
from factory.versions.choose import decisions
from factory.versions.folder import decisions_of
from factory.versions.funnel import write_funnel
from factory.versions.layout import write_plain
from factory.versions.manifest import Manifest
from factory.versions.publishable import publishable
from factory.versions.statistics import write_statistics
from factory.versions.write import Draft

__all__ = ["Made", "describe"]


def describe(context: Context, made: Made, draft: Draft) -> Manifest:
    """Write what a version tells of all draws, and its manifest but for software and files."""
    recipe, run = context.recipe, context.run
    turned = verdicts.turned_in(context.draws().place, run.rounds("samples"))
    decided = made.decided.join(turned, on="sample_id", how="left", maintain_order="left")
    told = decisions(decided, recipe.filters.own_columns())
    write_plain(told, decisions_of(draft.folder))
    applied, steps = rules(context, made), made.found.steps.to_dicts()
    write_funnel(draft.folder, applied, made.by_domain.to_dicts(), steps)
    write_statistics(draft.folder, made.decided, made.fates, made.seen)
    published = publishable(recipe.model_dump(mode="json", exclude_none=True), context.home)
    return draft.manifest(
        name=recipe.name,
        started=started(context),
        recipe=published,
        inputs=inputs(context, made.asked),
        teachers=teachers(context, made),
        judge=judge(context),
        sampling=published["sampling"],
        measures=measures(context, made.asked),
        rounds=rounds(run.rounds("samples")),
        rules=applied,
        by_domain=made.by_domain.to_dicts(),
        selection={"steps": steps, "short": made.found.short},
        seeds={"recipe": recipe.seed},
        cost=cost(context, made),
        ledger=ledger(run, recipe) | {context.name: [made.account]},
    )
