"""The progress of a run inside a stage, told as that stage's own."""

from __future__ import annotations

from collections.abc import Callable

from factory.progress import Progress, Report


class Inside(Progress):
    """Hears the stages of an inner run, and reports for the stage that it is in."""

    def __init__(self, report: Report, say: Callable[[str], None]):
        super().__init__([])
        self._report, self._say_on = report, say

    def __enter__(self) -> Inside:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def skipped(self, name: str, note: str) -> None:
        """A stage needs no work."""

    def begun(self, name: str) -> None:
        """A stage starts now."""
        self._report(0, 0, name)

    def moved(self, name: str, done: int, total: int, unit: str, figures: dict[str, float]) -> None:
        """A stage has come so far."""
        self._report(done, total, f"{unit} ({name})", **figures)

    def waited(self) -> None:
        """Time has passed."""

    def said(self, name: str, words: str) -> None:
        """A stage has something to say to people."""
        self._say_on(f"{name}: {words}")

    def ended(self, name: str, state: str, note: str) -> None:
        """A stage is done, failed or interrupted."""
        self._say_on(f"{name} {state}: {note}" if note else f"{name} {state}")
