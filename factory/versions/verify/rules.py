"""A version's own rules, applied once more to the measures of its rows and of all its draws."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from factory.errors import first_fault
from factory.versions.folder import decisions_of
from factory.versions.manifest import Manifest
from factory.versions.verify.fault import Fault, row, some
from factory.versions.verify.tables import WRONG_BYTES, groups, pieces
from filters import FILTERS, Filters, judge
from filters.duplicates import Duplicates

AT_ONCE = 50_000
"""Draws that are judged at once."""
NO_MEASURES_IN_ROWS = ("correctness",)
"""Filters whose measures only the decisions have."""


class Rules:
    """The filters of a version that can be applied without its run."""

    def __init__(self, manifest: Manifest) -> None:
        """Read them from the manifest."""
        said = {rule.filter: _entry(rule.thresholds) for rule in manifest.rules}
        self.not_applied = [n for n in said if n not in FILTERS and not manifest.mix]
        """Filters of the recipe's own and classifiers: their code is not in the version. The steps
        of a mix are no filters."""
        self.fault: str | None = None
        """Why the rules cannot be read."""
        try:
            self.all = Filters.model_validate({n: e for n, e in said.items() if n in FILTERS})
        except ValidationError as error:
            self.all, self.fault = Filters(), first_fault(error)
        alone = {"duplicates": None}
        self.of_draws = self.all.model_copy(update=alone)
        self.of_rows = self.all.model_copy(update=alone | dict.fromkeys(NO_MEASURES_IN_ROWS))

    @property
    def duplicates(self) -> Duplicates | None:
        """The rule on near-duplicates, where it drops them."""
        found = self.all.duplicates
        return found if found and found.drop else None

    def columns(self) -> set[str]:
        """What is looked at to judge rows, their ids among it."""
        active = self.of_rows.active().values()
        asked = {name for rules in active for name in (*rules.filter.columns, *rules.asks())}
        return asked | {"sample_id"}

    def look(self, file: str, start: int, table: pl.DataFrame) -> list[Fault]:
        """Rows that these rules would drop; `start` is the place of the first in its file."""
        if not self.of_rows.active():
            return []
        try:
            judged = judge(table, self.of_rows)
        except KeyError as error:
            return [Fault(file, "", "measures of each rule", error.args[0])] if not start else []
        bad = judged.with_row_index("place", start).filter(pl.col("reasons").list.len() > 0)
        told = bad.select("place", "sample_id", "reasons").iter_rows()
        return list(
            some(
                Fault(file, row(place, id), "a row that its own rules keep", ", ".join(reasons))
                for place, id, reasons in told
            )
        )


def _entry(thresholds: dict[str, Any]) -> Any:
    return thresholds["entries"] if set(thresholds) == {"entries"} else thresholds


def of_decisions(folder: Path, rules: Rules) -> Iterator[Fault]:
    """Draws whose reasons are not those that the rules give for their measures."""
    file = decisions_of(folder)
    active = rules.of_draws.active()
    if not active or not file.exists():
        return
    known = [reason for own in active.values() for reason in own.reasons()]
    wanted = {n for own in active.values() for n in (*own.filter.columns, *own.asks())}
    try:
        _, schema = groups(file)
    except WRONG_BYTES:  # said elsewhere
        return
    if lacks := sorted(wanted - set(schema.names)):
        yield Fault(file.name, "", f"measures {', '.join(lacks)}", "no such columns")
        return
    columns = list({"sample_id", "reasons", *wanted})
    yield from some(_otherwise(file, columns, known, rules.of_draws))


def _otherwise(file: Path, columns: list[str], known: list[str], used: Filters) -> Iterator[Fault]:
    start = 0
    try:
        for piece in pieces(file, AT_ONCE, columns):
            yield from _of_piece(file.name, start, piece, known, used)
            start += piece.height
    except WRONG_BYTES:  # said elsewhere
        return


def _of_piece(
    name: str, start: int, piece: pl.DataFrame, known: list[str], used: Filters
) -> Iterator[Fault]:
    own = pl.col("reasons").list.eval(pl.element().filter(pl.element().is_in(known)))
    judged = judge(piece.with_columns(said=own).drop("reasons"), used)
    other = judged.with_row_index("place", start).filter(
        pl.col("said").list.sort() != pl.col("reasons").list.sort()
    )
    for place, id, said, found in other.select("place", "sample_id", "said", "reasons").iter_rows():
        expected = f"reasons by its measures: {', '.join(found) or 'none'}"
        yield Fault(name, row(place, id), expected, ", ".join(said) or "none")


def twice(seen: pl.DataFrame, rule: Duplicates | None) -> Iterator[Fault]:
    """Rows that say what another one says, where the rule on duplicates drops such.

    Args:
        seen: all rows, as `reading.SEEN`.
        rule: None where nothing is dropped.
    """
    if rule is None:
        return
    unit = "prompt_id" if rule.over == "prompts" else "sample_id"
    for key, what in (("said", "these messages once"), ("duplicate_cluster", "one of its cluster")):
        known = seen.drop_nulls([key, unit])
        if rule.over == "responses" and key == "said":
            known = known.with_columns(pl.struct(key, "prompt_id").hash().alias(key))
        first = known.group_by(key, maintain_order=True).agg(
            pl.col(unit).first().alias("one"), pl.col(unit).n_unique().alias("units")
        )
        later = known.join(first.filter(pl.col("units") > 1), on=key)
        later = later.filter(pl.col(unit) != pl.col("one"))
        told = partial(Fault, expected=f"{what}, filters.duplicates drops others")
        yield from some(
            told(file=file, row=row(place, id), found=f"it after that of {one}")
            for file, place, id, one in later.select(
                "file", "place", "sample_id", "one"
            ).iter_rows()
        )
