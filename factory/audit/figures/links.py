"""A flow: places where things are counted, and how many go from one to the next, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

STAGES = ("read", "prompts", "draws", "finished", "verdicts", "rules", "version", "training")
"""The columns of the picture, from left to right."""
Key = Mapping[str, str | None]
"""Columns of samples and the value of each, null as well; `reason` is the first of `reasons`."""


@dataclass(frozen=True)
class Node:
    """A place where things are counted."""

    name: str
    """As links call it: `draws`, `verdict: correct`, `dropped: length`."""
    title: str
    """What is counted here, in a few words."""
    stage: str
    """One of `STAGES`."""
    count: int
    """How many there are, by what the place itself says."""
    unit: str
    """What they are: rows, prompts, draws, samples or tokens."""
    end: bool = False
    """Whether nothing goes on from here: they are lost, or they are the last."""


@dataclass(frozen=True)
class Link:
    """So many, for one reason, from one place to the next."""

    source: str
    """Name of the node that they leave."""
    target: str
    """Name of the node that they reach."""
    reason: str
    """Why they go there; empty where they just go on."""
    count: int
    """How many leave, in the unit of the source."""
    unit: str
    """The unit of the source."""
    key: Key | None = None
    """Which samples these are, see `selected`; null where they are no samples, or where the table
    of samples does not tell them apart."""
    becomes: int | None = None
    """How many arrive, where the target counts in another unit: prompts become draws."""


@dataclass(frozen=True)
class Flow:
    """Nodes from left to right, and what goes from one to another."""

    nodes: list[Node]
    links: list[Link]

    def open(self) -> list[str]:
        """Where the sums do not close, a sentence each; none where all of them do."""
        faults = []
        for node in self.nodes:
            came = [_arriving(link) for link in self.links if link.target == node.name]
            left = [link.count for link in self.links if link.source == node.name]
            here = f"{node.title}: {node.count:,} {node.unit} are counted here"
            if came and sum(came) != node.count:
                faults.append(f"{here}, and {sum(came):,} came in")
            if not node.end and sum(left) != node.count:
                faults.append(f"{here}, and {sum(left):,} go on or are lost")
        return faults

    def table(self) -> pl.DataFrame:
        """The links, a row each, with the titles of the nodes."""
        titles = {node.name: node.title for node in self.nodes}
        rows = [
            (titles[one.source], titles[one.target], one.reason, one.count, one.unit, one.becomes)
            for one in self.links
        ]
        kinds = {"from": pl.String(), "to": pl.String(), "reason": pl.String()}
        kinds |= {"count": pl.Int64(), "unit": pl.String(), "becomes": pl.Int64()}
        return pl.DataFrame(rows, schema=kinds, orient="row")


def selected(key: Key) -> pl.Expr:
    """Expression: whether a sample is one of those that a link's key names."""
    tests = [_column(name).eq_missing(pl.lit(value, pl.String)) for name, value in key.items()]
    return pl.all_horizontal(pl.lit(True), *tests)


def _column(name: str) -> pl.Expr:
    return pl.col("reasons").list.first() if name == "reason" else pl.col(name)


def _arriving(link: Link) -> int:
    return link.count if link.becomes is None else link.becomes
