"""Cost: tokens to each accepted sample, and what was spent on prompts that gave none."""

from __future__ import annotations

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.counted import Counted
from factory.audit.figures.groups import BY
from factory.audit.figures.intervals import HOW, explained
from factory.audit.figures.lengths import cut

SECTION = "cost"
KINDS = ("accepted", "right, none accepted", "never right", "nobody could judge")
"""Of prompts, by what their draws gave."""

COST = BY | {
    "samples": "samples in the group",
    "accepted": "those that no filter drops",
    "chosen": "those that are rows of the dataset",
    "uncounted": "those whose tokens are not counted: they cost nothing here",
    "prompt_tokens": "tokens of the questions, once for each sample; null: not counted",
    "tokens": "tokens that were drawn",
    "tokens_accepted": "those in accepted samples",
    "tokens_chosen": "those in rows of the dataset",
    "tokens_cut": "those in samples that did not come to their end",
}
COST |= explained(
    {
        "tokens_per_accepted": "tokens drawn to each accepted sample, rejected ones included",
        "tokens_per_chosen": "tokens drawn to each row of the dataset",
        "share_accepted": "tokens in accepted samples, as a share of all, 0 to 1",
        "share_cut": "tokens in cut samples, as a share of all, 0 to 1",
    }
)


def cost(counted: Counted) -> list[Figure]:
    """Tokens by group, and by what prompts gave."""
    missing = None if counted.has("completion_tokens") else "tokens are not counted here"
    return [_by_group(counted, missing), _by_outcome(counted, missing)]


def _by_group(counted: Counted, missing: str | None) -> Figure:
    tokens = counted.samples["completion_tokens"]
    none = pl.Series([None], dtype=tokens.dtype).new_from_index(0, tokens.len())
    values = pl.DataFrame(
        {
            "accepted": counted.accepted,
            "chosen": counted.chosen,
            "uncounted": tokens.is_null(),
            "prompt_tokens": counted.samples["prompt_tokens"],
            "tokens": tokens,
            "tokens_accepted": tokens.zip_with(counted.accepted, none),
            "tokens_chosen": tokens.zip_with(counted.chosen, none),
            "tokens_cut": tokens.zip_with(cut(counted), none),
        }
    )
    quotients = {
        "tokens_per_accepted": ("tokens", "accepted"),
        "tokens_per_chosen": ("tokens", "chosen"),
    }
    shares = {
        "share_accepted": ("tokens_accepted", "tokens"),
        "share_cut": ("tokens_cut", "tokens"),
    }
    table = counted.groups.told(values, shares, quotients)
    if counted.samples["prompt_tokens"].null_count() == tokens.len():
        table = table.with_columns(prompt_tokens=pl.lit(None, pl.Int64))
    return Figure(
        key="cost",
        section=SECTION,
        title="Tokens to each accepted sample",
        table=table,
        columns=COST,
        chart=Chart("intervals", x="group", y="tokens_per_accepted", low="tokens_per_accepted_low",
                    high="tokens_per_accepted_high", series="by"),
        note=f"Tokens are the model's, thinking included; what they cost in money is for you to "
        f"multiply. {HOW}",
        missing=missing,
    )  # fmt: skip


def _by_outcome(counted: Counted, missing: str | None) -> Figure:
    """What prompts cost by what they gave; of several teachers together."""
    import numpy as np

    groups = counted.groups

    def by_prompt(values: pl.Series) -> np.ndarray:
        return np.bincount(groups.prompt, weights=groups.sums(values))

    draws = np.bincount(groups.prompt, weights=groups.sizes)
    tokens = by_prompt(counted.samples["completion_tokens"])
    accepted, right = by_prompt(counted.accepted), by_prompt(counted.verdicts["correct"])
    wrong = by_prompt(counted.verdicts["incorrect"])
    kinds = np.select([accepted > 0, right > 0, wrong > 0], [0, 1, 2], default=3)
    sums = [np.bincount(kinds, weights=w, minlength=4) for w in (None, draws, tokens)]
    table = pl.DataFrame(
        {
            "gave": KINDS,
            **{
                name: s.astype(np.int64)
                for name, s in zip(("prompts", "samples", "tokens"), sums, strict=True)
            },
        }
    ).with_columns(
        share_prompts=pl.col("prompts") / max(int(sums[0].sum()), 1),
        share_tokens=pl.col("tokens") / max(int(sums[2].sum()), 1),
    )
    return Figure(
        key="cost.hopeless",
        section=SECTION,
        title="What prompts cost by what they gave",
        table=table,
        columns={
            "gave": "accepted: an accepted sample at least; right, none accepted: filters took all "
            "right ones; never right: hopeless so far; nobody could judge: no verdict, or "
            "unverifiable ones alone",
            "prompts": "prompts",
            "samples": "their samples",
            "tokens": "tokens drawn for them",
            "share_prompts": "prompts as a share of all, 0 to 1",
            "share_tokens": "tokens as a share of all, 0 to 1",
        },
        chart=Chart("bars", x="gave", y="share_tokens"),
        note="`give_up` of the policy saves what hopeless prompts cost (docs/sampling.md).",
        missing=missing,
    )
