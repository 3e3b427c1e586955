"""Samples as rows to read: their texts with passages, cut where a page must stay small."""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from factory.audit.reading import Cut, Gap, Passage, Row, Shown, Where, Why
from factory.audit.reading.cutting import cut
from factory.audit.reading.evidence import evidence_of
from factory.audit.reading.near import Picked, picked
from factory.audit.reading.passages import passages
from factory.audit.subject import SAMPLES, Subject

LEAST = 1000
"""Characters of a row's texts at least, however many rows there are."""


def shown(subject: Subject, rows: int = 200, characters: int = 1_000_000, seed: int = 0) -> Shown:
    """The samples that a page shows.

    Args:
        subject: what is audited.
        rows: how many at most.
        characters: of all their texts together, about; short texts leave room for long ones.
        seed: of what is drawn at random.
    """
    whys = picked(subject, rows, seed)
    read = read_rows(subject, whys)
    left = characters
    told = []
    by_size = sorted(range(len(read)), key=lambda at: _size(read[at]))
    for number, at in enumerate(by_size):
        room = max(LEAST, left // (len(read) - number))
        told.append((at, shortened(read[at], room, subject.command)))
        left -= _size(told[-1][1])
    of = subject.samples.height
    return Shown(
        rows=tuple(row for _, row in sorted(told, key=lambda one: one[0])),
        of=of,
        seed=seed,
        note=f"{len(told):,} of {of:,} samples: those nearest to each threshold and random ones "
        f"(seed {seed}). `factory browse {subject.command}` has all of them.",
        missing=subject.missing.get("texts"),
    )


def read_rows(subject: Subject, whys: Picked | Mapping[str, tuple[Why, ...]]) -> list[Row]:
    """Samples with their whole texts, in this order.

    Args:
        subject: what is audited.
        whys: their ids, each with why it is shown.
    """
    wanted = pl.DataFrame({"sample_id": list(whys)}, schema={"sample_id": pl.String()})
    samples = wanted.join(subject.samples, on="sample_id", how="inner", maintain_order="left")
    texts = {row["sample_id"]: row for row in subject.texts.of(list(whys)).iter_rows(named=True)}
    beside = evidence_of(subject, samples)
    asked = [name for columns in subject.measures().values() for name in columns]
    return [
        _row(subject, sample, texts.get(sample["sample_id"], {}), beside, whys, asked)
        for sample in samples.iter_rows(named=True)
    ]


def _row(
    subject: Subject,
    sample: dict[str, Any],
    texts: dict[str, Any],
    beside: dict[str, dict[str, Any]],
    whys: Mapping[str, tuple[Why, ...]],
    measures: Sequence[str],
) -> Row:
    id = sample["sample_id"]
    own = tuple(sample["reasons"] or ())
    near = [why.reason for why in whys[id] if why.reason]
    key = key_of(texts.get("reference"))
    known = sample | texts | beside.get(id, {}) | {"reference": key}
    told = {name: sample[name] for name in SAMPLES if name in _TOLD}
    return Row(
        sample_id=id,
        why=whys[id],
        question=texts.get("question"),
        text=texts.get("text"),
        answer=texts.get("answer"),
        reference=key,
        passages=passages(known, subject.filters, [*own, *near]) if texts else (),
        gaps={"question": (), "text": ()},
        cut=None,
        reasons=own,
        measures={name: sample[name] for name in measures if not isinstance(sample[name], list)},
        **told,
    )


_TOLD = (
    "source", "domain", "language", "teacher", "strategy", "verdict", "verdict_reason", "fate",
    "dropped_by",
)  # fmt: skip


def key_of(reference: str | None) -> str | None:
    """A key as people read it: of a JSON text its text, of a generated task its answer, of several
    keys all.

    >>> key_of('"5"'), key_of("5"), key_of('{"any_of": ["5", "five"]}')
    ('5', '5', '5 or five')
    >>> key_of('{"task": "chain_sum", "entry": {"answer": "-2"}}'), key_of('{"tests": []}')
    ('-2', '{"tests": []}')
    """
    if reference is None or not reference.startswith(('"', "{")):
        return reference
    with contextlib.suppress(json.JSONDecodeError):
        match json.loads(reference):
            case str(text):
                return text
            case {"any_of": [*keys]}:
                return " or ".join(map(str, keys))
            case {"entry": {"answer": str(answer)}}:
                return answer
    return reference


def shortened(row: Row, most: int, place: str) -> Row:
    """A row whose question and text have about so many characters together.

    Args:
        place: where it is, as one types it into a command.
    """
    if _size(row) <= most:
        return row
    asked, said = row.question or "", row.text or ""
    for_question = max(most // 4, most - len(said))
    question, in_question, gaps = cut(asked, _in(row, "question"), for_question)
    text, in_text, more = cut(said, _in(row, "text"), max(LEAST // 2, most - len(question)))
    left_out = len(asked) - len(question) + len(said) - len(text)
    if not left_out:
        return row
    all_gaps: dict[Where, tuple[Gap, ...]] = {"question": gaps, "text": more}
    command = f"factory why {shlex.quote(row.sample_id)} {place} --all"
    return replace(
        row,
        question=question if row.question is not None else None,
        text=text if row.text is not None else None,
        passages=(*in_question, *in_text),
        gaps=all_gaps,
        cut=Cut(left_out, f"`{command}` has them."),
    )


def _in(row: Row, where: Where) -> list[Passage]:
    return [one for one in row.passages if one.where == where]


def _size(row: Row) -> int:
    return len(row.question or "") + len(row.text or "")
