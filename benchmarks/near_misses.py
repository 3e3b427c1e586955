"""Near misses: real keys, changed by one sign, bound, unit, word or order; which are accepted?

    python -m benchmarks.near_misses [FOLDER] [--each N] [--out FILE] [--rewrites]

Every pair that is accepted is written to FILE, to be read: a false accept, or a mutation that
changed nothing after all (`DEFENDED` has the kinds of those, with the reason). With `--rewrites`
the reverse: keys in another dress, and every refusal.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks import keys as real
from benchmarks.defended import DEFENDED
from benchmarks.mutations import AROUND, MUTATIONS
from benchmarks.rewrites import REWRITES
from filters.verifiers import Verdict, verify

SHAPES = Path(__file__).with_name("near_misses.tsv")
"""Answers of kinds that real keys lack, and a near miss each: a kind, an answer and another one in
a line. `{a}` and `{b}` are whole numbers of real keys, a < b; `{h}` is an hour, `{m}` minutes."""
LONGEST = 300
"""Characters of a key that is mutated."""
EACH_AROUND = 4
"""What is written around keys gets a part of the pairs of other mutations: there are many."""
NUMBERS = range(3, 3000)
"""Whole numbers of real keys that fill shapes."""


PROSE = re.compile(r"(?<![\\{a-zA-Z])[a-zA-Z]{3,} [a-zA-Z]{2,}")
"""Sentences, which have no other dress."""


class Pair(NamedTuple):
    """A key, and what is not it."""

    verifier: str
    mutation: str
    key: str
    answer: str


def main() -> None:
    """Print the table by mutation, and write the accepts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=real.REAL)
    parser.add_argument("--each", type=int, default=400, help="pairs of a mutation, at most")
    parser.add_argument("--out", type=Path, default=Path("accepts.jsonl"))
    parser.add_argument("--only", default="", help="part of a mutation's name")
    parser.add_argument("--part", type=int, default=0, help="which part of the pairs, from 0")
    parser.add_argument("--parts", type=int, default=1, help="parts, one a process")
    parser.add_argument("--rewrites", action="store_true")
    asked = parser.parse_args()
    if not asked.folder.exists():
        sys.exit(f"no real keys in {asked.folder}: nothing to do")
    logging.disable(logging.WARNING)
    made = (rewrites if asked.rewrites else near_misses)(asked.folder, asked.each)
    chosen = (pair for pair in made if asked.only in pair.mutation)
    pairs = islice(chosen, asked.part, None, asked.parts)
    wanted = "correct" if asked.rewrites else "incorrect"
    total: Counter[str] = Counter()
    odd: Counter[str] = Counter()
    open_: Counter[str] = Counter()
    with asked.out.open("w", buffering=1) as out:
        for pair in pairs:
            verdict = verify(rf"\boxed{{{pair.answer}}}", pair.key, pair.verifier)
            total[pair.mutation] += 1
            if verdict.outcome == wanted:
                continue
            if verdict.outcome == "unverifiable":
                open_[pair.mutation] += 1
                continue
            why = None if asked.rewrites else defence(pair, verdict)
            odd[f"defended: {why}" if why else pair.mutation] += 1
            out.write(json.dumps({**pair._asdict(), "defended": why}, ensure_ascii=False) + "\n")
    print(f"| mutation | pairs | {'refused' if asked.rewrites else 'accepted'} | unverifiable |")
    print("|---|---:|---:|---:|")
    for name, count in total.items():
        if odd[name] or open_[name]:
            print(f"| {name} | {count:,} | {odd[name]:,} | {open_[name]:,} |")
    read = {name: count for name, count in odd.items() if name.startswith("defended")}
    for name, count in read.items():
        print(f"| {name} | | {count:,} | |")
    rest = sum(odd.values()) - sum(read.values())
    print(f"| all | {sum(total.values()):,} | {rest:,} | {sum(open_.values()):,} |")


