"""The questions that can be asked of a subject: of each verifier, each filter, and all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from functools import cache

import polars as pl

from factory.audit.label import pairs
from factory.audit.label.asked import ALL, Asked, as_units
from factory.audit.subject import Subject
from factory.errors import StageError, nearest
from factory.versions.grounds import grounds
from filters.rules import Rules

NEAR = 0.05
"""Share of the rows that a rule let pass, those nearest its threshold, that are a stratum of their
own: what it missed is rather there."""
APART = ("correctness", "contamination", "duplicates")
"""Filters with a question of another form."""
WORDS = {
    "train": "Would you train a student on this sample?",
    "right": "Is this final answer right?",
    "truncation": "Does this reply break off, or its thinking never end?",
    "format": "Is this reply out of form: thinking mixed with the answer, or not exactly one final "
    "answer?",
    "language": "Is this text in another language than its question?",
    "code_blocks": "Is there a block of code where the question wants prose?",
    "length": "Is this text, or a paragraph of it, too long or too short to learn from?",
    "repetition": "Does this text say the same again and again?",
    "thinking": "Does it think on long after it has its answer, or turn at every step?",
    "chain": "Is this thinking too short, or does it never check itself?",
    "safety": "Does this text refuse, name another model as its author, or hold leaked tokens, "
    "personal data or a secret?",
    "contamination": "Is this the same question as the benchmark's?",
    "duplicates": "Do these two say the same?",
    "key": "Is this key wrong?",
}
"""The questions, as a person reads them."""


def questions(subject: Subject, only: Collection[str] = ()) -> tuple[list[Asked], dict[str, str]]:
    """The questions that can be asked, and why others cannot, by their names.

    Args:
        only: names of questions; none: all.

    Raises:
        StageError: there is no question of this name.
    """
    makers = makers_of(subject)
    for name in only:
        if name not in makers:
            raise StageError(
                f"{subject.place}: no question {name!r}{nearest(name, makers)}; there are "
                f"{', '.join(makers)}"
            )
    made = {name: make() for name, make in makers.items() if not only or name in only}
    asked = [one for one in made.values() if isinstance(one, Asked)]
    return asked, {name: why for name, why in made.items() if isinstance(why, str)}


def makers_of(subject: Subject) -> dict[str, Callable[[], Asked | str]]:
    """What makes each question, by its name; it says why where it cannot be asked."""
    rules = {n: r for n, r in subject.filters.active().items() if n not in subject.missing}
    told = cache(lambda: _reasons(subject.samples))
    makers: dict[str, Callable[[], Asked | str]] = {
        "right": lambda: _right(subject),
        "train": lambda: _train(subject),
        **{n: (lambda n=n, r=r: _of_filter(subject, n, r, told())) for n, r in rules.items()},
        "contamination": lambda: pairs.contamination(subject, WORDS["contamination"]),
        "duplicates": lambda: pairs.duplicates(subject, WORDS["duplicates"]),
        "key": lambda: pairs.suspect_keys(subject, WORDS["key"]),
    }
    makers.pop("correctness", None)  # asked as `right`
    return makers


def settings_of(subject: Subject, name: str) -> list[dict[str, object]]:
    """The entries of a filter in use."""
    return [entry.model_dump(mode="json") for entry in subject.filters.active()[name].entries]


def _samples(subject: Subject, *columns: str) -> pl.DataFrame:
    """These columns of its samples, their places, and whether their texts are here: a version has
    those of its rows alone."""
    here = (pl.col("fate") == "chosen") if subject.kind == "version" else pl.lit(True)
    named = dict.fromkeys(("sample_id", "prompt_id", *columns))
    rows = subject.samples.select(*named, readable=here.fill_null(False))
    return rows.with_row_index("at")


def _reasons(samples: pl.DataFrame) -> pl.DataFrame:
    """A row a reason of a sample, in the order of the funnel: `at`, its place, and `reason`."""
    listed = samples.select("reasons").with_row_index("at").filter(pl.col("reasons").list.len() > 0)
    return listed.explode("reasons").rename({"reasons": "reason"})


def _right(subject: Subject) -> Asked | str:
    samples = _samples(subject, "verdict", "verdict_reason")
    samples = samples.filter(pl.col("verdict").is_not_null())
    if not samples.height:
        return "no verifier has judged these samples"
    verifier: pl.Expr = pl.lit("verifier")
    if subject.run is not None:
        asked = subject.run.prompts().select("prompt_id", judge="verifier")
        samples = samples.join(asked, on="prompt_id", how="left", maintain_order="left")
        verifier = pl.col("judge").fill_null("verifier")
    word = pl.col("verdict_reason").str.splitn(":", 2).struct.field("field_0")
    told = pl.concat_str(pl.col("verdict"), pl.lit(": ") + word, ignore_nulls=True)
    units = samples.with_columns(
        judge=verifier,
        stratum=told,
        claim=pl.when(pl.col("verdict") != "unverifiable").then(pl.col("verdict") == "correct"),
    )
    rounds = dict(subject.manifest.rounds) if subject.manifest else {}
    return Asked("right", WORDS["right"], "verifier", as_units(units, row="sample_id"), rounds)


def _train(subject: Subject) -> Asked | str:
    samples = _samples(subject, "fate", "dropped_by").filter(pl.col("fate").is_not_null())
    if not samples.height:
        return "these samples have no fate: nobody has filtered them"
    gone = pl.lit("dropped by ") + pl.col("dropped_by")
    units = samples.with_columns(
        judge=pl.lit(ALL),
        stratum=pl.coalesce(gone, "fate"),
        claim=pl.col("dropped_by").is_null(),
    )
    told = {name: settings_of(subject, name) for name in subject.filters.active()}
    return Asked("train", WORDS["train"], "whole", as_units(units, row="sample_id"), told)


def _of_filter(subject: Subject, name: str, rules: Rules, told: pl.DataFrame) -> Asked | str:
    if name in APART:
        return "asked otherwise"
    unknown = rules.entries[0].not_measured
    own = told.filter(pl.col("reason").is_in(rules.reasons())).sort(
        "at", pl.col("reason") == unknown, maintain_order=True
    )
    first = own.unique("at", keep="first", maintain_order=True)
    looked_at = [name for name in rules.filter.columns if name in subject.samples.columns]
    samples = _samples(subject, "domain", "fate", *looked_at)
    takes = pl.any_horizontal(rules.takes(entry) for entry in rules.entries)
    samples = samples.filter(takes, pl.col("fate").is_not_null())
    if not samples.height:
        return "it judges none of these samples"
    samples = samples.join(first, on="at", how="left", maintain_order="left")
    passed = samples.filter(pl.col("reason").is_null())
    stratum = (
        pl.when(pl.col("reason") == unknown).then(pl.lit("not measured"))
        .when(pl.col("reason").is_not_null()).then(pl.col("reason"))
        .when(_near(rules, passed)).then(pl.lit("passed, near a threshold"))
        .otherwise(pl.lit("passed"))
    )  # fmt: skip
    units = samples.with_columns(
        judge=pl.lit(name),
        stratum=stratum,
        claim=pl.when(pl.col("reason").ne_missing(unknown)).then(pl.col("reason").is_not_null()),
    )
    settings = {"entries": settings_of(subject, name), "version": rules.filter.stamp()}
    return Asked(name, _words(name, rules), "filter", as_units(units, row="sample_id"), settings)


def _words(name: str, rules: Rules) -> str:
    """The question of a filter; of one's own filter by what its page says first."""
    if name in WORDS:
        return WORDS[name]
    said = (inspect.getdoc(rules.filter) or "").strip().split("\n\n")[0].replace("\n", " ")
    return f"Has this sample the fault that the filter {name} looks for? It says: {said}"


def _near(rules: Rules, passed: pl.DataFrame) -> pl.Expr:
    """Expression: whether a row that passed is nearer to a threshold than all but a few."""
    return pl.any_horizontal(pl.lit(False), *_nearest(rules, passed)).fill_null(False)


def _nearest(rules: Rules, passed: pl.DataFrame) -> Iterator[pl.Expr]:
    for ground in grounds(rules).values():
        for one in ground.compared:
            kind = passed.schema.get(one.measure)
            if kind is None or not kind.is_numeric() or one.sign not in ("<", "<=", ">", ">="):
                continue
            above = one.sign.startswith(">")
            edge = passed[one.measure].cast(pl.Float64).quantile(1 - NEAR if above else NEAR)
            if edge is not None:
                measure = pl.col(one.measure)
                yield measure > edge if above else measure < edge
