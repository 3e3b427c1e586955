"""`factory rebuild`: a version made again from the stored samples, and compared."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("version", metavar="VERSION|MANIFEST", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--run",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Run with its samples [default: the run that the version lies in].",
)
@click.option("--into", type=click.Path(path_type=Path), help="Folder for a version, as v1 in it.")
def rebuild(version: Path, run: Path | None, into: Path | None) -> None:
    """Make a VERSION's rows again from stored samples, and compare their digest with its manifest.

    Rules, selection, seed, measures, verdicts and draws are those of the version, whatever the run
    has come to since. The run and the version stay as they are.

    \b
    Exit code:
      0  the same rows
      1  other rows; what differs is named

    \b
    Examples:
      factory rebuild runs/quickstart/dataset/v1
      factory rebuild downloaded/manifest.json --run runs/quickstart --into again
    """
    from factory.errors import StageError
    from factory.line.rebuilding import rebuild as made_again
    from factory.progress import Progress, terminal
    from factory.run_folder import RunFolder
    from factory.versions.manifest import read

    folder = version if version.is_dir() else version.parent
    manifest = read(folder)
    home = RunFolder(run or folder.absolute().parent.parent)
    if run is None and not home.noted_recipe.exists():
        raise StageError(f"{folder}: lies in no run, so its samples are not known. Name it: --run")
    console = terminal()

    def report(done: int, total: int, unit: str) -> None:
        progress.moved("rebuild", done, total, unit, {})

    with Progress(["rebuild"], console) as progress:
        progress.begun("rebuild")
        made = made_again(home, manifest, folder, into, report)
        progress.ended("rebuild", "done", f"{made.rows:,} rows")
    for words in made.differs:
        console.print(f"differs   {words}", markup=False, soft_wrap=True)
    if made.folder:
        console.print(f"version   {made.folder}", markup=False, soft_wrap=True)
    console.print(f"manifest  {manifest.rows:,} rows, {manifest.digest}", soft_wrap=True)
    console.print(f"made now  {made.rows:,} rows, {made.digest}", soft_wrap=True)
    same = made.digest == manifest.digest
    console.print("the same rows" if same else "other rows")
    click.get_current_context().exit(0 if same else 1)
