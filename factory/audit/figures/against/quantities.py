"""What is compared of samples: fates, verdicts, lengths, faults and measures, each as a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from factory.audit.figures.against.joined import Joined
from factory.audit.figures.counted import CHOSEN, Counted
from factory.audit.figures.faults import Faults, unmeasured

Kind = Literal["outcome", "prompt", "fault", "measure"]
KEPT = pl.col("fate") != "dropped"
"""Whether no rule drops a sample: it is a row, or a spare one."""
ROW = pl.col("fate").is_in(CHOSEN)
"""Whether a sample is a row: of a version, or of anybody's data that was filtered."""
_VERDICT = pl.col("verdict")
RIGHT = pl.when(_VERDICT.is_in(["correct", "incorrect"])).then(_VERDICT == "correct")


@dataclass(frozen=True)
class Quantity:
    """Something that every sample has a number of, or that is not measured of it."""

    name: str
    """As `kept`, the name of a fault, or of a measure."""
    kind: Kind
    unit: str
    """What the number is in; `share`: 0 or 1 for a sample, so a share for many."""
    told: str
    """What it says of a sample."""
    filter: str | None = None
    """The filter that it is of."""
    value: pl.Expr | None = None
    """Of a table of samples, null: not measured, or not decided; None: the column of its name."""

    @property
    def share(self) -> bool:
        """Whether a sample has it or has it not."""
        return self.unit == "share"

    def of(self, side: Counted) -> np.ndarray:
        """The numbers of all samples of a side; NaN where null."""
        if self.value is None:
            told = side.samples[self.name]
        else:
            told = side.samples.select(self.value.alias("value")).to_series()
        return told.cast(pl.Float64).to_numpy()


@dataclass(frozen=True)
class Fault(Quantity):
    """A reason to drop a sample, whoever drops it first."""

    def of(self, side: Counted) -> np.ndarray:
        """Whether each sample has it; NaN where its filter could not measure, and did not find it
        all the same, or where nobody has judged."""
        faults = side.faults
        has = _has(faults, self.name)
        lost = _has(
            faults, next((r for r in faults.reasons if unmeasured(r, self.filter or "")), "")
        )
        found = np.where(has, 1.0, np.where(lost, np.nan, 0.0))[faults.pattern]
        unjudged = side.samples["reasons"].is_null()
        if unjudged.any():
            found[unjudged.to_numpy()] = np.nan
        return found


def _has(faults: Faults, reason: str) -> np.ndarray:
    """Whether each pattern has a reason."""
    return np.array([reason in own for own in faults.patterns], bool)


@dataclass(frozen=True)
class PassRate(Quantity):
    """The pass rate of each sample's prompt, as the sampler estimates it: its rule for further
    draws, which may go by verdicts, does not bend this one."""

    def of(self, side: Counted) -> np.ndarray:
        """Of each sample; NaN where no estimate is known."""
        known = side.rates.filter(pl.col("pass_rate").is_not_null(), pl.col("draws") > 0)
        weight = pl.col("draws") / pl.col("draws").sum()
        each = known.group_by("prompt_id").agg(rate=(pl.col("pass_rate") * weight).sum())
        asked = side.samples.select("prompt_id")
        told = asked.join(each, on="prompt_id", how="left", maintain_order="left")
        return told["rate"].to_numpy()


OUTCOMES = (
    Quantity("kept", "outcome", "share", "no rule drops it", None, KEPT),
    Quantity("row", "outcome", "share", "it is a row of the dataset", None, ROW),
    Quantity(
        "correct", "outcome", "share", "its answer is right, where it is judged", None, RIGHT
    ),
    Quantity(
        "unverifiable", "outcome", "share", "its verifier could not judge it", None,
        _VERDICT == "unverifiable",
    ),
    Quantity(
        "finished", "outcome", "share", "it ended before a limit", None,
        pl.col("finish_reason") == "stop",
    ),
    Quantity("completion_tokens", "outcome", "tokens", "its length, thinking included"),
)  # fmt: skip
OF_PROMPTS = (
    Quantity(
        "any_kept", "prompt", "share", "a draw of its prompt is kept", None,
        KEPT.max().over("prompt_id"),
    ),
    PassRate("pass_rate", "prompt", "share", "the pass rate of its prompt"),
)  # fmt: skip
"""What is told of prompts alone."""


def quantities(joined: Joined) -> list[Quantity]:
    """All that can be compared of the samples of these two."""
    theirs = measures(joined.was)
    own = [
        one
        for name, one in measures(joined.now).items()
        if name in theirs and not apart(joined, one.filter)
    ]
    return [*OUTCOMES, *_faults(joined), *own]


def measures(side: Counted) -> dict[str, Quantity]:
    """The measures of a side that are numbers, or yes and no, by name."""
    found: dict[str, Quantity] = {}
    schema = side.samples.schema
    for filter, columns in side.subject.measures().items():
        for name in columns:
            if schema[name].is_numeric() or schema[name] == pl.Boolean:
                unit = "share" if schema[name] == pl.Boolean else ""
                told = f"a measure of the filter {filter}"
                found[name] = Quantity(name, "measure", unit, told, filter)
    return found


def apart(joined: Joined, filter: str | None) -> bool:
    """Whether the two have measured a filter in different ways, so that its numbers are of two
    kinds."""
    stamps = [versions(side).get(filter or "") for side in (joined.was, joined.now)]
    return None not in stamps and stamps[0] != stamps[1]


def versions(side: Counted) -> dict[str, int | str]:
    """By which version of each measure a side was measured, as far as it says so."""
    manifest = side.subject.manifest
    return manifest.measures if manifest else {}


def _faults(joined: Joined) -> list[Quantity]:
    """The reasons that the rules of both can give, and that a sample has."""
    was, now = joined.was.faults, joined.now.faults
    given = {reason for side in (was, now) for own in side.patterns for reason in own}
    return [
        Fault(reason, "fault", "share", f"{filter} finds this fault in it", filter)
        for reason in now.reasons
        for filter in [now.owner[reason]]
        if reason in given and was.owner.get(reason) == filter and not unmeasured(reason, filter)
    ]
