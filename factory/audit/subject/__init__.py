"""What is audited: samples with their measures and fates, what is told of them, and their texts.

A run, a version, here or on the Hub, and anybody's generations all become a `Subject`. Figures,
pages and stories are made of it alone, so they do not know where it came from.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import polars as pl

from factory.ledger import Account
from factory.run_folder import RunFolder
from factory.versions.manifest import Manifest
from filters import Filters

SAMPLES: dict[str, pl.DataType] = {
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "draw": pl.Int32(),
    "source": pl.String(),
    "domain": pl.String(),
    "language": pl.String(),
    "teacher": pl.String(),
    "strategy": pl.String(),
    "finish_reason": pl.String(),
    "max_tokens": pl.Int32(),
    "prompt_tokens": pl.Int32(),
    "completion_tokens": pl.Int32(),
    "verdict": pl.String(),
    "verdict_reason": pl.String(),
    "fate": pl.String(),
    "spare_by": pl.String(),
    "dropped_by": pl.String(),
    "reasons": pl.List(pl.String()),
}
"""What is told of every sample; null where nobody knows. `teacher` is a name. `fate`, `spare_by`,
`dropped_by` and `reasons` are as in a version's decisions. Behind them stand the measures."""

PROMPTS: dict[str, pl.DataType] = {
    "prompt_id": pl.String(),
    "source": pl.String(),
    "domain": pl.String(),
    "language": pl.String(),
    "draws": pl.Int32(),
    "correct": pl.Int32(),
    "pass_rate": pl.Float64(),
    "state": pl.String(),
    "teacher": pl.String(),
    "beside": pl.String(),
}
"""What became of each prompt, by teacher and strategy, as in `samples/prompts.parquet`."""

TEXTS: dict[str, pl.DataType] = {
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "question": pl.String(),
    "reference": pl.String(),
    "answer": pl.String(),
    "text": pl.String(),
    "reasoning": pl.String(),
    "response": pl.String(),
}
"""The texts of a sample. `question`: all turns before the reply, each behind its role where there
are several. `text`: the whole reply, with what a template wrote before it. `reasoning` and
`response`: how it was split; null where it was not."""


class Texts(Protocol):
    """Where texts are read."""

    def of(self, ids: Sequence[str]) -> pl.DataFrame:
        """The texts of these samples, as `TEXTS`, in their order; those that are not there are
        left out."""
        ...

    def each(self) -> Iterator[pl.DataFrame]:
        """The texts of all samples that there are texts of, as `TEXTS`, piece by piece."""
        ...


@dataclass(frozen=True)
class Subject:
    """What is audited."""

    place: str
    """As a person named it."""
    name: str
    """Of the recipe, the published dataset or the file."""
    kind: Literal["run", "version", "data"]
    samples: pl.DataFrame
    """As `SAMPLES`, with the measures behind it: a row a sample, no texts."""
    prompts: pl.DataFrame
    """As `PROMPTS`."""
    filters: Filters
    """The rules that the fates are by."""
    texts: Texts
    accounts: dict[str, list[Account]] = field(default_factory=dict)
    """The sums of each stage that is done; none of data that no run made."""
    manifest: Manifest | None = None
    """Of the version that the fates are of."""
    run: RunFolder | None = None
    home: Path | None = None
    """Where its measures and the files of its audits are kept, of data that no run made."""
    missing: dict[str, str] = field(default_factory=dict)
    """What is not measured or not known: a filter, a column or a question -> why, in a sentence."""
    typed: str = ""
    """How data is named in a command, with what was said of it: `a.jsonl --language en`."""

    @property
    def command(self) -> str:
        """How it is named in a command, for a shell."""
        return self.typed or shlex.quote(self.place)

    def measures(self) -> dict[str, list[str]]:
        """The columns that each filter in use has measured, by its name."""
        active = self.filters.active().items()
        there = set(self.samples.columns)
        return {name: [c for c in rules.filter.columns if c in there] for name, rules in active}


def as_samples(table: pl.DataFrame) -> pl.DataFrame:
    """A table with all columns of `SAMPLES` first, in their types, null where it lacks them."""
    own = [
        pl.col(name).cast(kind) if name in table.columns else pl.lit(None, kind).alias(name)
        for name, kind in SAMPLES.items()
    ]
    return table.select(*own, pl.exclude(*SAMPLES))


def as_prompts(table: pl.DataFrame) -> pl.DataFrame:
    """The same for `PROMPTS`, and nothing else."""
    return table.select(
        pl.col(name).cast(kind) if name in table.columns else pl.lit(None, kind).alias(name)
        for name, kind in PROMPTS.items()
    )


def question_of(messages: pl.Expr) -> pl.Expr:
    """The text of the turns of a question: of one turn its content, of several each behind its
    role."""
    turn = pl.element().struct
    told = pl.concat_str(turn.field("role"), pl.lit(": "), turn.field("content"))
    several = messages.list.eval(told).list.join("\n\n")
    return (
        pl.when(messages.list.len() == 1)
        .then(messages.list.first().struct.field("content"))
        .otherwise(several)
    )
