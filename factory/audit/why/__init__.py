"""One sample's whole story: from its prompt to the tokens that a student was trained on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from factory.audit.reading import Row
from factory.audit.reading.rows import read_rows
from factory.audit.subject import PROMPTS, Subject
from factory.audit.why import in_run
from factory.errors import StageError, nearest
from factory.hub.which import version_at
from factory.versions.folder import index_of
from factory.versions.grounds import grounds
from factory.versions.manifest import Ground
from filters.filter import Filter
from filters.rules import Rules

LISTED = 8
"""Samples that are listed where a beginning fits several."""
BESIDE = 20
"""Other draws of the prompt that are told."""
Told = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """What is known of one sample."""

    told: Told
    """All of it but the texts, as JSON has it."""
    row: Row
    """Question and reply, whole, with their passages."""
    missing: dict[str, str]
    """What nobody knows here, and why."""

    def document(self) -> Told:
        """All of it for a program, the texts with their passages included."""
        row = self.row
        texts = {name: getattr(row, name) for name in ("question", "text", "answer", "reference")}
        passages = [asdict(one) for one in row.passages]
        return self.told | {"texts": texts, "passages": passages, "missing": self.missing}


def story(subject: Subject, beginning: str) -> Story:
    """The story of a sample.

    Args:
        subject: what it is a sample of.
        beginning: its id, or so much of it as no other id begins with.

    Raises:
        StageError: none, or several, begin so.
    """
    sample = found(subject, beginning)
    id = sample["sample_id"]
    row = read_rows(subject, {id: ()})[0]
    own = in_run.told(subject.run, sample) if subject.run else {"versions": _version(subject, id)}
    told: Told = {
        "sample_id": id,
        "place": subject.place,
        "prompt": _prompt(subject, sample) | own.pop("prompt", {}),
        "draw": _draw(subject, sample) | own.pop("draw", {}),
        "verdicts": own.pop("verdicts", None) or [_verdict(sample, row.answer)],
        "rules": rules_of(subject, sample),
        "fate": _fate(subject, sample),
        "beside": _beside(subject, sample),
        **own,
    }
    missing = {what: why for what, why in subject.missing.items() if what != "texts"}
    if row.text is None:
        missing["texts"] = subject.missing.get("texts", "they are not there any more")
    return Story(told, row, missing)


def found(subject: Subject, beginning: str) -> dict[str, Any]:
    """The sample whose id this is, or begins with this.

    Raises:
        StageError: none, or several, begin so.
    """
    samples = subject.samples
    exact = samples.filter(sample_id=beginning)
    several = exact if exact.height else samples.filter(_begins("sample_id", beginning))
    if several.height == 1:
        return several.row(0, named=True)
    if several.height:
        raise StageError(
            f"{beginning}: {several.height:,} samples of {subject.place} begin so; write more of "
            f"the id:\n{_listed(several)}"
        )
    of_prompt = samples.filter(_begins("prompt_id", beginning))
    if beginning and of_prompt.height and of_prompt["prompt_id"].n_unique() == 1:
        raise StageError(
            f"{beginning}: this is a prompt of {subject.place}, with {of_prompt.height:,} samples; "
            f"name one of them:\n{_listed(of_prompt)}"
        )
    if subject.run and (stored := in_run.stored(subject.run, beginning)):
        raise StageError(
            f"{stored}: this draw is in the store of {subject.place}, but the recipe stands for "
            "other draws now, so it has no fate; `factory log` lists the versions that it may be in"
        )
    near = nearest(beginning, samples["sample_id"].head(10_000))
    raise StageError(
        f"{beginning}: no sample of {subject.place} begins so, of {samples.height:,}; ids stand in "
        f"its decisions.parquet and on its page (`factory audit {subject.place}`){near}"
    )


def _begins(column: str, beginning: str) -> pl.Expr:
    return pl.col(column).str.starts_with(beginning)


def _listed(samples: pl.DataFrame) -> str:
    rows = samples.sort("sample_id").head(LISTED)
    lines = [
        f"  {row['sample_id']}  draw {row['draw']}, {row['verdict'] or 'no verdict'}, {row['fate']}"
        for row in rows.iter_rows(named=True)
    ]
    more = samples.height - rows.height
    return "\n".join([*lines, f"  and {more:,} more"] if more else lines)


def _prompt(subject: Subject, sample: dict[str, Any]) -> Told:
    """What is known of its prompt, and what became of that by its teacher."""
    told = {name: sample[name] for name in ("prompt_id", "source", "domain", "language")}
    fates = subject.prompts.filter(prompt_id=sample["prompt_id"])
    own = fates.filter(pl.col("teacher").eq_missing(sample["teacher"]))
    for row in (own if own.height else fates).head(1).iter_rows(named=True):
        told |= {name: row[name] for name in PROMPTS if name not in (*told, "teacher")}
    return told


def _draw(subject: Subject, sample: dict[str, Any]) -> Told:
    """How it was drawn, as far as decisions tell, and how its teacher was asked."""
    names = (
        "draw", "teacher", "strategy", "finish_reason", "max_tokens", "prompt_tokens",
        "completion_tokens",
    )  # fmt: skip
    told: Told = {name: sample[name] for name in names}
    if subject.manifest:
        settings = dict(subject.manifest.sampling)
        for teacher in subject.manifest.teachers:
            if teacher.name == sample["teacher"]:
                settings |= teacher.sampling
        plain = {k: v for k, v in settings.items() if isinstance(v, int | float | str) and v}
        told["sampling"] = {k: v for k, v in plain.items() if k not in (*_OF_MACHINES, *told)}
    return told


_OF_MACHINES = (
    "concurrency", "grace", "shards", "replicas", "cluster", "engine_process", "logprobs",
)  # fmt: skip
"""Settings of sampling that change no draw."""


def _verdict(sample: dict[str, Any], answer: str | None) -> Told:
    told = {"round": "first", "verdict": sample["verdict"], "reason": sample["verdict_reason"]}
    return told | {"answer": answer, "counts": True}


def rules_of(subject: Subject, sample: dict[str, Any]) -> list[Told]:
    """Every reason of every rule in force: what it goes by, what was measured, and what follows.

    `state` is faulty, well, not measured, or not judged, where a filter has no entry for the
    domain.
    """
    told = []
    for name, rules in subject.filters.active().items():
        entry = rules.entry(sample["domain"])
        if entry is None:
            told.append({"filter": name, "reason": None, "state": "not judged", "measures": {}})
            continue
        for reason, ground in grounds(Rules(rules.filter, (entry,))).items():
            measured = {column: sample.get(column) for column in ground.measures}
            state = _state(reason, entry, ground, sample, measured)
            one: Told = {"filter": name, "reason": reason, "state": state, "measures": measured}
            told.append(one | {"compared": _compared(ground, measured)})
    return told


def _state(
    reason: str, entry: Filter, ground: Ground, sample: dict[str, Any], measured: Told
) -> str:
    """One of three values: what a comparison lacks is not measured, and so never well."""
    if reason in (sample["reasons"] or ()):
        return "faulty"
    own = [value for column, value in measured.items() if column in entry.columns]
    lacks = any(measured.get(one.measure) is None for one in ground.compared)
    return "not measured" if lacks or all(value is None for value in own) else "well"


def _compared(ground: Ground, measured: Told) -> list[Told]:
    return [
        {"measure": one.measure, "value": measured.get(one.measure)}
        | {"sign": one.sign, "setting": one.setting, "limit": one.value}
        for one in ground.compared
    ]


def _fate(subject: Subject, sample: dict[str, Any]) -> Told:
    """What became of it; of a spare one also which draws were chosen in its place."""
    told = {name: sample[name] for name in ("fate", "dropped_by", "spare_by")}
    told["reasons"] = list(sample["reasons"] or ())
    if sample["fate"] == "spare":
        key = "prompt_id"
        if sample["spare_by"] == "per_cluster" and sample.get("duplicate_cluster"):
            key = "duplicate_cluster"
        chosen = subject.samples.filter(pl.col(key) == sample[key], fate="chosen")
        told["instead"] = chosen["sample_id"].head(BESIDE).to_list()
    return told


def _beside(subject: Subject, sample: dict[str, Any]) -> list[Told]:
    """The other draws of its prompt."""
    names = ("sample_id", "draw", "teacher", "verdict", "fate", "completion_tokens")
    own = pl.col("sample_id") == sample["sample_id"]
    others = subject.samples.filter(~own, prompt_id=sample["prompt_id"])
    return others.sort("teacher", "draw").select(names).head(BESIDE).to_dicts()


def _version(subject: Subject, id: str) -> list[Told]:
    """Its place in a version that is known without its run."""
    if subject.manifest is None:
        return []
    name = subject.manifest.version or f"v{subject.manifest.number}"
    told = {"version": name, "repo": subject.manifest.repo, "split": None}
    file = index_of(version_at(subject.place))
    if file.exists():
        rows = pl.scan_parquet(file).filter(pl.col("sample_id") == id).collect()
        told["split"] = rows["split"][0] if rows.height else None
    (fate,) = subject.samples.filter(sample_id=id)["fate"]
    return [told | {"fate": fate}]
