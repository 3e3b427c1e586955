"""How a teacher was raised: a row for each of its stages, with its score, command and code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from factory.line.finished import finished
from factory.line.table import named, wanted
from factory.recipe import Recipe
from factory.run_folder import RunFolder
from factory.store.shards import write_text

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = ("stage", "recipe", "result", "pass@1 (95 % interval)", "command", "program")


class Raised(NamedTuple):
    """One stage of a teacher."""

    stage: str
    recipe: str
    """Its part of the recipe, but for what is left at its default."""
    note: str
    """What it made, in its own words; empty while it is not done."""
    score: str
    """pass@1 on the held-out prompts with its interval; empty where nobody examined it."""
    command: str
    """What was typed when it was made."""
    program: str
    """Version and commit of this program then."""


def raised(recipe: Recipe, run: RunFolder) -> list[Raised]:
    """The stages of the run's teacher in order, its base first."""
    teacher = recipe.teacher
    parts: dict[str, Any] = {"teacher-base": ("base", teacher.base)}
    if teacher.grpo:
        parts["teacher"] = ("grpo", teacher.grpo)
    for step in teacher.steps:
        kind = step.key.rpartition(".")[2]
        parts[step.name] = (f"{kind}, fine-tuning" if step.rows else kind, step.told)
    examined = _examined(recipe)
    return [
        _row(recipe, run, stage, f"{key}: {_short(part)}", examined.get(stage, stage))
        for stage, (key, part) in parts.items()
    ]


def _examined(recipe: Recipe) -> dict[str, str]:
    """Stages whose model is examined under another's name."""
    steps = recipe.teacher.steps
    return {steps[-1].name: "teacher"} if steps else {}


def _row(recipe: Recipe, run: RunFolder, stage: str, part: str, examined: str) -> Raised:
    done, score = finished(run, named(stage, recipe)), ""
    if done and run.score(examined).exists() and run.done(f"scores-{examined}").exists():
        told = json.loads(run.score(examined).read_bytes())
        score = f"{told['pass_at_1']:.1%} ({told['low']:.1%} to {told['high']:.1%})"
    note = done.note if done else "not done"
    command, program = (done.command or "", done.program or "") if done else ("", "")
    return Raised(stage, part, note, score, command, program)


def _short(part: Any) -> str:
    return json.dumps(part.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)


def table(recipe: Recipe, run: RunFolder) -> Table | None:
    """The same on a terminal, without what is as long as a line; None where nothing is raised."""
    if not recipe.teacher.steps:
        return None
    from rich.table import Table

    shown = Table(title="the teacher, stage by stage", title_justify="left", box=None)
    for name in ("stage", "pass@1 (95 % interval)", "result"):
        shown.add_column(name)
    for row in raised(recipe, run):
        shown.add_row(row.stage, row.score, row.note)
    return shown


def write(recipe: Recipe, run: RunFolder) -> Path | None:
    """Write the table into the run; None where its recipe lists no stages of the teacher."""
    if not recipe.teacher.steps or not run.noted_recipe.exists():
        return None
    rows = [HEADINGS, ("---",) * len(HEADINGS), *map(_cells, raised(recipe, run))]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    begun = sum(run.done(stage.name).exists() for stage in wanted(recipe))
    head = f"# The teacher of {recipe.name}, stage by stage\n\n"
    said = f"{begun} of {len(wanted(recipe))} stages of the run are done.\n\n"
    write_text(head + said + "\n".join(lines) + "\n", run.raised)
    return run.raised


def _cells(row: Raised) -> list[str]:
    code = {"stage", "recipe", "command", "program"}
    plain = {key: " ".join(text.split()).replace("|", r"\|") for key, text in row._asdict().items()}
    return [f"`{text}`" if key in code and text else text for key, text in plain.items()]
