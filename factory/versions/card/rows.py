"""The card's sections on the rows: columns, counts, lengths, pass rates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from factory.versions.card.markdown import Ready, Share, count, section, table, text
from factory.versions.folder import shards_of
from filters import FILTERS
from filters.measures import measures_of

COLUMNS = {
    "messages": "the conversation: what was asked, then the reply with its thinking",
    "prompt_id": "id of the question, whatever source it came from",
    "sample_id": "id of the draw",
    "source": "where the question came from",
    "domain": "field of the question",
    "language": "language of the question, ISO 639-1",
    "license": "licence of the question, as its source has it",
    "reference": "the key that the answer was compared with",
    "verifier": "who judged the answer",
    "answer": "the answer that was found in the reply",
    "teacher": "who wrote the reply",
    "teacher_digest": "digest of the teacher: weights, template and settings",
    "completion_tokens": "tokens of the reply, by its teacher's tokenizer",
}
"""What the columns of every row are."""
OF_MIXES = {
    "part": "part of the mix that it is of",
    "origin": "digest of the version, or of the rows, that it came from",
}
"""What those of a mix are besides."""
NAMES = {"domain": "Domains", "language": "Languages", "verifier": "Judged by"}
SHOWN = 20
"""Values of a column that are listed."""
BAR = 24
"""Characters of the longest bar."""


def columns(folder: Path) -> str:
    """Each column of the rows, its type, and what it is."""
    import pyarrow.parquet as pq

    schema = pq.read_schema(shards_of(folder)[0])
    known = COLUMNS | (OF_MIXES if set(schema.names) >= OF_MIXES.keys() else {})
    rows = [[Ready(f"`{f.name}`"), _type(f.type), _meaning(f.name, known)] for f in schema
            if "`" not in f.name and "|" not in f.name]  # fmt: skip
    return section("Columns", table(["column", "type", "what it is"], rows))


def _type(kind: Any) -> str:
    import pyarrow as pa

    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return ", ".join(field.name for field in kind)
    return str(kind).removeprefix("large_")


def _meaning(name: str, known: Mapping[str, str]) -> str:
    return known.get(name) or _measured().get(name) or "kept from its source"


@cache
def _measured() -> dict[str, str]:
    return {
        column: f"{name}: {said.get(column, 'a measure')}"
        for name, filter in FILTERS.items()
        for said in (measures_of(filter),)
        for column in filter.columns
    }


def distributions(told: Mapping[str, Any]) -> str:
    """How many rows there are of what."""
    counts, total = told.get("counts", {}), told.get("rows", 0)
    parts = []
    for column, name in NAMES.items():
        found = counts.get(column, [])
        if len(found) > 1:
            parts += [f"**{name}**", _counted(column, found, total)]
        elif found:
            parts.append(f"**{name}**: {text(found[0]['value'] or 'not stated')} in all rows.")
    prompts = told.get("prompts")
    several = f"{count(total, 'row')} of {count(prompts, 'question')}." if prompts else ""
    if (thinking := told.get("thinking_rows")) is not None:
        several += f" {count(thinking, 'reply', 'replies')} of them think before they answer."
    return section("What is in it", several, *parts)


def _counted(column: str, found: list[dict[str, Any]], total: int) -> str:
    rows = [
        [row["value"] or "not stated", row["rows"], Share(row["rows"] / total)]
        for row in found[:SHOWN]
    ]
    if rest := found[SHOWN:]:
        others = sum(row["rows"] for row in rest)
        rows.append([f"{len(rest)} others", others, Share(others / total)])
    return table([column, "rows", "share"], rows)


def lengths(told: Mapping[str, Any]) -> str:
    """How long rows are: quantiles of all, and the histogram of their tokens."""
    found = told.get("lengths", {})
    head = ["of each row", "least", "5 %", "25 %", "median", "75 %", "95 %", "99 %", "most", "mean"]
    rows = [
        [part["what"], *part["quantiles"].values(), round(part["mean"])] for part in found.values()
    ]
    shown = found.get("tokens") or found.get("characters")
    unit = "tokens" if "tokens" in found else "characters"
    return section("Lengths", table(head, rows), _bars(shown, unit) if shown else "")


def _bars(part: Mapping[str, Any], unit: str) -> str:
    edges, counts = part["edges"], part["histogram"]
    most = max(counts, default=0)
    first = next((n for n, count in enumerate(counts) if count), 0)
    rows = [
        [Ready(f"{edges[n]:,} to {edges[n + 1] - 1:,}"), counts[n], Ready(_bar(counts[n], most))]
        for n in range(first, len(counts))
    ]
    return table([unit, "rows", ""], rows)


def _bar(rows: int, most: int) -> str:
    """A bar; the shortest stands for one row and more.

    >>> _bar(12, 24), _bar(0, 24)
    ('████████████', '')
    """
    return "█" * max(int(rows > 0), round(BAR * rows / most)) if most else ""


def pass_rates(told: Mapping[str, Any]) -> str:
    """How often the teachers were right, and what verifiers said of all draws."""
    verdicts = told.get("verdicts", [])
    draws = told.get("draws", 0)
    said = [[v["value"] or "not judged", v["rows"], Share(v["rows"] / draws)] for v in verdicts]
    wrong = [[v["value"], v["rows"]] for v in told.get("verdict_reasons", [])[:SHOWN]]
    rates = told.get("pass_rates")
    return section(
        "Pass rates",
        _rates(rates) if rates and rates["mean"] is not None else "",
        table(["verdict on a draw", "draws", "share"], said),
        table(["why not correct", "draws"], wrong),
    )


def _rates(rates: Mapping[str, Any]) -> str:
    known = rates["prompts"] - rates["unknown"]
    each = ", counted once for each teacher," if rates.get("teachers", 1) > 1 else ""
    words = (
        f"Of {count(known, 'question')}{each} the pass rate is {rates['mean']:.1%} on average: it "
        f"is 100 % of {text(rates['all_right'])} and 0 % of {text(rates['none_right'])}. Each is "
        "an estimate from that question's own draws, and coarse where these are few."
    )
    most, bins = max(rates["histogram"]), len(rates["histogram"])
    rows = [
        [Ready(f"{100 * n // bins} to {100 * (n + 1) // bins} %"), held, Ready(_bar(held, most))]
        for n, held in enumerate(rates["histogram"])
    ]
    return f"{words}\n\n{table(['pass rate', 'questions', ''], rows)}"
