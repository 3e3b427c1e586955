"""How far the line has come: a live table on a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from factory.metrics import Metrics

Report = Callable[..., None]
"""`report(done, total, unit, **figures)`: how far a stage has come."""

QUIET_SECONDS = 30
"""Time between two lines about a stage when the output is no terminal."""


def terminal(stderr: bool = False) -> Console:
    """The console for a person; where output goes to a file, lines are as long as they need be.

    Whatever is printed, nothing in it acts on the terminal but the colours that we give.

    Args:
        stderr: whether it is the one for errors, of a command whose output programs read.
    """
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    from filters.text.visible import visible

    class Plain(Console):
        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterable[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else visible(text, newlines=True), style, control)

    own = {"highlight": False, "markup": False, "emoji": False, "stderr": stderr}
    console = Plain(**own)
    return console if console.is_terminal else Plain(**own, width=160)


@dataclass
class StageProgress:
    """What is known of one stage while it runs."""

    name: str
    state: str = "waiting"
    done: int = 0
    total: int = 0
    unit: str = ""
    figures: dict[str, float] = field(default_factory=dict)
    note: str = ""
    started: float = 0.0
    first: tuple[float, int] | None = None
    ended: float = 0.0
    told: float = 0.0

    def seconds(self) -> float:
        """Time since the stage started, or that it took."""
        return (self.ended or time.monotonic()) - self.started if self.started else 0.0

    def rate(self) -> float | None:
        """Units a second since the first of them in this sitting; None when too early to say."""
        if self.first is None:
            return None
        since, at = self.first
        elapsed = (self.ended or time.monotonic()) - since
        return (self.done - at) / elapsed if elapsed > 5 and self.done > at else None

    def words(self) -> str:
        """Progress in one line of text."""
        if self.state != "running":
            return self.note
        if not self.total:
            return "starting"
        parts = [f"{self.done:,}/{self.total:,} {self.unit}"]
        if rate := self.rate():
            parts.append(f"{rate:,.1f}/s" if rate >= 0.1 else f"{duration(1 / rate)} each")
            parts.append(f"{duration((self.total - self.done) / rate)} left")
        said = {f"{self.unit}_finished"}
        told = {name: value for name, value in self.figures.items() if value and name not in said}
        parts += [f"{name.replace('_', ' ')} {short(value)}" for name, value in told.items()]
        return ", ".join(parts)


class Progress:
    """Shows the stages of one `factory run`."""

    def __init__(
        self, names: list[str], console: Console | None = None, metrics: Metrics | None = None
    ):
        self.metrics = metrics
        self.console = console or terminal()
        self.stages = {name: StageProgress(name) for name in names}
        self._live = None
        if self.console.is_terminal:
            from rich.live import Live

            self._live = Live(
                get_renderable=self._table, console=self.console, refresh_per_second=4
            )

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()
        if self.metrics:
            self.metrics.close()

    def skipped(self, name: str, note: str) -> None:
        """The stage needs no work."""
        self._becomes(name, "kept", note)

    def begun(self, name: str) -> None:
        """The stage starts now."""
        self.stages[name].started = time.monotonic()
        self._becomes(name, "running")

    def moved(self, name: str, done: int, total: int, unit: str, figures: dict[str, float]) -> None:
        """The stage has come so far."""
        stage = self.stages[name]
        now = time.monotonic()
        if unit != stage.unit:
            stage.first = None  # a rate is of one kind of work
        stage.done, stage.total, stage.unit, stage.figures = done, total, unit, figures
        stage.first = stage.first or (now, done)
        if self.metrics:
            self.metrics.moved(name, done, total, figures)
        self.waited()

    def waited(self) -> None:
        """Time has passed: where there is no terminal, say now and then what runs, even while it
        only waits."""
        now = time.monotonic()
        for stage in self.stages.values():
            late = now - max(stage.told, stage.started) > QUIET_SECONDS
            if stage.state == "running" and late and not self.console.is_terminal:
                stage.told = now
                self._say(stage)

    def said(self, name: str, words: str) -> None:
        """The stage has something to say to people."""
        self.console.print(f"{name}: {words}", soft_wrap=True, markup=False)

    def ended(self, name: str, state: str, note: str) -> None:
        """The stage is done, failed or interrupted."""
        self.stages[name].ended = time.monotonic()
        self._becomes(name, state, note)

    def _becomes(self, name: str, state: str, note: str = "") -> None:
        stage = self.stages[name]
        stage.state, stage.note = state, note
        if not self.console.is_terminal:
            self._say(stage)

    def _say(self, stage: StageProgress) -> None:
        clock = time.strftime("%H:%M:%S")
        took = f" after {duration(stage.seconds())}" if stage.ended else ""
        words = f": {stage.words()}" if stage.words() else ""
        self.console.print(
            f"{clock} {stage.name} {stage.state}{took}{words}", soft_wrap=True, markup=False
        )

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for stage in self.stages.values():
            style = {"running": "bold", "done": "green", "kept": "dim", "failed": "bold red"}.get(
                stage.state, "dim"
            )
            table.add_row(
                Text(stage.name, style),
                Text(stage.state, style),
                Text(duration(stage.seconds()) if stage.started else "", justify="right"),
                Text(stage.words(), overflow="ellipsis", no_wrap=True),
            )
        return table


def short(value: float) -> str:
    """A figure in three or more digits: 0.0123, 45.6, 12,345."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def duration(seconds: float) -> str:
    """Seconds as people write them: 4 s, 2 min 05 s, 3 h 20 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
