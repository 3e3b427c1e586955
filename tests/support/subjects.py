"""Subjects made by hand: samples with the measures that a test is about, judged by its rules."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from factory.audit.figures import Figure
from factory.audit.figures.counted import Counted
from factory.audit.subject import PROMPTS, SAMPLES, Subject, as_prompts, as_samples
from filters import Filters, judge


class NotToBeRead:
    """Texts that figures have no business with: who asks for them fails."""

    def of(self, ids: Sequence[str]) -> pl.DataFrame:
        raise AssertionError("texts are read")

    def each(self) -> Iterator[pl.DataFrame]:
        raise AssertionError("texts are read")


def subject_of(
    rows: Sequence[Mapping[str, Any]],
    rules: Mapping[str, Any] | None = None,
    prompts: Sequence[Mapping[str, Any]] = (),
    **others: Any,
) -> Subject:
    """A subject of these samples; what a row leaves out of its filters' measures is null.

    The first accepted sample of a prompt is chosen, further ones are spare.
    """
    filters = Filters.model_validate(rules or {})
    measures = {
        name: kind for own in filters.active().values() for name, kind in own.filter.columns.items()
    }
    told = {name: kind for name, kind in SAMPLES.items() if name not in ("reasons", "dropped_by")}
    schema = {**told, **measures}
    defaults = {"prompt_id": "p", "teacher": "t", "domain": "math", "source": "s", "language": "en"}
    full = [{"sample_id": f"s{n}"} | defaults | dict(row) for n, row in enumerate(rows)]
    extra = {name for row in full for name in row if name not in schema}
    table = pl.DataFrame(
        [{name: row.get(name) for name in (*schema, *extra)} for row in full],
        schema_overrides=schema,
        infer_schema_length=None,
    ).select(*schema, *sorted(extra))
    judged = judge(table, filters)
    accepted = pl.col("dropped_by").is_null()
    first = accepted & (accepted.cum_sum().over("prompt_id") == 1)
    fate = pl.when(first).then(pl.lit("chosen")).when(accepted).then(pl.lit("spare"))
    judged = judged.with_columns(
        fate=fate.otherwise(pl.lit("dropped")),
        spare_by=pl.when(accepted & ~first).then(pl.lit("per_prompt")),
    )
    asked = [defaults | {"beside": None} | dict(prompt) for prompt in prompts]
    return Subject(
        place="made by hand",
        name="made by hand",
        kind="data",
        samples=as_samples(judged),
        prompts=as_prompts(
            pl.DataFrame(asked, schema=None if asked else PROMPTS, infer_schema_length=None)
        ),
        filters=filters,
        texts=NotToBeRead(),
        **others,
    )


def counted_of(*arguments: Any, **others: Any) -> Counted:
    """The same, ready for figures."""
    return Counted(subject_of(*arguments, **others))


def named(figures: Sequence[Figure], key: str) -> Figure:
    """One of several figures."""
    return next(figure for figure in figures if figure.key == key)


def overall(figure: Figure) -> dict[str, Any]:
    """The row of all samples."""
    return figure.table.filter(by="overall").row(0, named=True)


def of(figure: Figure, **where: Any) -> dict[str, Any]:
    """The only row that is so."""
    found = figure.table.filter(**where)
    assert found.height == 1, found
    return found.row(0, named=True)
