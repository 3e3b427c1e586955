"""Near-duplicates: rows per CPU second beside datatrove and rensa, recall and precision on planted
truth, and a shared opening that must join nothing.

    python -m benchmarks.duplicates [--rows N] [--bytes B]

One process. datatrove, rensa and what they need are no dependencies of the project: where one is
not installed, its line is left out. Texts are made of words with a natural frequency; a tenth of
them are copies with words exchanged, whose Jaccard similarity is known. The tables are Markdown for
RESULTS.md.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from filters.text.near import SAMPLE, Clusters, Near, phrases
from filters.text.words import pieces

NEAR = 0.8
OPENING = (
    "Okay, the user asks me to solve this problem step by step. Let me think carefully about what "
    "is asked here, and write down all that is given first, before I begin to calculate a thing. "
)


class Made(NamedTuple):
    """Texts, and of some the place of the one that it was made from, and how near the two are."""

    texts: list[str]
    origin: dict[int, int]
    similarity: dict[int, float]


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--bytes", type=int, default=4_000)
    parser.add_argument("--alone", action="store_true", help="without the peers")
    asked = parser.parse_args()
    ours(["a few words to compile for"])
    made = texts(asked.rows, asked.bytes)
    size = sum(map(len, made.texts)) / 1e6
    print(f"{len(made.texts):,} texts, {size:,.0f} MB, one thread\n")
    print("| | CPU s | rows per CPU s | MB per CPU s | recall | precision |")
    print("|---|---:|---:|---:|---:|---:|")
    peers = {} if asked.alone else {"datatrove, whitespace words": datatrove, "rensa, words": rensa}
    peers = peers if asked.alone else peers | {"rensa, runs of 5 words": rensa_shingles}
    for name, run in {"ours": ours, **peers}.items():
        try:
            seconds, pairs = timed(run, made.texts)
        except ImportError as missing:
            print(f"| {name}: {missing.name} is not installed | | | | | |")
            continue
        told = truth(made, pairs)
        rows, rate = len(made.texts) / seconds, size / seconds
        print(f"| {name} | {seconds:.1f} | {rows:,.0f} | {rate:,.0f} | {told} |")
    opening()
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def texts(rows: int, size: int, seed: int = 1) -> Made:
    """Texts of about `size` bytes; every tenth is an earlier one with some words exchanged."""
    rng = random.Random(seed)
    letters = "etaoinshrdlucmfwygpb"
    known = ["".join(rng.choices(letters, k=rng.randint(2, 8))) for _ in range(50_000)]
    weights = np.cumsum(1 / np.arange(10, len(known) + 10)).tolist()
    made, origin, similarity = [], {}, {}
    many = max(12, size * 10 // 65)
    for place in range(rows):
        words = rng.choices(known, cum_weights=weights, k=many)
        if place % 10 == 9:
            origin[place] = rng.randrange(place - place % 10, place)
            while origin[place] in origin:
                origin[place] -= 1
            before = made[origin[place]].split()
            words = list(before)
            for _ in range(rng.randrange(1 + many // 25)):
                words[rng.randrange(many)] = rng.choice(known)
            similarity[place] = jaccard(before, words)
        made.append(" ".join(words))
    return Made(made, origin, similarity)


def jaccard(one: list[str], other: list[str], size: int = 5) -> float:
    """Of the sets of runs of `size` words, computed plainly."""
    sets = [{tuple(w[at : at + size]) for at in range(len(w) - size + 1)} for w in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def timed(run: Callable[[list[str]], dict[int, int]], given: list[str]) -> tuple[float, Any]:
    """CPU seconds, and which earlier text each later one was found to be near."""
    start = time.process_time()
    pairs = run(given)
    return time.process_time() - start, pairs


def truth(made: Made, pairs: dict[int, int]) -> str:
    """Recall of planted pairs at 0.8 and more, and precision of the rows said to be duplicates."""
    near = {place for place, value in made.similarity.items() if value >= NEAR}
    found = near & pairs.keys()
    right = [place for place in pairs if made.similarity.get(place, 0) >= NEAR - 0.005]
    precision = len(right) / max(1, len(pairs))
    return f"{len(found) / max(1, len(near)):.4f} of {len(near):,} | {precision:.4f}"


def ours(given: list[str]) -> dict[int, int]:
    """The project's own."""
    table = pl.DataFrame({"text": given})
    with tempfile.NamedTemporaryFile() as scratch:
        sample = table["text"].gather_every(max(1, table.height // SAMPLE))
        near = Near(phrases(sample), Path(scratch.name))
        for piece in pieces(table, "text"):
            near.add(piece["text"])
        found: Clusters = near.clusters(NEAR)
    return {at: int(to) for at, to in enumerate(found.representative) if to != at}


def rensa(given: list[str]) -> dict[int, int]:
    """rensa as its page shows it: sets of words, its own deduplicator."""
    from rensa import RMinHashDeduplicator  # pyrefly: ignore

    dedup = RMinHashDeduplicator(threshold=NEAR, num_perm=128, use_lsh=True)
    keep = dedup.add_pairs((str(place), text.split()) for place, text in enumerate(given))
    return {place: -1 for place, kept in enumerate(keep) if not kept}


def rensa_shingles(given: list[str]) -> dict[int, int]:
    """The same over runs of five words, the sets that we compare."""
    from rensa import RMinHashDeduplicator  # pyrefly: ignore

    dedup = RMinHashDeduplicator(threshold=NEAR, num_perm=128, use_lsh=True)
    keep = dedup.add_pairs((str(place), runs(text)) for place, text in enumerate(given))
    return {place: -1 for place, kept in enumerate(keep) if not kept}


def runs(text: str) -> list[str]:
    """Runs of five words, as text."""
    words = text.split()
    return [" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))]


def datatrove(given: list[str]) -> dict[int, int]:
    """datatrove's three steps with its defaults, words between blanks."""
    from datatrove.data import Document  # pyrefly: ignore
    from datatrove.pipeline.dedup import (  # pyrefly: ignore
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupSignature,
    )
    from datatrove.utils.logging import logger  # pyrefly: ignore
    from datatrove.utils.word_tokenizers import WordTokenizer  # pyrefly: ignore

    class Blanks(WordTokenizer):
        def word_tokenize(self, text: str) -> list[str]:
            return text.split()

        def sent_tokenize(self, text: str) -> list[str]:
            return [text]

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            return [(0, len(text))]

    logger.remove()
    with tempfile.TemporaryDirectory() as folder:
        signatures, buckets, removed = (f"{folder}/{name}" for name in ("s", "b", "r"))
        documents = (Document(text=text, id=str(place)) for place, text in enumerate(given))
        MinhashDedupSignature(signatures, language=Blanks()).run(documents, 0, 1)
        for rank in range(14):
            list(MinhashDedupBuckets(signatures, buckets).run(None, rank, 14) or ())
        list(MinhashDedupCluster(buckets, removed).run(None, 0, 1) or ())
        found = np.fromfile(f"{removed}/000000.remove", np.uint32)
    return {int(place): -1 for place in found}


def opening() -> None:
    """A thousand answers that begin in the same words, and differ after them."""
    rng = random.Random(5)
    known = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(2, 8))) for _ in range(20_000)]
    print("\n| 1,000 answers with one opening of | different words behind it | left |")
    print("|---|---:|---:|")
    for times, many in ((1, 200), (4, 80), (4, 20), (20, 40)):
        answers: list[str] = [
            OPENING * times + " ".join(rng.choices(known, k=many)) for _ in range(1000)
        ]
        left = 1000 - len(ours(answers))
        print(f"| {len(OPENING.split()) * times} words | {many} | {left:,} |")


if __name__ == "__main__":
    main()
