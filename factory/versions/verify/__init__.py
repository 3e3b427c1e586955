"""Whether a version is what it says: files, rows, counts and rules, checked without its run.

Digests say that nothing changed since the manifest was written; the rest, that the manifest told
the truth: rows are well formed, each is one that its own rules keep, and all sums close. A changed
byte is named by its file, and in a file of rows by the row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from factory.versions.folder import MANIFEST, index_of
from factory.versions.manifest import Manifest
from factory.versions.tested import can_be_made
from factory.versions.verify import index as indexed
from factory.versions.verify import rules as ruled
from factory.versions.verify import sums
from factory.versions.verify.fault import Fault, some
from factory.versions.verify.files import file_faults, manifest_faults
from factory.versions.verify.reading import Seen, seen
from factory.versions.verify.tables import WRONG_BYTES, damage
from filters import FILTERS


@dataclass(frozen=True)
class Verified:
    """What was checked, and what is wrong."""

    files: int = 0
    """Files, the manifest and its statement among them."""
    rows: int = 0
    splits: int = 0
    digest: str = ""
    """Of the rows, as the manifest says it."""
    bytes: int = 0
    """Of all rows, not compressed."""
    faults: list[Fault] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    """What cannot be checked without the run, in words."""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def verify(folder: Path, workers: int | None = None) -> Verified:
    """Check a version's folder.

    Args:
        workers: threads at work; left out: one for each core.

    Raises:
        StageError: it is no version, or one of another format.
    """
    manifest, faults = manifest_faults(folder)
    if manifest is None:
        return Verified(files=1, faults=faults)
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        return _checked(folder, manifest, faults, pool)


def _checked(folder: Path, manifest: Manifest, faults: list[Fault], pool: Executor) -> Verified:
    rules = ruled.Rules(manifest)
    wrong = file_faults(folder, manifest, pool)
    index, told = indexed.read(folder)
    read = seen(folder, set(wrong), index, rules, pool)
    told += read.faults
    if rules.fault:
        told.append(Fault(MANIFEST, "rules", "filters of this program", rules.fault))
    if index is not None:
        name = index_of(folder).name
        told += indexed.against(index, read.rows, set(wrong), name)
    told += _of_rows(folder, manifest, read, rules)
    told += _damage(folder, wrong, {fault.file for fault in told if fault.row})
    skipped = [f"the rules of {', '.join(rules.not_applied)}"] if rules.not_applied else []
    skipped += [f"the test {t.test}" for t in manifest.tests if not can_be_made(t.test, FILTERS)]
    return Verified(
        files=len(manifest.files) + 2,
        rows=manifest.rows,
        splits=len(manifest.splits),
        digest=manifest.digest,
        bytes=read.bytes,
        faults=[*faults, *wrong.values(), *told],
        not_checked=skipped,
    )


def _of_rows(folder: Path, manifest: Manifest, read: Seen, rules: ruled.Rules) -> Iterator[Fault]:
    """What is wrong with rows taken together, and with what is counted of them."""
    rows, whole = read.rows, read.rows["whole"].all()
    yield from some(indexed.twice(rows))
    if whole:
        yield from indexed.content(manifest, rows, _names(rows))
    yield from some(indexed.between_splits(rows))
    yield from ruled.twice(rows, rules.duplicates)
    checks: tuple[Callable[[], Iterator[Fault]], ...] = (
        lambda: sums.of_rows(folder, manifest, rows),
        lambda: sums.of_decisions(folder, manifest, rows),
        lambda: sums.of_funnel(folder, manifest),
        lambda: sums.of_ledger(manifest),
        lambda: ruled.of_decisions(folder, rules),
        lambda: sums.of_tests(folder, manifest),
    )
    for check in checks:
        try:
            found = list(check())
        except (*WRONG_BYTES, LookupError, TypeError) as error:  # a renamed column, for one
            told = str(error).partition("\n")[0]
            found = [Fault(MANIFEST, "tables", "such as they were written", told)]
        yield from found


def _damage(folder: Path, wrong: Mapping[str, Fault], named: set[str]) -> Iterator[Fault]:
    """Of tables that are not what they were, and of whose rows nothing was said: which rows cannot
    be read, or that all can."""
    for name in wrong:
        file = folder / name
        if name in named or file.suffix != ".parquet" or not file.exists():
            continue
        found = list(damage(file, name))
        yield from found or [
            Fault(name, "no row", "the same bytes", "others, all rows can be read")
        ]


def _names(rows: pl.DataFrame) -> list[str]:
    return rows["file"].unique(maintain_order=True).to_list()[:3]
