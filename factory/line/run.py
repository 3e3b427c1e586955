"""Running a line: its stages in processes, side by side where the machine allows."""

from __future__ import annotations

import contextlib
import json
import selectors
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from factory.errors import RecipeError, StageError
from factory.line import other_runs
from factory.line.finished import Done, claim, fingerprint
from factory.line.process import Worker, started
from factory.line.run_lock import held
from factory.line.table import Stage, wanted
from factory.line.threads import share_out, slots
from factory.progress import Progress
from factory.recipe import Recipe
from factory.run_folder import RunFolder

GRACE = 10
"""Seconds that a stage is given to end after a signal, beyond those that the recipe gives to draws
in flight, before it is killed."""


def run(
    recipe: Recipe, home: Path, folder: Path, progress: Progress, command: str | None = None
) -> dict[str, Done]:
    """Run all stages of the recipe that are not finished in `folder`; returns every stage's record.

    `home` is the folder that relative paths in the recipe start from, `command` what was typed.

    Raises:
        RecipeError: when another run that the recipe names is not there, or not finished.
        RunInUse: when another process holds the folder.
        StageError: when a stage fails; its log is named. Run again, it carries on.
    """
    run = RunFolder(folder)
    if lacking := list(other_runs.missing(recipe, home)):
        raise RecipeError("\n".join(lacking))
    with held(run) as lock, progress:
        run.note(recipe, home, command)
        return Scheduler(recipe, home, run, lock, progress, wanted(recipe), {}).all()


class Scheduler:
    """Runs stages, each when those that it needs are done."""

    def __init__(
        self,
        recipe: Recipe,
        home: Path,
        folder: RunFolder,
        lock: int,
        progress: Progress,
        stages: Iterable[Stage],
        done: dict[str, Done],
    ):
        """Take the stages to run, and the records of those that are done."""
        self.recipe, self.home, self.folder = recipe, home, folder
        self.lock, self.progress = lock, progress
        self.waiting = list(stages)
        self.done = dict(done)
        self.workers: list[Worker] = []
        self.selector = selectors.DefaultSelector()
        self.slots = slots()

    def all(self) -> dict[str, Done]:
        """Start what can start, listen to what runs, until nothing is left."""
        try:
            while self.waiting or self._at_work():
                while (stage := self._ready()) and len(self._at_work()) < self.slots:
                    self.waiting.remove(stage)
                    self._start(stage)
                for key, _ in self.selector.select(timeout=1):
                    self._hear(key.data)
                self.progress.waited()
        finally:
            self._stop_all()
        return self.done

    def _at_work(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.stage]

    def _ready(self) -> Stage | None:
        names = {stage.name for stage in wanted(self.recipe)}
        for stage in self.waiting:
            if all(need in self.done for need in stage.needs if need in names):
                return stage
        return None

    def _start(self, stage: Stage) -> None:
        """Have a process work on the stage, unless what it would make stands already."""
        print_of = fingerprint(stage, self.recipe, self.home, self.done)
        record = claim(self.folder, stage, print_of)
        if record:
            self.done[stage.name] = record
            self.progress.skipped(stage.name, record.note)
            return
        self.progress.begun(stage.name)
        alone = stage.loads(self.recipe)
        self._process_for(stage, alone).begin(stage, last=alone)
        self._share_threads()

    def _process_for(self, stage: Stage, alone: bool) -> Worker:
        """One that waits, or a new one: a stage that loads a model has it to itself, and all the
        memory there is."""
        idle = [worker for worker in self.workers if not worker.stage]
        if idle and not alone:
            return idle[0]
        for worker in idle:
            self._forget(worker)
        worker = started(self.folder, stage, self.lock, len(self._at_work()))
        self.workers.append(worker)
        self.selector.register(worker.events, selectors.EVENT_READ, worker)
        return worker

    def _share_threads(self) -> None:
        share_out([worker.threads for worker in self._at_work()])

    def _hear(self, worker: Worker) -> None:
        """Take in one event; the end of the pipe is that of the process."""
        line = worker.events.readline()
        if not line:
            self._gone(worker)
        elif worker.stage:
            self._take(json.loads(line), worker, worker.stage.name)

    def _take(self, event: dict[str, Any], worker: Worker, name: str) -> None:
        if "error" in event:
            worker.error = event["error"]
        elif "say" in event:
            self.progress.said(name, event["say"])
        elif "made" not in event:
            self.progress.moved(name, **event)
        elif not worker.stages.closed:  # else it is to be gone first, with all that it took
            self._made(worker, name)

    def _gone(self, worker: Worker) -> None:
        """A process has ended: so has its stage, well or not."""
        code = worker.process.wait()
        self._forget(worker)
        if worker.stage is None:
            return
        name = worker.stage.name
        if code == 0 and self.folder.done(name).exists():
            self._made(worker, name)
            return
        self.progress.ended(name, "failed", "")
        died = (
            f"its process was ended by {signal.Signals(-code).name}" if code < 0 else "it crashed"
        )
        message = f"stage {name}: {worker.error or died}\nIts log: {self.folder.log(name)}"
        self.folder.failure(name).write_text(message)
        raise StageError(message)

    def _made(self, worker: Worker, name: str) -> None:
        self.done[name] = Done.model_validate_json(self.folder.done(name).read_bytes())
        self.progress.ended(name, "done", self.done[name].note)
        worker.stage = None
        self._share_threads()

    def _forget(self, worker: Worker) -> None:
        self.selector.unregister(worker.events)
        self.workers.remove(worker)
        worker.close()
        worker.events.close()

    def _stop_all(self) -> None:
        """End what still runs, whole process groups, so that nothing is left behind."""
        for worker in self.workers:
            if worker.stage:
                self.progress.ended(worker.stage.name, "interrupted", "run again to carry on")
            worker.stop()
        for worker in self.workers:
            # A second Ctrl-C ends the waiting.
            with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                worker.process.wait(self.recipe.sampling.grace + GRACE)
            worker.close()
        self.selector.close()
