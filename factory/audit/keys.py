"""Doubtful keys: prompts whose draws agree with each other, and not with the reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import polars as pl
from rich.table import Table

from factory import store
from factory.audit.verdict_changes import key_of, short
from factory.line.context import Context
from factory.run_folder import RunFolder
from factory.sampler.rejudge import THREADS
from factory.store.draws import Draws
from filters.verifier_settings import bare
from filters.verifiers.majority import VOTING
from filters.verifiers.majority.vote import Majority, among

DRAW = pl.Struct(
    {
        "sample_id": pl.String(),
        "teacher": pl.String(),
        "draw": pl.Int32(),
        "verdict": pl.String(),
        "answer": pl.String(),
        "response": pl.String(),
    }
)
SUSPECT: dict[str, pl.DataType] = {
    "prompt_id": pl.String(),
    "source": pl.String(),
    "question": pl.String(),
    "verifier": pl.String(),
    "key": pl.String(),
    "label": pl.String(),
    "votes": pl.Int32(),
    "correct": pl.Int32(),
    "draws": pl.Int32(),
    "teachers_agreeing": pl.Int32(),
    "teachers": pl.Int32(),
    "why": pl.String(),
    "rows": pl.Int32(),
    "answers": pl.List(pl.Struct({"answer": pl.String(), "votes": pl.Int32()})),
    "samples": pl.List(DRAW),
}
"""A prompt whose key is doubtful: `votes` of its `draws` agree on `label`, `correct` of them with
the key; `teachers_agreeing` of `teachers` give the label more often than anything else; `why` is
`draws` or `teachers`; `rows` of the present dataset rest on the key."""


@dataclass(frozen=True)
class Doubt:
    """When a key is doubtful."""

    min_draws: int = 4
    """Draws below which nothing is said, unless several teachers agree."""
    min_share: float = 0.5
    """Least share of a prompt's draws that agree on another answer, 0 to 1."""
    max_key_share: float = 0.25
    """Largest share of them that agree with the key, 0 to 1."""

    def of(self, draws: Sequence[Mapping[str, Any]], verifier: str) -> tuple[str, Majority | None]:
        """What a prompt's draws say of its key, in a word, and their vote where one was held.

        `draws` or `teachers` make it doubtful; else `not_votable`, `too_few_draws`, `key_holds`,
        `no_majority`, or `not_compared` (the verifier failed on the answer that leads).
        """
        teachers = {draw["teacher"] for draw in draws}
        if bare(verifier) not in VOTING:
            return "not_votable", None
        if len(draws) < self.min_draws and len(teachers) < 2:
            return "too_few_draws", None
        if self.key_share(draws) > self.max_key_share:
            return "key_holds", None
        vote = among([draw["answer"] for draw in draws], verifier)
        if vote.label is None:
            return "no_majority", vote
        first = {d["verdict"] for d, group in zip(draws, vote.groups, strict=True) if group == 0}
        if "correct" in first:
            return "key_holds", vote
        if first == {"unverifiable"}:
            return "not_compared", vote
        if len(draws) >= self.min_draws and vote.share >= self.min_share:
            return "draws", vote
        if len(teachers) > 1 and agreeing(draws, vote) == len(teachers):
            return "teachers", vote
        few = len(draws) < self.min_draws
        return ("too_few_draws" if few else "no_majority"), vote

    @staticmethod
    def key_share(draws: Sequence[Mapping[str, Any]]) -> float:
        """Share of draws that agree with the key."""
        return sum(draw["verdict"] == "correct" for draw in draws) / len(draws)


def agreeing(draws: Sequence[Mapping[str, Any]], vote: Majority) -> int:
    """How many teachers give the first answer more often than any other."""
    votes: dict[str, Counter[int]] = {}
    for draw, group in zip(draws, vote.groups, strict=True):
        if group is not None:
            votes.setdefault(draw["teacher"], Counter())[group] += 1
    others = ((c[0], max((n for g, n in c.items() if g), default=0)) for c in votes.values())
    return sum(first > other for first, other in others)


@dataclass(frozen=True)
class Review:
    """The keys of a run, looked at."""

    suspects: pl.DataFrame
    """As `SUSPECT`, those with the largest share of votes first."""
    counts: dict[str, int]
    """Prompts by what their draws say of their keys; the words of `Doubt.of`."""
    selected: bool
    """Whether drawing stopped at successes."""

    @property
    def many(self) -> bool:
        """Whether there are more suspects than sources have wrong keys."""
        return self.suspects.height > MANY_SHARE * sum(self.counts.values())


