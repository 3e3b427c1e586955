"""`factory keys`: keys that draws contradict."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
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
    from factory.audit import keys as doubts
    from factory.audit.reverify import opened
    from factory.line.run_lock import held
    from factory.progress import terminal
    from factory.run_folder import RunFolder

    folder = RunFolder(run)
    console, context = terminal(), opened(folder)
    with held(folder):
        found = doubts.review(context, doubts.Doubt(min_draws, min_share, max_key_share))
    console.print(doubts.counts_table(found.counts))
    if found.selected:
        console.print(f"\n{doubts.SELECTED}", markup=False, soft_wrap=True)
    if found.suspects.height:
        console.print("")
        console.print(doubts.suspects_table(found.suspects, show))
        if found.many:
            console.print(f"\n{doubts.MANY}", markup=False, soft_wrap=True)
        place = folder.key_suspects
        console.print(f"\nall {found.suspects.height:,}, with their draws: {place}", soft_wrap=True)
