"""Subjects of a few rows, made by hand, and what a site answers."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from aiohttp import ClientSession
from yarl import URL

from factory.audit.serve import Site, served
from factory.audit.subject import TEXTS, Subject, as_prompts, as_samples
from filters import Filters


@dataclass
class Written:
    """Texts as they were given, in pieces; counts the pieces that were read."""

    rows: pl.DataFrame
    at_once: int = 2
    read: list[int] = field(default_factory=list)

    def of(self, ids: Sequence[str]) -> pl.DataFrame:
        wanted = pl.DataFrame({"sample_id": ids}, schema={"sample_id": pl.String()})
        return wanted.join(self.rows, on="sample_id", how="inner", maintain_order="left")

    def each(self) -> Iterator[pl.DataFrame]:
        for number, piece in enumerate(self.rows.iter_slices(self.at_once)):
            self.read.append(number)
            yield piece


def subject_of(
    rows: Sequence[Mapping[str, Any]],
    filters: Mapping[str, Any] | None = None,
    at_once: int = 2,
    **told: Any,
) -> Subject:
    """A subject of these rows: samples, measures and texts in one.

    Args:
        filters: the rules, as a recipe says them.
        at_once: rows of texts in a piece.
    """
    table = pl.DataFrame(rows, infer_schema_length=None)
    texts = pl.DataFrame([{name: row.get(name) for name in TEXTS} for row in rows], schema=TEXTS)
    others = [
        name for name in table.columns if name not in TEXTS or name in ("sample_id", "prompt_id")
    ]
    samples = as_samples(table.select(others))
    return Subject(
        place="here",
        name=told.pop("name", "trial"),
        kind="data",
        samples=samples,
        prompts=as_prompts(samples),
        filters=Filters.model_validate(filters or {}),
        texts=Written(texts, at_once),
        **told,
    )


def pages_of(site: Site, *ways: str) -> list[tuple[int, str]]:
    """Status and text of what a site answers to these addresses, each behind its token."""

    async def asked() -> list[tuple[int, str]]:
        found = []
        async with served(site) as address, ClientSession() as session:
            for way in ways:
                where = URL(address.removesuffix("/") + way, encoded=True)
                async with session.get(where) as answer:
                    found.append((answer.status, await answer.text()))
        return found

    return asyncio.run(asked())


def page_of(site: Site, way: str) -> str:
    """The page at this address."""
    ((status, text),) = pages_of(site, way)
    assert status == 200, text
    return text
