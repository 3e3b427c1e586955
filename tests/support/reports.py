"""Small reports of audits, made by hand: figures of every kind, a flow, rows to read."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from factory.audit.figures import Chart, Figure
from factory.audit.figures.flow import Flow, Link, Node
from factory.audit.findings import Finding
from factory.audit.page import Report
from factory.audit.reading import Passage, Row, Shown, Why

FILTERS = ("truncation", "correctness", "length")
FATES = ("kept", "dropped by this filter", "dropped by others")


def row(number: int, text: str = "so 12", **told: Any) -> Row:
    """A row to read; every third is kept."""
    kept = number % 3 == 0
    tokens = 1000 + 100 * number
    said: dict[str, Any] = {
        "sample_id": f"{number:032x}",
        "why": (Why("random, kept") if kept else
                Why("just outside", "length", "too_long", "max_tokens", 1500, "tokens", tokens),),
        "question": f"What is {number} + 1?",
        "text": text,
        "answer": str(number + 1),
        "reference": str(number + 1),
        "passages": (),
        "gaps": {},
        "cut": None,
        "source": "gsm8k" if number % 2 else "math",
        "domain": "arithmetic" if number % 2 else "algebra",
        "language": "en",
        "teacher": "r1",
        "strategy": None,
        "verdict": "correct",
        "verdict_reason": None,
        "fate": "kept" if kept else "dropped",
        "dropped_by": None if kept else "length",
        "reasons": () if kept else ("too_long",),
        "measures": {"tokens": tokens, "repeated_share": None},
    }  # fmt: skip
    return Row(**(said | told))


def shown(rows: Sequence[Row], **told: Any) -> Shown:
    said: dict[str, Any] = {"rows": tuple(rows), "of": 1000, "seed": 0, "note": "Some rows."}
    return Shown(**(said | told))


def reading(count: int = 12) -> Shown:
    """Rows with a passage, a formula and plain texts."""
    marked = row(0, "Thus $x^2 = 4$, so 12 12 12 and \\boxed{2}.",
                 passages=(Passage(19, 27, "loop", "a block that repeats"),))  # fmt: skip
    return shown([marked, *(row(number, f"reply number {number}") for number in range(1, count))])


def flow() -> Flow:
    nodes = [
        Node("draws", "draws", "draws", 1000, "draws"),
        Node("correct", "correct", "verdicts", 700, "draws"),
        Node("incorrect", "incorrect", "verdicts", 300, "draws", end=True),
        Node("tokens", "trained tokens", "training", 90_000, "tokens", end=True),
    ]
    links = [
        Link("draws", "correct", "", 700, "draws", {"verdict": "correct"}),
        Link("draws", "incorrect", "a wrong answer", 300, "draws", {"verdict": "incorrect"}),
        Link("correct", "tokens", "", 700, "draws", None, becomes=90_000),
    ]
    return Flow(nodes, links)


def figures() -> list[Figure]:
    """One of each kind, one by group, one without numbers."""
    return [bars(), histogram(), intervals(), lines(), matrix(), absent()]


def bars(**told: Any) -> Figure:
    table = pl.DataFrame({"step": FILTERS, "left": [900, 500, 12_345]})
    chart = Chart("bars", "step", "left")
    return _figure("funnel", "funnel", table, {"step": "a filter", "left": "samples that go on"},
                   chart, **told)  # fmt: skip


def histogram(**told: Any) -> Figure:
    rows = [
        {"from": 500.0 * n, "to": 500.0 * n + 500, "label": None, "fate": fate, "samples": 5 + n}
        for n in range(8)
        for fate in FATES
    ]
    lacking = {"from": None, "to": None, "label": "not measured", "fate": "kept", "samples": 7}
    table = pl.DataFrame([*rows, lacking], infer_schema_length=None)
    chart = Chart("histogram", "from", "samples", x_end="to", series="fate",
                  thresholds={"length.max_tokens": 1500})  # fmt: skip
    return _figure(
        "measure.length.tokens", "measures", table, {"samples": "how many"}, chart, **told
    )


def intervals(**told: Any) -> Figure:
    groups = [("overall", "all"), ("domain", "algebra"), ("domain", "arithmetic")]
    rows = [
        {"by": by, "group": group, "share": 0.1 * n, "low": 0.1 * n - 0.05, "high": 0.1 * n + 0.05}
        for n, (by, group) in enumerate(groups, 3)
    ]
    chart = Chart("intervals", "group", "share", low="low", high="high", series="by")
    words = {"by": "what they are grouped by", "share": "kept, 0 to 1"}
    return _figure("kept", "funnel", pl.DataFrame(rows), words, chart, **told)


def lines(**told: Any) -> Figure:
    rows = [
        {"k": k, "teacher": teacher, "rate": 0.1 * k + 0.1 * n}
        for n, teacher in enumerate(("r1", "qwq"))
        for k in (1, 2, 4)
    ]
    return _figure("rates", "difficulty", pl.DataFrame(rows), {"k": "draws"},
                   Chart("lines", "k", "rate", series="teacher", log=True), **told)  # fmt: skip


def matrix(**told: Any) -> Figure:
    rows = [{"first": one, "other": two, "share": 0.5} for one in FILTERS for two in FILTERS]
    return _figure("overlap", "filters", pl.DataFrame(rows), {"share": "of the first"},
                   Chart("matrix", "first", "share", series="other"), **told)  # fmt: skip


def absent() -> Figure:
    return Figure("keys", "keys", "Suspect keys", pl.DataFrame(), {}, missing="nobody looked")


def _figure(
    key: str, section: str, table: pl.DataFrame, words: dict[str, str], chart: Chart, **told: Any
) -> Figure:
    said: dict[str, Any] = {"title": f"The figure {key}", "note": "How `it` is read."}
    return Figure(key, section, table=table, columns=words, chart=chart, **(said | told))


def report(**told: Any) -> Report:
    """A whole report."""
    said: dict[str, Any] = {
        "name": "trial",
        "kind": "run",
        "place": "runs/trial",
        "command": "runs/trial",
        "headline": "1,000 samples: 334 are kept.",
        "said": ["`length` takes most."],
        "worth": [Finding("funnel", "Many are too long.")],
        "missing": {"safety": "the filter is not in use"},
        "figures": figures(),
        "flow": flow(),
        "shown": reading(),
    }
    return Report(**(said | told))
