"""The page of a subject and its figures: with the ledger, sliders and samples to read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from factory.audit.figures import Figure
from factory.audit.figures.all import SECTIONS
from factory.audit.figures.flow import Flow, flow
from factory.audit.findings import findings
from factory.audit.page import Report, page
from factory.audit.reading import Shown
from factory.audit.reading.rows import shown
from factory.audit.stops import Stops, stops
from factory.audit.subject import Subject
from factory.store.shards import write_text


@dataclass(frozen=True)
class Rest:
    """What the page tells beside figures."""

    flow: Flow
    stops: Stops
    shown: Shown


def rest_begun(subject: Subject) -> Future[Rest]:
    """Begins to make it, in a thread of its own: figures can be counted in the meantime, as both
    let go of the interpreter while they count."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(lambda: Rest(flow(subject), stops(subject), shown(subject)))
    pool.shutdown(wait=False)
    return future


def write_page(
    folder: Path,
    subject: Subject,
    figures: Sequence[Figure],
    said: Sequence[str],
    against: Sequence[Figure],
    rest: Rest,
) -> Path:
    """Write `audit.html` into a folder; returns it.

    Args:
        figures: of the subject.
        said: the sentences of its summary; the first is the whole.
        against: figures of the subject beside another one.
    """
    file = folder / "audit.html"
    whole, *others = said or [subject.name]
    report = Report(
        name=subject.name,
        kind=subject.kind,
        place=subject.place,
        command=subject.command,
        headline=whole,
        said=others,
        worth=findings(list(figures)),
        figures=figures,
        missing=subject.missing,
        flow=rest.flow,
        stops=rest.stops,
        shown=rest.shown,
        against=against,
        titles=SECTIONS,
    )
    write_text(page(report), file)
    return file
