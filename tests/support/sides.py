"""Subjects of audits that tests write row by row, to be set side by side."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
from versions import manifest

from factory.audit.figures import Figure
from factory.audit.figures.against import compared
from factory.audit.subject import SAMPLES, Subject, as_prompts, as_samples
from factory.audit.subject.table_texts import NoTexts
from filters import Filters

RULES: dict[str, Any] = {"correctness": {}, "length": {"max_tokens": 100}}
Row = dict[str, Any]


def sample(prompt: str, draw: int = 0, **told: Any) -> Row:
    """A draw that is a row: right, finished, 10 tokens; `told`: what is another. Reasons make it
    one that is dropped."""
    reasons = told.get("reasons", [])
    plain: dict[str, Any] = {
        "sample_id": f"{prompt}{draw}", "prompt_id": prompt, "draw": draw, "source": "sums",
        "domain": "math", "language": "en", "teacher": "A teacher", "finish_reason": "stop",
        "completion_tokens": 10, "verdict": "correct",
        "fate": "dropped" if reasons else "chosen", "reasons": reasons,
        "dropped_by": _owner(reasons), "tokens": 10, "longest_paragraph": 9,
    }  # fmt: skip
    return plain | told


def wrong(prompt: str, draw: int = 0, **told: Any) -> Row:
    """A draw that is dropped, its answer being wrong."""
    return sample(prompt, draw, verdict="incorrect", reasons=["incorrect"], **told)


def _owner(reasons: Sequence[str]) -> str | None:
    owners = {"incorrect": "correctness"}
    return owners.get(reasons[0], "length") if reasons else None


def side(
    rows: Iterable[Row],
    rules: Mapping[str, Any] | None = None,
    prompts: Iterable[Row] | None = None,
    place: str = "runs/x",
    **told: Any,
) -> Subject:
    """A subject of these samples.

    Args:
        prompts: what its table of prompts says; left out: only which there are.
        told: of its manifest; left out: it has none.
    """
    filters = Filters.model_validate(RULES if rules is None else rules)
    measures = {"tokens": pl.Int32(), "longest_paragraph": pl.Int32()} | {
        name: kind for own in filters.active().values() for name, kind in own.filter.columns.items()
    }
    rows = [{name: row.get(name) for name in SAMPLES | measures} for row in rows]
    samples = as_samples(pl.DataFrame(rows, schema=SAMPLES | measures))
    asked = samples.select("prompt_id", "source").unique(maintain_order=True)
    return Subject(
        place=place,
        name="test",
        kind="data",
        samples=samples,
        prompts=as_prompts(asked if prompts is None else pl.DataFrame([*prompts])),
        filters=filters,
        texts=NoTexts(),
        manifest=manifest(**told) if told else None,
    )


def figures(now: Subject, was: Subject) -> dict[str, Figure]:
    """All figures by key; each tells what its columns mean, and draws columns that it has."""
    found = {one.key: one for one in compared(now, was)}
    for one in found.values():
        assert list(one.columns) == one.table.columns
        if one.chart:
            drawn = {one.chart.x, one.chart.y, one.chart.x_end, one.chart.low, one.chart.high}
            assert drawn - {None} <= set(one.table.columns)
    return found


def line(figure: Figure, label: str = "all") -> dict[str, Any]:
    """The line of a group."""
    return figure.table.row(by_predicate=pl.col("label") == label, named=True)


WAS = [sample("p"), sample("p", 1), sample("q"), wrong("q", 1), sample("r"), sample("r", 1)]
NOW = [
    sample("p"), sample("p", 1, reasons=["too_long"]),  # a rule
    wrong("q"), sample("q", 1),  # verdicts turned both ways
    sample("r"), sample("r", 1, fate="spare"),  # the selection: it is kept all the same
]  # fmt: skip