def review(context: Context, doubt: Doubt) -> Review:
    """Look at all keys; writes `RUN/key_suspects.parquet`.

    It votes over the final answers that are kept with the draws, by the verdicts that count now.
    """
    prompts = context.run.prompts().filter(split="train")
    told = ("sample_id", "prompt_id", "teacher", "draw", "verdict", "verdict_reason", "answer")
    kept = context.draws().read(told, context.run.current()).sort("teacher", "draw")
    drawn = kept.group_by("prompt_id").agg(draws=pl.struct("sample_id", *told[2:5], "answer"))
    rows = prompts.join(drawn, on="prompt_id", how="inner").sort("prompt_id").to_dicts()
    with ThreadPoolExecutor(THREADS, "vote") as threads:
        said = list(threads.map(lambda row: doubt.of(row["draws"], row["verifier"]), rows))
    counts = Counter(word for word, _ in said)
    counts["no_draws"] = prompts.height - len(rows)
    resting = _resting(context.run)
    found = [
        _suspect(row, word, vote, resting.get(row["prompt_id"], 0))
        for row, (word, vote) in zip(rows, said, strict=True)
        if vote and word in ("draws", "teachers")
    ]
    _add_responses(found, context.draws())
    table = pl.DataFrame(found, schema=SUSPECT).sort(
        pl.col("votes") / pl.col("draws"), "draws", descending=True, maintain_order=True
    )
    store.write_table(table, context.run.key_suspects)
    return Review(table, dict(counts), context.recipe.sampling.policy.accepted is not None)


def _resting(run: RunFolder) -> dict[str, int]:
    """Rows of the present dataset by prompt."""
    if run.current_version() is None:
        return {}
    rows = run.rows(["prompt_id"])
    return dict(rows.group_by("prompt_id").len().iter_rows())


def _suspect(row: Mapping[str, Any], why: str, vote: Majority, resting: int) -> dict[str, Any]:
    draws = row["draws"]
    return {
        "prompt_id": row["prompt_id"],
        "source": row["source"],
        "question": row["messages"][-1]["content"],
        "verifier": row["verifier"],
        "key": key_of(row["reference"], row["verifier"]),
        "label": vote.label,
        "votes": vote.counts[0][1],
        "correct": sum(draw["verdict"] == "correct" for draw in draws),
        "draws": len(draws),
        "teachers_agreeing": agreeing(draws, vote),
        "teachers": len({draw["teacher"] for draw in draws}),
        "why": why,
        "rows": resting,
        "answers": [{"answer": answer, "votes": votes} for answer, votes in vote.counts],
        "samples": draws,
    }


def _add_responses(found: Sequence[Mapping[str, Any]], kept: Draws) -> None:
    """Put beside each draw what it said after thinking."""
    draws = {draw["sample_id"]: draw for suspect in found for draw in suspect["samples"]}
    wanted = pl.DataFrame({"sample_id": list(draws)}, schema={"sample_id": pl.String()})
    for rows in kept.each(("sample_id", "response"), wanted):
        for id, response in rows.iter_rows():
            draws[id]["response"] = response


MANY_SHARE = 0.05
"""Share of all prompts; few sources have more wrong keys than that."""
MANY = (
    "so many keys are seldom wrong: it rather is the teacher that errs alike in draw after draw. "
    "Raise --min-share, ask a better teacher, or a second one"
)
WORDS = {
    "draws": "doubtful: most draws agree on another answer",
    "teachers": "doubtful: all teachers agree on another answer",
    "key_holds": "the key holds: enough draws agree with it",
    "no_majority": "no other answer has enough votes",
    "not_compared": "the leading answer could not be compared with the key",
    "too_few_draws": "too few draws to say anything",
    "not_votable": "no vote: the reference is a task or a test, and no answer",
    "no_draws": "no draws",
}
SELECTED = (
    "drawing stopped at successes: a wrong key lets few draws succeed, so its prompt was drawn to "
    "the end and is seen; a prompt that succeeded early has too few draws, and a lucky hit counts "
    "more than its share, so that keys are rather trusted than doubted"
)


def suspects_table(suspects: pl.DataFrame, most: int) -> Table:
    """The first suspects, a line each."""
    table = Table(box=None)
    for name in ("prompt", "draws say", "key says", "question"):
        table.add_column(name, no_wrap=True)
    for name in ("votes", "key", "draws", "rows"):
        table.add_column(name, justify="right")
    for row in suspects.head(most).iter_rows(named=True):
        words = (row["prompt_id"][:12], *(short(row[n], 24) for n in ("label", "key")))
        numbers = (f"{row[n]:,}" for n in ("votes", "correct", "draws", "rows"))
        table.add_row(*words, short(row["question"], 48), *numbers)
    return table


def counts_table(counts: Mapping[str, int]) -> Table:
    """Prompts by what their draws say of their keys."""
    table = Table(box=None)
    table.add_column("prompts", justify="right")
    table.add_column("what their draws say of the key")
    for word, meaning in WORDS.items():
        if counts.get(word):
            table.add_row(f"{counts[word]:,}", meaning)
    return table
