"""`factory audit`: why every sample was kept or dropped, in numbers and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from factory.cli.table_options import measuring, of_anything
from factory.cli.what_if_option import say_what_if, what_if_option

if TYPE_CHECKING:
    from factory.audit.subject import Subject


@click.command()
@of_anything
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for its files [RUN/audit of a run, NAME.audit of data, else ./audit].",
)
@click.option(
    "--against",
    metavar="OTHER",
    help="A second place, as it was before: both side by side, paired sample by sample.",
)
@what_if_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document in place of text.")
def audit(
    places: tuple[str, ...],
    recipe: Path | None,
    out: Path | None,
    against: str | None,
    texts: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Tell why the samples of a PLACE were kept or dropped.

    A PLACE is a run, a version's folder, RUN@2 (its version 2), or a dataset version on the Hub,
    hf://ORG/NAME@REVISION. A page to read and to tune by goes to audit.html, all numbers to
    audit.json (nested) and audit.parquet (a row a number) in a folder; docs/audit.md says what each
    figure tells.

    PLACES may also be data that no run made, as for `factory measure`: files, patterns, folders, a
    dataset on the Hub; or what `factory measure` or `factory filter` left. Data is measured once,
    in NAME.audit beside it, and judged by the rules of --recipe, else by the defaults of all
    filters; --recipe and the options behind it are for data alone.

    \b
    Examples:
      factory audit runs/quickstart
      factory audit hf://org/name@1.0.0 --out audits/name
      factory audit traces.jsonl --language en --recipe rules.yaml
      factory audit 'data/*.parquet' --columns 'question: q, generation: a'
      factory audit runs/quickstart --against runs/quickstart@1
      factory audit runs/quickstart --what-if length.max_tokens=8192 --what-if format=off
    """
    from factory.audit.subject.place import subject_at

    asked = measuring(recipe, options, out)
    subject = subject_at(places, asked)
    if texts:
        say_what_if(subject, texts, as_json)
    else:
        _told(subject, subject_at((against,), asked) if against else None, out, as_json)


def _told(subject: Subject, other: Subject | None, out: Path | None, as_json: bool) -> None:
    """Write the files of an audit, and say what a person should know."""
    from factory.audit.figures.against import compared
    from factory.audit.figures.against.shown import shown as side_by_side
    from factory.audit.figures.all import figures
    from factory.audit.page.of_audit import rest_begun, write_page
    from factory.audit.summary import sentences, shown
    from factory.audit.written import document, write
    from factory.progress import terminal
    from filters.text.visible import as_json as json_of

    rest = rest_begun(subject)
    own = figures(subject)
    beside = compared(subject, other) if other else []
    found = [*beside, *own]
    said = [*(figure.title for figure in beside[:1]), *sentences(subject, own)]
    folder = out or _folder(subject)
    written = write(folder, subject, found, said)
    page = write_page(folder, subject, own, said, beside, rest.result())
    if as_json:
        click.echo(json_of(document(subject, found, said)))
        return
    console = terminal()
    for part in [*side_by_side(beside), *shown(subject, own)]:
        console.print(part, soft_wrap=not console.is_terminal)
    console.print(f"\npage     {page}", soft_wrap=True)
    console.print(f"numbers  {', '.join(map(str, written))}", soft_wrap=True)


def _folder(subject: Subject) -> Path:
    if subject.home is not None:
        return subject.home
    return subject.run.path / "audit" if subject.run else Path("audit")
