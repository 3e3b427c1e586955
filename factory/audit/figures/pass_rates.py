"""Pass rates: how often the teacher is right about a prompt, whatever ended drawing."""

from __future__ import annotations

from typing import Any

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted
from factory.audit.figures.groups import BY, Groups
from factory.audit.figures.intervals import HOW, explained
from filters.verifiers.check import wilson

SECTION = "difficulty"
TENTHS = 10
UNBIASED = (
    "Estimates are unbiased whatever ended drawing: the plain share of correct draws is too high "
    "where drawing stops at a success. A prompt that several teachers were asked counts for each."
)
PLAIN = (
    "Rates are plain shares of the draws that are here and could be judged: nobody noted by which "
    "rule drawing ended, and what was removed before is not known."
)
"""Of data that no run made."""


def pass_rates(counted: Counted) -> list[Figure]:
    """The histogram of prompts, and the mean of each group."""
    rates = counted.rates
    missing = None
    if rates.is_empty() or rates["pass_rate"].null_count() == rates.height:
        missing = (
            "no pass rates are known: nobody noted by which rule drawing ended, or no prompt was "
            "drawn to its end"
        )
    how = PLAIN if counted.subject.kind == "data" else UNBIASED
    return [_histogram(rates, missing, how), _by_group(counted, rates, missing, how)]


def _histogram(rates: pl.DataFrame, missing: str | None, how: str) -> Figure:
    rate = rates["pass_rate"]
    known = rate.drop_nulls()
    place = (
        pl.when(known <= 0).then(-1).when(known >= 1).then(TENTHS)
        .otherwise((known * TENTHS).ceil() - 1)
    )  # fmt: skip
    counts = dict(pl.select(place.cast(pl.Int64)).to_series().value_counts().iter_rows())
    rows: list[tuple[Any, ...]] = []
    for number in range(-1, TENTHS + 1):
        count = counts.get(number, 0)
        low, high = max(number, 0) / TENTHS, min(number + 1, TENTHS) / TENTHS
        label = f"{low:g}" if low == high else f"to {high:g}"
        if number == TENTHS - 1:
            label = "below 1"
        interval = wilson(count, known.len()) if known.len() else (None, None)
        rows.append(
            (label, low, high, count, count / known.len() if known.len() else None, *interval)
        )
    rows.append(("not known", None, None, rate.null_count(), None, None, None))
    columns = {
        "pass_rate": "share of draws that would be correct, estimated; a bin without its lower end",
        "from": "lower end of the bin",
        "to": "upper end of the bin",
        "prompts": "prompts in it",
        "share": "those as a share of the prompts whose rate is known, 0 to 1",
        "share_low": "lower end of its 95 % interval (Wilson)",
        "share_high": "upper end of it",
    }
    schema = {"pass_rate": pl.String(), "from": pl.Float64(), "to": pl.Float64()}
    schema |= {"prompts": pl.Int64()} | dict.fromkeys([*columns][4:], pl.Float64())
    return Figure(
        key="pass_rates",
        section=SECTION,
        title="Prompts by pass rate",
        table=pl.DataFrame(rows, schema=schema, orient="row"),
        columns=columns,
        chart=Chart("bars", x="pass_rate", y="prompts", low=None),
        note=f"{_ends(rates)} {how}",
        missing=missing,
    )


def _ends(rates: pl.DataFrame) -> str:
    """What 0 and 1 mean. Where drawing stops at the first success an estimate without bias can only
    be one of them: 1 where the first draw is right."""
    late = rates.filter(pl.col("pass_rate") <= 0, pl.col("correct") > 0).height
    if not late:
        return "0: hopeless so far; 1: nothing to choose from."
    return (
        f"0: hopeless so far, but for {late:,} prompts that were right when drawing stopped: where "
        "it stops at the first success, an estimate without bias is 1 if the first draw is right, "
        "and else 0, and means something on average only."
    )


def _by_group(counted: Counted, rates: pl.DataFrame, missing: str | None, how: str) -> Figure:
    rows = rates.with_columns(strategy="beside", sample_id="prompt_id")
    rate = pl.col("pass_rate")
    values = rows.select(
        known=rate.is_not_null(),
        unknown=rate.is_null(),
        estimates=rate,
        none_right=(rate <= 0).fill_null(False),
        all_right=(rate >= 1).fill_null(False),
        draws=pl.col("draws").fill_null(0),
        correct=pl.col("correct").fill_null(0),
    )
    shares = {
        "pass_rate": ("estimates", "known"),
        "hopeless": ("none_right", "known"),
        "sure": ("all_right", "known"),
        "plain_share": ("correct", "draws"),
    }
    groups = Groups.of(rows)
    table = groups.told(values, shares).drop("estimates", "samples")
    return Figure(
        key="pass_rates.by",
        section=SECTION,
        title="Pass rate of each group",
        table=table,
        columns=BY
        | {
            "known": "of them those whose pass rate is known, by teacher",
            "unknown": "those that were broken off, or not asked",
            "none_right": "those whose estimate is 0",
            "all_right": "those whose estimate is 1",
            "draws": "their draws",
            "correct": "their correct draws",
        }
        | explained({
            "pass_rate": "mean of the estimates, each prompt counting once, 0 to 1",
            "hopeless": "share of the known whose estimate is 0, 0 to 1",
            "sure": "share of the known whose estimate is 1, 0 to 1",
            "plain_share": "correct draws over draws, biased where drawing stops at one, 0 to 1",
        }),
        chart=Chart("intervals", x="group", y="pass_rate", low="pass_rate_low",
                    high="pass_rate_high", series="by"),
        note=f"{how} {HOW}",
        missing=missing,
    )  # fmt: skip
