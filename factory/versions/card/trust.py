"""The card's sections on what can be relied on, and what not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import filters
from factory.versions.card.licences import License, by_rows, tables
from factory.versions.card.made import origin
from factory.versions.card.markdown import Ready, count, section, table, text
from factory.versions.manifest import Manifest

PRECISION = Path(filters.__file__).with_name("precision.json")
"""How often filters are right on labelled texts, printed by `make docs`."""
LIMITS = (
    "A row is as right as its key and its verifier: verdicts are on final answers, and a wrong way "
    "may lead to a right one.",
    "Replies are a model's. They may have its mistakes, habits and bias, and they are in the "
    "languages and fields that its questions are in.",
    "Contamination is looked for by shared words, formulas and near likeness: a benchmark's "
    "question in quite other words, or in another language, is not found.",
)


@cache
def precision() -> dict[str, dict[str, Any]]:
    """By filter: texts, languages, precision and recall with their intervals."""
    return json.loads(PRECISION.read_bytes())


def contamination(manifest: Manifest) -> str:
    """What rows were compared with, and what was found."""
    rule = next((rule for rule in manifest.rules if rule.filter == "contamination"), None)
    if rule is None:
        return section(
            "Contamination",
            "The filter `contamination` was not used: nobody has looked for benchmarks in the "
            "questions.",
        )
    rows = [
        [source.name, origin(source), source.rows]
        for source in manifest.inputs
        if source.what == "benchmark"
    ]
    with_ = [f"those of {count(len(rows), 'benchmark')}"] if rows else []
    with_ += ["those that were held out"] if rule.thresholds.get("held_out") else []
    compared = " and with ".join(with_) or "nothing"
    return section(
        "Contamination",
        f"Questions and draws were compared with {compared}. {count(rule.dropped, 'draw')} "
        f"fell to it first; {count(rule.alone, 'draw')} in all had a reason of it.",
        table(["benchmark", "from", "questions"], rows),
    )


def filters_precision(manifest: Manifest) -> str:
    """How often filters and verifiers are right: on this version's draws, as people marked them,
    and on texts labelled for that."""
    known = precision()
    rows = [
        [rule.filter, known[rule.filter]["texts"], known[rule.filter]["languages"]]
        + [Ready(known[rule.filter][name]) for name in ("precision", "recall")]
        for rule in manifest.rules
        if rule.filter in known
    ]
    words = (
        "On short texts that were written and labelled for this, not on these rows; with 95 % "
        "intervals. Filters that are not listed have no labelled texts."
    )
    head = ["filter", "texts", "languages", "precision", "recall"]
    own = _by_people(manifest) if manifest.rules else ()
    return section("Precision of the filters", *own, words if rows else "", table(head, rows))


def _by_people(manifest: Manifest) -> Sequence[str]:
    """What people said of this version's draws."""
    if not manifest.marked:
        return ("On these draws it is **not measured**: nobody has marked any by today's rules.",)
    people = max(one.people for one in manifest.marked)
    words = (
        f"On this version's own draws, as {count(people, 'person', 'people')} marked some that "
        "were drawn by lot from what each of these keeps and what it drops, weighted by how many "
        "each stands for; with 95 % intervals. Precision: of what it says yes of, how much people "
        "say yes of; recall: of what people say yes of, how much it says yes of; missed: of what "
        "it says no of, how much people say yes of."
    )
    shares = ("precision", "recall", "missed")
    rows = [
        [one.judge, one.words, one.marked, *(_share(getattr(one, name)) for name in shares)]
        for one in manifest.marked
    ]
    return words, table(["judge", "question", "marked", *shares], rows)


def _share(told: tuple[float, float, float] | None) -> Ready:
    if told is None:
        return Ready("not measured")
    value, low, high = told
    return Ready(f"{value:.0%} ({low:.0%} to {high:.0%})")


def tests(manifest: Manifest) -> str:
    """What the recipe says must hold, and what was forced."""
    rows = [
        [test.test, test.value, Ready("holds" if test.holds else "**does not hold**"), test.rows]
        for test in manifest.tests
    ]
    forced = "\n".join(f"- {text(words)}" for words in manifest.forced)
    return section(
        "Data tests",
        table(["test", "measured", "", "rows against it"], rows),
        f"**Published all the same**, though publishing refused it:\n\n{forced}" if forced else "",
    )


def students(manifest: Manifest) -> str:
    """What each student will see of the rows."""
    if not manifest.students:
        return ""
    from sft.seen import table as lines

    head, *rows = lines(manifest.students)
    words = "Rows rendered with each student's own template, as they will be trained on; in tokens."
    return section("What a student sees", words, table(head, rows))


def limits(manifest: Manifest, told: Mapping[str, Any]) -> str:
    """What to know before training on it: what is always so, and what is so here."""
    here = []
    used = {rule.filter for rule in manifest.rules}
    if "correctness" not in used and manifest.rules:
        here.append("The filter `correctness` was not used: rows may have wrong answers.")
    rows, counts = manifest.rows, told.get("counts", {})
    unsaid = sum(r["rows"] for r in counts.get("license", []) if r["value"] is None)
    if unsaid:
        here.append(f"Nobody has stated the licence of {text(unsaid)} of {text(rows)} rows.")
    voted = sum(r["rows"] for r in counts.get("verifier", []) if r["value"] == "majority")
    if voted:
        here.append(f"{text(voted)} rows have no key: right is what most draws agreed on.")
    judged = sum(r["rows"] for r in counts.get("verifier", []) if r["value"] == "judge")
    if judged:
        here.append(f"{text(judged)} rows were judged by a model, not by rules.")
    here += [f"{text(words)}." for words in manifest.selection.get("short", [])]
    failed = [test for test in manifest.tests if not test.holds]
    here += [f"The data test {text(test.test)} does not hold." for test in failed]
    return section("Known limits", "\n".join(f"- {words}" for words in (*here, *LIMITS)))


def licences(manifest: Manifest, told: Mapping[str, Any], licence: License) -> str:
    """Licences of rows, sources and teachers."""
    several = len(by_rows(manifest, told)) > 1
    words = {
        "other": "Rows are under several licences, or one that the Hub has no name for; each row "
        "names its own in the column `license`. LICENSE.md lists them.",
        "unknown": "Nobody has stated the licence of the questions. Ask whoever published them.",
    }.get(licence.id)
    words = words or (
        f"The questions are under several licences, of which {licence.id} is the most restrictive."
        if several
        else f"The questions of all rows are under {licence.id}."
    )
    return section("Licences", words, *tables(manifest, told))
