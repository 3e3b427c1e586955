"""`factory reverify`: stored draws judged by today's verifiers."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
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

    A judge that its recipe names is asked only where it has not judged such an answer yet.

    Shows which verdicts turned, and what that adds to or takes from the dataset. Draws stay as they
    are. After --apply the next `factory run` goes by the new verdicts.

    \b
    Examples:
      factory reverify runs/quickstart
      factory reverify runs/quickstart --only unverifiable --apply
    """
    from factory.audit import verdict_changes
    from factory.audit.reverify import begin, judge_of, opened
    from factory.line.run_lock import held
    from factory.progress import Progress, terminal
    from factory.run_folder import RunFolder
    from factory.sampler.rejudge import judge
    from factory.store import verdicts

    folder = RunFolder(run)
    console, context = terminal(), opened(folder)
    shards, prompts = context.draws().place, folder.prompts()
    if judging := context.judging():
        prompts = judging.marked(prompts)

    def report(done: int, total: int, unit: str) -> None:
        progress.moved("verdicts", done, total, unit, {})

    with held(folder):
        with Progress(["verdicts"], console) as progress:
            progress.begun("verdicts")
            round_ = begin(folder, only)
            with judge_of(context) as ask:
                judged = judge(round_, shards, prompts, report, ask)
            where = f", in {round_.folder}" if judged else " anew"
            progress.ended("verdicts", "done", f"{judged:,} draws judged{where}")
        turned = verdict_changes.turns(round_, shards, prompts, examples)
        for part in verdict_changes.shown(context, round_, turned):
            console.print(part, markup=False, soft_wrap=isinstance(part, str))
        if count and turned.any:
            # First, so that a crash in between costs no more than a look at what is kept.
            folder.done("samples").unlink(missing_ok=True)
            verdicts.apply(folder.rounds("samples"), round_.folder.name)
            console.print("these verdicts count now; `factory run` makes the dataset of them")
        elif turned.any:
            console.print("nothing has changed yet: --apply lets these verdicts count")
