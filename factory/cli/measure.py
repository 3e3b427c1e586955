"""`factory measure`: measures over anybody's generations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from factory.cli.table_options import of_a_table


@click.command()
@of_a_table
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A Parquet file: a row a sample, a column a measure and a rule.",
)
@click.option("--filters", "names", metavar="NAMES", help="Only these, with commas between.")
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    help="The filters and rules of this recipe; it may have nothing else.",
)
@click.option("--keep-text", is_flag=True, help="Put prompt and text beside the measures.")
def measure(
    data: tuple[str, ...],
    out: Path,
    names: str | None,
    recipe: Path | None,
    keep_text: bool,
    **options: Any,
) -> None:
    """Measure the samples of DATA: files, patterns, folders, or a dataset on the Hub.

    Rows have `messages` that end in the sample, or a question and a generation under any of their
    usual names; which were taken is said. Nothing is dropped: the rules are columns, true where a
    rule would drop the sample, by the recipe or by defaults. A row that cannot be read has an
    `error`. A killed command goes on where it was.

    \b
    Examples:
      factory measure traces.jsonl --out measures.parquet
      factory measure data/*.parquet --out m.parquet --columns 'question: q, generation: a'
      factory measure open-r1/OpenR1-Math-220k --out m.parquet --filters repetition,language
    """
    import shutil

    from factory.cli.table_options import told
    from factory.errors import RecipeError
    from factory.generations import outputs, work
    from factory.generations.prepare import chosen, prepared
    from factory.progress import terminal

    if out.suffix != ".parquet":
        raise RecipeError(f"--out {out}: expected a file that ends in .parquet")
    if names and recipe:
        raise RecipeError("name --filters or --recipe, not both")
    console = terminal()
    rules = work.rules_of(recipe) if recipe else None
    filters = rules.filters if rules else chosen(names.split(",") if names else ())
    folder = out.with_name(f"{out.name}.parts")
    todo = prepared(told(data, options), filters, folder, work.sayer(console))
    items = work.items(rules, recipe)
    with work.measured(todo, items, console) as tables:
        sums, _ = outputs.write_rows(tables, todo, out, fates=False, texts=keep_text)
    shutil.rmtree(folder)
    console.print(outputs.measures_table(todo, sums, outputs.errors(out)))
    for line in work.ending(out, sums):
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"measures  {out}", markup=False, soft_wrap=True)
