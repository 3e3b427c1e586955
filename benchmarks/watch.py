"""What watching draws costs, which sound ones it stops, and how soon it stops doomed ones.

    python -m benchmarks.watch [--size N]

One process, about three minutes at size 1, half of them for making tasks. The texts are those of
`watch_sound.py` and `watch_doomed.py`; the tables are Markdown for RESULTS.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from benchmarks.watch_doomed import loops, switches
from benchmarks.watch_sound import Text, sound
from filters.language import Language
from filters.repetition import Repetition
from filters.verifiers.check import wilson
from filters.watch import LanguageStop, LoopStop, Stops, Watch

CHUNK = 100
"""Characters fed at once."""
TOKEN = 4
"""Characters in a token, about; engines stream token by token."""
TOGETHER = 256
"""Draws that are written at the same time."""
RATES = (10_000, 20_000)
"""Tokens a second of engines, of TOKEN characters each."""
BOTH = Stops(loop=LoopStop(), language=LanguageStop())


class Outcome(NamedTuple):
    text: Text
    reason: str | None
    at: int
    """Characters written when it was stopped, or all."""


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1, help="1 for about 2,500 sound texts")
    size = parser.parse_args().size
    fine = list(sound(size))
    costs(fine)
    stopped_sound = false_stops([watched(text) for text in fine])
    doomed = [watched(text) for text in [*loops(50 * size), *switches(3 * size)]]
    recall(doomed)
    for outcome in stopped_sound:
        print(f"\n{outcome.text.kind}, {outcome.at}: {outcome.text.text[: outcome.at][-60:]!r}")
    agreement("sound", stopped_sound)
    agreement("doomed", [outcome for outcome in doomed if outcome.reason])


def watched(text: Text, stops: Stops = BOTH, chunk: int = CHUNK) -> Outcome:
    """Follows one draw to its end or until it is stopped."""
    watch = Watch(stops, text.language)
    for end in range(chunk, len(text.text) + chunk, chunk):
        if reason := watch.feed(text.text[end - chunk : end]):
            return Outcome(text, reason, min(end, len(text.text)))
    return Outcome(text, None, len(text.text))


def costs(texts: list[Text]) -> None:
    """Characters a second of one core, for draws that are written side by side."""
    shown = texts[:: max(1, len(texts) // 500)]
    print("\n| what is watched | in pieces of | characters a second |", end="")
    print("".join(f" of a core at {rate:,} tokens/s |" for rate in RATES))
    print("|---|---:|---:|" + "---:|" * len(RATES))
    kinds = {
        "loops": Stops(loop=BOTH.loop),
        "language": Stops(language=BOTH.language),
        "both": BOTH,
    }
    for name, stops in kinds.items():
        for chunk in (CHUNK, TOKEN):
            rate = max(_speed(shown, stops, chunk) for _ in range(2))
            shares = "".join(f" {TOKEN * tokens / rate:.1%} |" for tokens in RATES)
            print(f"| {name} | {chunk} | {rate:,.0f} |{shares}")


def _speed(texts: list[Text], stops: Stops, chunk: int) -> float:
    """Characters in a second of processor time, after some that warm up the identifier."""
    for text in texts[::100]:
        watched(text, stops)
    spent, chars = 0.0, 0
    for first in range(0, len(texts), TOGETHER):
        group = texts[first : first + TOGETHER]
        watches = [Watch(stops, text.language) for text in group]
        pieces = [
            (watch, text.text[at : at + chunk])
            for at in range(0, max(len(text.text) for text in group), chunk)
            for watch, text in zip(watches, group, strict=True)
            if at < len(text.text)
        ]
        start = time.process_time()  # of all threads, whatever else the machine does
        for watch, piece in pieces:
            watch.feed(piece)
        spent += time.process_time() - start
        chars += sum(len(piece) for _, piece in pieces)
    return chars / spent


def false_stops(outcomes: list[Outcome]) -> list[Outcome]:
    """How many sound texts were stopped, by where they come from."""
    print("\n| sound texts | texts | characters | loop | language | stopped, 95 % interval |")
    print("|---|---:|---:|---:|---:|---:|")
    groups = _by_kind(outcomes)
    for kind, group in [*groups.items(), ("all", outcomes)]:
        reasons = [outcome.reason for outcome in group]
        chars = sum(len(outcome.text.text) for outcome in group)
        stopped = len(group) - reasons.count(None)
        low, high = wilson(stopped, len(group))
        print(
            f"| {kind} | {len(group):,} | {chars:,} | {reasons.count('loop')} | "
            f"{reasons.count('language')} | {low:.2%} to {high:.2%} |"
        )
    return [outcome for outcome in outcomes if outcome.reason]


def recall(outcomes: list[Outcome]) -> None:
    """How many doomed texts were stopped, and how many characters after their fault began."""
    print("\n| doomed texts | texts | stopped | too early | characters after: median | 95 % |")
    print("|---|---:|---:|---:|---:|---:|")
    for kind, group in _by_kind(outcomes).items():
        late = sorted(o.at - o.text.start for o in group if o.reason)
        shown = f"{statistics.median(late):,.0f} | {late[int(0.95 * len(late))]:,}" if late else "|"
        early = sum(delay <= 0 for delay in late)
        print(f"| {kind} | {len(group)} | {len(late) / len(group):.0%} | {early} | {shown} |")


def agreement(name: str, outcomes: list[Outcome]) -> None:
    """Whether the filters drop what was stopped, as it was when it was stopped."""
    for reason, filter in (("loop", Repetition()), ("language", Language())):
        stopped = [outcome for outcome in outcomes if outcome.reason == reason]
        if not stopped:
            print(f"\n{name}: none stopped for {reason}")
            continue
        rows = {
            "reasoning": [outcome.text.text[: outcome.at] for outcome in stopped],
            "response": [None] * len(stopped),
            "language": [outcome.text.language for outcome in stopped],
        }
        table = pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String))
        faults = filter.measured(table).select(faults=filter.faults())["faults"]
        dropped = sum(len(found) > 0 for found in faults)
        counts = faults.explode().drop_nulls().value_counts().rows()
        print(f"\n{name}: {len(stopped)} stopped for {reason}, the filter drops {dropped} of them")
        print(", ".join(f"{fault} {count}" for fault, count in sorted(counts)))


def _by_kind(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.text.kind].append(outcome)
    return groups


if __name__ == "__main__":
    main()
