"""How likely a teacher finds stored tokens, and how likely it should find its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from factory.errors import FactoryError

if TYPE_CHECKING:
    import torch

SLACK = 0.01
"""Share of the probability by which a token may lie beyond `top_p`: another order of summing up
moves the edge of what is sampled from."""
TIE = 1e-3
"""Nats by which a token may lie below the likeliest at temperature 0, noise of the engine apart."""
LOGITS = 2**26
"""Logits held at once, in numbers: 256 MiB, and a few times that while they are worked on."""


@dataclass(frozen=True)
class Claim:
    """What draws are said to be sampled from: the teacher's distribution, sharpened and cut."""

    temperature: float
    """0: the likeliest token is taken each time."""
    top_p: float
    """Share of the probability that is sampled from."""


class Draw(NamedTuple):
    """One stored draw: how it was asked for, and what was sampled."""

    prompt: Sequence[int]
    """Token ids."""
    tokens: Sequence[int]
    """Token ids."""


class Read(NamedTuple):
    """What a teacher says of a draw, summed over its tokens."""

    tokens: int
    logprob: float
    """Nats, at temperature 1 and without a cut, whatever the claim."""
    surplus: float
    """Nats by which the tokens are likelier than sampled ones are on average; 0 is expected."""
    variance: float
    """Of the surplus, in nats squared, under the claim."""
    third: float
    """Third central moment of the surplus, under the claim."""
    outside: int
    """Tokens that cannot be sampled at all."""


@dataclass
class Counts:
    """How often some tokens were taken, against how often they should have been."""

    surplus: np.ndarray
    """Times that each was taken beyond what is expected; 0 is expected."""
    covariance: np.ndarray
    """Of these, under the claim."""


class Moments(NamedTuple):
    """Each position's part of `Read`, and of `Counts`."""

    sums: torch.Tensor
    """`[positions, 6]`, in the order of `Read`."""
    taken: torch.Tensor
    """`[positions, watched]`: 1 where this token was taken, less its probability."""
    probability: torch.Tensor
    """`[positions, watched]`."""


def moments(
    logits: torch.Tensor, ids: torch.Tensor, claim: Claim, watched: torch.Tensor, tie: float = TIE
) -> Moments:
    """What the claim says of each position, and what was taken there.

    `logits` is `[positions, vocabulary]` in float32, `ids` the token that was taken at each.
    """
    import torch

    raw = logits.log_softmax(-1)
    taken = raw.gather(-1, ids[:, None])[:, 0]
    zero, one = torch.zeros_like(taken), torch.ones_like(taken)
    if claim.temperature == 0:
        below = raw.amax(-1) - taken > tie
        nothing = zero[:, None].expand(-1, len(watched))
        return Moments(
            torch.stack([one, taken, zero, zero, zero, below.float()], -1), nothing, nothing
        )
    scaled = (logits / claim.temperature).log_softmax(-1)
    logq = scaled.gather(-1, ids[:, None])[:, 0]
    inside = torch.ones_like(logq, dtype=torch.bool)
    if claim.top_p < 1:
        above = torch.where(scaled > logq[:, None], scaled.exp(), 0).sum(-1)
        inside = above < claim.top_p + SLACK
        scaled = _cut(scaled, claim.top_p)
        mass = scaled.logsumexp(-1)
        scaled, logq = scaled - mass[:, None], logq - mass
    q = scaled.exp()
    safe = torch.where(q > 0, scaled, 0)  # 0 log 0 is 0
    entropy = -(q * safe).sum(-1)
    apart = torch.where(q > 0, safe + entropy[:, None], 0)
    own = [logq + entropy, (q * apart**2).sum(-1), (q * apart**3).sum(-1)]
    # What is impossible is counted, and enters no sum.
    own = [torch.where(inside, part, 0) for part in own]
    probability = q[:, watched] * inside[:, None]
    hit = (ids[:, None] == watched) & inside[:, None]
    sums = torch.stack([one, taken, *own, (~inside).float()], -1)
    return Moments(sums, hit.float() - probability, probability)


def _cut(logp: torch.Tensor, top_p: float) -> torch.Tensor:
    """Without all but the likeliest tokens, which hold `top_p` of the probability together."""
    import torch

    # A thousand nearly always hold it, and sorting a whole vocabulary takes long.
    falling = logp.topk(min(1024, logp.shape[-1])).values
    if bool((falling.exp().sum(-1) < top_p).any()):
        falling = logp.sort(-1, descending=True).values
    before = falling.exp().cumsum(-1) - falling.exp()
    least = torch.where(before < top_p, falling, math.inf).amin(-1, keepdim=True)
    return torch.where(logp >= least, logp, -math.inf)


