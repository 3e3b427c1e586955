"""Drawing stored draws again with their seeds, by the engine that is here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import polars as pl

from factory.audit.attest.likelihood import Claim
from factory.engines import Engine, Request
from factory.errors import EngineFailure


def redraw(engine: Engine, rows: pl.DataFrame, claim: Claim) -> list[Sequence[int]]:
    """The token ids that the seeds of stored draws give now; `rows` have their `messages` too.

    Each is drawn as long as it was, so that one that was stopped can be compared.

    Raises:
        EngineFailure: the engine gives no token ids.
    """

    async def all_of_them() -> list[Sequence[int]]:
        return await asyncio.gather(*map(one, rows.iter_rows(named=True)))

    async def one(row: dict) -> Sequence[int]:
        completion = await engine.draw(
            Request(
                sample_id=row["sample_id"],
                prompt_id=row["prompt_id"],
                draw=row["draw"],
                messages=row["messages"],
                seed=row["seed"],
                temperature=claim.temperature,
                top_p=claim.top_p,
                max_tokens=len(row["token_ids"]),
                prefill=row.get("prefill") or "",
            )
        )
        if completion.token_ids is None:
            raise EngineFailure("no_token_ids", "the engine gives no token ids to compare")
        return completion.token_ids

    return asyncio.run(all_of_them())
