"""Many checks with hostile ones among them: `python benchmarks/checks.py [--checks 100000]`.

As many threads as workers, so that no check waits for another and its time is the time of its work:
what is beyond the deadline is overrun, the start of a new worker included.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from filters.verifiers import Verdict, pool, verify
from filters.verifiers.check import read
from filters.verifiers.code.sandbox.usage import tree

SET = Path(__file__).parents[1] / "tests" / "data" / "verifiers" / "math.jsonl"
HOSTILE = 0.01
"""Share of checks that are hostile."""
POINTS = 10
"""How often memory is reported."""

DEEP = 5_000
ATTACKS = {
    "a tower of powers": r"10^{10^{10}}",
    "a tower of four": r"2^{3^{4^{5}}}",
    "a factorial": r"(10^{9})!",
    "factorials of factorials": "9!!!!",
    "a power of a power": r"(7^{77777})^{77777}",
    "nested brackets": "(" * DEEP + "x" + ")" * DEEP,
    "nested braces": "{" * DEEP + "x" + "}" * DEEP,
    "nested fractions": r"\frac{1}{" * DEEP + "2" + "}" * DEEP,
    "nested roots": r"\sqrt{" * 200 + "x" + "}" * 200,
    "open brackets": r"\left(" * DEEP,
    "a megabyte of digits": "7" * 10**6,
    "a megabyte of letters": "x" * 10**6,
    "a megabyte of sums": "+".join(["1"] * 5 * 10**5),
    "a megabyte of open boxes": r"\boxed{" * 140_000,
    "a megabyte of braces": "{" * 10**6,
    "a megabyte of blanks": " " * 10**6 + "1",
    "a megabyte of dollars": "$" * 10**6,
    "a megabyte of commas": "1," * 5 * 10**5,
    "an integral": r"\int_0^1 \sin(x^{x^{x}}) e^{\cos(x^x)} dx",
    "a long sum": r"\sum_{n=1}^{1000000000} \frac{n^{n}}{n!}",
    "a long product": r"\prod_{n=1}^{100000000} \left(1+\frac{1}{n^{3}}\right)",
    "a large expansion": r"(a+b+c+d+e+f)^{60}",
    "a limit": r"\lim_{x \to 0} \frac{\sin(\tan(x)) - \tan(\sin(x))}{x^{7}\cos(x^x)}",
}


class Check(NamedTuple):
    """One answer, what it is compared with and what should come of it."""

    response: str
    gold: str
    expected: str | None
    """None for what is hostile: whatever comes is right, if it comes in time."""
    name: str


class Done(NamedTuple):
    """What became of one check."""

    check: Check
    verdict: Verdict


def checks(count: int) -> Iterator[Check]:
    """Pairs of the labelled set, in the order of a lot with a seed, and attacks in between."""
    lot = random.Random(17)
    rows = [row for row in read(SET) if _bare(row["prediction"]) and row["gold"]]
    attacks = list(ATTACKS.items())
    for number in range(count):
        if number % round(1 / HOSTILE) == 0:
            name, text = attacks[number // round(1 / HOSTILE) % len(attacks)]
            yield Check(rf"\boxed{{{text}}}", r"\sqrt{2}+x^{2}", None, name)
        else:
            row = lot.choice(rows)
            response = rf"\boxed{{{row['prediction']}}}"
            yield Check(response, str(row["gold"]), row["expected"], "")


def _bare(prediction: str) -> bool:
    """Whether a prediction is an answer without a response around it."""
    return not any(word in prediction for word in ("boxed", "answer", "答案", "####", "<", "\n"))


def memory(process: int) -> float:
    """Megabytes of memory of a process, in use now."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--checks", type=int, default=100_000)
    options.add_argument("--deadline", type=float, default=1.0, help="seconds (1.0)")
    options.add_argument("--workers", type=int, default=4)
    chosen = options.parse_args()
    pool.DEADLINE, pool.WORKERS = chosen.deadline, chosen.workers
    pool.call(len, "")  # the first worker brings SymPy; that is no check's time

    start = time.monotonic()
    outcomes, late, wrong = Counter[str](), [], []
    plain_time = hostile_time = worst = 0.0
    worst_name = ""

    def judged(check: Check) -> Done:
        return Done(check, verify(check.response, check.gold, "math"))

    print(f"{'checks':>8} {'seconds':>8} {'parent, MB':>11} {'others, MB':>11} {'processes':>10}")
    with ThreadPoolExecutor(chosen.workers) as threads:
        every = max(1, chosen.checks // POINTS)
        feed = checks(chosen.checks)
        for begin in range(0, chosen.checks, every):
            part = [check for check, _ in zip(feed, range(every), strict=False)]
            for check, verdict in threads.map(judged, part):
                reason = (verdict.reason or "").partition(":")[0]
                outcomes[f"{verdict.outcome} {reason}".strip()] += check.expected is None
                overrun = verdict.seconds - chosen.deadline
                if overrun > worst:
                    worst, worst_name = overrun, check.name or check.response[:60]
                if overrun > 0.5:
                    late.append(check.name or check.response[:60])
                if check.expected is None:
                    hostile_time += verdict.seconds
                else:
                    plain_time += verdict.seconds
                    if verdict.outcome != check.expected:
                        wrong.append((check.response[:60], verdict.outcome, verdict.reason))
            own, *others = [int(folder.name) for folder in tree(os.getpid())]
            print(f"{min(begin + every, chosen.checks):8,} {time.monotonic() - start:8.1f} "
                  f"{memory(own):11.1f} {sum(map(memory, others)):11.1f} {1 + len(others):10}",
                  flush=True)  # fmt: skip
    seconds = time.monotonic() - start
    print(f"\n{chosen.checks:,} checks in {seconds:.0f} s, {chosen.checks / seconds:,.0f} a second")
    print(f"worst overrun of {chosen.deadline:g} s: {worst:.2f} s ({worst_name}); "
          f"beyond 0.5 s: {len(late)} {sorted(set(late))[:5]}")  # fmt: skip
    print(f"time in hostile checks {hostile_time:.0f} s, in others {plain_time:.0f} s")
    print("hostile:", dict(outcomes.most_common()))
    print(f"others that were not judged as labelled: {len(wrong)}", *wrong[:10], sep="\n  ")


if __name__ == "__main__":
    main()
