"""The card's sections of a mix, which is made of rows, where other versions are made of draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.versions.card.made import origin
from factory.versions.card.markdown import Ready, section, table, text
from factory.versions.manifest import Manifest

CONTAMINATED = "contaminated"


def about(manifest: Manifest) -> str:
    """What it is, behind the number of its rows."""
    parts = len(manifest.mix)
    told = "one dataset" if parts == 1 else f"{text(parts)} datasets"
    return (
        f"taken from {told}, each question from the first that has it. Rows are conversations; "
        "each names its part, its origin, its licence and who wrote it, where anybody has said."
    )


def how(manifest: Manifest) -> str:
    """The parts, how much was taken of each, and why the rest was not."""
    rows = []
    for part in manifest.mix:
        counts = (part["rows"], part["taken"])
        rows.append([part["part"], part["place"], part["digest"][:12], *counts, _licences(part)])
    gone = [
        [part["part"], why, count]
        for part in manifest.mix
        for why, count in (*part["dropped"].items(), *part["spare"].items())
    ]
    writers = [
        [t.name, t.revision or "", t.license or "not stated", t.rows] for t in manifest.teachers
    ]
    return section(
        "How it was made",
        "`recipe.yaml` is the mix file, `manifest.json` has every part with its digest and the "
        "rules it was made by, `decisions.parquet` the fate of every row of every part.",
        table(["part", "from", "digest", "rows", "taken", "licences"], rows),
        "What was left out:" if gone else "",
        table(["part", "because", "rows"], gone),
        table(["written by", "commit", "licence", "rows"], writers),
    )


def contamination(manifest: Manifest) -> str:
    """What questions were compared with; empty where the mix compared with nothing."""
    rule = next((rule for rule in manifest.rules if rule.filter == CONTAMINATED), None)
    compared = [source for source in manifest.inputs if source.what == "benchmark"]
    rows = [[source.name, origin(source), source.rows] for source in compared]
    words = (
        "The mix compared nothing itself; `mix` in `manifest.json` has the rules of its parts."
        if rule is None
        else "Questions were compared with benchmarks, replies were not. "
        f"{text(rule.dropped)} rows were dropped for it."
    )
    return section("Contamination", words, table(["benchmark", "from", "questions"], rows))


def _licences(part: Mapping[str, Any]) -> Ready:
    told = ", ".join(f"{text(name)} {text(count)}" for name, count in part["licenses"].items())
    return Ready(f"{told} (by the mix file)" if part["license_overridden"] else told)
