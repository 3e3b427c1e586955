"""How often each filter, each verifier and the whole is right, by the marks of people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from factory.audit.label.agreement import Agreement, Votes, agreement, majority
from factory.audit.label.asked import Asked
from factory.audit.label.marks import Labels, Mark, Strata
from factory.audit.label.marks import Stratum as Named
from factory.audit.label.shares import Share, Stratum, caught, share

CORRECTNESS = "correctness"
WRONG = "Is this final answer wrong?"
"""What the filter `correctness` answers: it says yes of what a verifier calls wrong."""


@dataclass(frozen=True)
class Counted:
    """A stratum, and what people said of its rows."""

    named: Named
    yes: int
    no: int
    unsure: int
    """Rows of which nobody could say, or people disagree."""

    @property
    def plain(self) -> Stratum:
        """As shares are made of."""
        return Stratum(self.named.rows, self.yes + self.no, self.yes)

    def turned(self) -> Counted:
        """The same of the opposite question."""
        claim = None if self.named.claim is None else not self.named.claim
        named = self.named.model_copy(update={"claim": claim})
        return Counted(named, self.no, self.yes, self.unsure)


@dataclass(frozen=True)
class Trusted:
    """How often a judge is right."""

    judge: str
    question: str
    """Its name."""
    words: str
    """As a person reads it, so that yes agrees with the judge's yes."""
    about: Literal["filter", "verifier", "key", "whole"]
    marked: int
    """Rows that people said yes or no of."""
    unsure: int
    """Rows of which nobody could say, or people disagree."""
    people: int
    precision: Share | None
    """Of what the judge says yes of, the share that people say yes of."""
    recall: Share | None
    """Of what people say yes of, the share that the judge says yes of."""
    missed: Share | None
    """Of what the judge says no of, the share that people say yes of."""
    missing: str | None
    """Why one of the two is not there."""


@dataclass(frozen=True)
class Trust:
    """All that marks say."""

    judges: list[Trusted]
    strata: list[tuple[str, Counted]]
    """With the name of the question."""
    agreement: dict[str, Agreement]
    """By question, where two people marked the same."""
    other: int
    """Marks under other rules, or of other samples: they are not counted."""


def trust(labels: Labels, questions: Sequence[Asked], correctness: bool = False) -> Trust:
    """What the marks say of the judges by today's rules.

    Args:
        labels: what people said.
        questions: all that can be asked now; only marks under their rules count.
        correctness: whether the filter `correctness` is used: it drops what verifiers call wrong.
    """
    judges, strata, alike, counted_marks = [], [], {}, 0
    for asked in questions:
        rules = asked.rules()
        drawn = labels.strata.get((asked.key, rules))
        if drawn is None:
            continue
        said = {row: m for (q, r, row), m in labels.marks.items() if (q, r) == (asked.key, rules)}
        counted_marks += sum(len(marks) for marks in said.values())
        people = len({who for marks in said.values() for who in marks})
        counted = list(_counted(drawn, said.values()))
        strata += [(asked.key, one) for one in counted]
        for judge in dict.fromkeys(one.named.judge for one in counted):
            own = [one for one in counted if one.named.judge == judge]
            judges.append(_trusted(judge, drawn, drawn.words, drawn.about, own, people))
        if asked.key == "right" and correctness:
            turned = [one.turned() for one in counted]
            judges.append(_trusted(CORRECTNESS, drawn, WRONG, "filter", turned, people))
        if found := agreement(_votes(marks) for marks in said.values()):
            alike[asked.key] = found
    total = sum(len(marks) for marks in labels.marks.values())
    return Trust(judges, strata, alike, total - counted_marks)


def _votes(marks: Mapping[str, Mark]) -> Votes:
    return {who: said.mark == "yes" for who, said in marks.items() if said.mark != "cannot say"}


def _counted(drawn: Strata, said: Iterable[Mapping[str, Mark]]) -> Iterator[Counted]:
    found: dict[tuple[str, str], list[bool | None]] = {}
    for marks in filter(None, said):
        one = next(iter(marks.values()))
        found.setdefault((one.judge, one.stratum), []).append(majority(_votes(marks)))
    for named in drawn.strata:
        of = found.get((named.judge, named.stratum), [])
        yield Counted(named, of.count(True), of.count(False), of.count(None))


def _trusted(
    judge: str,
    drawn: Strata,
    words: str,
    about: Literal["filter", "verifier", "key", "whole"],
    counted: Sequence[Counted],
    people: int,
) -> Trusted:
    says_yes = [one for one in counted if one.named.claim is True and one.named.rows]
    says_no = [one for one in counted if one.named.claim is False and one.named.rows]
    told = [*says_yes, *says_no]
    return Trusted(
        judge=judge,
        question=drawn.question,
        words=words,
        about=about,
        marked=sum(one.yes + one.no for one in told),
        unsure=sum(one.unsure for one in told),
        people=people,
        precision=share([one.plain for one in says_yes]),
        recall=caught([one.plain for one in says_yes], [one.plain for one in says_no]),
        missed=share([one.plain for one in says_no]),
        missing=_missing(says_yes, says_no),
    )


def _missing(says_yes: Sequence[Counted], says_no: Sequence[Counted]) -> str | None:
    """Why precision or recall is not there."""
    unmarked = [one.named.stratum for one in (*says_yes, *says_no) if not one.yes + one.no]
    if unmarked:
        return f"no mark of: {', '.join(unmarked)}"
    if not says_yes:
        return "it says yes of no row"
    if not says_no:
        return "no rows that it says no of are kept to be drawn"
    if not any(one.yes for one in (*says_yes, *says_no)):
        return "people said yes of no row"
    return None


def judges_table(trusted: Iterable[Trusted]) -> pl.DataFrame:
    """A row a judge, with shares from 0 to 1."""
    rows = [
        {
            "judge": one.judge, "question": one.question, "about": one.about,
            "people": one.people, "marked": one.marked, "unsure": one.unsure,
            **_bounds("precision", one.precision), **_bounds("recall", one.recall),
            **_bounds("missed", one.missed), "missing": one.missing,
        }
        for one in trusted
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=JUDGES)


def _bounds(name: str, found: Share | None) -> dict[str, float | None]:
    return {
        name: found.value if found else None,
        f"{name}_low": found.low if found else None,
        f"{name}_high": found.high if found else None,
    }


JUDGES: dict[str, pl.DataType] = {
    **dict.fromkeys(("judge", "question", "about"), pl.String()),
    **dict.fromkeys(("people", "marked", "unsure"), pl.Int64()),
    **{
        f"{name}{end}": pl.Float64()
        for name in ("precision", "recall", "missed")
        for end in ("", "_low", "_high")
    },
    "missing": pl.String(),
}
"""The columns of a table of judges."""
