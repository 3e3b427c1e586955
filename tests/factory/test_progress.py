"""What a run says of its stages where nobody watches a table: now and then, even while it waits."""

import io

import pytest
from rich.console import Console

from factory import progress as module
from factory.progress import Progress


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(output: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Progress:
    """Of two stages; the clock goes by hand."""
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    now[0] = 1000.0
    return Progress(["samples", "dataset"], Console(file=output, width=300))


now = [0.0]


def lines(output: io.StringIO) -> list[str]:
    """What was said, without the time of day."""
    return [line.partition(" ")[2] for line in output.getvalue().splitlines()]


def test_a_stage_that_only_waits_is_told_now_and_then(progress: Progress, output: io.StringIO):
    progress.begun("samples")
    progress.moved("samples", 0, 20, "prompts", {"draws": 0, "in_flight": 20})
    progress.waited()
    assert len(lines(output)) == 1
    now[0] += module.QUIET_SECONDS + 1
    for _ in range(3):
        progress.waited()
    assert lines(output)[1:] == ["samples running: 0/20 prompts, in flight 20"]
    now[0] += module.QUIET_SECONDS + 1
    progress.waited()
    assert len(lines(output)) == 3


def test_what_is_over_and_what_has_not_begun_is_not_told_again(
    progress: Progress, output: io.StringIO
):
    progress.begun("samples")
    progress.ended("samples", "done", "20 draws")
    now[0] += module.QUIET_SECONDS + 1
    progress.waited()
    assert len(lines(output)) == 2


def test_figures_are_told_once_and_zeros_not_at_all(progress: Progress, output: io.StringIO):
    figures: dict[str, float] = {
        "draws": 12,
        "failed_draws": 2,
        "prompts_finished": 5,
        "prompts_hopeless": 0,
    }
    progress.begun("samples")
    now[0] += module.QUIET_SECONDS + 1
    progress.moved("samples", 5, 20, "prompts", figures)
    assert lines(output)[1] == "samples running: 5/20 prompts, draws 12, failed draws 2"
