"""`factory check`: what is wrong with a recipe."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--keys", is_flag=True, help="Read all prompts, and try each one's key both ways.")
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Rows listed of each source, with --keys.",
)
def check(recipe: Path, keys: bool, show: int) -> None:
    """Read a RECIPE and say what is wrong with it, without starting anything.

    With --keys every prompt is tried as the run does before a token is drawn: its key must be
    judged right, and an empty answer, the question itself and "I don't know" must not.

    \b
    Examples:
      factory check manifests/quickstart.yaml
      factory check manifests/quickstart.yaml --keys
    """
    from factory import recipe as recipes
    from factory.audit import key_tries
    from factory.engines.credentials import lacking
    from factory.line import contexts, other_runs
    from factory.line.table import wanted
    from factory.prompts import look
    from factory.prompts.collect import collect_each, joined
    from factory.recipe import own_code
    from filters import own
    from filters.text.visible import visible
    from filters.verifiers.code import sandbox

    plan, home = recipes.load(recipe), recipe.parent
    sandbox.allow(plan.allow_unsandboxed)
    sandbox.provide(plan.sandbox_packages, home)
    own.look_in(home)
    own_code.check(plan.own_code)
    if keys:
        taken = collect_each(plan.prompts, plan.seed, home)
        told, prompts = list(key_tries.told(plan.prompts, taken, show)), joined(taken).prompts
    else:
        told, prompts = look.told(plan.prompts, plan.seed, home), None
    told += [*contexts.told(plan, home), *contexts.prompts_told(plan, home, prompts)]
    told += [f"not yet: {lacking}" for lacking in other_runs.missing(plan, home)]
    told += [f"here {wrong}" for served in plan.endpoints if (wrong := lacking(served))]
    click.echo(f"{recipe}: good; stages: {', '.join(stage.name for stage in wanted(plan))}")
    for line in told:
        click.echo(visible(f"  {line}", newlines=True))
