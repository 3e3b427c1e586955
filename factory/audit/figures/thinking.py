"""Over- and underthinking: thinking after the answer, and turns from thought to thought."""

from __future__ import annotations

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted
from factory.audit.figures.groups import BY
from factory.audit.figures.intervals import HOW, explained

SECTION = "thinking"
UNUSED = "the filter `thinking` is not in use, so nobody looked at the thinking"
MANY = 3
"""Turns from which on a sample is said to turn often."""

TURNS = {
    "verdict": "correct or incorrect",
    **BY,
    "of_verdict": "samples of this verdict",
    "measured": "those whose turns were counted",
}
TURNS |= explained(
    {
        "turns": "turns to another way, mean of a sample",
        "per_1000": "turns in 1,000 tokens",
        "often": f"share of samples with {MANY} turns and more, 0 to 1",
        "thought_chars": "characters to each thought, mean",
    }
)


def thinking(counted: Counted) -> list[Figure]:
    """How much comes after the answer in right samples, and how often right and wrong ones turn."""
    return [_over(counted), _under(counted)]


def _over(counted: Counted) -> Figure:
    columns = BY | {
        "correct": "correct samples",
        "found": "those of them whose answer is found in their thinking",
        "not_found": "those whose answer is not found there: not measured",
    }
    columns |= explained(
        {
            "efficiency": "share of the thinking up to the first right answer, mean, 0 to 1",
            "over_half": "share of the found with more than half their thinking behind it",
            "after": "characters of thinking after the answer, mean",
        }
    )
    if not counted.has("outcome_efficiency", "answer_at"):
        return _missing("overthinking", "Thinking after the answer", counted)
    right = counted.verdicts["correct"]
    share, at = pl.col("outcome_efficiency"), pl.col("answer_at")
    found = pl.lit(right) & share.is_not_null()
    values = counted.samples.select(
        correct=pl.lit(right),
        found=found,
        not_found=pl.lit(right) & share.is_null(),
        efficient=pl.when(found).then(share),
        late=found & (share < 0.5),
        behind=pl.when(found & (share > 0)).then(at / share - at),
    )
    table = counted.groups.told(
        values,
        shares={"efficiency": ("efficient", "found"), "over_half": ("late", "found")},
        means={"after": ("behind", "found")},
    )
    return Figure(
        key="overthinking",
        section=SECTION,
        title="Thinking after the answer",
        table=table.select(list(columns)),
        columns=columns,
        chart=Chart("intervals", x="group", y="efficiency", low="efficiency_low",
                    high="efficiency_high", series="by"),
        note="The outcome efficiency of arXiv 2412.21187, of correct samples, in characters of "
        f"the thinking. {HOW}",
    )  # fmt: skip


def _under(counted: Counted) -> Figure:
    if not counted.has("thought_switches", "thought_chars"):
        return _missing("underthinking", "Turns from thought to thought", counted)
    turns, tables = pl.col("thought_switches"), []
    for verdict in ("correct", "incorrect"):
        own = pl.lit(counted.verdicts[verdict])
        there = own & turns.is_not_null()
        values = counted.samples.select(
            of_verdict=own,
            measured=there,
            all_turns=pl.when(own).then(turns),
            of_counted=pl.when(there & pl.col("completion_tokens").is_not_null()).then(turns),
            thousands=pl.when(there).then(pl.col("completion_tokens") / 1000),
            many=there & (turns >= MANY),
            chars=pl.when(there).then("thought_chars"),
        )
        table = counted.groups.told(
            values,
            shares={"often": ("many", "measured")},
            means={
                "turns": ("all_turns", "measured"),
                "per_1000": ("of_counted", "thousands"),
                "thought_chars": ("chars", "measured"),
            },
        )
        tables.append(table.with_columns(verdict=pl.lit(verdict)).select(list(TURNS)))
    return Figure(
        key="underthinking",
        section=SECTION,
        title="Turns from thought to thought, in right and wrong samples",
        table=pl.concat(tables),
        columns=TURNS,
        chart=Chart("intervals", x="group", y="turns", low="turns_low", high="turns_high",
                    series="verdict"),
        note="arXiv 2501.18585: models that leave thoughts too early turn more often in wrong "
        "samples. Long samples have more turns, so look at those in 1,000 tokens as well. "
        f"{HOW}",
    )  # fmt: skip


def _missing(key: str, title: str, counted: Counted) -> Figure:
    why = UNUSED
    if "thinking" in counted.subject.filters.active():
        why = "the thinking of no sample was measured"
        if counted.has("thought_switches"):
            why = "no sample is correct and has its answer in its thinking"
    return Figure(key, SECTION, title, pl.DataFrame(), {}, missing=why)
