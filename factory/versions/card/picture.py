"""The funnel as a picture: how many draws are left after each filter and step of the selection."""

from __future__ import annotations

from pathlib import Path

from factory.versions.manifest import Manifest

WIDTH, STEP = 7.0, 0.32
"""Inches of the picture, and of a bar with the room around it."""
KEPT, GONE = "#2a6f97", "#e3e8ec"


def bars(manifest: Manifest) -> list[tuple[str, int]]:
    """What is left after each step, from all draws on."""
    found = [("draws", manifest.rules[0].entering if manifest.rules else manifest.cost.draws)]
    found += [(rule.filter, rule.left) for rule in manifest.rules]
    found += [(step["step"], step["left"]) for step in manifest.selection.get("steps", [])]
    return found


def draw_funnel(manifest: Manifest, file: Path) -> bool:
    """Draw it as PNG, the same bytes for the same counts; returns whether there is one to draw."""
    steps = bars(manifest)
    most = steps[0][1]
    if len(steps) < 2 or not most:
        return False
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, STEP * len(steps) + 0.3), layout="constrained")
    axes = figure.subplots()
    places = range(len(steps))
    axes.barh(places, [most] * len(steps), color=GONE, height=0.72)
    axes.barh(places, [count for _, count in steps], color=KEPT, height=0.72)
    for place, (_, count) in enumerate(steps):
        axes.text(most * 1.01, place, f"{count:,}  ({count / most:.1%})", va="center", fontsize=8)
    axes.set_yticks(list(places), [name for name, _ in steps], fontsize=8, parse_math=False)
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.set_xlim(0, most * 1.25)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    file.unlink(missing_ok=True)  # it may be linked to that of another version
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return True
