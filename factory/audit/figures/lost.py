"""Lost draws: cut at the limit, stopped, not judged in time; and what pass rates could be."""

from __future__ import annotations

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted
from factory.audit.figures.groups import BY
from factory.audit.figures.intervals import HOW, explained
from factory.audit.figures.lengths import cut, finish, unfinished
from factory.audit.figures.lost_by_length import lost_by_length

SECTION = "lost"
TIME = r"^(?:timeout|machine_slow|time)"
"""Begins the reasons of verdicts that were lost to time."""

LOST = BY | {
    "samples": "samples in the group",
    "ended": "those that came to their own end",
    "cut": "those that ran into the limit of tokens or of the context",
    "stopped": "those that a watch stopped, for a loop or another language",
    "aborted": "those that the engine gave up",
    "unfinished": "those whose thinking never ended, however they ended",
    "not_known": "those whose end nobody noted: not measured",
    "judged_too_long": "those whose verifier did not end in time",
    "lost": "cut, stopped, aborted or unfinished and not correct all the same, or judged too long",
    "correct": "correct samples",
}
LOST |= explained(
    {
        "share_lost": "lost, as a share of the samples whose end is known, 0 to 1",
        "correct_if_wrong": "share of correct samples if all lost ones were wrong, 0 to 1",
        "correct_of_rest": "share of correct samples among those that are not lost, 0 to 1",
        "correct_if_right": "share of correct samples if all lost ones were right, 0 to 1",
    }
)

BUDGETS = {
    "max_tokens": "a limit of tokens",
    "is": "now: the limit that samples were drawn with; would be: a smaller one",
    "samples": "samples whose tokens are counted",
    "cut": "those that it cuts",
    "share_cut": "those as a share, 0 to 1",
    "correct_lost": "correct samples that it cuts",
    "share_correct_lost": "those as a share of all correct ones, 0 to 1",
    "accepted_lost": "accepted samples that it cuts",
    "tokens": "tokens that would be drawn",
    "share_tokens": "those as a share of all that were, 0 to 1",
}


def lost(counted: Counted) -> list[Figure]:
    """Lost draws by group with the bounds of the share of correct ones, by length, draws that
    could not be had, and what other budgets of tokens cut."""
    return [_by_group(counted), lost_by_length(counted), _never_had(counted), _budgets(counted)]


def _by_group(counted: Counted) -> Figure:
    ends = finish(counted)
    correct, known, open_ = counted.verdicts["correct"], ends.is_not_null(), unfinished(counted)
    reason = counted.samples["verdict_reason"]
    in_judging = counted.verdicts["unverifiable"] & reason.str.contains(TIME).fill_null(False)
    gone = (cut(counted) & ~correct) | in_judging
    values = pl.DataFrame(
        {
            "ended": (ends == "stop").fill_null(False),
            "cut": (ends == "length").fill_null(False),
            "stopped": ends.is_in(["loop", "language"]).fill_null(False),
            "aborted": (ends == "abort").fill_null(False),
            "unfinished": open_.fill_null(False),
            "not_known": ~known,
            "judged_too_long": in_judging,
            "lost": gone,
            "known": known | open_.is_not_null() | in_judging,
            "correct": correct,
            "not_lost": ~gone,
            "at_most": correct | gone,
        }
    )
    shares = {
        "share_lost": ("lost", "known"),
        "correct_if_wrong": ("correct", "samples"),
        "correct_of_rest": ("correct", "not_lost"),
        "correct_if_right": ("at_most", "samples"),
    }
    table = counted.groups.told(values, shares).drop("known", "not_lost", "at_most")
    return Figure(
        key="lost",
        section=SECTION,
        title="Draws lost to length and time, and what the share of correct ones could be",
        table=table,
        columns=LOST,
        chart=Chart("intervals", x="group", y="correct_of_rest", low="correct_if_wrong",
                    high="correct_if_right", series="by"),
        note="Bars go from all lost ones wrong to all lost ones right: they are bounds and no "
        "intervals. Hard prompts need more tokens, so lost draws are seldom as right as the rest "
        f"and leaving them out makes pass rates too high. {HOW}",
        missing=None if values["known"].any() else "nobody noted how samples ended",
    )  # fmt: skip


