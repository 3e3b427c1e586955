"""AdamW for weights and states in bfloat16, which rounds up or down by lot.

A bfloat16 has 8 bits of precision: added to a weight of 0.02, a step of 1e-5 is less than half of
its last bit. Rounded to the nearest, most weights would never move, and the means would stand
still. Rounded up with the probability of what is cut off, they move as far as they should in the
mean (Zamirai and others, arXiv 2010.06192).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

PIECE = 2**24
"""Numbers that are computed at once in float32: what is needed beside the weights stays small."""


class RoundingAdamW(torch.optim.Optimizer):
    """Decoupled weight decay (arXiv 1711.05101), computed in float32 and kept as the weights are.

    The lot depends on step, place and nothing else: processes that hold the same weights keep them
    the same, and a training that goes on from a checkpoint does what it would have done.
    """

    def __init__(
        self,
        params: Any,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        """As torch's AdamW."""
        told = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, told)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # pyrefly: ignore
        """One step; the trainers here give no closure."""
        loss = closure() if closure else None
        place = 0
        for group in self.param_groups:
            for weight in group["params"]:
                place += 1
                if weight.grad is not None:
                    self._move(weight, group, place)
        return loss

    def _move(self, weight: Tensor, group: dict[str, Any], place: int) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(weight)
            state["exp_avg_sq"] = torch.zeros_like(weight)
        state["step"] += 1
        number = int(state["step"])
        parts: Any = (weight, weight.grad, state["exp_avg"], state["exp_avg_sq"])
        lot = torch.Generator(device=_own(weight).device).manual_seed(number * 1_000_003 + place)
        for pieces in zip(*(_own(part).view(-1).split(PIECE) for part in parts), strict=True):
            _step(pieces, group, number, lot)


def _own(tensor: Tensor) -> Tensor:
    """The part of a tensor that this process holds."""
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor  # pyrefly: ignore


def _step(
    pieces: tuple[Tensor, ...], group: dict[str, Any], number: int, lot: torch.Generator
) -> None:
    """AdamW's step for some of the numbers, in place: weights, gradients, and the two means."""
    weight, gradient, mean, square = pieces
    first, second = group["betas"]
    slope, now = gradient.float(), weight.float()
    averaged = mean.float().lerp_(slope, 1 - first)
    squared = square.float().mul_(second).addcmul_(slope, slope, value=1 - second)
    spread = squared.sqrt().div_((1 - second**number) ** 0.5).add_(group["eps"])
    now.mul_(1 - group["lr"] * group["weight_decay"])
    now.addcdiv_(averaged, spread, value=-group["lr"] / (1 - first**number))
    for kept, value in ((weight, now), (mean, averaged), (square, squared)):
        kept.copy_(rounded(value, lot) if kept.dtype == torch.bfloat16 else value)


def rounded(values: Tensor, lot: torch.Generator) -> Tensor:
    """float32 as bfloat16: the bits to be cut off are the probability, in 65,536ths, to round up
    in magnitude."""
    bits = values.view(torch.int32)
    drawn = torch.randint(2**16, bits.shape, dtype=torch.int32, device=bits.device, generator=lot)
    return ((bits + drawn) & -(2**16)).view(torch.float32).bfloat16()
