"""What a judge rescues of HardVerify-Math after the rules, beside what the rules accept.

    python -m benchmarks.rescued http://localhost:8000/v1 MODEL [FOLDER]

The model answers at any endpoint that speaks OpenAI's protocol. Right answers that it rescues are
its merit, wrong ones its fault; both are beside the rules' own, never in them.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import httpx

from benchmarks.keys import rows
from benchmarks.traces import REAL
from filters.verifiers import verify
from filters.verifiers.judge.model import Ask, Judge

Pair = tuple[str, str, str, bool]
"""Question, key, answer, and whether people call it right."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("endpoint")
    parser.add_argument("model")
    parser.add_argument("folder", nargs="?", type=Path, default=REAL)
    told = parser.parse_args()
    if not (file := told.folder / "hardverify_math" / "HardVerify-Math-even.json").exists():
        sys.exit(f"no {file}: nothing to do")
    print(table(pairs(file), asking(told.endpoint, told.model)))


def pairs(file: Path) -> Iterable[Pair]:
    """A right and a wrong answer for each question."""
    for row in rows(file):
        for column, right in (("fn_output", True), ("tn_output", False)):
            yield row["question"], row["ground_truth"], row[column], right


def asking(endpoint: str, model: str) -> Ask:
    """A function that asks a model at an endpoint."""

    def ask(messages: list[dict[str, str]], seed: int) -> str:
        request = {"model": model, "messages": messages, "seed": seed, "temperature": 0}
        reply = httpx.post(f"{endpoint}/chat/completions", json=request, timeout=300)
        return reply.raise_for_status().json()["choices"][0]["message"]["content"]

    return ask


def table(asked: Iterable[Pair], ask: Ask) -> str:
    r"""How many the rules accept, and the judge after them, of right and of wrong answers.

    >>> print(table([("1 + 1?", "2", "two", True), ("1 + 1?", "2", "3", False)], lambda m, s: ""))
    | answers | number | the rules accept | the judge rescues | it leaves open |
    |---|---:|---:|---:|---:|
    | right | 1 | 1 | 0 | 0 |
    | wrong | 1 | 0 | 0 | 1 |
    """
    judge = Judge(ask, rules=None)
    found: Counter[tuple[bool, str]] = Counter()
    for question, key, answer, right in asked:
        response = rf"\boxed{{{answer}}}"
        verdict, kind = verify(response, key, "math"), "rules"
        if verdict.outcome != "correct":
            verdict, kind = judge(response, {"question": question, "answer": key}), "judge"
        found.update(
            [(right, "all"), (right, kind if verdict.outcome == "correct" else verdict.outcome)]
        )
    lines = ["| answers | number | the rules accept | the judge rescues | it leaves open |"]
    lines.append("|---|---:|---:|---:|---:|")
    for right in (True, False):
        told = (found[right, kind] for kind in ("all", "rules", "judge", "unverifiable"))
        lines.append(f"| {'right' if right else 'wrong'} | {' | '.join(map(str, told))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