def load(weights: str | Path, dtype: str) -> Any:
    """The causal language model in a folder, on the accelerator where there is one."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    model: Any = AutoModelForCausalLM.from_pretrained(weights, dtype=getattr(torch, dtype))
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def read(
    model: Any,
    draws: Sequence[Draw],
    claim: Claim,
    watched: Sequence[int] = (),
    *,
    tie: float = TIE,
    logits: int = LOGITS,
) -> tuple[list[Read], Counts]:
    """What a causal language model of transformers says of each draw, and of the watched tokens.

    Draws of like length share a forward pass, filled up on the right, where nothing looks. A draw
    with more logits than `logits` goes through in pieces: memory does not grow with its length.

    Raises:
        FactoryError: the model gives numbers that are not finite.
    """
    import torch

    vocabulary = model.config.get_text_config().vocab_size
    positions = max(1, logits // vocabulary)
    # Ids of another vocabulary: nothing of such a draw can be sampled.
    reads = {
        n: Read(len(draw.tokens), 0.0, 0.0, 0.0, 0.0, outside=len(draw.tokens))
        for n, draw in enumerate(draws)
        if max(draw.tokens) >= vocabulary
    }
    order = sorted(set(range(len(draws))) - reads.keys(), key=lambda n: (-_length(draws[n]), n))
    watched = [token for token in watched if token < vocabulary]
    ids = torch.tensor(watched, dtype=torch.long, device=model.device)
    surplus, covariance = np.zeros(len(watched)), np.zeros((len(watched), len(watched)))
    start = 0
    while start < len(order):
        rows = max(1, positions // _length(draws[order[start]]))
        batch = order[start : start + rows]
        start += rows
        sums = torch.zeros(len(batch), 6, dtype=torch.float64, device=model.device)
        for at, part in _forward(model, [draws[n] for n in batch], claim, ids, tie, positions):
            sums.index_add_(0, at, part.sums.double())
            expected = part.probability.double()
            surplus += part.taken.double().sum(0).cpu().numpy()
            covariance += (expected.sum(0).diag() - expected.T @ expected).cpu().numpy()
        if not bool(sums.isfinite().all()):
            raise FactoryError(
                f"{model.name_or_path} gives no finite numbers in {model.dtype}: its weights are "
                "broken, or too large for this arithmetic; try another dtype"
            )
        for n, row in zip(batch, sums.tolist(), strict=True):
            reads[n] = Read._make([round(row[0]), *row[1:5], round(row[5])])
    return [reads[n] for n in range(len(draws))], Counts(surplus, covariance)


def _length(draw: Draw) -> int:
    return len(draw.prompt) + len(draw.tokens)


def _forward(
    model: Any,
    draws: Sequence[Draw],
    claim: Claim,
    watched: torch.Tensor,
    tie: float,
    positions: int,
) -> Iterator[tuple[torch.Tensor, Moments]]:
    """(draw of each position, moments) of a batch, the first of which is the longest."""
    import torch
    from transformers import DynamicCache

    length = _length(draws[0])
    ids = torch.zeros(len(draws), length, dtype=torch.long)
    wanted = torch.zeros(len(draws), length, dtype=torch.bool)
    for n, draw in enumerate(draws):
        ids[n, : _length(draw)] = torch.tensor([*draw.prompt, *draw.tokens])
        # The logits at a position are those of the next token.
        wanted[n, len(draw.prompt) - 1 : _length(draw) - 1] = True
    following = ids.roll(-1, 1).to(model.device)
    ids, wanted = ids.to(model.device), wanted.to(model.device)
    in_pieces = length > positions
    cache = DynamicCache(config=model.config) if in_pieces else None
    with torch.inference_mode():
        for start in range(0, length, positions):
            piece = slice(start, start + positions)
            answer = model(ids[:, piece], past_key_values=cache, use_cache=in_pieces)
            rows, places = wanted[:, piece].nonzero(as_tuple=True)
            # A few at a time: each step of the sums makes a copy.
            for some in torch.arange(len(rows), device=rows.device).split(max(1, positions // 8)):
                at = rows[some], places[some]
                logits, taken = answer.logits[at].float(), following[:, piece][at]
                yield at[0], moments(logits, taken, claim, watched, tie)
