"""What marks say of a version, for its manifest and its card: numbers, no names of people."""

from __future__ import annotations

from pathlib import Path

from factory.audit.label.report import trust_of
from factory.audit.label.shares import Share
from factory.audit.label.trust import Trusted
from factory.audit.subject.of_run import of_run
from factory.run_folder import RunFolder
from factory.versions.manifest import Marked


def marked_in_run(version: Path) -> list[Marked]:
    """What people said of the draws of a version in its run, by its own rules; nothing where they
    said nothing, or where it is not the version that the run's recipe stands for now.

    Raises:
        StageError: a file among the marks has another thing than marks.
    """
    run = RunFolder(version.parent.parent)
    if not run.noted_recipe.exists() or not any(run.labels.glob("*.jsonl")):
        return []
    current = run.current_version()
    if current is None or current.resolve() != version.resolve():
        return []
    found = trust_of(of_run(run, str(run.path)), run.labels)
    return [_told(one) for one in found.judges if one.marked]


def _told(one: Trusted) -> Marked:
    return Marked(
        judge=one.judge, about=one.about, words=one.words, people=one.people, marked=one.marked,
        precision=_share(one.precision), recall=_share(one.recall), missed=_share(one.missed),
    )  # fmt: skip


def _share(found: Share | None) -> tuple[float, float, float] | None:
    return (found.value, found.low, found.high) if found else None
