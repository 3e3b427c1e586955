"""Running a line: a process for each stage that has work, side by side where the machine allows."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any

from factory.errors import StageError
from factory.line.finished import Done, claim, fingerprint
from factory.line.run_lock import held
from factory.line.table import Stage, wanted
from factory.line.threads import environment, share_out, slots
from factory.progress import Progress
from factory.recipe import Recipe
from factory.run_folder import RunFolder

GRACE = 10
"""Seconds that a stage is given to end after a signal, beyond those that the recipe gives to draws
in flight, before it is killed."""


SILENT = {"DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
"""Nothing leaves the machine but what a recipe asks for: vLLM and TRL would report their use."""


@dataclass
class Worker:
    """One stage in its own process. Its output goes to a log, its events come over a pipe."""

    stage: Stage
    process: subprocess.Popen[bytes]
    events: IO[bytes]
    log: Path
    threads: int
    """Descriptor of the pipe that tells it how many threads it may have."""
    error: str = ""


def run(recipe: Recipe, home: Path, folder: Path, progress: Progress) -> dict[str, Done]:
    """Run all stages of the recipe that are not finished in `folder`; returns every stage's record.

    `home` is the folder that relative paths in the recipe start from.

    Raises:
        RunInUse: when another process holds the folder.
        StageError: when a stage fails; its log is named. Run again, it carries on.
    """
    run = RunFolder(folder)
    with held(run) as lock, progress:
        run.note(recipe, home)
        return _Scheduler(recipe, home, run, lock, progress).all()


class _Scheduler:
    def __init__(
        self, recipe: Recipe, home: Path, folder: RunFolder, lock: int, progress: Progress
    ):
        self.recipe, self.home, self.folder = recipe, home, folder
        self.lock, self.progress = lock, progress
        self.waiting = wanted(recipe)
        self.done: dict[str, Done] = {}
        self.workers: list[Worker] = []
        self.slots = slots()

    def all(self) -> dict[str, Done]:
        """Start what can start, listen to what runs, until nothing is left."""
        selector = selectors.DefaultSelector()
        try:
            while self.waiting or self.workers:
                while (stage := self._ready()) and len(self.workers) < self.slots:
                    self.waiting.remove(stage)
                    if worker := self._start(stage):
                        self.workers.append(worker)
                        selector.register(worker.events, selectors.EVENT_READ, worker)
                        self._share_threads()
                for key, _ in selector.select(timeout=1):
                    self._hear(key.data, selector)
        finally:
            self._stop_all()
        return self.done

    def _ready(self) -> Stage | None:
        names = {stage.name for stage in wanted(self.recipe)}
        for stage in self.waiting:
            if all(need in self.done for need in stage.needs if need in names):
                return stage
        return None

    def _start(self, stage: Stage) -> Worker | None:
        """Start the stage's process, unless what it would make stands already."""
        print_of = fingerprint(stage, self.recipe, self.home, self.done)
        record = claim(self.folder, stage, print_of)
        if record:
            self.done[stage.name] = record
            self.progress.skipped(stage.name, record.note)
            return None
        log = self.folder.log(stage.name)
        log.parent.mkdir(exist_ok=True)
        receive, send = os.pipe()
        hears, tells = os.pipe()
        with log.open("ab") as output:
            output.write(f"\n--- {time.strftime('%Y-%m-%d %H:%M:%S')} {stage.name}\n".encode())
            output.flush()
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "factory.line.worker"),
                    *(str(self.folder.path), stage.name, str(send), str(hears)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(send, hears, self.lock),
                start_new_session=True,
                env=os.environ | SILENT | environment(len(self.workers) + 1),
            )
        os.close(send)
        os.close(hears)
        self.progress.begun(stage.name)
        return Worker(stage, process, os.fdopen(receive, "rb", buffering=0), log, tells)

    def _share_threads(self) -> None:
        share_out([worker.threads for worker in self.workers])

    def _hear(self, worker: Worker, selector: selectors.BaseSelector) -> None:
        """Take in one event; at the end of the pipe the stage is over."""
        name = worker.stage.name
        if line := worker.events.readline():
            event: dict[str, Any] = json.loads(line)
            if "error" in event:
                worker.error = event["error"]
            elif "say" in event:
                self.progress.said(name, event["say"])
            else:
                self.progress.moved(name, **event)
            return
        selector.unregister(worker.events)
        worker.events.close()
        os.close(worker.threads)
        self.workers.remove(worker)
        self._share_threads()
        code = worker.process.wait()
        _kill_group(worker)
        marker = self.folder.done(name)
        if code == 0 and marker.exists():
            self.done[name] = Done.model_validate_json(marker.read_bytes())
            self.progress.ended(name, "done", self.done[name].note)
            return
        self.progress.ended(name, "failed", "")
        died = (
            f"its process was ended by {signal.Signals(-code).name}" if code < 0 else "it crashed"
        )
        message = f"stage {name}: {worker.error or died}\nIts log: {worker.log}"
        self.folder.failure(name).write_text(message)
        raise StageError(message)

    def _stop_all(self) -> None:
        """End what still runs, whole process groups, so that nothing is left behind."""
        for worker in self.workers:
            self.progress.ended(worker.stage.name, "interrupted", "run again to carry on")
            worker.process.send_signal(signal.SIGTERM)
            # Nobody hears it any more, and a full pipe would hold it up while it finishes.
            Thread(target=worker.events.readall, daemon=True).start()  # pyrefly: ignore
        for worker in self.workers:
            # A second Ctrl-C ends the waiting.
            with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                worker.process.wait(self.recipe.sampling.grace + GRACE)
            _kill_group(worker)
            worker.process.wait()


def _kill_group(worker: Worker) -> None:
    """End whatever the stage's process started and left behind."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.process.pid, signal.SIGKILL)
