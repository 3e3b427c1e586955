"""A process of stages: `python -m factory.line.worker RUN PARENT EVENTS STAGES THREADS`."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factory.line.threads import Share

EVENT_SECONDS = 0.2
"""Least time between two events about progress."""
LOG_SECONDS = 60.0
"""Time between two lines about progress in the stage's log, each a JSON object."""


def main(folder: str, parent: str, events: str, stages: str, threads: str) -> int:
    """Work on one stage after the other, as they are named over `stages`, until that is closed.

    Progress, a failure's message and the end of each stage go to the descriptor `events`; over
    `threads` it is told how many threads it may have.
    """
    from sft.parent import die_with_parent, take_group_along

    die_with_parent()
    if os.getppid() != int(parent):  # it was killed before that could be asked for
        return 1
    take_group_along()
    from factory.errors import words_of
    from factory.line.finished import make
    from factory.line.run import run as run_line
    from factory.line.table import named
    from factory.line.threads import Share
    from factory.run_folder import RunFolder
    from filters import own
    from filters.verifiers.code import sandbox

    pipe, share = os.fdopen(int(events), "w", buffering=1), Share(int(threads))
    run = RunFolder(Path(folder))
    recipe, home = run.recipe()
    sandbox.allow(recipe.allow_unsandboxed)
    sandbox.provide(recipe.sandbox_packages, home)
    own.look_in(home)
    for name in map(str.strip, os.fdopen(int(stages))):
        print_into(run.log(name))
        print(f"\n--- {time.strftime('%Y-%m-%d %H:%M:%S')} {name}", flush=True)
        told = Told(name, pipe, share)
        try:
            stage = named(name, recipe)
            make(stage, recipe, home, run, told.report, told.say, run_line)
        except Exception as error:
            traceback.print_exc()
            print(json.dumps({"error": words_of(error)}), file=pipe)
            return 1
        print(json.dumps({"made": name}), file=pipe)
    return 0


def print_into(log: Path) -> None:
    """Have all that this process prints, and what libraries print beside Python, go to a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)


class Told:
    """What a stage tells on its way: to whoever runs the line, and to its log."""

    def __init__(self, name: str, pipe: IO[str], share: Share):
        self.name, self.pipe, self.share = name, pipe, share
        self.told = self.logged = 0.0

    def report(self, done: int, total: int, unit: str, **figures: float) -> None:
        """How far it has come."""
        self.share.look()
        if time.monotonic() - self.told < EVENT_SECONDS and done < total:
            return
        self.told = time.monotonic()
        event: dict[str, Any] = {"done": done, "total": total, "unit": unit, "figures": figures}
        print(json.dumps(event), file=self.pipe)
        if self.told - self.logged > LOG_SECONDS or done == total:
            self.logged = self.told
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            print(json.dumps({"at": at, "stage": self.name, **event}), flush=True)

    def say(self, words: str) -> None:
        """Something for people."""
        print(words, flush=True)
        print(json.dumps({"say": words}), file=self.pipe)


if __name__ == "__main__":
    from sft.parent import end_at_once

    end_at_once(main(*sys.argv[1:]))