def near_misses(folder: Path, each: int) -> Iterator[Pair]:
    """The pairs of all verifiers: mutated keys, filled shapes, letters, texts."""
    every = _distinct(folder)
    seen: set[tuple[str, ...]] = set()
    around = {name for name, _ in AROUND}
    for name, mutate in MUTATIONS:
        chance = Random(name)
        most = max(1, each // EACH_AROUND) if name in around else each
        for key in chance.sample(every, len(every)):
            answer = mutate(key, chance)
            pair = (key, answer or key)
            if answer is None or answer.strip() in ("", key.strip()) or pair in seen:
                continue
            seen.add(pair)
            yield Pair("math", name, key, answer)
            if most % 3 == 0:
                yield Pair("math", name, answer, key)
            if (most := most - 1) <= 0:
                break
    yield from _shapes(every, max(1, each // 20))
    yield from _numbers(every, each)
    yield from _letters(folder, each)
    yield from _texts(folder, each)


def rewrites(folder: Path, each: int) -> Iterator[Pair]:
    """Keys in another dress, and the keys as they are."""
    every = [text for text in _distinct(folder) if not PROSE.search(text)]
    for name, rewrite in REWRITES:
        chance = Random(name)
        found = ((key, rewrite(key, chance)) for key in chance.sample(every, len(every)))
        for _, (key, answer) in zip(range(each), ((k, a) for k, a in found if a), strict=False):
            yield Pair("math", name, key, answer)


def defence(pair: Pair, verdict: Verdict) -> str | None:
    """Why a mutation changed nothing, or None: a reading that the verdict names, or one of ours."""
    if verdict.reason:
        return verdict.reason.partition(":")[0]
    for mutation, pattern, why in DEFENDED:
        if re.fullmatch(mutation, pair.mutation) and re.search(
            pattern, f"{pair.key} => {pair.answer}", re.DOTALL
        ):
            return why
    return None


def _distinct(folder: Path) -> list[str]:
    """Each key once, and a tenth of those that are sentences."""
    found = [key.text for key in real.keys(folder)]
    for options in real.options(folder):
        found += options.values()
    short = sorted({text for text in found if 0 < len(text) <= LONGEST and "\n" not in text})
    return [text for place, text in enumerate(short) if not PROSE.search(text) or place % 10 == 0]


def _shapes(every: list[str], each: int) -> Iterator[Pair]:
    numbers = sorted({int(t) for t in every if t.isdigit() and int(t) in NUMBERS})
    shapes = [line.split("\t") for line in SHAPES.read_text().splitlines()[1:]]
    for place, (kind, shape, near) in enumerate(shapes):
        chance = Random(place)
        for _ in range(each):
            a, b = sorted(chance.sample(numbers, 2))
            hour, minutes = chance.choice((2, 3, 4, 5, 6, 8, 9)), chance.randrange(13, 28)
            one, two = shape, near
            for name, number in {"{a}": a, "{b}": b, "{h}": hour, "{m}": minutes}.items():
                one, two = one.replace(name, str(number)), two.replace(name, str(number))
            if one != two:
                yield Pair("math", f"shape: {kind}", one, two)
                yield Pair("math", f"shape: {kind}", two, one)


def _numbers(every: list[str], each: int) -> Iterator[Pair]:
    """Keys of `numeric`: other numbers, bounds, units, and words around them."""
    plain = [text for text in every if re.fullmatch(r"-?\d+(\.\d+)?", text)]
    for name, mutate in MUTATIONS:
        chance = Random(f"numeric {name}")
        left = max(1, each // 16)
        for key in chance.sample(plain, len(plain)):
            answer = mutate(key, chance)
            if answer and answer.strip() != key:
                yield Pair("numeric", f"numeric, {name}", key, answer)
                if (left := left - 1) <= 0:
                    break


def _letters(folder: Path, each: int) -> Iterator[Pair]:
    """Options: another letter, another option's text, letters that are taken back or joined."""
    chance = Random("letters")
    many = real.options(folder)
    for options in chance.sample(many, min(len(many), each)):
        if len(set(options.values())) < len(options) or len(options) < 2:
            continue
        letter, other = chance.sample(sorted(options), 2)
        reference = {"letter": letter, "options": options}
        for name, said in (
            ("another letter", other),
            ("another text", options[other]),
            ("taken back", f"{letter}, no: {other}"),
            ("joined", f"{letter} or {other}"),
            ("not it", f"not {letter}"),
            ("letter and another text", f"{letter}. {options[other]}"),
            ("all but", f"all except {letter}"),
            ("both", f"{letter} and {other}"),
            ("neither", f"neither {letter} nor {other}"),
            ("both sides", f"({other}), not ({letter})"),
            ("rather", f"{other} rather than {letter}"),
            ("wrong", f"{letter} is wrong"),
        ):
            yield Pair("choice", f"choice, {name}", reference, said)  # type: ignore[arg-type]


def _texts(folder: Path, each: int) -> Iterator[Pair]:
    """Texts: one sign less, another one, two that change places."""
    chance = Random("texts")
    many = sorted({key.text for key in real.texts(folder) if len(key.text) > 2})
    for text in chance.sample(many, min(len(many), each)):
        place = chance.randrange(1, len(text) - 1)
        less = text[:place] + text[place + 1 :]
        turned = text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]
        for name, said in (
            ("a sign less", less),
            ("turned", turned),
            ("another case", text.swapcase()),
        ):
            if said.split() != text.split():
                yield Pair("exact", f"exact, {name}", text, said)


if __name__ == "__main__":
    main()
