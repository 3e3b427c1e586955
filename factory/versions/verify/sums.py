"""A version's counts: rows, draws, funnel, selection and ledger say the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from math import isclose
from pathlib import Path
from typing import Any

import polars as pl

from factory.versions.folder import MANIFEST, decisions_of, funnel_of, index_of, shards_of
from factory.versions.manifest import Manifest, Tested
from factory.versions.tested import again
from factory.versions.verify.fault import Fault, row, some
from factory.versions.verify.tables import WRONG_BYTES, whole
from filters import FILTERS

STEP = ("entering", "dropped", "left", "not_judged")
"""What is counted of a filter, in the funnel."""


def _said(key: str, expected: Any, found: Any, why: str) -> Iterator[Fault]:
    """A number of the manifest that is not another number."""
    if expected != found:
        yield Fault(MANIFEST, key, f"{expected} ({why})", str(found))


def of_rows(folder: Path, manifest: Manifest, seen: pl.DataFrame) -> Iterator[Fault]:
    """The rows that are there, by split, in all forms, and in the index."""
    there = dict(seen.group_by("split").len().iter_rows())
    yield from _said("rows", seen.height, manifest.rows, "rows in all files")
    for split in {**manifest.splits, **there}:
        found = manifest.splits.get(split, 0)
        yield from _said(f"splits.{split}", there.get(split, 0), found, "rows in its files")
    for name, form in manifest.formats.items():
        for split, rows in form.items():
            own = _in_form(folder, split, name)
            yield from _said(f"formats.{name}.{split}", own, rows, "rows in its files")
    for name, file in manifest.files.items():
        if file.rows is not None and (height := _height(folder / name)) is not None:
            yield from _said(f"files.{name}.rows", height, file.rows, "rows in the file")
    if (height := _height(index_of(folder))) not in (None, manifest.rows):
        name = index_of(folder).name
        yield Fault(name, "", f"{manifest.rows} rows, one for each of the data", f"{height}")


def _in_form(folder: Path, split: str, name: str) -> int:
    """Rows of a split in a further form of the data; of sessions, which have a file each, files."""
    tables = shards_of(folder, split, name)
    if tables:
        return sum(_height(file) or 0 for file in tables)
    return len(list((folder / name).glob("*.jsonl")))


def _height(file: Path) -> int | None:
    """Rows of a table; None where it is not there or cannot be read."""
    import pyarrow.parquet as pq

    try:
        return pq.read_metadata(file).num_rows
    except WRONG_BYTES:  # said elsewhere
        return None


def of_decisions(folder: Path, manifest: Manifest, seen: pl.DataFrame) -> Iterator[Fault]:
    """The draws and their fates, against rows, funnel and selection."""
    file = decisions_of(folder)
    fates = whole(file, ["sample_id", "fate"])
    if fates is None:
        return
    chosen = fates.with_row_index("place").filter(fate="chosen")
    lost = chosen.join(seen, on="sample_id", how="anti")
    yield from some(
        Fault(file.name, row(place, id), "a row of the data", "none")
        for place, id in lost.select("place", "sample_id").iter_rows()
    )
    strangers = seen.join(chosen, on="sample_id", how="anti")
    yield from some(
        Fault(name, row(place, id), "a draw that was chosen", "no such decision")
        for name, place, id in strangers.select("file", "place", "sample_id").iter_rows()
    )
    if manifest.rules:
        yield from _said("cost.draws", fates.height, manifest.cost.draws, f"rows of {file.name}")
        yield from _of_rules(file, manifest, fates)


def _of_rules(file: Path, manifest: Manifest, fates: pl.DataFrame) -> Iterator[Fault]:
    """The funnel's sums, and each of its counts by the decisions."""
    told = whole(file, ["dropped_by", "spare_by", "reasons"])
    if told is None:
        return
    dropped = dict(told["dropped_by"].drop_nulls().value_counts().iter_rows())
    reasons = dict(told["reasons"].explode().drop_nulls().value_counts().iter_rows())
    left = fates.height
    for rule in manifest.rules:
        key = f"rules.{rule.filter}"
        yield from _said(f"{key}.entering", left, rule.entering, "left by those before")
        drops = dropped.get(rule.filter, 0)
        yield from _said(f"{key}.dropped", drops, rule.dropped, f"by {file.name}")
        yield from _said(f"{key}.left", rule.entering - rule.dropped, rule.left, "the sum")
        for reason, count in rule.reasons.items():
            key = f"rules.{rule.filter}.reasons.{reason}"
            yield from _said(key, reasons.get(reason, 0), count, f"by {file.name}")
        left = rule.left
    spare = dict(told["spare_by"].drop_nulls().value_counts().iter_rows())
    for step in manifest.selection.get("steps", ()):
        key = f"selection.{step['step']}"
        yield from _said(f"{key}.entering", left, step["entering"], "left by those before")
        left = step["entering"] - step["spare"]
        yield from _said(f"{key}.left", left, step["left"], "the sum")
    accepted = manifest.rules[-1].left - sum(spare.values())
    yield from _said("rows", accepted, manifest.rows, "accepted draws without the spare ones")
    yield from _said("rows", left, manifest.rows, "left by the last step")


