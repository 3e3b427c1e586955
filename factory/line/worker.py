"""The process of one stage: `python -m factory.line.worker RUN STAGE EVENTS THREADS`."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

EVENT_SECONDS = 0.2
"""Least time between two events about progress."""
LOG_SECONDS = 60.0
"""Time between two lines about progress in the stage's log, each a JSON object."""


def main(folder: str, name: str, events: str, threads: str) -> int:
    """Do one stage's work.

    Progress and a failure's message go to the descriptor `events`; over `threads` it is told how
    many threads it may have.
    """
    from sft.parent import die_with_parent

    die_with_parent()
    from factory.errors import words_of
    from factory.line.finished import make
    from factory.line.table import named
    from factory.line.threads import Share
    from factory.run_folder import RunFolder
    from filters import own
    from filters.verifiers.code import sandbox

    pipe = os.fdopen(int(events), "w", buffering=1)
    share = Share(int(threads))
    told = logged = 0.0

    def report(done: int, total: int, unit: str, **figures: float) -> None:
        nonlocal told, logged
        share.look()
        if time.monotonic() - told < EVENT_SECONDS and done < total:
            return
        told = time.monotonic()
        event: dict[str, Any] = {"done": done, "total": total, "unit": unit, "figures": figures}
        print(json.dumps(event), file=pipe)
        if told - logged > LOG_SECONDS or done == total:
            logged = told
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            print(json.dumps({"at": at, "stage": name, **event}), flush=True)

    def say(words: str) -> None:
        print(words, flush=True)
        print(json.dumps({"say": words}), file=pipe)

    run = RunFolder(Path(folder))
    recipe, home = run.recipe()
    sandbox.allow(recipe.allow_unsandboxed)
    own.look_in(home)
    try:
        make(named(name), recipe, home, run, report, say)
    except Exception as error:
        traceback.print_exc()
        print(json.dumps({"error": words_of(error)}), file=pipe)
        return 1
    return 0


if __name__ == "__main__":
    from sft.parent import end_at_once

    end_at_once(main(*sys.argv[1:]))
