"""What a mix's manifest says: its parts, what became of their rows, and all that they bring."""

from __future__ import annotations

from typing import Any

import polars as pl

from factory.ledger import Account
from factory.recipe.mix import HUB, Mix
from factory.records import rows_digest
from factory.versions.folder import decisions_of
from factory.versions.formats.of_rows import of_rows
from factory.versions.funnel import write_funnel
from factory.versions.layout import write_plain
from factory.versions.manifest import Cost, Input, Manifest, Rule, Teacher
from factory.versions.mix.choosing import DROPS
from factory.versions.mix.columns import Columns
from factory.versions.mix.comparing import CONTAMINATED, NEAR
from factory.versions.mix.parts import Read, shown
from factory.versions.splits import by_prompt
from factory.versions.statistics import write_statistics
from factory.versions.write import Draft
from filters import STEP
from filters.contamination import Contamination

VERSION = 1
"""Raised whenever other rows would be taken, or put together otherwise."""
SEVERAL = "several licences"


def made_by(told: Mix, parts: list[Read], items: pl.DataFrame) -> dict[str, Any]:
    """All that the rows of a mix depend on, and nothing else."""
    plain = _plain(told)
    compared = {"contamination": Contamination.version, "benchmarks": rows_digest([items])}
    plain |= compared if plain["benchmarks"] else {}
    return {
        "mix": VERSION,
        "parts": [
            {key: value for key, value in named.items() if key != "place"} | {"digest": part.digest}
            for named, part in zip(plain.pop("parts"), parts, strict=True)
        ],
        **{key: value for key, value in plain.items() if key != "name"},
    }


def describe(
    told: Mix,
    parts: list[Read],
    items: pl.DataFrame,
    fates: pl.DataFrame,
    columns: Columns,
    draft: Draft,
) -> Manifest:
    """Write the record of all rows and the further forms, and the manifest but for its files."""
    write_plain(_record(fates), decisions_of(draft.folder))
    by_domain, rules, steps = _by_domain(told, fates), _rules(told, fates), _steps(fates)
    write_funnel(draft.folder, rules, by_domain.to_dicts(), steps)
    write_statistics(draft.folder, fates)
    split = by_prompt(told.splits)
    wanted: dict[str, None] = dict.fromkeys(told.formats)
    forms = {form: of_rows(draft.folder, form, split) for form in wanted}
    chosen = fates.filter(fate="chosen")
    return draft.manifest(
        name=told.name,
        recipe={"mix": _plain(told)},
        inputs=[*_inputs(parts, fates), *_benchmarks(items)],
        teachers=_teachers(parts, chosen),
        sampling={},
        measures=_measures(parts),
        rules=rules,
        by_domain=by_domain.to_dicts(),
        selection={"steps": steps, "short": columns.clashes},
        formats=forms,
        mix=[_told_of(part, fates.filter(part=part.part.name)) for part in parts],
        seeds={"mix": told.seed},
        cost=Cost(draws=fates.height, row_tokens=chosen["completion_tokens"].sum()),
        ledger={"mix": [_account(fates), *(_account(fates, part) for part in parts)]},
    )


def _plain(told: Mix) -> dict[str, Any]:
    """The mix file, its places without folders of this machine."""
    plain = told.model_dump(mode="json")
    for part in plain["parts"]:
        part["place"] = shown(part["place"])
    plain["benchmarks"] = [source.label for source in told.benchmarks]
    return plain


def _record(fates: pl.DataFrame) -> pl.DataFrame:
    first = ("sample_id", "prompt_id", "draw", "fate", "spare_by", "dropped_by", "reasons")
    return fates.select(*first, pl.exclude(*first)).sort("sample_id")


def _account(fates: pl.DataFrame, part: Read | None = None) -> Account:
    """The sum of the rows of a part, or of all."""
    own = fates if part is None else fates.filter(part=part.part.name)
    spare = pl.concat_str(pl.lit("spare: "), "spare_by")
    others = own.filter(pl.col("fate") != "chosen")
    return Account(
        what="rows" if part is None else f"rows of {part.part.name}",
        entered=own.height,
        left=own.filter(fate="chosen").height,
        dropped=_counts(others.select(reason=pl.coalesce("dropped_by", spare)), "reason"),
    )


