"""Figures of probability ratios, against numbers that were worked out by hand."""

import math

import pytest
import torch

from teacher.ratios import figures, told


def logs(*rows: tuple[float, ...]) -> torch.Tensor:
    """Probabilities, as log-probabilities."""
    return torch.tensor(rows, dtype=torch.float64).log()


def test_two_draws_of_two_tokens():
    """Ratios of the tokens: 2, 1, and 1/2, 4; so log-ratios in units of log 2: 1, 0, -1, 2."""
    learner, drawer = logs((0.5, 0.3), (0.1, 0.8)), logs((0.25, 0.3), (0.2, 0.2))
    found = told([figures(learner, drawer, torch.ones(2, 2))])
    unit = math.log(2)
    assert found["sampling/log_ratio/mean"] == pytest.approx(2 / 4 * unit)
    assert found["sampling/log_ratio/size"] == pytest.approx(4 / 4 * unit)
    assert found["sampling/log_ratio/max"] == pytest.approx(2 * unit)
    # Both draws' whole ratios are 2: they weigh the same.
    assert found["sampling/sequence_log_ratio/size"] == pytest.approx(unit)
    assert found["sampling/sequence_log_ratio/max"] == pytest.approx(unit)
    assert found["sampling/effective_sample_size"] == pytest.approx(1)


def test_unequal_weights_are_worth_fewer_draws():
    """Weights 3 and 1: (3 + 1)² / (9 + 1) = 1.6 of 2 draws."""
    found = told([figures(logs((0.6,), (0.2,)), logs((0.2,), (0.2,)), torch.ones(2, 1))])
    assert found["sampling/effective_sample_size"] == pytest.approx(0.8)


def test_padding_and_tokens_that_the_engine_did_not_tell_count_for_nothing():
    learner, drawer = logs((0.5, 0.9, 0.9)), logs((0.25, 0.1, math.nan))
    found = told([figures(learner, drawer, torch.tensor([[1, 0, 1]]))])
    assert found["sampling/log_ratio/mean"] == pytest.approx(math.log(2))
    assert found["sampling/log_ratio/max"] == pytest.approx(math.log(2))


def test_several_processes_are_as_one():
    draw = torch.Generator().manual_seed(1)
    learner, drawer = (torch.rand(6, 5, generator=draw).log() for _ in range(2))
    mask = torch.rand(6, 5, generator=draw) > 0.3
    parts = [
        figures(learner[place], drawer[place], mask[place])
        for place in (slice(0, 2), slice(2, 5), slice(5, 6))
    ]
    assert told(parts) == pytest.approx(told([figures(learner, drawer, mask)]))


def test_long_draws_by_their_whole_ratio_weigh_next_to_nothing():
    """A hundredth of noise a token, over 30,000 tokens: what `sequence_mask` would leave."""
    noise = 0.01 * torch.randn(64, 30_000, generator=torch.Generator().manual_seed(1))
    found = told([figures(noise, torch.zeros_like(noise), torch.ones_like(noise))])
    assert found["sampling/log_ratio/size"] == pytest.approx(0.008, rel=0.01)
    assert found["sampling/effective_sample_size"] < 0.3
