"""The card's sections on how a version was made: models, funnel, sources, cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from factory.versions.card.markdown import Ready, Share, count, section, table, text
from factory.versions.card.words import REPOSITORY
from factory.versions.manifest import Input, Manifest, Rule, Teacher

WAYS = {
    "temperature": "temperature",
    "top_p": "top-p",
    "top_k": "top-k",
    "min_p": "min-p",
    "repetition_penalty": "repetition penalty",
    "max_tokens": "tokens at most",
}
"""Sampling settings that are told."""


def how(manifest: Manifest) -> str:
    """Who was asked, how, and what became of the answers, in words; then the models."""
    cost, said = manifest.cost, manifest.sampling
    ways = [f"{name} {text(said[key])}" for key, name in WAYS.items() if said.get(key) is not None]
    questions = sum(source.rows for source in manifest.inputs if source.what == "prompts")
    held_out = sum(source.held_out for source in manifest.inputs)
    asked = f"{count(questions, 'question')} were collected" if questions else ""
    asked += f" and {text(held_out)} of them are held out of training" if held_out else ""
    drawn = (
        f"The teacher{'s' if len(manifest.teachers) > 1 else ''} wrote {count(cost.draws, 'draw')}"
    )
    drawn += f" ({', '.join(ways)})." if ways else "."
    steps = [
        f"{asked}. {drawn}" if asked else drawn,
        "Each draw was judged, measured by filters, and dropped or kept by the rules below; among "
        "those kept the selection chose. `recipe.yaml` is the recipe, `manifest.json` has every "
        "setting, digest and version, `decisions.parquet` the fate of every draw with all reasons.",
    ]
    return section(
        "How it was made",
        " ".join(steps),
        _models(manifest.teachers),
        _judge(manifest.judge),
        _own_sampling(manifest.teachers),
    )


def _models(teachers: list[Teacher]) -> str:
    rows = [
        [t.name, t.revision or "", t.made_from or "", t.license or "not known", t.draws, t.rows]
        for t in teachers
    ]
    head = ["teacher", "commit", "made from", "licence", "draws", "rows"]
    return table(head, rows)


def _judge(judge: Mapping[str, Any] | None) -> str:
    if not judge:
        return ""
    revision = f" at {text(judge['revision'])}" if judge.get("revision") else ""
    return (
        f"Where rules cannot tell, **{text(judge.get('name'))}**{revision} judged, with "
        f"{count(judge.get('votes', 1), 'vote')} on each answer."
    )


def _own_sampling(teachers: list[Teacher]) -> str:
    told = (
        f"- {text(each.name)}: {text(', '.join(f'{k} {v}' for k, v in each.sampling.items()))}"
        for each in teachers
        if each.sampling
    )
    lines = "\n".join(told)
    return f"Asked otherwise than the others:\n\n{lines}" if lines else ""


def funnel(manifest: Manifest, picture: str | None) -> str:
    """The funnel: picture, table, reasons, domains."""
    rules = manifest.rules
    steps = [[r.filter, r.entering, r.dropped, r.left, r.alone] for r in rules]
    chosen = [[s["step"], s["entering"], s["spare"], s["left"]] for s in _steps(manifest)]
    reasons = [[r.filter, why, n] for r in rules for why, n in _sorted(r)]
    short = "\n".join(f"- {text(words)}" for words in manifest.selection.get("short", []))
    return section(
        "The funnel",
        f"![Draws left after each step]({picture})" if picture else "",
        table(["filter", "entering", "dropped", "left", "would drop alone"], steps),
        table(["selection", "entering", "spare", "left"], chosen),
        f"Fewer rows than were asked for:\n\n{short}" if short else "",
        "Reasons, whoever dropped a draw first; a draw may have several:" if reasons else "",
        table(["filter", "reason", "draws"], reasons),
        domains(pl.DataFrame(manifest.by_domain, infer_schema_length=None)),
    )


def _steps(manifest: Manifest) -> list[dict[str, Any]]:
    return manifest.selection.get("steps", [])


def _sorted(rule: Rule) -> list[tuple[str, int]]:
    return sorted(rule.reasons.items(), key=lambda pair: (-pair[1], pair[0]))


def domains(by_domain: pl.DataFrame) -> str:
    """What each filter drops of each domain; a hyphen where a filter does not judge it."""
    if by_domain.is_empty() or by_domain["domain"].n_unique() < 2:
        return ""
    names = list(by_domain["filter"].unique(maintain_order=True))
    rows = []
    for (domain,), steps in by_domain.group_by("domain", maintain_order=True):
        first, last = steps.row(0, named=True), steps.row(-1, named=True)
        cells = [Ready(dropped(step)) for step in steps.iter_rows(named=True)]
        rows.append([domain or "none", first["entering"], *cells, last["left"]])
    return table(["domain", "draws", *map(text, names), "left"], rows)


def dropped(step: Mapping[str, Any]) -> str:
    """What a filter dropped of a domain, or a hyphen where it judges none of it."""
    if step["entering"] and step["not_judged"] == step["entering"]:
        return "-"
    return f"{step['dropped']:,}"


def sources(manifest: Manifest, told: Mapping[str, Any]) -> str:
    """Where questions came from: a line each."""
    by_source = {row["source"]: row for row in told.get("by_source", [])}
    rates = {row["source"]: row["mean"] for row in told.get("pass_rates", {}).get("by_source", [])}
    rows = []
    for source in manifest.inputs:
        if source.what != "prompts":  # the parts of a mix stand in a table of their own
            continue
        here = by_source.get(source.name, {})
        rate = rates.get(source.name)
        counts = (source.rows, source.held_out, here.get("rows", 0), here.get("tokens"))
        share = None if rate is None else Share(rate)
        rows.append([source.name, origin(source), source.license or "not stated", *counts, share])
    head = ["source", "from", "licence", "questions", "held out", "rows", "tokens", "pass rate"]
    return section("Sources", table(head, rows))


def origin(source: Input) -> Any:
    """Where a source is: of a dataset on the Hub its link, at the commit that was read."""
    told = "".join(f", {part}" for part in (source.config, source.split) if part)
    if REPOSITORY.fullmatch(source.origin) and not source.files:
        known = source.revision if source.revision and source.revision.isalnum() else None
        link = f"https://huggingface.co/datasets/{source.origin}"
        link += f"/tree/{known}" if known else ""
        commit = f" at {known[:8]}" if known else ""
        return Ready(f"[{text(source.origin)}]({link}){text(told)}{commit}")
    return source.origin + told


def cost(manifest: Manifest) -> str:
    """What it took."""
    told = manifest.cost
    rows = [
        ["tokens of questions, asked once for each draw", told.prompt_tokens],
        ["tokens drawn", told.completion_tokens],
        ["of these in rows", told.row_tokens],
        ["questions to the judge", told.judge_questions or None],
        ["tokens of the judge", told.judge_tokens or None],
        ["seconds of sampling, in the last sitting", told.seconds.get("samples")],
    ]
    known = [row for row in rows if row[1] is not None]
    return section("What it took", table(["", "count"], known))
