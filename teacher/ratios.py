"""How far the probabilities of who drew are from those of who learns, before any clipping."""

from __future__ import annotations

import math
from typing import Any

import torch


def figures(learner: Any, drawer: Any, mask: Any) -> list[float]:
    """Sums over a process's draws, of which `told` makes figures for all processes.

    Args:
        learner: log-probabilities of the tokens by the trainer's model, shape (draws, tokens).
        drawer: by the engine that drew them; NaN where it did not say.
        mask: 1 for tokens of the draws, 0 for padding.
    """
    counted = mask.bool() & ~torch.isnan(drawer)
    raw = torch.where(counted, learner - drawer, 0.0).double()
    whole = raw.sum(1)
    weights = whole.clamp(-50, 50).exp()
    return [
        float(counted.sum()),
        float(raw.sum()),
        float(raw.abs().sum()),
        float(raw.abs().max()),
        float(len(whole)),
        float(whole.abs().sum()),
        float(whole.abs().max()),
        float(weights.sum()),
        float(weights.square().sum()),
    ]


def told(sums: list[list[float]]) -> dict[str, float]:
    """Raw log-ratios of tokens and of whole draws, and the effective sample size (Kish) if draws
    were weighed by their whole ratio, as a share of the draws: near 0, nearly all weigh nothing.

    >>> same = figures(torch.zeros(4, 2), torch.zeros(4, 2), torch.ones(4, 2))
    >>> told([same])["sampling/effective_sample_size"]
    1.0
    """
    by_kind = list(zip(*sums, strict=True))
    tokens, raw, sizes, _, draws, whole, _, weights, squares = map(math.fsum, by_kind)
    return {
        "sampling/log_ratio/mean": raw / max(tokens, 1),
        "sampling/log_ratio/size": sizes / max(tokens, 1),
        "sampling/log_ratio/max": max(by_kind[3]),
        "sampling/sequence_log_ratio/size": whole / max(draws, 1),
        "sampling/sequence_log_ratio/max": max(by_kind[6]),
        "sampling/effective_sample_size": weights**2 / squares / draws if squares else 0.0,
    }
