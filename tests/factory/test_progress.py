"""What a run says of its stages where nobody watches a table: now and then, even while it waits."""

import io
import re

import pytest
from hostile_texts import BRIEF, raw
from rich.console import Console
from rich.table import Table
from rich.text import Text

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


@pytest.mark.parametrize("text", BRIEF.values(), ids=list(BRIEF))
@pytest.mark.parametrize("colours", [False, True])
def test_what_is_printed_cannot_act(
    text: str, colours: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """In a line, in a table and as rich's own text; our colours are all that a terminal gets."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1" if colours else "")
    monkeypatch.setenv("TERM", "xterm")
    if not colours:
        monkeypatch.delenv("FORCE_COLOR")
    console = module.terminal()
    table = Table("model", "says")
    table.add_row("it", text)
    for part in (text, Text(text, "red"), table):
        console.print(part)
    said = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out) if colours else ""
    assert not raw(said or capsys.readouterr().out)


def test_what_is_no_markup_comes_out_as_it_is(capsys: pytest.CaptureFixture[str]):
    module.terminal().print("[bold]x[/bold] [/] :smile:")
    assert capsys.readouterr().out == "[bold]x[/bold] [/] :smile:\n"


@pytest.mark.parametrize(("steps", "told"), [(30, "0.5/s, 20 s left"), (2, "30 s each")])
def test_slow_steps_are_told_by_their_length(
    steps: int, told: str, progress: Progress, output: io.StringIO
):
    progress.begun("samples")
    progress.moved("samples", 1, 41, "steps", {})
    now[0] += 60
    progress.moved("samples", 1 + steps, 41, "steps", {})
    assert told in lines(output)[-1]
