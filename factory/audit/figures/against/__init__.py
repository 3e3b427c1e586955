"""Two runs, versions or datasets side by side: `factory audit PLACE --against OTHER`.

The other one is what was, `before`; the subject of the audit is what is, `after`. Samples that both
have are paired, and so are prompts that both have asked.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.against.apart import aside, only_one
from factory.audit.figures.against.beside import funnels, shapes
from factory.audit.figures.against.differences import differences
from factory.audit.figures.against.forests import forests
from factory.audit.figures.against.joined import Joined, Level
from factory.audit.figures.against.moved import (
    GAINED,
    LOST,
    MOST,
    Moved,
    by_reason,
    listed,
    moved_prompts,
    moved_samples,
    rules_moved,
)
from factory.audit.figures.against.reasons import reasons
from factory.audit.figures.counted import Counted
from factory.audit.subject import Subject

SECTION = "against"
SECTIONS = {SECTION: "Before and after"}
"""The heading of its figures, before those of the subject."""
ASSUMES = (
    "Kept is a sample that no rule drops, whether it is a row or a spare one. Samples are paired "
    "by sample_id, the same draw; prompts by prompt_id, with all draws of each side. Each side has "
    "its own rules and verdicts. What is not measured or not decided on one side is left out and "
    "counted; it is no difference. Intervals are of 95 %, prompts being drawn anew with all their "
    "pairs: they say how far the difference would hold of other prompts like these."
)
"""What all figures assume; it stands under the first sentence."""


def compared(subject: Subject, other: Subject) -> list[Figure]:
    """A subject beside another one: the first figure's title is the sentence that says it all, then
    what was kept and is dropped now, then differences, then both as they are.

    Args:
        subject: what is audited: after.
        other: what it is compared with: before.
    """
    joined = Joined(was=Counted(other), now=Counted(subject))
    moved = moved_samples(joined) if joined.samples.height else moved_prompts(joined)
    levels = _levels(joined)
    tables = {one: differences(joined, one) for one in levels}
    return [
        _head(joined, moved, tables),
        _by_reason(joined, moved, LOST),
        _listed(joined, moved),
        _by_reason(joined, moved, GAINED),
        *_fates(joined),
        *(figure for one, table in tables.items() for figure in forests(one, table)),
        reasons(joined),
        funnels(joined),
        _rules(joined),
        *shapes(joined),
        _only(joined),
        _aside(joined),
    ]


def _levels(joined: Joined) -> list[Level]:
    """Samples where both have some; prompts where draws of common ones differ."""
    found: list[Level] = ["samples"] if joined.samples.height else []
    return [*found, "prompts"] if joined.other_draws or not found else found


def sentence(joined: Joined, moved: Moved) -> str:
    """What is common, and how many of it turned.

    >>> from factory.audit.figures.against.moved import Moved
    >>> _turned(Moved("sample", 40, 0, pl.DataFrame({"change": [LOST, LOST, GAINED]})))
    '2 kept → dropped · 1 dropped → kept · net -1'
    """
    if joined.samples.height:
        common = f"{_many(joined.samples.height, 'common sample')} of "
        common += _many(joined.prompts.height, "common prompt")
        return f"{common} · {_turned(moved)}"
    if joined.prompts.height:
        common = f"{_many(joined.prompts.height, 'common prompt')}, no common sample"
        return f"{common} · with a kept sample or without one: {_turned(moved)}"
    return "Nothing is common: no sample and no prompt is in both"


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _turned(moved: Moved) -> str:
    net = moved.gained - moved.lost
    sign = "-" if net < 0 else "+" if net > 0 else "±"
    return f"{moved.lost:,} {LOST} · {moved.gained:,} {GAINED} · net {sign}{abs(net):,}"


def _head(joined: Joined, moved: Moved, tables: dict[Level, pl.DataFrame]) -> Figure:
    """The first sentence, with what is in both and in one alone."""
    alone = [joined.alone[name]["sample_id"].n_unique() for name in joined.sides]
    asked = [joined.asked[name].height - joined.prompts.height for name in joined.sides]
    rows = [("samples", joined.samples.height, *alone), ("prompts", joined.prompts.height, *asked)]
    same = _same(joined, tables)
    left = moved.undecided
    notes = [
        f"Before is {joined.was.subject.place}, after is {joined.now.subject.place}.",
        "The two are the same: no sample has another fate, verdict or measure, and none is in "
        "one alone." if same else "",
        ASSUMES,
        f"Not decided on one side, so left out: {left:,}." if left else "",
    ]  # fmt: skip
    return Figure(
        key="against",
        section=SECTION,
        title=sentence(joined, moved),
        table=pl.DataFrame(rows, schema=["what", "both", "before alone", "after alone"],
                           orient="row"),
        columns={
            "what": "samples or prompts that have draws", "both": "in both",
            "before alone": "before and not after", "after alone": "after and not before",
        },
        note=" ".join(filter(None, notes)),
    )  # fmt: skip


def _same(joined: Joined, tables: dict[Level, pl.DataFrame]) -> bool:
    """Whether nothing at all is another."""
    sides = (joined.was.samples, joined.now.samples)
    if not all(side.height == joined.samples.height > 0 for side in sides):
        return False
    if any(table["turned"].sum() for table in tables.values()):
        return False
    own = [name for name in sides[0].columns if name in sides[1].columns]
    was, now = (side.select(own) for side in sides)
    if not was["sample_id"].equals(now["sample_id"]):
        was, now = was.sort("sample_id"), now.sort("sample_id")
    return was.equals(now)


def _by_reason(joined: Joined, moved: Moved, change: str) -> Figure:
    lost = change == LOST
    table = by_reason(joined, moved, change)
    side = "after" if lost else "before"
    what = "samples" if moved.what == "sample" else "prompts without a kept sample"
    return Figure(
        key="against.lost" if lost else "against.gained",
        section=SECTION,
        title=f"{'Regressions: ' if lost else ''}{what}, {change}, by reason",
        table=table,
        columns={
            "reason": f"why a sample is dropped {side}",
            "filter": "the filter that gives it",
            "samples": "samples with this reason; one of two reasons counts in both",
            "rows": "those of them that were rows before, not spare ones",
            "prompts": "their prompts",
            "other_verdict": "those of them whose verdict is another",
            "rule": "what of the filter's settings is another, from before to after",
            "examples": f"{moved.what}_id of some",
        },
        chart=Chart("bars", x="reason", y="samples") if table.height else None,
        note="" if table.height else f"No {moved.what} went that way.",
    )


def _listed(joined: Joined, moved: Moved) -> Figure:
    table = listed(joined, moved)
    more = moved.pairs.height - table.height
    told = {"fate": "chosen (a row), spare or dropped", "verdict": "of its answer",
            "reasons": "the faults that rules found", "draws": "samples of the prompt",
            "kept": "those that no rule drops", "correct": "those that are right"}  # fmt: skip
    columns = {"change": "which way", "sample_id": "the sample", "prompt_id": "its prompt"}
    columns |= {f"{n}_{side}": f"{t}, {side}" for n, t in told.items() for side in
                ("before", "after")}  # fmt: skip
    return Figure(
        key="against.moved",
        section=SECTION,
        title=f"Every {moved.what} that turned, regressions first",
        table=table,
        columns={name: columns[name] for name in table.columns},
        note=f"The first {MOST:,}; {more:,} more are not listed."
        if more
        else ("" if table.height else f"No {moved.what} turned."),
    )


def _fates(joined: Joined) -> Iterator[Figure]:
    """What common samples were and what they are."""
    for name, title in (("fate", "Fates"), ("verdict", "Verdicts")):
        keys = [f"{name}_was", name]
        counted = joined.samples.with_columns(pl.col(keys).fill_null("none"))
        table = counted.group_by(keys).agg(samples=pl.len()).sort(keys)
        yield Figure(
            key=f"against.{name}s",
            section=SECTION,
            title=f"{title} of common samples, before and after",
            table=table.rename({f"{name}_was": "before", name: "after"}),
            columns={"before": f"{name} before", "after": f"{name} after",
                     "samples": "common samples"},
            chart=Chart("matrix", x="after", series="before", y="samples"),
            missing=None if table.height else "no sample is in both",
        )  # fmt: skip


def _rules(joined: Joined) -> Figure:
    rows = [(name, said) for name, told in rules_moved(joined).items() for said in told]
    return Figure(
        key="against.rules",
        section=SECTION,
        title="Rules that are others",
        table=pl.DataFrame(rows, schema={"filter": pl.String, "moved": pl.String}, orient="row"),
        columns={"filter": "the filter", "moved": "its setting, from before to after"},
        note="" if rows else "Both have the same rules.",
    )


def _only(joined: Joined) -> Figure:
    table = only_one(joined)
    return Figure(
        key="against.only",
        section=SECTION,
        title="What is in one alone, and why",
        table=table,
        columns={"what": "prompts or samples", "only": "the side that has them",
                 "why": "why the other has not", "count": "how many"},
        note="" if table.height else "Nothing: both have the same prompts and samples.",
    )  # fmt: skip


def _aside(joined: Joined) -> Figure:
    table = aside(joined)
    return Figure(
        key="against.aside",
        section=SECTION,
        title="What is not compared, or only with care",
        table=table,
        columns={"what": "a filter, a measure, or something of draws",
                 "compared": "no, or with care", "why": "why"},
        note="What only one side has measured is no difference."
        if table.height
        else "Everything is compared.",
    )  # fmt: skip
