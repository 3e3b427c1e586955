"""Selection once more, from what a version tells of its draws: which are rows by other rules."""

from __future__ import annotations

import polars as pl
from pydantic import ValidationError

from factory.audit.subject import Subject
from factory.errors import first_fault
from factory.recipe.selection import Quotas, Select
from factory.versions.selection import select
from factory.versions.selection.facts import LIMO, score
from factory.versions.selection.ranking import HELPS
from filters import Filters

CHOSEN = ("chosen", "kept")
"""Fates of samples that are rows."""


def not_repeated(subject: Subject) -> str | None:
    """Why selection cannot be repeated from what is told, in a sentence; None where it can."""
    if subject.kind == "data":
        return None
    wanted = _wanted(subject)
    if isinstance(wanted, str):
        return wanted
    if wanted.prefer == "diverse" and wanted.per_prompt:
        return (
            "selection is not repeated: `prefer: diverse` goes by texts. `factory build` repeats it"
        )
    lacks = [column for column in _needs(wanted) if column not in subject.samples.columns]
    if lacks:
        return f"selection is not repeated: it goes by {', '.join(lacks)}, which nobody has noted"
    return None


def chosen_again(subject: Subject, judged: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """What becomes of samples that were judged by other rules, as `fate` and `spare_by`, in their
    order.

    Args:
        judged: with `dropped_by`, and the facts that decisions tell. `not_repeated` is None.
        filters: the other rules.
    """
    wanted = _wanted(subject)
    accepted = pl.col("dropped_by").is_null()
    if not isinstance(wanted, Select):
        fate = pl.when(accepted).then(pl.lit("kept")).otherwise(pl.lit("dropped"))
        return judged.select(fate=fate, spare_by=pl.lit(None, pl.String))
    rows = judged
    if wanted.per_cluster and filters.duplicates:
        over = "sample_id" if filters.duplicates.of_draws() else "prompt_id"
        rows = rows.with_columns(unit=over)
    if "best" in wanted.goes_by:
        rows = rows.with_columns(score=score())
    rows = rows.select([name for name in ("dropped_by", *HELPS) if name in rows.columns])
    seed = subject.manifest.seeds.get("recipe", 0) if subject.manifest else 0
    place = _places(subject, rows) if _is_cut(wanted) else None
    if place is None:
        return select(rows, wanted, seed).rows.select("fate", "spare_by")
    there = rows.with_columns(place=pl.int_range(pl.len()))[place]
    return select(there, wanted, seed).rows.sort("place").select("fate", "spare_by")


def _is_cut(wanted: Select) -> bool:
    """Whether draws of several prompts compete for room: the last of equal ones goes by place."""
    return bool(wanted.rows or wanted.mix or wanted.quotas != Quotas() or wanted.per_cluster)


def _places(subject: Subject, rows: pl.DataFrame) -> pl.Series | None:
    """The order in which the run has these draws; None where nobody tells."""
    if subject.run is None:
        return None
    own = rows.select("sample_id", place=pl.int_range(pl.len()))
    order = subject.run.current().select("sample_id")
    places = order.join(own, on="sample_id", how="inner", maintain_order="left")["place"]
    return places if places.len() == rows.height else None  # it has drawn on since


def _wanted(subject: Subject) -> Select | str:
    """The selection of the recipe, or why there is none to repeat."""
    recipe = subject.manifest.recipe if subject.manifest else {}
    if "mix" in recipe:
        return "selection is not repeated: a mix chooses among versions and their rows"
    try:
        return Select.model_validate((recipe.get("dataset") or {}).get("select") or {})
    except ValidationError as error:
        return f"selection is not repeated: this program has another way now ({first_fault(error)})"


def _needs(wanted: Select) -> list[str]:
    """The columns that steps go by, beside those that all samples have."""
    needs = []
    if wanted.difficulty or "hardest" in wanted.goes_by:
        needs.append("pass_rate")
    if wanted.per_cluster:
        needs.append("duplicate_cluster")
    if wanted.topics:
        needs.append("topic")
    if "best" in wanted.goes_by:
        needs += LIMO
    return needs
