"""`factory run`: run a recipe."""

from __future__ import annotations

import shlex
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from factory.recipe import Recipe
    from factory.run_folder import RunFolder


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), help="Run folder [default: runs/NAME].")
@click.option("--seed", type=click.IntRange(min=0), help="Another seed than the recipe's.")
@click.option("--cluster", type=click.Choice(["ray"]), help="Sample on a cluster.")
@click.option("--metrics", type=click.IntRange(0, 65535), help="Port of Prometheus metrics.")
def run(
    recipe: Path, into: Path | None, seed: int | None, cluster: str | None, metrics: int | None
) -> None:
    """Run a RECIPE's stages; those that are finished are kept.

    Draws that could not be had are counted, and the line goes on without them; the same command
    asks for them again.

    \b
    Exit code:
      0  all is there
      1  a stage could not end
      2  the recipe is wrong
      3  all stages are done, and some rows are missing

    \b
    Examples:
      factory run manifests/quickstart.yaml
      factory run manifests/quickstart.yaml --seed 2 --into runs/quickstart-2
      factory run manifests/gsm8k.yaml --cluster ray --metrics 9100
    """
    import signal

    from factory import recipe as recipes
    from factory.audit import raised
    from factory.errors import ROWS_MISSING
    from factory.line.run import run as run_line
    from factory.line.table import wanted
    from factory.metrics import Metrics
    from factory.progress import Progress, terminal
    from factory.run_folder import RunFolder

    plan = _with(recipes.load(recipe), seed, cluster)
    folder = into or Path("runs") / plan.name
    console = terminal()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console.print(f"{plan.name}: {recipe} into {folder}", markup=False)
    served = Metrics(metrics) if metrics is not None else None
    if served:
        console.print(f"metrics at http://127.0.0.1:{served.port}/metrics", markup=False)
    names = [stage.name for stage in wanted(plan)]
    command = _typed(recipe, {"into": into, "seed": seed, "cluster": cluster})
    try:
        done = run_line(plan, recipe.parent, folder, Progress(names, console, served), command)
    finally:
        raised.write(plan, RunFolder(folder))
    _show(RunFolder(folder), console)
    if lost := {name: done[name].missing for name in names if done[name].missing}:
        console.print(_missing(RunFolder(folder), lost), markup=False, soft_wrap=True)
        click.get_current_context().exit(ROWS_MISSING)


def _with(plan: Recipe, seed: int | None, cluster: str | None) -> Recipe:
    """A recipe with what options say otherwise."""
    if seed is not None:
        plan = plan.model_copy(update={"seed": seed})
    if cluster:
        sampling = plan.sampling.model_copy(update={"cluster": cluster})
        plan = plan.model_copy(update={"sampling": sampling})
    return plan


def _typed(recipe: Path, options: dict[str, Any]) -> str:
    """The command, with what shapes the run."""
    told = [[f"--{name}", str(value)] for name, value in options.items() if value is not None]
    return shlex.join(["factory", "run", str(recipe), *chain.from_iterable(told)])


def _missing(run: RunFolder, lost: dict[str, int]) -> str:
    """The last line of a run whose draws could not all be had."""
    total = sum(lost.values())
    stages = ", ".join(f"{n:,} of {name} ({run.failed_draws(name)})" for name, n in lost.items())
    rows, them = ("1 row is", "it") if total == 1 else (f"{total:,} rows are", "them")
    return f"{rows} missing: {stages}. The same command asks for {them} again."


def _show(run: RunFolder, console: Any) -> None:
    """The last lines of a run: what the filters left, how the models did, where the files are."""
    from factory.audit import raised, report

    recipe, _ = run.recipe()
    drawn = report.pictures(run)
    tables = [report.funnel_table(run), report.domains_table(run)]
    tables += [raised.table(recipe, run), report.scores_table(run)]
    for table in tables:
        if table:
            console.print("")
            console.print(table)
    files = {
        "dataset": run.current_version(),
        "student": run.weights("student"),
        "teacher": run.weights(steps[-1].name if (steps := recipe.teacher.steps) else "teacher"),
        "stages": run.raised,
        "pictures": ", ".join(str(path) for path in drawn),
        "ledger": f"factory status {run.path}",
    }
    console.print("")
    for name, place in files.items():
        if place.exists() if isinstance(place, Path) else place:
            console.print(f"{name:9} {place}", markup=False, soft_wrap=True)
