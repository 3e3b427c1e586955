"""The ledger as a flow: from rows read to tokens trained on, with the reason of every loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from factory.audit.figures.links import Flow, Key, Link, Node, selected
from factory.audit.subject import Subject
from factory.ledger import Account
from factory.versions.manifest import Manifest

__all__ = ["Flow", "Link", "Node", "flow", "selected"]

ENDINGS: dict[str | None, str] = {
    "stop": "ended by itself",
    "length": "cut off at max_tokens",
    "abort": "broken off",
    "loop": "stopped: a loop",
    "language": "stopped: another language",
    None: "ending not known",
}
VERDICTS: dict[str | None, str] = {None: "not verified"}
KEPT = ("chosen", "kept")
"""Fates of samples that are rows of the version, or of the file of kept rows."""
TOLD = (
    "finish_reason", "finish", "verdict", "verdict_reason", "dropped_by", "fate", "spare_by",
)  # fmt: skip
"""The columns of samples that say which way they go, beside their first reason."""


def flow(subject: Subject) -> Flow:
    """The flow of a subject: of a run from the rows read to the tokens trained on; of data without
    a ledger what samples alone tell."""
    drawing = _Drawing(subject.accounts, subject.manifest)
    drawing.asked()
    rows = drawing.drawn(_ways(subject.samples))
    rows = drawing.judged(rows)
    drawing.decided(rows, list(subject.filters.active()))
    drawing.trained()
    return Flow(drawing.nodes, drawing.links)


def _ways(samples: pl.DataFrame) -> pl.DataFrame:
    """A row for all samples that go the same way, with `n`, how many these are."""
    names = [name for name in TOLD if name in samples.columns]
    reason = pl.col("reasons").list.first().alias("reason")
    told = samples.select(*names, reason).cast(pl.Categorical).group_by(pl.all()).len("n")
    return told.cast({pl.Categorical: pl.String, "n": pl.Int64}).sort(pl.all())


class _Drawing:
    """Nodes and links on the way; `at` is a column of rows with the node that they are at."""

    def __init__(self, accounts: Mapping[str, list[Account]], manifest: Manifest | None):
        self.accounts, self.manifest = accounts, manifest
        self.nodes: list[Node] = []
        self.links: list[Link] = []
        self.keys: dict[str, Key] = {}

    def asked(self) -> None:
        """Rows that were read, and the prompts of them that were asked."""
        read, prompts = self._account("prompts", "rows read"), self._account("samples", "prompts")
        if not prompts:
            return
        if read:
            self._node("read", "rows read", "read", read.entered, "rows")
            self._lost("read", read, "prompts", "rows")
            told = self.manifest.inputs if self.manifest else []
            own = [one.held_out for one in told if one.what == "prompts"]
            held_out = sum(own) if own else read.left - prompts.entered
            self._end("read", "held_out", held_out, "prompts", "rows")
            self._link("read", "prompts", "", read.left - held_out, "rows")
        self._node("prompts", "prompts", "prompts", prompts.entered, "prompts")
        self._lost("prompts", prompts, "draws", "prompts")
        draws = self._account("samples", "draws")
        became = draws.entered if draws else None
        self._link("prompts", "draws", "", prompts.left, "prompts", becomes=became)

    def drawn(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Draws, those of them that could not be had, and how the others ended."""
        account = self._account("samples", "draws")
        self.unit = "draws" if account else "samples"
        count = account.entered if account else _count(rows)
        self._node("draws", self.unit, "draws", count, self.unit, key={})
        if account:
            self._lost("draws", account, "finished", self.unit)
        rows = rows.with_columns(at=pl.lit("draws"))
        ending = "finish_reason"
        if _unknown(rows, ending) and "finish" in rows.columns:
            ending = "finish"  # a version has it as a measure alone
        if _unknown(rows, ending):
            return rows
        return self._parted(rows, ending, ending, "finished", ENDINGS)

    def judged(self, rows: pl.DataFrame) -> pl.DataFrame:
        """What verifiers said, and why."""
        if _unknown(rows, "verdict"):
            return rows
        return self._parted(rows, "verdict", "verdict_reason", "verdicts", VERDICTS)

    def decided(self, rows: pl.DataFrame, filters: list[str]) -> None:
        """What each filter dropped, by its first reason; what selection left out; the rows."""
        if _unknown(rows, "fate"):
            return
        away = [fate for fate in rows["fate"].unique() if fate not in (*KEPT, "spare", "dropped")]
        for fate in filter(None, away):  # data that could not be read
            own = rows.filter(fate=fate)
            self._parted(own, "fate", "fate", "rules", {}, ends=True)
            rows = rows.filter(pl.col("fate").ne_missing(fate))
        names = {None: "accepted", **{name: f"dropped by {name}" for name in filters}}
        rows = self._parted(rows, "dropped_by", "reason", "rules", names, ends=True)
        accepted = rows.filter(pl.col("dropped_by").is_null())
        spare = accepted.filter(fate="spare")
        left_out = {step: f"spare: {step}" for step in spare["spare_by"].unique()}
        self._parted(spare, "spare_by", "spare_by", "version", left_out, ends=True)
        chosen = accepted.filter(pl.col("fate").is_in(KEPT))
        if chosen.height:
            count = self.manifest.rows if self.manifest else _count(chosen)
            title = "rows of the version" if self.manifest else "kept"
            self._node("version", title, "version", count, "rows", key={"fate": chosen["fate"][0]})
            key = self.keys["version"]
            self._link(chosen["at"][0], "version", "", _count(chosen), self.unit, key=key)

    def trained(self) -> None:
        """What a student learned from, in rows and tokens, where one has."""
        rows, tokens = self._account("student", "rows"), self._account("student", "trained tokens")
        if not (rows and tokens and self.manifest):
            self._last("version")
            return
        others = {name: n for name, n in self.manifest.splits.items() if name != "train"}
        for split, count in others.items():
            self._end("version", split, count, "training", "rows")
        self._link("version", "student", "", self.manifest.rows - sum(others.values()), "rows")
        self._node("student", "rows of the student", "training", rows.entered, "rows")
        for reason, count in rows.dropped.items():
            lost = tokens.dropped.get(reason, 0)
            name, title = f"student: {reason}", reason.replace("_", " ")
            self._node(name, title, "training", lost, "tokens", end=True)
            self._link("student", name, reason, count, "rows", becomes=lost)
        key = self.keys.get("version") if not rows.dropped and not others else None
        self._node("tokens", "trained tokens", "training", tokens.left, "tokens", end=True)
        self._link("student", "tokens", "", rows.left, "rows", key=key, becomes=tokens.left)

    def _parted(
        self,
        rows: pl.DataFrame,
        by: str,
        why: str,
        stage: str,
        titles: Mapping[str | None, str],
        *,
        ends: bool = False,
    ) -> pl.DataFrame:
        """Samples go on to a node for each value of a column.

        Args:
            by: the column that has it.
            why: the column that has the reason.
            titles: value -> what people call it, in the order of the nodes.
            ends: whether those with a value go nowhere from there.
        """
        n = pl.col("n").sum()
        sizes = dict(rows.group_by(by).agg(n).sort("n", by, descending=[True, False]).iter_rows())
        for value in (*(v for v in titles if v in sizes), *(v for v in sizes if v not in titles)):
            name, last = f"{by}: {value}", ends and value is not None
            title = titles.get(value, str(value))
            self._node(name, title, stage, sizes[value], self.unit, key={by: value}, end=last)
        columns = list(dict.fromkeys(["at", by, why]))
        counts = (
            rows.group_by(columns)
            .agg(n)
            .sort("n", *columns, descending=[True, *[False] * len(columns)])
        )
        for row in counts.iter_rows(named=True):
            name, reason = f"{by}: {row[by]}", row[why] or ""
            key = {**self.keys[row["at"]], **self.keys[name], why: row[why]}
            self._link(row["at"], name, reason, row["n"], self.unit, key=key)
        return rows.with_columns(at=pl.format(f"{by}: {{}}", pl.col(by).fill_null("None")))

    def _lost(self, source: str, account: Account, stage: str, unit: str) -> None:
        """What an account says did not go on."""
        reasons = {**account.dropped, **account.failed}
        for reason, count in (*reasons.items(), ("pending", account.pending)):
            self._end(source, reason, count, stage, unit)

    def _end(self, source: str, reason: str, count: int, stage: str, unit: str) -> None:
        if count:
            name = f"{source}: {reason}"
            self._node(name, reason.replace("_", " "), stage, count, unit, end=True)
            self._link(source, name, reason, count, unit)

    def _last(self, name: str) -> None:
        """The place is the last one."""
        self.nodes = [replace(n, end=True) if n.name == name else n for n in self.nodes]

    def _node(
        self,
        name: str,
        title: str,
        stage: str,
        count: int,
        unit: str,
        *,
        key: Key | None = None,
        end: bool = False,
    ) -> None:
        self.nodes.append(Node(name, title, stage, count, unit, end))
        self.keys[name] = key or {}

    def _link(
        self,
        source: str,
        target: str,
        reason: str,
        count: int,
        unit: str,
        *,
        key: Key | None = None,
        becomes: int | None = None,
    ) -> None:
        self.links.append(Link(source, target, reason, count, unit, key, becomes))

    def _account(self, stage: str, what: str) -> Account | None:
        return next((one for one in self.accounts.get(stage, ()) if one.what == what), None)


def _count(rows: pl.DataFrame) -> int:
    return int(rows["n"].sum())


def _unknown(rows: pl.DataFrame, column: str) -> bool:
    """Whether nobody has said it of any sample."""
    return rows[column].null_count() == rows.height
