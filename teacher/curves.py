"""The curves of reinforcement learning: the paper's self-evolution and aha figures, of any log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Log = Sequence[Mapping[str, Any]]
"""TRL's log: an entry a step, and one for each examination, whose keys begin with `eval_`."""


class Panel(NamedTuple):
    """One picture of several, with the keys of the log that it draws and what they are called."""

    title: str
    curves: Mapping[str, str]
    percent: bool = False


def panels(log: Log) -> list[Panel]:
    """What of a log can be drawn."""
    every = [
        Panel("reward of a step's draws", {"reward": "all, weighted"} | _rewards(log)),
        Panel(
            "right, %",
            {"eval_pass_at_1": "held out, pass@1", "draws/right": "draws of a step"}
            if _has(log, "eval_pass_at_1")
            else {"eval_rewards/accuracy/mean": "held out, pass@1"},
            percent=True,
        ),
        Panel(
            "response length, tokens",
            {"completions/mean_length": "draws of a step", "eval_draws/length": "held out"},
        ),
        Panel(
            "in the question's language, %",
            {"draws/language": "draws of a step", "eval_draws/language": "held out"},
            percent=True,
        ),
        Panel(
            "words of reflection, % of the thinking's",
            {"draws/reflection": "draws of a step", "eval_draws/reflection": "held out"},
            percent=True,
        ),
        Panel(
            "taught or told nothing, %",
            {"frac_reward_zero_std": "groups without variance", "draws/unverifiable": "not judged"},
            percent=True,
        ),
    ]
    there = [
        panel._replace(curves={key: say for key, say in panel.curves.items() if _has(log, key)})
        for panel in every
    ]
    return [panel for panel in there if panel.curves]


def points(log: Log, key: str) -> list[tuple[int, float]]:
    """Steps at which a log says something, and what."""
    return [(int(e["step"]), float(e[key])) for e in log if e.get(key) is not None]


def draw(log: Log, path: Path) -> Path:
    """Rewards, held-out pass@1 with its interval, length, language and reflection over steps, as
    one PNG; what is of a step pale, with the mean of the steps around it."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    found = panels(log) or [Panel("nothing was logged", {})]
    across = min(3, len(found))
    down = -(-len(found) // across)
    size = (4.4 * across, 3.6 * down)
    figure, grid = pyplot.subplots(down, across, figsize=size, layout="constrained", squeeze=False)
    spare = iter(grid.flat)
    for panel, axes in zip(found, spare, strict=False):
        _draw(panel, log, axes)
    for axes in spare:
        axes.set_visible(False)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
    return path


def _draw(panel: Panel, log: Log, axes: Any) -> None:
    scale = 100 if panel.percent else 1
    for key, label in panel.curves.items():
        steps, told = zip(*points(log, key), strict=True)
        values = [scale * value for value in told]
        if key.startswith("eval"):
            (drawn,) = axes.plot(steps, values, "o-", label=label, markersize=4, zorder=3)
            low, high = points(log, f"{key}_low"), points(log, f"{key}_high")
            if len(low) == len(high) == len(steps):
                ends = ([scale * value for _, value in end] for end in (low, high))
                axes.fill_between(steps, *ends, alpha=0.2, color=drawn.get_color(), linewidth=0)
        else:
            (drawn,) = axes.plot(steps, smooth(values), label=label, linewidth=1.8)
            axes.plot(steps, values, color=drawn.get_color(), alpha=0.3, linewidth=0.8)
    axes.set_title(panel.title)
    axes.set_xlabel("step of GRPO")
    # A curve of zeros is to be seen above the axis.
    lowest, highest = min(axes.dataLim.y0, 0), max(axes.dataLim.y1, 1 if panel.percent else 0)
    if highest > lowest:
        axes.set_ylim(lowest - 0.02 * (highest - lowest), highest + 0.05 * (highest - lowest))
    axes.spines[["top", "right"]].set_visible(False)
    if len(panel.curves) > 1:
        axes.legend(frameon=False, fontsize="small")


def smooth(values: Sequence[float]) -> list[float]:
    """Each value as the mean of those around it, a tenth of all together.

    >>> smooth([0, 1, 0])
    [0.0, 1.0, 0.0]
    """
    reach = len(values) // 20
    windows = (values[max(0, n - reach) : n + reach + 1] for n in range(len(values)))
    return [sum(window) / len(window) for window in windows]


def _rewards(log: Log) -> dict[str, str]:
    names = sorted(n for n in _names(log) if n.startswith("rewards/") and n.endswith("/mean"))
    return {name: name.split("/")[1] for name in names}


def _names(log: Iterable[Mapping[str, Any]]) -> set[str]:
    return {name for entry in log for name in entry}


def _has(log: Log, key: str) -> bool:
    return any(entry.get(key) is not None for entry in log)