def _never_had(counted: Counted) -> Figure:
    """What the ledger has of draws that failed, prompts that were not asked, and pending ones."""
    rows = [
        (stage, account.what, kind, reason, count)
        for stage, accounts in counted.subject.accounts.items()
        if stage.startswith("samples")
        for account in accounts
        for kind, told in (("failed", account.failed), ("dropped", account.dropped),
                           ("pending", {"pending": account.pending} if account.pending else {}))
        for reason, count in told.items()
    ]  # fmt: skip
    columns = {
        "stage": "of the run",
        "what": "what is counted",
        "kind": "failed: could not be had; dropped: not wanted; pending: still to come",
        "reason": "why",
        "count": "how many",
    }
    kinds = [pl.String()] * 4 + [pl.Int64()]
    missing = None if rows else "all that was asked for was had"
    if not counted.subject.accounts:
        missing = "no run with a ledger made this data"
    return Figure(
        key="lost.never_had",
        section=SECTION,
        title="Draws and prompts that could not be had",
        table=pl.DataFrame(rows, schema=dict(zip(columns, kinds, strict=True)), orient="row"),
        columns=columns,
        note="No sample stands for them in any figure.",
        missing=missing,
    )


def _budgets(counted: Counted) -> Figure:
    """What a smaller `max_tokens` would have cut."""
    import numpy as np

    table = counted.samples.select(
        "completion_tokens", "max_tokens", cut=finish(counted) == "length"
    )
    known = table["completion_tokens"].is_not_null()
    limits = table["max_tokens"].drop_nulls()
    if not known.any():
        why = "tokens are not counted here"
        return Figure(
            "truncation", SECTION, "What a limit of tokens cuts", pl.DataFrame(), {}, missing=why
        )
    tokens = table["completion_tokens"].filter(known).to_numpy().astype(np.int64)
    ran_out = table["cut"].fill_null(False).filter(known).to_numpy()
    right = counted.verdicts["correct"].filter(known).to_numpy()
    good = counted.accepted.filter(known).to_numpy()
    most = int(limits.max()) if len(limits) else int(tokens.max())  # pyrefly: ignore
    rows = []
    for limit in _limits(most):
        now = limit == most and len(limits) > 0
        over = (tokens > limit) | (ran_out & (tokens >= limit)) | (ran_out if now else False)
        drawn = int(np.minimum(tokens, limit).sum())
        rows.append((
            limit, "now" if now else "would be", len(tokens), int(over.sum()), over.mean(),
            int((over & right).sum()), (over & right).sum() / max(right.sum(), 1),
            int((over & good).sum()), drawn, drawn / max(int(tokens.sum()), 1),
        ))  # fmt: skip
    whole, share, text = pl.Int64(), pl.Float64(), pl.String()
    kinds = [whole, text, whole, whole, share, whole, share, whole, whole, share]
    return Figure(
        key="truncation",
        section=SECTION,
        title="What a limit of tokens cuts",
        table=pl.DataFrame(rows, schema=dict(zip(BUDGETS, kinds, strict=True)), orient="row"),
        columns=BUDGETS,
        chart=Chart("lines", x="max_tokens", y="share_cut", log=True),
        note="A larger limit than now: nobody knows, until cut draws go on (docs/sampling.md). "
        "What is cut would have got further draws where the policy goes on until one is right.",
    )


def _limits(most: int) -> list[int]:
    """From a sixty-fourth of the limit up to it: powers of two and halfway between."""
    powers = [2**n for n in range(3, 25)]
    steps = sorted({*powers, *(power * 3 // 2 for power in powers)})
    return [step for step in steps if most / 64 <= step < most] + [most]
