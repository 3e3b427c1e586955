"""Agreement and pairs per second of the math verifier, beside math-verify by itself.

    python benchmarks/verifiers.py

One process, one core beside the pool's. Plain answers are pairs of numbers, quantities, words and
lists of them, hard ones all others; both are repeated to take about a second. The table by kind is
for benchmarks/RESULTS.md. `factory check-verifier FILE --verifier benchmarks.verifiers:alone` says
where math-verify disagrees.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filters.text.answer import extract
from filters.text.thinking import split
from filters.verdict import correct, incorrect
from filters.verifiers import Verdict, verify
from filters.verifiers.check import Report, check, read
from filters.verifiers.math import quantities
from filters.verifiers.math.equations import unassigned
from filters.verifiers.math.listings import listing
from filters.verifiers.math.notation import tidy

PAIRS = Path(__file__).parents[1] / "tests" / "data" / "verifiers" / "math.jsonl"
LONG = "We try once more and count from the beginning. " * 400
"""About 18 KB of text before the answer."""


def main() -> None:
    """Print both tables, as Markdown."""
    logging.disable(logging.WARNING)  # math-verify's, on its own timeouts
    rows = list(read(PAIRS))
    ours, theirs = check(rows, "math"), check(rows, alone)
    print("| kind | pairs | ours | math-verify | false accepts: ours | math-verify |")
    print("|---|---:|---:|---:|---:|---:|")
    kinds = [*((kind, part, theirs.kinds()[kind]) for kind, part in ours.kinds().items())]
    for kind, part, other in [*kinds, ("all", ours, theirs)]:
        print(_row(kind, part, other))
    boxed = [row | {"prediction": _boxed(row["prediction"])} for row in rows]
    plain = [row for row in boxed if _is_plain(row)]
    hard = [row for row in boxed if not _is_plain(row)]
    long = [row | {"prediction": LONG + row["prediction"]} for row in plain]
    print("\n| pairs | number | ours, a second | math-verify, a second | times |")
    print("|---|---:|---:|---:|---:|")
    for name, part in (("plain", plain), ("plain, 18 KB before", long), ("hard", hard)):
        fast = _rate(part, lambda response, gold: verify(response, gold, "math"))
        slow = _rate(part, alone)
        print(f"| {name} | {len(part)} | {fast:,.0f} | {slow:,.0f} | {fast / slow:.1f} |")


def alone(response: str | None, reference: object) -> Verdict:
    """math-verify as its documentation says: a formula stands between dollar signs."""
    from math_verify import parse
    from math_verify import verify as same

    if response is None:
        return incorrect("unfinished")
    gold, found = parse(_formula(str(reference))), parse(_formula(response))
    return correct(response) if same(gold, found) else incorrect("wrong_answer", response)


def _formula(text: str) -> str:
    """A bare answer between dollar signs; a response as it is."""
    signs = ("$", r"\boxed", r"\(", r"\[", "nswer", "####", "\n")
    return text if any(sign in text for sign in signs) else f"${text}$"


def _boxed(text: str) -> str:
    """A bare answer in a box; a response as it is."""
    return text if extract(text) is not None or "\n" in text else rf"\boxed{{{text}}}"


def _is_plain(row: dict[str, Any]) -> bool:
    """Whether both sides are numbers, quantities, words or lists of them, or there is no answer."""
    answer = extract(split(row["prediction"]).response or "")
    return answer is None or all(map(_is_simple, (answer, str(row["gold"]))))


def _is_simple(text: str) -> bool:
    bare = unassigned(tidy(text))
    parts = found.parts if (found := listing(bare)) else [bare]
    return all(quantities.read(unassigned(part)) or part.strip("()").isalpha() for part in parts)


def _row(kind: str, ours: Report, theirs: Report) -> str:
    total = len(ours.lines)
    shares = (f"{report.count(None) / total:.1%}" for report in (ours, theirs))
    accepts = (str(report.count("false accept")) for report in (ours, theirs))
    return f"| {kind} | {total} | " + " | ".join([*shares, *accepts]) + " |"


def _rate(rows: list[dict[str, Any]], judge: Callable[[str, object], Verdict]) -> float:
    """Judgements a second, after one round that imports, starts workers and fills caches."""
    for row in rows[:20]:
        judge(row["prediction"], row["gold"])
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < 1:
        for row in rows:
            judge(row["prediction"], row["gold"])
        done += len(rows)
    return done / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
