"""Votes: draws judged by what most draws of their prompt agree on, when all of them are there.

Their verdicts are a round of later ones, as those of `factory reverify` are, and count at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from factory.records import digest, key_digest
from factory.sampler.rejudge import THREADS, Round, judged_by, keep
from factory.store import Store, verdicts
from filters.verdict import Verdict, incorrect, unverifiable
from filters.verifiers.majority.vote import among

MAJORITY = "majority"


def hold(store: Store, samples: pl.DataFrame, prompts: pl.DataFrame) -> bool:
    """Hold the votes of all prompts whose verifier is `majority`, over these draws of theirs.

    Args:
        store: of the draws and of later verdicts; what its journal holds is sealed before.
        samples: the draws that count, with `sample_id` and `prompt_id`.
        prompts: the table of prompts.

    Returns:
        Whether there were any.
    """
    asked = prompts.filter(verifier=MAJORITY).select("prompt_id", "reference")
    rounds = store.draws.rounds
    own = samples.join(asked, on="prompt_id", how="semi").select("sample_id", "prompt_id")
    if own.is_empty() or not isinstance(rounds, Path):
        return False
    store.seal(wait=True)
    answers = store.draws.read(("sample_id", "answer"), own)
    votes = (
        own.join(answers, on="sample_id")
        .sort("sample_id")
        .group_by("prompt_id", maintain_order=True)
        .agg("sample_id", "answer")
        .join(asked, on="prompt_id", maintain_order="left")
        .sort("prompt_id")
    )
    judges = judged_by()
    name = digest(judges, MAJORITY, votes.rows())[:12]
    round_ = Round(rounds / name, judges, (), verdicts.current(rounds))
    if round_.own().height != own.height:
        with ThreadPoolExecutor(THREADS, "vote") as threads:
            found = [row for rows in threads.map(_counted, votes.to_dicts()) for row in rows]
        keep(round_, pl.DataFrame(found, schema=verdicts.VERDICT))
    if verdicts.applied(rounds)[-1:] != [name]:
        verdicts.apply(rounds, name)
    return True


def _counted(prompt: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The verdicts on the draws of one prompt."""
    how, answers = orjson.loads(prompt["reference"]), prompt["answer"]
    told = {"verifier": MAJORITY, "key": key_digest(MAJORITY, prompt["reference"])}
    return [
        {"sample_id": id, **told, "verdict": verdict.outcome, "verdict_reason": verdict.reason}
        | {"answer": verdict.answer, "verdict_seconds": 0.0}
        for id, verdict in zip(prompt["sample_id"], judged(answers, how), strict=True)
    ]


def judged(answers: Sequence[str | None], how: Mapping[str, Any]) -> list[Verdict]:
    """The verdicts on draws of one prompt, from their final answers.

    >>> how = {"of": "math", "min_share": 0.5, "min_draws": 3}
    >>> [verdict.reason for verdict in judged(["0.5", "1/2", "2", None], how)]
    ['majority: 2 of 4', 'majority: 2 of 4', 'not_majority: 2 of 4 say 0.5', 'no_answer']
    """
    if len(answers) < how["min_draws"]:
        few = f"no_majority: {len(answers)} draws, at least {how['min_draws']} are asked"
        return [unverifiable(few, answer) for answer in answers]
    vote = among(answers, how["of"], min_share=how["min_share"])
    if vote.label is None:
        reason = f"no_majority: {vote.reason}, {vote.share:.2f} of {len(answers)} draws"
        return [unverifiable(reason, answer) for answer in answers]
    votes = f"{vote.counts[0][1]} of {len(answers)}"
    other = f"not_majority: {votes} say {vote.label}"
    return [
        Verdict("correct", f"majority: {votes}", answer)
        if group == 0
        else incorrect("no_answer" if answer is None else other, answer)
        for answer, group in zip(answers, vote.groups, strict=True)
    ]
