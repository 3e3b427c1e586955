"""`factory attest`: whether a run's teacher wrote its draws."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
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
def attest(
    run: Path, share: float, teacher: Path | None, seed: int | None, dtype: str | None
) -> None:
    """Say whether the teacher of a RUN wrote its draws: a share of them is read again.

    The exit code is 0 when that is attested, else 1.

    \b
    Examples:
      factory attest runs/quickstart
      factory attest runs/r1 --share 0.005 --teacher deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
    """
    from factory.audit.attest import attest as attested
    from factory.run_folder import RunFolder

    found = attested(RunFolder(run), share, teacher, seed=seed, dtype=dtype)
    click.echo(str(found))
    sys.exit(found.verdict != "attested")
