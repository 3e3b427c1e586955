"""`factory verify`: whether a version is what it says."""

from __future__ import annotations

import click


@click.command()
@click.argument("version", metavar="VERSION|RUN|hf://ORG/NAME@TAG")
@click.pass_context
def verify(ctx: click.Context, version: str) -> None:
    """Check a dataset version: files and rows against their digests, counts, rules and tests.

    A folder is checked without network; of the Hub's, everything is fetched into a new folder
    first. Faults are printed, a line each: file, row, what was expected, what was found. Exit
    status 0: it is good; 1: it is not.

    \b
    Examples:
      factory verify runs/quickstart
      factory verify runs/quickstart/dataset/v1
      factory verify hf://my-org/traces@1.2.0
    """
    import tempfile
    from pathlib import Path

    from factory.hub.which import version_at
    from factory.progress import terminal
    from factory.versions.verify import verify as verified

    console = terminal()
    with tempfile.TemporaryDirectory() as fresh:
        found = verified(version_at(version, cache=Path(fresh)))
    for fault in found.faults:
        console.print(f"{version}: {fault}", markup=False, soft_wrap=True)
    for words in found.not_checked:
        console.print(f"not checked: {words}", markup=False, soft_wrap=True)
    if found.faults:
        ctx.exit(1)
    splits = "1 split" if found.splits == 1 else f"{found.splits} splits"
    told = f"{found.files:,} files, {found.rows:,} rows, {splits}"
    console.print(f"good: {told}, digest {found.digest}", markup=False, soft_wrap=True)
