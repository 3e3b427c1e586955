"""AdamW in bfloat16 moves weights as far as float32 does; rounded to the nearest, it does not."""

from typing import Any

import pytest
import torch

from sft.rounding import PIECE, RoundingAdamW, rounded


def gradients(count: int, size: int) -> list[torch.Tensor]:
    drift = torch.randn(size) * 0.3
    return [drift + torch.randn(size) for _ in range(count)]


def trained(kind: Any, weights: torch.Tensor, slopes: list[torch.Tensor], **more: Any) -> Any:
    """Where weights are after a step for each gradient."""
    parameter = torch.nn.Parameter(weights.clone())
    optimizer = kind([parameter], **{"lr": 1e-5, "weight_decay": 0.01} | more)
    for slope in slopes:
        parameter.grad = slope.to(parameter.dtype)
        optimizer.step()
    return parameter.detach().float()


def test_in_float32_it_is_torch_s():
    torch.manual_seed(1)
    weights, slopes = torch.randn(1000) * 0.02, gradients(50, 1000)
    ours, theirs = (trained(k, weights, slopes) for k in (RoundingAdamW, torch.optim.AdamW))
    assert torch.allclose(ours, theirs, atol=1e-8)


@pytest.mark.parametrize("rate", [1e-5, 4e-5])
def test_in_bfloat16_it_goes_where_float32_goes(rate: float):
    torch.manual_seed(1)
    weights, slopes = (torch.randn(50_000) * 0.02).bfloat16(), gradients(200, 50_000)
    there = trained(torch.optim.AdamW, weights.float(), slopes, lr=rate) - weights.float()
    shares = {}
    for kind in (RoundingAdamW, torch.optim.AdamW):
        moved = trained(kind, weights, slopes, lr=rate) - weights.float()
        shares[kind] = float(moved @ there / (there @ there))  # of the way, in its direction
    assert shares[RoundingAdamW] == pytest.approx(1, abs=0.02)
    assert shares[torch.optim.AdamW] < 0.5


def test_rounding_is_right_in_the_mean():
    lot = torch.Generator().manual_seed(1)
    for value in (1.0, -1.0, 1.0 + 2**-9, -0.02001, 3e-20):
        values = torch.full((200_000,), value)
        low, high = (float(rounded(values, lot).float().aminmax()[i]) for i in (0, 1))
        assert low <= value <= high
        assert float(rounded(values, lot).double().mean()) == pytest.approx(value, rel=1e-4)
        assert low == high or (high - low) / abs(value) < 2**-6


def test_two_that_do_the_same_stay_the_same():
    torch.manual_seed(1)
    weights, slopes = torch.randn(PIECE // 8).bfloat16(), gradients(3, PIECE // 8)
    first, second = (trained(RoundingAdamW, weights, slopes) for _ in range(2))
    assert torch.equal(first, second)
