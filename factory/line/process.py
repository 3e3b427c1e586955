"""The processes of stages, as the one sees them that runs the line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from threading import Thread
from typing import IO

from factory.line.table import Stage
from factory.line.threads import environment
from factory.run_folder import RunFolder

WORKER = (sys.executable, "-m", "factory.line.worker")
SILENT = {"DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
"""Nothing leaves the machine but what a recipe asks for: vLLM and TRL would report their use."""


@dataclass
class Worker:
    """A process that works on stages, one after the other. Its events come over a pipe."""

    process: subprocess.Popen[bytes]
    events: IO[bytes]
    stages: IO[bytes]
    """Over this pipe it is told its stages; closed: it ends after the one that it has."""
    threads: int
    """Descriptor of the pipe over which it is told how many threads it may have."""
    stage: Stage | None = None
    """What it works on; None while it waits for another."""
    error: str = ""

    def begin(self, stage: Stage, last: bool) -> None:
        """Have it work on a stage; after the `last` one it ends."""
        self.stage = stage
        with contextlib.suppress(BrokenPipeError):  # it has just died, as its events will tell
            self.stages.write(f"{stage.name}\n".encode())
        if last:
            self.stages.close()

    def stop(self) -> None:
        """Ask it to end; nobody hears it any more."""
        self.process.send_signal(signal.SIGTERM)
        # A full pipe would hold it up while it finishes.
        Thread(target=self.events.readall, daemon=True).start()  # pyrefly: ignore

    def close(self) -> int:
        """End it if it has not ended, and what it started and left behind; its exit code."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.stages.close()
        os.close(self.threads)
        return self.process.wait()


def started(run: RunFolder, stage: Stage, lock: int, beside: int) -> Worker:
    """A new process, whose first stage will be this one.

    `lock`: descriptor that holds the run's folder; `beside`: how many other stages run now.
    """
    hear_events, events = os.pipe()
    hear_stages, stages = os.pipe()
    hear_threads, threads = os.pipe()
    theirs = (events, hear_stages, hear_threads)
    log = run.log(stage.name)
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*WORKER, str(run.path), *map(str, (os.getpid(), *theirs))],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(*theirs, lock),
            start_new_session=True,
            env=os.environ | SILENT | environment(beside + 1),
        )
    for descriptor in theirs:
        os.close(descriptor)
    told = os.fdopen(stages, "wb", buffering=0)
    return Worker(process, os.fdopen(hear_events, "rb", buffering=0), told, threads)
