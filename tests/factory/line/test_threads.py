"""Threads: a stage that is alone has all of them, and gives a part away when another starts."""

import os
import sys

import pytest

from factory.line import threads
from factory.line.threads import Share, environment, share_out


@pytest.fixture(autouse=True)
def six_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 6)


def test_a_stage_starts_with_its_part_of_the_threads():
    assert environment(1)["OMP_NUM_THREADS"] == "6"
    assert environment(2)["OMP_NUM_THREADS"] == "3"


def test_threads_that_wait_sleep_unless_the_user_wants_otherwise(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert environment(1)["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert environment(1)["OMP_WAIT_POLICY"] == "ACTIVE"


def test_a_stage_takes_the_threads_that_it_is_told_of_last(monkeypatch: pytest.MonkeyPatch):
    import torch

    # As vLLM leaves it.
    monkeypatch.setattr(torch, "set_num_threads", lambda number: None)
    (one_hears, one), (other_hears, other) = os.pipe(), os.pipe()
    stage, before = Share(one_hears), torch.get_num_threads()
    try:
        for running, has in (([one], 6), ([one, other], 3), ([one], 6)):
            share_out(running)
            stage.look()
            assert torch.get_num_threads() == has
        share_out([one, other])
        share_out([one])
        stage.look()
        stage.look()  # nothing new: nothing changes
        assert torch.get_num_threads() == 6
    finally:
        torch._C.set_num_threads(before)
        for descriptor in (one_hears, one, other_hears, other):
            os.close(descriptor)


def test_what_is_told_before_torch_is_there_is_not_forgotten(monkeypatch: pytest.MonkeyPatch):
    import torch

    hears, tells = os.pipe()
    stage, before = Share(hears), torch.get_num_threads()
    try:
        with monkeypatch.context() as without:
            without.delitem(sys.modules, "torch")
            share_out([tells])
            stage.look()
        stage.look()
        assert torch.get_num_threads() == 6
    finally:
        torch._C.set_num_threads(before)
        os.close(hears)
        os.close(tells)


def test_a_stage_that_has_just_ended_is_no_trouble():
    """Nobody hears what it is told; the others are told all the same."""
    (gone, tells), (hears, other) = os.pipe(), os.pipe()
    os.close(gone)
    share_out([tells, other])
    assert int(os.read(hears, 16)) == threads.cores() // 2
    for end in (tells, hears, other):
        os.close(end)
