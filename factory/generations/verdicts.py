"""Whether samples are right: what a column says of them, or what our verifiers say."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl

from factory.sampler.rejudge import THREADS
from filters.text.answer import extract
from filters.verdict import Verdict, unverifiable
from filters.verifiers import named, unknown, verify

GIVEN = {
    "verdict": pl.String(),
    "verdict_reason": pl.String(),
    "answer": pl.String(),
}


def judged(rows: pl.DataFrame, ask: bool) -> pl.DataFrame:
    """Samples with `verdict`, `verdict_reason` and `answer`.

    Args:
        rows: as `samples.SAMPLE`; a verdict that they have stays.
        ask: whether verifiers are asked; where they are not, and no column says it, verdicts are
            null.
    """
    told = rows.select("response", "reference", "key_error", "verifier", "verdict").rows()
    threads = ThreadPoolExecutor(THREADS, "judge")
    try:
        found = list(threads.map(lambda row: _verdict(row, ask), told))
    finally:
        threads.shutdown(cancel_futures=True)
    table = pl.DataFrame(found, schema=GIVEN, orient="row")
    return rows.drop("verdict").hstack(table)


def _verdict(row: tuple[Any, ...], ask: bool) -> tuple[str | None, str | None, str | None]:
    response, reference, key_error, verifier, known = row
    if known is not None:
        return known, "told: by a column", extract(response or "")
    if not ask:
        return None, None, None
    given = _asked(response, reference, key_error, verifier)
    return given.outcome, given.reason, given.answer


def _asked(
    response: str | None, reference: str | None, key_error: str | None, verifier: str
) -> Verdict:
    if wrong := unknown(verifier):
        return unverifiable(f"unknown_verifier: {wrong}")
    key: Any = None if reference is None else json.loads(reference)
    if key is None and not named(verifier).keyless:
        return unverifiable(key_error or "no_reference: it has none")
    return verify(response, key, verifier)
