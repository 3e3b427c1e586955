"""`factory status`: the ledger of a run."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
def status(run: Path) -> None:
    """The ledger of a RUN: what is done, what is not, and whether every sum closes.

    \b
    Example:
      factory status runs/quickstart
    """
    from factory.audit import report
    from factory.progress import terminal
    from factory.run_folder import RunFolder

    folder = RunFolder(run)
    recipe, _ = folder.recipe()
    console = terminal()
    console.print(report.ledger_table(recipe, folder))
    for line in report.faults(recipe, folder):
        console.print(line, markup=False)
