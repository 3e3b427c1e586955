"""The command `factory`: `run`, `status`, `attest`, `check`, `check-verifier`, …"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click


class Commands(click.Group):
    """Shows a user's mistake as a short paragraph and ends with its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        from factory.errors import FactoryError

        try:
            return super().invoke(ctx)
        except FactoryError as error:
            click.echo(f"factory: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted; the same command carries on from here", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="reasoning-factory", prog_name="factory")
def main() -> None:
    """A teacher thinks, verifiers judge, filters choose, a student learns.

    \b
    Example:
      factory run manifests/quickstart.yaml
    """


@main.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), help="Run folder [default: runs/NAME].")
@click.option("--seed", type=click.IntRange(min=0), help="Another seed than the recipe's.")
@click.option("--cluster", type=click.Choice(["ray"]), help="Sample on a cluster.")
@click.option("--metrics", type=click.IntRange(0, 65535), help="Port of Prometheus metrics.")
def run(
    recipe: Path, into: Path | None, seed: int | None, cluster: str | None, metrics: int | None
) -> None:
    """Run a RECIPE's stages; those that are finished are kept.

    \b
    Examples:
      factory run manifests/quickstart.yaml
      factory run manifests/quickstart.yaml --seed 2 --into runs/quickstart-2
      factory run manifests/gsm8k.yaml --cluster ray --metrics 9100
    """
    import signal

    from factory import recipe as recipes
    from factory.line import wanted
    from factory.metrics import Metrics
    from factory.progress import Progress, terminal
    from factory.run import run as run_line

    plan = recipes.load(recipe)
    if seed is not None:
        plan = plan.model_copy(update={"seed": seed})
    if cluster:
        sampling = plan.sampling.model_copy(update={"cluster": cluster})
        plan = plan.model_copy(update={"sampling": sampling})
    folder = into or Path("runs") / plan.name
    console = terminal()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console.print(f"{plan.name}: {recipe} into {folder}", markup=False)
    served = Metrics(metrics) if metrics is not None else None
    if served:
        console.print(f"metrics at http://127.0.0.1:{served.port}/metrics", markup=False)
    names = [stage.name for stage in wanted(plan)]
    run_line(plan, recipe.parent, folder, Progress(names, console, served))
    _show(folder, console)


def _show(folder: Path, console: Any) -> None:
    """The last lines of a run: what the filters left, how the models did, where the files are."""
    from factory import report
    from factory.stages import current_version

    drawn = report.pictures(folder)
    for table in (report.funnel_table(folder), report.scores_table(folder)):
        if table:
            console.print("")
            console.print(table)
    files = {
        "dataset": current_version(folder),
        "student": folder / "student" / "model",
        "teacher": folder / "teacher" / "model",
        "pictures": ", ".join(str(path) for path in drawn),
        "ledger": f"factory status {folder}",
    }
    console.print("")
    for name, place in files.items():
        if not isinstance(place, Path) or place.exists():
            console.print(f"{name:9} {place}", markup=False, soft_wrap=True)


@main.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
def status(run: Path) -> None:
    """The ledger of a RUN: what is done, what is not, and whether every sum closes.

    \b
    Example:
      factory status runs/quickstart
    """
    import json

    from factory import report
    from factory.errors import RecipeError
    from factory.progress import terminal
    from factory.recipe import Recipe

    settings = run / "recipe.json"
    if not settings.exists():
        raise RecipeError(f"{run}: no run folder, it has no recipe.json; `factory run` makes one")
    recipe = Recipe.model_validate(json.loads(settings.read_text())["recipe"])
    console = terminal()
    console.print(report.ledger_table(recipe, run))
    for line in report.faults(recipe, run):
        console.print(line, markup=False)


@main.command()
@click.argument("recipe", type=click.Path(path_type=Path))
def check(recipe: Path) -> None:
    """Read a RECIPE and say what is wrong with it, without starting anything.

    \b
    Example:
      factory check manifests/quickstart.yaml
    """
    from factory import recipe as recipes
    from factory.line import wanted

    plan = recipes.load(recipe)
    click.echo(f"{recipe}: good; stages: {', '.join(stage.name for stage in wanted(plan))}")


@main.command("check-verifier")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--verifier", required=True, help="A name, or your own as module:function.")
def check_verifier(file: Path, verifier: str) -> None:
    """Compare a verifier with the labels in a FILE: agreement, false accepts, false rejects.

    Each line is a JSON object with gold, prediction, expected (correct, incorrect or unverifiable)
    and perhaps kind. The exit code is 0 whatever the report says, and 1 for a malformed line.

    \b
    Examples:
      factory check-verifier tests/data/verifiers/math.jsonl --verifier math
      factory check-verifier answers.jsonl --verifier my_module:judge
    """
    from factory.errors import FactoryError, RecipeError
    from filters.verifiers import check

    try:
        judge = check.load(verifier)
    except ValueError as error:
        raise RecipeError(str(error)) from error
    try:
        click.echo(str(check.check(list(check.read(file)), judge)))
    except (ValueError, TypeError) as error:
        raise FactoryError(str(error)) from error


