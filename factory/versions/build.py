"""From draws to judged rows: measure what is not measured, then apply the rules."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from factory.errors import LedgerError, StageError
from factory.progress import Report
from factory.records import SAMPLE
from factory.store import verdicts, write_table
from factory.store.draws import Draws
from factory.versions import compare
from filters import Filters, judge
from filters.filter import Filter, SetFilter

CHUNK = 5000
"""Draws measured at once, and at most in one file."""
LIGHT = ("sample_id", "prompt_id", "draw", "completion_tokens", "verdict", "verdict_reason")
LIGHT += ("teacher", "settings", "max_tokens", "key")
"""What choosing and the record of decisions want of every draw: no texts."""
UNIT = "measures"
OF_PROMPTS = ("domain", "language")
"""What filters may read of a draw's prompt."""
CHANGING = (*OF_PROMPTS, *verdicts.LATER)
"""What a measure may read that can change while the draw stays the same."""


def versions(filters: Filters) -> dict[str, int | str]:
    """The measures that these filters need, each with its version; of a comparison also what is
    compared. Thresholds play no part."""
    compared = {
        name: f"{filter.version}, {filter.comparison()}"
        for name, filter in filters.comparing().items()
    }
    return {name: filter.stamp() for name, filter in _measuring(filters).items()} | compared


def _measuring(filters: Filters) -> dict[str, type[Filter]]:
    """The filters that measure draw by draw; verdicts are with the draws."""
    active = filters.active().items()
    return {
        name: rules.filter
        for name, rules in active
        if name != "correctness" and not issubclass(rules.filter, SetFilter)
    }


def light(draws: Draws, ids: pl.DataFrame, prompts: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    """The draws of these ids, in their order, without texts: what rules and choosing go by.

    Besides `LIGHT` it has what measures read that can change, and what rules ask for.

    Raises:
        StageError: a draw is not there.
    """
    asked = {name for rules in filters.active().values() for name in rules.asks()}
    asked |= {name for rules in filters.active().values() for name in _keys(rules.filter)}
    own = [column for column in SAMPLE if column in LIGHT or column in asked]
    rows = draws.in_order(ids, own)
    if gone := rows["prompt_id"].null_count():
        raise StageError(
            f"{draws.place}: {gone:,} of {rows.height:,} draws are not there any more. Bring their "
            "shards back, or run the stage samples again: it draws what is missing"
        )
    known = prompts.select("prompt_id", *OF_PROMPTS)
    return rows.join(known, on="prompt_id", how="left", maintain_order="left")


def measure(
    draws: Draws, rows: pl.DataFrame, filters: Filters, folder: Path, report: Report
) -> int:
    """Measure what lacks a measure, a folder `NAME@VERSION` each; returns the rows measured.

    A new or changed measure adds files and rewrites none. Beside each stands what it read that can
    change while the draw stays: where that is another now, the draw is measured again.

    Args:
        draws: shard by shard they give the columns that a filter reads, of rows it did not see yet.
        rows: from `light`.
    """
    wanted = _measuring(filters)
    measured, total = 0, len(wanted) * rows.height
    for done, (name, filter) in enumerate(wanted.items()):
        home = folder / f"{name}@{filter.stamp()}"
        home.mkdir(parents=True, exist_ok=True)
        keys = _keys(filter)
        known = _read(home, filter).select(keys)
        owed = rows.select(keys).join(known, on=keys, how="anti", nulls_equal=True)
        have = (done + 1) * rows.height - owed.height
        report(have, total, _unit(filter) if owed.height else UNIT)
        texts = [column for column in filter.reads if column not in keys]
        for chunk in draws.beside(owed, texts, CHUNK) if owed.height else ():
            number = len(list(home.glob("part-*.parquet")))
            facts = chunk.select(keys).hstack(filter.measured(chunk))
            write_table(facts, home / f"part-{number:05}.parquet")
            measured, have = measured + chunk.height, have + chunk.height
            report(have, total, UNIT)
    report(total, total, UNIT)
    return measured


def _unit(filter: type[Filter]) -> str:
    """What is reported before a filter measures: why nothing happens for some seconds."""
    if filter.compiles is not None:
        from filters.text.machine_code import is_kept  # it takes half a second to import

        if not is_kept(filter.compiles):
            return f"{UNIT} (first they are compiled, once on this machine)"
    return UNIT


def judged(rows: pl.DataFrame, filters: Filters, folder: Path) -> pl.DataFrame:
    """Draws with their measures, all reasons against each, and the filter that drops it first.

    Args:
        rows: from `light`.

    Raises:
        LedgerError: when a draw was not measured, or not compared.
    """
    for filter in filters.comparing().values():
        rows = compare.facts(filter, rows, folder)
    for name, filter in _measuring(filters).items():
        keys = _keys(filter)
        facts = _read(folder / f"{name}@{filter.stamp()}", filter).select(*keys, *filter.columns)
        owed = rows.join(facts, on=keys, how="anti", nulls_equal=True)["sample_id"]
        if owed.len():
            raise LedgerError(f"{name}: {owed.len()} draws not measured: {owed[:5].to_list()}")
        rows = rows.join(facts, on=keys, how="left", maintain_order="left", nulls_equal=True)
    return judge(rows, filters)


def _keys(filter: type[Filter]) -> list[str]:
    """What a measure belongs to: a draw, and what was read that can change while the draw stays."""
    return ["sample_id", *(column for column in filter.reads if column in CHANGING)]


def _read(home: Path, filter: type[Filter]) -> pl.DataFrame:
    """All measures of a filter; files of an older kind, without what was read, do not count."""
    kinds = {**SAMPLE, **dict.fromkeys(OF_PROMPTS, pl.String())}
    schema = {key: kinds[key] for key in _keys(filter)}
    schema |= {**filter.columns, f"{filter.name}_error": pl.String()}
    parts = (pl.read_parquet(part) for part in sorted(home.glob("part-*.parquet")))
    whole = [part.select(list(schema)) for part in parts if set(schema) <= set(part.columns)]
    return pl.concat([pl.DataFrame(schema=schema), *whole])
