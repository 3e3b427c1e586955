"""Our verdicts on instructions beside published ones, decision by decision.

    python benchmarks/instructions.py [FOLDER]

FOLDER (`../shared/data/real`) holds Google's strict verdicts on GPT-4's responses to IFEval, and
NeMo Gym's on five of GPT-4.1 with instructions of IF-RLVR. The table is for docs/verifiers.md;
below it stands every decision that differs.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from filters.verifiers.instructions import follow, shape

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "real"


class Decision(NamedTuple):
    """Whether one instruction was followed by one response."""

    id: str
    arguments: dict[str, Any] | None
    ours: bool | None
    theirs: bool
    response: str


def main(folder: Path) -> None:
    """Print the table as Markdown, then each difference with its response's start and end."""
    found = list(decisions(folder))
    differ = [one for one in found if one.ours is not one.theirs]
    print("| instruction | decisions | same | ours alone follows | theirs alone | unclear |")
    print("|---|---:|---:|---:|---:|---:|")
    for id_ in sorted({one.id for one in differ}):
        print(_row(id_, [one for one in found if one.id == id_]))
    print(_row("all", found))
    for one in differ:
        print(f"\n{one.id} {one.arguments}: ours {one.ours}, theirs {one.theirs}")
        print(f"  {one.response[:200]!r} … {one.response[-200:]!r}")


def decisions(folder: Path) -> Iterator[Decision]:
    """Every instruction of every response that has published verdicts."""
    for response, reference, theirs in _published(folder):
        if wrong := shape(reference):
            print(f"refused: {wrong}", file=sys.stderr)
            continue
        ours = follow(response, reference)
        ids, arguments = reference.values()
        for id_, given, one, other in zip(ids, arguments, ours, theirs, strict=True):
            yield Decision(id_, given, one, other, response)


def _published(folder: Path) -> Iterator[tuple[str, dict[str, Any], list[bool]]]:
    """Responses with their references, and which instructions they follow by published code."""
    names = ("instruction_id_list", "kwargs")
    prompts = {row["prompt"]: row for row in _rows(folder / "ifeval" / "input_data.jsonl")}
    for row in _rows(folder / "ifeval" / "eval_results_strict.jsonl.gz"):
        asked = prompts[row["prompt"]]
        yield row["response"], {name: asked[name] for name in names}, row["follow_instruction_list"]
    for row in _rows(folder / "nemo_gym" / "instruction_following_rollouts.jsonl"):
        response = "".join(
            part["text"] for one in row["response"]["output"] for part in one.get("content", [])
        )
        yield response, {name: row[name] for name in names}, row["follow_instruction_list"]


def _row(id_: str, part: list[Decision]) -> str:
    same = sum(one.ours is one.theirs for one in part)
    kinds = [
        sum(one.ours is said and one.theirs is not said for one in part) for said in (True, False)
    ]
    unclear = sum(one.ours is None for one in part)
    return f"| {id_} | {len(part)} | {same} | {kinds[0]} | {kinds[1]} | {unclear} |"


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REAL)
