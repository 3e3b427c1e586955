"""The quickstart on several seeds, one after another, and how long `factory --help` takes.

    python benchmarks/quickstart.py --seeds 17 1 2 --into runs/benchmark

Prints a Markdown table for benchmarks/RESULTS.md. A run that is there
already is not run again, and its time is then not known.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

MODELS = ("teacher-base", "teacher", "student-base", "control", "student")
FACTORY = [sys.executable, "-m", "factory.cli"]


def main() -> None:
    """Run what is asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # pyrefly: ignore
    parser.add_argument("--seeds", type=int, nargs="+", default=[17, 1, 2])
    parser.add_argument("--into", type=Path, default=Path("runs/benchmark"))
    parser.add_argument("--recipe", type=Path, default=Path("manifests/quickstart.yaml"))
    options = parser.parse_args()
    print("| seed | minutes | " + " | ".join(MODELS) + " | GRPO brings | filtering brings |")
    print("|---|---:|" + "---:|" * (len(MODELS) + 2))
    for seed in options.seeds:
        print(row(seed, options.into / str(seed), options.recipe), flush=True)
    times = [seconds_of([*FACTORY, "--help"]) for _ in range(11)]
    print(f"\n`factory --help`: {statistics.median(times):.3f} s (median of {len(times)})")


def row(seed: int, run: Path, recipe: Path) -> str:
    """One seed's line of the table."""
    fresh = not (run / "recipe.json").exists()
    took = seconds_of([*FACTORY, "run", str(recipe), "--seed", str(seed), "--into", str(run)])
    found = {
        model: json.loads((run / f"scores-{model}" / "score.json").read_text()) for model in MODELS
    }
    points = {model: 100 * score["pass_at_1"] for model, score in found.items()}
    cells = [
        f"{points[model]:.1f} ({100 * score['low']:.1f} to {100 * score['high']:.1f})"
        for model, score in found.items()
    ]
    gains = [points["teacher"] - points["teacher-base"], points["student"] - points["control"]]
    minutes = f"{took / 60:.1f}" if fresh else "-"
    return (
        f"| {seed} | {minutes} | "
        + " | ".join([*cells, *(f"+{gain:.1f}" for gain in gains)])
        + " |"
    )


def seconds_of(command: list[str]) -> float:
    """Wall-clock seconds of a command that must succeed."""
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


if __name__ == "__main__":
    main()