def _counts(rows: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(rows[column].drop_nulls().value_counts(sort=True).iter_rows())


def _told_of(part: Read, own: pl.DataFrame) -> dict[str, Any]:
    """A part: what it is, what came of it, and the rules that had been applied to it."""
    chosen = own.filter(fate="chosen")
    told: dict[str, Any] = {
        "part": part.part.name,
        "place": shown(part.part.place),
        "revision": part.revision,
        "digest": part.digest,
        "rows": own.height,
        "taken": chosen.height,
        "dropped": _counts(own, "dropped_by"),
        "spare": _counts(own, "spare_by"),
        "licenses": _counts(chosen.with_columns(pl.col("license").fill_null("unknown")), "license"),
        "license_overridden": part.part.license is not None,
    }
    if known := part.manifest:
        told["version"] = {
            "name": known.name, "number": known.number, "version": known.version,
            "repo": known.repo, "rows": known.rows,
        }  # fmt: skip
        told["rules"] = [rule.model_dump(mode="json") for rule in known.rules]
        told["measures"] = known.measures
        told["sampling"] = known.sampling
        told["parts"] = known.mix
    return told


def _inputs(parts: list[Read], fates: pl.DataFrame) -> list[Input]:
    """The parts, and behind them what they were made of themselves."""
    own = [_input(part, fates.filter(part=part.part.name)) for part in parts]
    theirs = [each for part in parts if part.manifest for each in part.manifest.inputs]
    return [*own, *{each.model_dump_json(): each for each in theirs}.values()]


def _input(part: Read, own: pl.DataFrame) -> Input:
    licenses = own["license"].unique()
    one = licenses[0] if licenses.len() == 1 else SEVERAL if licenses.len() else None
    named = part.part.place.startswith(HUB)
    place = part.part.place.removeprefix(HUB).partition("@")[0] if named else None
    return Input(
        what="dataset",
        name=part.part.name,
        origin=place or (part.manifest.name if part.manifest else shown(part.part.place)),
        revision=part.revision,
        digest=part.digest,
        split=part.part.split if named or part.manifest else None,
        license=one,
        rows=own.height,
    )


def _benchmarks(items: pl.DataFrame) -> list[Input]:
    return [
        Input(what="benchmark", name=name, origin=name, digest=rows_digest([own]), rows=own.height)
        for (name,), own in items.group_by("benchmark", maintain_order=True)
    ]


def _teachers(parts: list[Read], chosen: pl.DataFrame) -> list[Teacher]:
    """Those of the versions, then the generators that other rows name; with rows in the mix."""
    rows = _counts(chosen, "teacher")
    known: dict[str, Teacher] = {}
    for part in parts:
        for teacher in part.manifest.teachers if part.manifest else ():
            known.setdefault(teacher.digest, teacher)
    of = [t.model_copy(update={"rows": rows.get(t.name, 0)}) for t in known.values()]
    others = {name: n for name, n in rows.items() if name not in {t.name for t in of}}
    return [*of, *(Teacher(name=name, digest="", draws=n, rows=n) for name, n in others.items())]


def _measures(parts: list[Read]) -> dict[str, int | str]:
    """The version of each measure that rows bring; of several the parts say which is whose."""
    found: dict[str, int | str] = {}
    for part in parts:
        for name, version in (part.manifest.measures if part.manifest else {}).items():
            same = found.setdefault(name, version) == version
            found[name] = version if same else "several: see mix"
    return found


def _rules(told: Mix, fates: pl.DataFrame) -> list[Rule]:
    """What was dropped, step by step."""
    dropped, entering, rules = _counts(fates, "dropped_by"), fates.height, []
    settings = {
        NEAR: told.near.model_dump() if told.near else {},
        CONTAMINATED: Contamination().model_dump(mode="json"),
    }
    for name in DROPS:
        if (name == NEAR and not told.near) or (name == CONTAMINATED and not told.benchmarks):
            continue
        n = dropped.get(name, 0)
        rules.append(
            Rule(
                filter=name,
                thresholds=settings.get(name, {}),
                entering=entering,
                dropped=n,
                left=entering - n,
                reasons=_counts(fates.filter(dropped_by=name).explode("reasons"), "reasons"),
            )
        )
        entering -= n
    return rules


def _steps(fates: pl.DataFrame) -> list[dict[str, Any]]:
    """What the selection left out, step by step."""
    spare, steps = _counts(fates, "spare_by"), []
    entering = fates.filter(pl.col("fate") != "dropped").height
    for name in ("quota_source", "quota_domain", "mix", "rows"):
        if n := spare.get(name, 0):
            steps.append({"step": name, "entering": entering, "spare": n, "left": entering - n})
            entering -= n
    return steps


def _by_domain(told: Mix, fates: pl.DataFrame) -> pl.DataFrame:
    """What each step dropped of each domain, as a run's funnel tells it."""
    texts, counts = dict.fromkeys(STEP[:2], pl.String()), dict.fromkeys(STEP[2:], pl.Int64())
    rows = []
    for (domain,), own in fates.sort("domain").group_by("domain", maintain_order=True):
        for rule in _rules(told, own):
            left = (rule.entering, rule.dropped, rule.left)
            rows.append((domain, rule.filter, *left, 0, rule.dropped))
    return pl.DataFrame(rows, schema=texts | counts, orient="row")
