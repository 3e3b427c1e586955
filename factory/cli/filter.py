"""`factory filter`: verifiers and rules over anybody's generations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from factory.cli.table_options import of_a_table


@click.command("filter")
@of_a_table
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    required=True,
    help="What is dropped: a recipe, or a file that has `filters:` alone.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="A folder for the kept rows, all decisions and the funnel.",
)
def filter_(data: tuple[str, ...], recipe: Path, out: Path, **options: Any) -> None:
    """Keep the samples of DATA that no rule of a RECIPE drops: rejection sampling of what is there.

    DATA is as for `factory measure`. With `correctness` among the filters our verifiers judge every
    sample against the key in its row. OUT has the kept rows in the form in which they came, and in
    decisions.parquet all samples with their fate, all reasons and measures. With other thresholds
    the same command measures nothing again; a killed one goes on where it was.

    \b
    Exit code:
      0  done
      1  it could not end
      2  the recipe, the columns or a file is wrong

    \b
    Examples:
      factory filter traces.jsonl --recipe rules.yaml --out filtered
      factory filter open-r1/OpenR1-Math-220k --recipe rules.yaml --out filtered --language en
    """
    from factory.cli.table_options import told
    from factory.generations import folder, outputs, work
    from factory.generations.prepare import prepared
    from factory.progress import terminal

    console = terminal()
    rules = work.rules_of(recipe)
    folder.must_be_ours(out)
    say = work.sayer(console)
    todo = prepared(told(data, options), rules.filters, folder.measures(out), say)
    items = work.items(rules, recipe)
    with work.measured(todo, items, console) as tables:
        sums, kept = outputs.write_rows(tables, todo, folder.decisions(out), fates=True)
        files = folder.write_kept(todo, kept, out)
    folder.write_pages(todo, rules, sums, items, out)
    console.print(outputs.funnel_table(sums))
    told_last = outputs.much_dropped(folder.decisions(out), sums)
    for line in [*work.ending(folder.decisions(out), sums), *told_last]:
        console.print(line, markup=False, soft_wrap=True)
    for name, place in folder.places(out, files).items():
        console.print(f"{name:9} {place}", markup=False, soft_wrap=True)