@main.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.02,
    show_default=True,
    help="Share of the draws to read.",
)
@click.option(
    "--teacher",
    type=click.Path(path_type=Path),
    help="Weights, a folder or a Hub name [default: the run's].",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Chooses the draws [default: a new one, which is noted].",
)
@click.option("--dtype", help="Arithmetic of the engine [default: the recipe's or machine's].")
@click.option("--redraw", is_flag=True, help="Also draw them again with their seeds, by vLLM.")
def attest(
    run: Path, share: float, teacher: Path | None, seed: int | None, dtype: str | None, redraw: bool
) -> None:
    """Say whether the teacher of a RUN wrote its draws: a share of them is read again.

    The exit code is 0 when that is attested, else 1.

    \b
    Examples:
      factory attest runs/quickstart
      factory attest runs/r1 --share 0.005 --teacher deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
    """
    from factory.attest import attest as attested

    found = attested(run, share, teacher, seed=seed, dtype=dtype, redraw=redraw)
    click.echo(str(found))
    sys.exit(found.verdict != "attested")


@main.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--only",
    multiple=True,
    metavar="WORD",
    help="Only draws of this outcome or reason, as unverifiable or timeout; may be repeated.",
)
@click.option(
    "--examples",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="Draws shown of each kind that turned.",
)
@click.option("--apply", "count", is_flag=True, help="Let these verdicts count from now on.")
def reverify(run: Path, only: tuple[str, ...], examples: int, count: bool) -> None:
    """Judge the stored draws of a RUN again by today's verifiers; needs no model.

    Shows which verdicts turned, and what that adds to or takes from the dataset. Draws stay as they
    are. After --apply the next `factory run` goes by the new verdicts.

    \b
    Examples:
      factory reverify runs/quickstart
      factory reverify runs/quickstart --only unverifiable --apply
    """
    from factory import turns
    from factory.holder import held
    from factory.progress import Progress, terminal
    from factory.reverify import begin, judge, opened
    from factory.store import verdicts

    console, context = terminal(), opened(run)
    shards, prompts = context.shards("samples"), context.prompts()

    def report(done: int, total: int, unit: str) -> None:
        progress.moved("verdicts", done, total, unit, {})

    with held(run):
        with Progress(["verdicts"], console) as progress:
            progress.begun("verdicts")
            round_ = begin(run, only)
            judged = judge(round_, shards, prompts, report)
            where = f", in {round_.folder}" if judged else " anew"
            progress.ended("verdicts", "done", f"{judged:,} draws judged{where}")
        turned = turns.turns(round_, shards, prompts, examples)
        for part in turns.shown(context, round_, turned):
            console.print(part, markup=False, soft_wrap=isinstance(part, str))
        if count and turned.any:
            verdicts.apply(run, round_.folder.name)
            console.print("these verdicts count now; `factory run` makes the dataset of them")
        elif turned.any:
            console.print("nothing has changed yet: --apply lets these verdicts count")


@main.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--min-draws",
    type=click.IntRange(min=2),
    default=4,
    show_default=True,
    help="Draws below which nothing is said of a key.",
)
@click.option(
    "--min-share",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Least share of draws that agree on another answer.",
)
@click.option(
    "--max-key-share",
    type=click.FloatRange(0, 1),
    default=0.25,
    show_default=True,
    help="Largest share of draws that agree with the key.",
)
@click.option(
    "--show", type=click.IntRange(min=0), default=20, show_default=True, help="Lines shown."
)
def keys(run: Path, min_draws: int, min_share: float, max_key_share: float, show: int) -> None:
    """List the prompts of a RUN whose draws agree with each other, and not with the key.

    All of them go to RUN/key_suspects.parquet, with their draws. A prompt is also listed when
    several teachers agree.

    \b
    Examples:
      factory keys runs/quickstart
      factory keys runs/quickstart --min-share 0.75 --max-key-share 0
    """
    from factory import keys as doubts
    from factory.holder import held
    from factory.progress import terminal
    from factory.reverify import opened

    console, context = terminal(), opened(run)
    with held(run):
        found = doubts.review(context, doubts.Doubt(min_draws, min_share, max_key_share))
    console.print(doubts.counts_table(found.counts))
    if found.selected:
        console.print(f"\n{doubts.SELECTED}", markup=False, soft_wrap=True)
    if found.suspects.height:
        console.print("")
        console.print(doubts.suspects_table(found.suspects, show))
        if found.many:
            console.print(f"\n{doubts.MANY}", markup=False, soft_wrap=True)
        place = run / "key_suspects.parquet"
        console.print(f"\nall {found.suspects.height:,}, with their draws: {place}", soft_wrap=True)


@main.command()
@click.argument("name", required=False)
def filters(name: str | None) -> None:
    """All filters in a line each, or the page of the one NAMEd.

    \b
    Examples:
      factory filters
      factory filters language
    """
    import inspect

    from filters import FILTERS

    if name is None:
        for key, filter in FILTERS.items():
            click.echo(f"{key:12} {inspect.getdoc(filter).splitlines()[0]}")  # pyrefly: ignore
        return
    if name not in FILTERS:
        from factory.errors import RecipeError

        raise RecipeError(f"no filter is called {name!r}; there are {', '.join(FILTERS)}")
    click.echo(inspect.getdoc(FILTERS[name]))
    for key, field in FILTERS[name].model_fields.items():
        click.echo(f"\n{key} (default {field.default!r}): {field.description}")


@main.command()
def schema() -> None:
    """Print the recipe's JSON schema, for editors.

    \b
    Example:
      factory schema > factory/recipe/recipe.schema.json
    """
    import json

    from factory.recipe import Recipe

    json.dump(Recipe.model_json_schema(), sys.stdout, indent=1, ensure_ascii=False)
    click.echo()