def of_ledger(manifest: Manifest) -> Iterator[Fault]:
    """Accounts that do not close, and parts that do not make the whole."""
    for stage, accounts in manifest.ledger.items():
        for account in accounts:
            key = f"ledger.{stage}.{account.what}"
            told = account.entered - account.open
            yield from _said(key, account.entered, told, "what came in; the parts are")
    if manifest.teachers and not manifest.mix:
        rows = sum(teacher.rows for teacher in manifest.teachers)
        yield from _said("teachers", manifest.rows, rows, "rows of all teachers")


def of_tests(folder: Path, manifest: Manifest) -> Iterator[Fault]:
    """The recipe's tests once more: what they measure is what the manifest says."""
    try:
        found = {test.test: test for test in again(manifest, folder, FILTERS)}
    except WRONG_BYTES:  # said elsewhere
        return
    for said in manifest.tests:
        test = found.get(said.test, said)
        if (test.holds, test.rows) != (said.holds, said.rows) or not _near(test.value, said.value):
            key = f"tests: {said.test}"
            yield from _said(key, _of_test(test), _of_test(said), "measured again")


def _of_test(test: Tested) -> str:
    holds = "holds" if test.holds else f"does not hold, by {test.rows} rows"
    return f"{test.value}: {holds}"


def _near(one: float | None, other: float | None) -> bool:
    """Whether two numbers are the same, but for the order of a sum."""
    return one == other or (
        None not in (one, other) and isclose(one or 0, other or 0, rel_tol=1e-9)
    )


def of_funnel(folder: Path, manifest: Manifest) -> Iterator[Fault]:
    """The funnel as a table: over all draws and in each domain as the manifest has it."""
    file = funnel_of(folder)
    table = whole(file)
    if table is None or not {"what", "domain", "step", *STEP} <= set(table.columns):
        return
    of_all = [
        {"filter": r.filter, **{name: getattr(r, name) for name in STEP}} for r in manifest.rules
    ]
    steps = [
        {"filter": one["step"], "entering": one["entering"], "dropped": one["spare"]}
        | {"left": one["left"], "not_judged": 0}
        for one in manifest.selection.get("steps", ())
    ]
    parts = {"filter": of_all, "filter of a domain": manifest.by_domain, "selection": steps}
    for what, told in parts.items():
        wanted = [(one.get("domain"), one["filter"], *(one[name] for name in STEP)) for one in told]
        found = table.filter(what=what).select("domain", "step", *STEP).rows()
        for number, (own, other) in enumerate(zip_longest(wanted, found)):
            if own != other:
                yield Fault(file.name, f"{what} {number}", _told(own), _told(other))


def _told(step: tuple[Any, ...] | None) -> str:
    """A line of the funnel."""
    if step is None:
        return "no line"
    domain, name, *counts = step
    told = ", ".join(f"{what} {count}" for what, count in zip(STEP, counts, strict=True))
    return f"{name}{f' in {domain}' if domain else ''}: {told}"
