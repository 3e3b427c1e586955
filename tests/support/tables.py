"""What tests of anybody's tables share: rows written down, and the two commands run on them."""

import json
from pathlib import Path
from typing import Any

import polars as pl
from click.testing import CliRunner, Result

from factory.cli import main

THOUGHT = "<think>\nTwo and two are four, as everybody knows.\n</think>\n"
RIGHT, WRONG = THOUGHT + r"It is \boxed{4}.", THOUGHT + r"It is \boxed{5}."


def written(folder: Path, rows: list[Any], name: str = "traces.jsonl") -> Path:
    """Rows as JSON lines; a text is a line as it is."""
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    (folder / name).write_text("".join(f"{line}\n" for line in lines))
    return folder / name


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def factory(*arguments: Any) -> Result:
    """A command as it is typed; a bug of ours is raised."""
    found = CliRunner().invoke(main, [str(word) for word in arguments])
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def measured(data: Path, *options: Any, out: Path | None = None) -> pl.DataFrame:
    """The file that `factory measure` leaves."""
    out = out or data.with_name("measures.parquet")
    found = factory("measure", data, "--out", out, *options)
    assert found.exit_code == 0, found.output
    return pl.read_parquet(out)


def filtered(data: Path, rules: dict[str, Any], *options: Any, **recipe: Any) -> Path:
    """The folder that `factory filter` leaves, by a recipe of rules alone."""
    file = data.with_name("rules.yaml")
    file.write_text(json.dumps({"filters": rules, **recipe}))  # YAML takes JSON
    out = data.with_name("filtered")
    found = factory("filter", data, "--recipe", file, "--out", out, *options)
    assert found.exit_code == 0, found.output
    return out


def fates(folder: Path) -> dict[str, str]:
    """Place of each sample -> what dropped it, or kept."""
    rows = pl.read_parquet(folder / "decisions.parquet")
    told = pl.coalesce("dropped_by", "fate").alias("told")
    return dict(rows.select("sample_id", told).iter_rows())
