"""One process of several that train a model: `python -m sft.worker JOB`, started by a launcher."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from factory.errors import FactoryError, words_of
from sft.parent import die_with_parent, end_at_once


def main(job: str) -> int:
    """Do this process's part of the job; the first tells of progress, each of its failure."""
    die_with_parent()
    told: dict[str, Any] = json.loads(Path(job).read_text())
    events = open(told["events"], "a", buffering=1)  # noqa: SIM115 (until the process ends)

    def report(done: int, total: int, unit: str, **figures: float) -> None:
        if os.environ["RANK"] == "0":
            event = {"done": done, "total": total, "unit": unit, "figures": figures}
            print(json.dumps(event), file=events)

    module, _, name = told["function"].partition(":")
    try:
        getattr(importlib.import_module(module), name)(told["settings"], report)
    except Exception as error:
        traceback.print_exc()
        kind = type(error).__name__ if isinstance(error, FactoryError) else "StageError"
        print(json.dumps({"error": words_of(error), "kind": kind}), file=events)
        return 1
    return 0


if __name__ == "__main__":
    end_at_once(main(*sys.argv[1:]))
