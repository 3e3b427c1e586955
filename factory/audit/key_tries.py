"""The prompts of a recipe, tried both ways: what its run will set aside, and what it will not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import orjson
import polars as pl

from factory.prompts.collect import Collected
from factory.prompts.look import labels
from factory.recipe.sources import Source
from filters.own import is_own
from filters.text.shorten import shorten
from filters.verifiers import verify

LOOKED_AT = 100
"""Keys that a verifier of the user's own is shown."""

TRIED = {
    "bad_reference": "key",
    "no_reference": "key",
    "empty_is_right": "empty answer",
    "question_is_right": "question",
    "unknown_is_right": "I don't know",
}
"""What is tried of a prompt, by the reason for which one that fails is set aside."""


def told(sources: Sequence[Source], taken: Sequence[Collected], most: int) -> Iterator[str]:
    """Lines about each source: its prompts, what will be set aside, and the first such rows.

    Those that failed by what was tried come before repeats and rows that cannot be read.

    Args:
        sources: the recipe's prompts.
        taken: what `collect_each` read of them.
        most: rows listed for each source.
    """
    for label, found in zip(labels(sources), taken, strict=True):
        aside, good = found.set_aside, found.prompts.height
        reasons = aside["reason"].value_counts(sort=True).iter_rows()
        counts = ", ".join(f"{reason} {n:,}" for reason, n in reasons)
        yield f"{label}: {good:,} prompts are good" + (
            f", {aside.height:,} will be set aside: {counts}" if counts else ""
        )
        tried_first = aside.sort(~pl.col("reason").is_in(list(TRIED)), maintain_order=True)
        rows = tried_first.select("place", "reason", "detail").head(most)
        for place, reason, detail in rows.iter_rows():
            yield f"  {place}: {TRIED.get(reason, reason)}: {shorten(detail, 200)}"
        if aside.height > most:
            yield f"  and {aside.height - most:,} more; --show lists them"
        yield from _of_own(found.prompts)


def _of_own(prompts: pl.DataFrame) -> Iterator[str]:
    """A word where a verifier of the user's own judges no key right: none is set aside for it, as
    nobody but the verifier knows what an answer looks like."""
    name = str(prompts["verifier"].first()).partition("@")[0]
    keys = [orjson.loads(key) for key in prompts["reference"].drop_nulls().head(LOOKED_AT)]
    texts = [str(key) for key in keys if isinstance(key, str | int | float)]
    if not is_own(name) or not texts or len(texts) < len(keys):
        return
    forms = ((text, rf"\boxed{{{text}}}") for text in texts)
    judged = (
        verify(form, key, name) for key, both in zip(keys, forms, strict=True) for form in both
    )
    reasons: Counter[str | None] = Counter()
    for verdict in judged:
        if verdict.outcome == "correct":
            return
        reasons[verdict.reason] += 1
    why = ", ".join(f"{reason} {n}" for reason, n in reasons.most_common(3))
    yield f"  {name} judges none of {len(texts)} keys right, alone or in \\boxed{{}}: {why}"
