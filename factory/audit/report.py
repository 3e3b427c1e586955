"""What a run shows: the funnel, the scores, the ledger and the pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from factory.ledger import Account
from factory.line.finished import Done, finished
from factory.line.run_lock import held_by
from factory.line.table import student_base_examined_as, wanted
from factory.recipe import Recipe
from factory.recipe.teacher import Step
from factory.run_folder import RunFolder
from factory.versions.card.made import dropped

MODELS = {
    "teacher-base": "teacher, base",
    "teacher": "teacher",
    "student-base": "student, before",
    "control": "student, unfiltered samples",
    "student": "student, accepted samples",
}
"""The models that are examined, in the order of the table; those of a teacher's stages stand
before it."""


def funnel_table(run: RunFolder) -> Table | None:
    """Sampled, what each filter leaves, each step of the selection if there are several, chosen."""
    manifest = run.manifest()
    if manifest is None:
        return None
    table = Table(title=f"dataset v{manifest.number}", title_justify="left", box=None)
    table.add_column("filter")
    for name in ("draws", "dropped", "left", "alone it drops"):
        table.add_column(name, justify="right")
    table.add_row("sampled", "", "", f"{manifest.cost.draws:,}", "")
    for rule in manifest.rules:
        counts = (rule.entering, rule.dropped, rule.left, rule.alone)
        table.add_row(rule.filter, *(f"{count:,}" for count in counts))
    steps = manifest.selection["steps"]
    for step in steps if len(steps) > 1 else ():
        counts = (f"{step['entering']:,}", f"{step['spare']:,} spare", f"{step['left']:,}")
        table.add_row(step["step"], *counts, "")
    left = manifest.rows
    spare = (manifest.rules[-1].left if manifest.rules else manifest.cost.draws) - left
    table.add_row("chosen", f"{left + spare:,}", f"{spare:,} spare", f"{left:,}", "")
    return table


def domains_table(run: RunFolder) -> Table | None:
    """What each filter drops of each domain, where there are several."""
    manifest = run.manifest()
    steps = manifest.by_domain if manifest else []
    domains = dict.fromkeys(step["domain"] for step in steps)
    if len(domains) < 2:
        return None
    table = Table(title="dropped, by domain", title_justify="left", box=None)
    table.add_column("domain")
    for name in ("draws", *dict.fromkeys(step["filter"] for step in steps), "left"):
        table.add_column(name, justify="right")
    for domain in domains:
        own = [step for step in steps if step["domain"] == domain]
        counts = (f"{own[0]['entering']:,}", *map(dropped, own), f"{own[-1]['left']:,}")
        table.add_row(domain or "none", *counts)
    return table


def scores(run: RunFolder) -> dict[str, dict[str, Any]]:
    """The scores there are, by model, in the order of the table."""
    recipe, _ = run.recipe()
    same = {"student-base": student_base_examined_as(recipe)}
    base, *others = MODELS
    stages = [step.name for step in recipe.teacher.steps]
    found = ((model, run.score(same.get(model) or model)) for model in (base, *stages, *others))
    return {model: json.loads(path.read_text()) for model, path in found if path.exists()}


def label(model: str) -> str:
    """What a model is called in tables: `teacher, 2-grpo` is that of its second stage."""
    return MODELS.get(model) or model.replace("-", ", ", 1)


def leniently(score: Mapping[str, Any]) -> str:
    """pass@1 if answers that are not announced counted; empty where nobody can tell."""
    found = score.get("lenient")
    return "" if found is None else f"{found:.1%}"


def scores_table(run: RunFolder) -> Table | None:
    """pass@1 of every model on the held-out prompts."""
    found = scores(run)
    if not found:
        return None
    first = next(iter(found.values()))
    title = (
        f"held-out prompts: {first['prompts']}, draws of each: {first['draws'] // first['prompts']}"
    )
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("model")
    both = any(map(leniently, found.values()))
    for name in ("pass@1", "95 % interval", *["leniently"] * both, "tokens", "unfinished"):
        table.add_column(name, justify="right")
    for model, score in found.items():
        table.add_row(
            label(model),
            f"{score['pass_at_1']:.1%}",
            f"{score['low']:.1%} to {score['high']:.1%}",
            *[leniently(score)] * both,
            f"{score['tokens']:.1f}",
            f"{score['unfinished']:.1%}",
        )
    return table


def ledger_table(recipe: Recipe, run: RunFolder) -> Table:
    """Every stage's sums, reasons below their totals; and of a stage that is not done, why not."""
    table = Table(box=None)
    for name in ("stage", "what"):
        table.add_column(name, no_wrap=True)
    for name in ("in", "out", "dropped", "failed", "pending"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("state")
    done = {stage.name: finished(run, stage) for stage in wanted(recipe)}
    running = held_by(run) is not None
    for stage in wanted(recipe):
        record = done[stage.name]
        if record is None:
            waits = [need for need in stage.needs if need in done and done[need] is None]
            table.add_row(stage.name, *[""] * 6, _why_not(run, stage.name, waits, running))
            continue
        name, state = stage.name, "done"
        if record.missing:
            state = f"done, {record.missing:,} rows missing; run it again to ask for them"
        for account in record.accounts:
            dropped, failed = sum(account.dropped.values()), sum(account.failed.values())
            counts = (account.entered, account.left, dropped, failed, account.pending)
            table.add_row(name, account.what, *(f"{count:,}" for count in counts), state)
            for reason, count in account.dropped.items():
                table.add_row("", f"  {reason}", "", "", f"{count:,}", "", "", "")
            for reason, count in account.failed.items():
                table.add_row("", f"  {reason}", "", "", "", f"{count:,}", "", "")
            name, state = "", ""
        if not record.accounts:
            table.add_row(name, record.note, *[""] * 5, state)
    return table


def _why_not(run: RunFolder, stage: str, waits: list[str], running: bool) -> str:
    if run.failure(stage).exists():
        return "failed: " + run.failure(stage).read_text()
    if waits:
        return "waits for " + ", ".join(waits)
    if run.claim(stage).exists():
        return ("running" if running else "interrupted; run it again to carry on") + practised(
            run.training_log(stage)
        )
    return "not begun"


def practised(log: Path) -> str:
    """How far GRPO has come by its log, to stand behind other words; empty where there is none."""
    if not log.exists():
        return ""
    entries = json.loads(log.read_bytes())
    newest: dict[str, Any] = {}
    for entry in entries:
        newest |= entry
    told = [f"step {newest['step']}"] if newest else []
    if "reward" in newest:
        length = newest["completions/mean_length"]
        told.append(f"reward {newest['reward']:.2f}, {length:.0f} tokens a draw")
    shares = [each["frac_reward_zero_std"] for each in entries if "frac_reward_zero_std" in each]
    if newest_shares := shares[-10:]:
        flat = sum(newest_shares) / len(newest_shares)
        told.append(f"{flat:.0%} flat groups in the last {len(newest_shares)} steps")
    if "eval_pass_at_1" in newest:
        rate, low, high = (newest[f"eval_pass_at_1{end}"] for end in ("", "_low", "_high"))
        told.append(f"held-out pass@1 {rate:.1%} ({low:.1%} to {high:.1%})")
    return f"; {', '.join(told)}" if told else ""


def faults(recipe: Recipe, run: RunFolder) -> list[str]:
    """Sums that do not close, within a stage or from one stage to the next, a line each."""
    found = []
    done = {s.name: d for s in wanted(recipe) if (d := finished(run, s))}
    for name, record in done.items():
        found += [
            f"{name}, {account.what}: {account.open:,} of {account.entered:,} not accounted for"
            for account in record.accounts
            if account.open
        ]
    for giver, given, taker, taken in HANDOVERS:
        if giver in done and taker in done:
            out, into = _account(done[giver], given).left, _account(done[taker], taken).entered
            if out != into:
                found.append(f"{giver} gave {out:,} {given}, {taker} took {into:,}")
    found += [fault for step in recipe.teacher.steps for fault in _inner_faults(step, run, done)]
    undone = len(wanted(recipe)) - len(done)
    so_far = f" so far; {undone} of {len(wanted(recipe))} stages are not done" if undone else ""
    return found or [f"{CLOSES}{so_far}"]


def _inner_faults(step: Step, run: RunFolder, done: dict[str, Done]) -> list[str]:
    """Of a teacher's stage that is a run of its own: faults there, and on the way out of it."""
    if step.rows and step.name in done and step.rows[0] in done:
        accounts = {account.what: account.left for account in done[step.rows[0]].accounts}
        parts = [left for what, left in accounts.items() if what.startswith("rows of ")]
        out = sum(parts) if parts else accounts["dataset: draws"]
        into = _account(done[step.name], "rows given").entered
        return [f"{step.rows[0]} gave {out:,} rows, {step.name} took {into:,}"] * (out != into)
    inside = RunFolder(run.stage(step.name))
    if not step.samples or not inside.noted_recipe.exists():
        return []
    found = faults(inside.recipe()[0], inside)
    return [f"{step.name}: {fault}" for fault in found if not fault.startswith(CLOSES)]


CLOSES = "every sum closes"

HANDOVERS = [
    ("samples", "draws", "measures", "draws"),
    ("measures", "draws", "dataset", "draws"),
    ("dataset", "draws", "student", "rows"),
    ("dataset", "draws", "control", "rows"),
]
"""Which stage's count out must be which stage's count in."""


def _account(done: Done, what: str) -> Account:
    return next(account for account in done.accounts if account.what == what)


def pictures(run: RunFolder) -> list[Path]:
    """The pictures of a run: scores, drawn now, and the curves that stages of GRPO drew."""
    stages = ["teacher", *(step.name for step in run.recipe()[0].teacher.steps)]
    drawn = [curves for stage in stages if (curves := run.curves(stage)).exists()]
    found = scores(run)
    return [_draw_scores(found, run.scores_picture), *drawn] if found else drawn


def _draw_scores(found: dict[str, dict[str, Any]], path: Path) -> Path:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 0.55 * len(found) + 1.2), layout="constrained")
    for place, (model, score) in enumerate(found.items()):
        mean, low, high = (100 * score[name] for name in ("pass_at_1", "low", "high"))
        colour = "#2a6f97" if "teacher" in model else "#e07a1f"
        axes.barh(place, mean, color=colour, height=0.6)
        axes.errorbar(mean, place, xerr=[[mean - low], [high - mean]], color="black", capsize=4)
        axes.text(high + 1, place, f"{mean:.1f}", va="center")
    axes.set_yticks(range(len(found)), [label(model) for model in found])
    axes.invert_yaxis()
    axes.set_xlim(0, 105)
    axes.set_xlabel("pass@1 on held-out prompts, %, with 95 % interval")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
    return path
