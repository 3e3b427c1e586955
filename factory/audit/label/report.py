"""What marks say, as figures of the audit and as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
from rich.table import Table

from factory.audit.figures import Chart, Figure
from factory.audit.label import marks
from factory.audit.label.agreement import Agreement
from factory.audit.label.questions import makers_of, questions
from factory.audit.label.trust import JUDGES, Trust, Trusted, judges_table, trust
from factory.audit.subject import Subject

SECTION = "trust"
NOTE = (
    "Rows were drawn by lot from strata, and each stands for the rows of its stratum. Precision: "
    "of what the judge says yes of, the share that people say yes of; recall: of what people say "
    "yes of, the share that the judge says yes of; missed: of what the judge says no of, the share "
    "that people say yes of. Intervals are of 95 %, Wilson's by stratum. "
    "Rows of which nobody could say, or people disagree, count for neither."
)
COLUMNS = {
    "judge": "filter or verifier that answers the question, too",
    "question": "what people were asked",
    "about": "whose answers are checked: filter, verifier, key, or whole (all filters together)",
    "people": "people who marked",
    "marked": "rows that people said yes or no of",
    "unsure": "rows of which nobody could say, or people disagree",
    "missing": "why a share is not there",
} | {
    f"{name}{end}": f"{meaning}{of}, 0 to 1"
    for name, meaning in (
        ("precision", "of what the judge says yes of, the share that people say yes of"),
        ("recall", "of what people say yes of, the share that the judge says yes of"),
        ("missed", "of what the judge says no of, the share that people say yes of"),
    )
    for end, of in (("", ""), ("_low", "; lower end of the interval"), ("_high", "; upper end"))
}
OF_STRATA = {
    "question": "what people were asked",
    "judge": "filter or verifier that answers it, too",
    "stratum": "rows that are alike to the judge",
    "claim": "what the judge says of them: yes or no; null: it could not tell",
    "rows": "all rows in it",
    "yes": "rows that people said yes of",
    "no": "rows that people said no of",
    "unsure": "rows of which nobody could say, or people disagree",
    "weight": "rows that each row marked yes or no stands for",
}
OF_PEOPLE = {
    "question": "what people were asked",
    "people": "people who marked the same rows",
    "rows": "rows that at least two of them marked yes or no",
    "raw": "share of pairs of marks of a row that are alike, 0 to 1",
    "raw_low": "lower end of its interval",
    "raw_high": "upper end",
    "coefficient": "Cohen's kappa for two people, Krippendorff's alpha for more",
    "beyond_chance": "the coefficient: 0 as by chance, 1 always",
    "beyond_chance_low": "lower end of its interval",
    "beyond_chance_high": "upper end",
}


def trust_of(subject: Subject, folder: Path) -> Trust:
    """What the marks in a folder say of a subject's judges, by its rules.

    Raises:
        StageError: a file has another thing than marks.
    """
    labels = marks.read(folder)
    asked = {question for question, _ in labels.strata} & makers_of(subject).keys()
    made, _ = questions(subject, asked) if asked else ([], {})
    return trust(labels, made, "correctness" in subject.filters.active())


def figures(subject: Subject) -> list[Figure]:
    """How far filters and verifiers can be trusted; without marks, a figure that says so."""
    folder = subject.run.labels if subject.run else None
    if folder is None or not any(folder.glob("*.jsonl")):
        where = subject.run.path if subject.run else "RUN"
        why = f"nobody has marked samples: `factory label {where}` draws some for a person"
        return [_judges(pl.DataFrame(schema=JUDGES), why)]
    found = trust_of(subject, folder)
    why = None if found.judges else f"{found.other:,} marks are under other rules"
    return [
        _judges(judges_table(found.judges), why),
        Figure("trust.strata", SECTION, "What people said, by stratum", strata_table(found),
               OF_STRATA, note="Drawn by lot within each stratum."),
        Figure("trust.agreement", SECTION, "How far people agree", agreement_table(found.agreement),
               OF_PEOPLE, note="On the rows as they were drawn, so not weighted by strata.",
               missing=None if found.agreement else "no row was marked by two people"),
    ]  # fmt: skip


def _judges(table: pl.DataFrame, missing: str | None) -> Figure:
    chart = Chart(
        "intervals", x="judge", y="precision", low="precision_low", high="precision_high",
        series="question",
    )  # fmt: skip
    return Figure(
        "trust.judges", SECTION, "How often filters and verifiers are right, by people's marks",
        table, COLUMNS, chart, NOTE, missing,
    )  # fmt: skip


def strata_table(found: Trust) -> pl.DataFrame:
    """What people said, a row a stratum."""
    rows = [
        (question, one.named.judge, one.named.stratum, one.named.claim, one.named.rows, one.yes,
         one.no, one.unsure, one.named.rows / (one.yes + one.no) if one.yes + one.no else None)
        for question, one in found.strata
    ]  # fmt: skip
    kinds = (pl.String, pl.String, pl.String, pl.Boolean, *[pl.Int64] * 4, pl.Float64)
    schema = dict(zip(OF_STRATA, kinds, strict=True))
    return pl.DataFrame(rows, schema=schema, orient="row")


def agreement_table(found: Mapping[str, Agreement]) -> pl.DataFrame:
    """How far people agree, a row a question."""
    rows = [
        (question, one.people, one.rows, one.raw.value, one.raw.low, one.raw.high, one.name,
         *((b.value, b.low, b.high) if (b := one.beyond_chance) else (None, None, None)))
        for question, one in found.items()
    ]  # fmt: skip
    kinds = (pl.String, pl.Int64, pl.Int64, *[pl.Float64] * 3, pl.String, *[pl.Float64] * 3)
    schema = dict(zip(OF_PEOPLE, kinds, strict=True))
    return pl.DataFrame(rows, schema=schema, orient="row")


def tables(found: Trust) -> Iterator[Table | str]:
    """All of it for the terminal."""
    if found.judges:
        shares = ("precision", "recall", "missed")
        yield _table(("judge", "question", "marked", *shares), map(_cells, found.judges))
        for one in found.judges:
            if one.missing:
                yield f"{one.judge} ({one.question}): {one.missing}"
    if found.agreement:
        yield _table(("people agree on", "rows", "alike", "beyond chance"), _agreeing(found))
    if found.other:
        yield (
            f"{found.other:,} marks are under other rules or of other samples, and not counted; "
            "`factory label` takes over those whose rows it draws again"
        )
    if not found.judges:
        yield "no marks by today's rules: `factory label` draws rows for a person"


def _cells(one: Trusted) -> tuple[str, ...]:
    shares = (
        f"{s.value:.0%} ({s.low:.0%} to {s.high:.0%})" if s else "not measured"
        for s in (one.precision, one.recall, one.missed)
    )
    return (one.judge, one.question, f"{one.marked:,}", *shares)


def _agreeing(found: Trust) -> Iterator[tuple[str, ...]]:
    for question, one in found.agreement.items():
        b = one.beyond_chance
        told = f"{one.name} {b.value:.2f} ({b.low:.2f} to {b.high:.2f})" if b else "all alike"
        yield question, f"{one.rows:,}", f"{one.raw.value:.0%}", told


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]] | map) -> Table:
    from rich.text import Text

    table = Table(box=None)
    for name in head:
        table.add_column(name, justify="right" if name in ("marked", "rows") else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
