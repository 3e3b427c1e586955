"""What stands against publishing: a version as it is, and the head that it would go on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from factory.hub.licences import forbidden
from factory.hub.plan import Plan
from factory.hub.refusing import Refusal
from factory.hub.remote import Remote
from factory.hub.secrets import secrets
from factory.versions.diff import Summary
from factory.versions.manifest import Manifest, Tested
from factory.versions.verify import verify
from sft.seen import blind

SHOWN = 5
"""Names of files and rows that are told."""


def of_the_version(version: Path, folder: Path, manifest: Manifest) -> list[Refusal]:
    """What stands against a version, from its files alone.

    Args:
        version: its folder.
        folder: its copy, as it will be on the Hub.
        manifest: of the copy.
    """
    return [
        *_verified(version),
        *secrets(folder),
        *forbidden(manifest, folder),
        *map(_failed, (each for each in manifest.tests if not each.holds)),
        *(Refusal("student", words) for words in blind(manifest.students)),
    ]


def _verified(version: Path) -> Iterator[Refusal]:
    faults = verify(version).faults
    more = f", and {len(faults) - SHOWN:,} more" if len(faults) > SHOWN else ""
    if faults:
        told = "; ".join(map(str, faults[:SHOWN]))
        yield Refusal("verify", f"{told}{more}. `factory verify {version}` lists all", final=True)


def unexplained(last: Path, version: Path, found: Summary) -> Iterator[Refusal]:
    """Rows that are other than in the version before, for no reason that the two tell."""
    if found.recorded and found.unexplained:
        ids = ", ".join(found.unexplained[:SHOWN])
        yield Refusal(
            "unexplained",
            f"{len(found.unexplained):,} rows are other than in {last.name}, and no reason "
            f"explains them: {ids}. `factory diff {last} {version}` shows all",
        )


def _failed(test: Tested) -> Refusal:
    measured = "nothing could be measured" if test.value is None else f"it is {test.value:g}"
    rows = f", {test.rows:,} rows: {', '.join(test.examples[:SHOWN])}" if test.rows else ""
    return Refusal(f"test:{test.test.split()[0]}", f"{test.test!r} does not hold: {measured}{rows}")


def of_the_head(remote: Remote, plan: Plan) -> Iterator[Refusal]:
    """What stands against a commit on this head: files of others that it would take away."""
    named = {commit: tag for tag, commit in remote.tags().items()}
    if plan.head in named or plan.is_at(plan.there):
        return
    line = remote.line()
    since = list(takewhile(lambda change: change.commit not in named, line))
    last = line[len(since)].commit if len(since) < len(line) else None
    known = remote.files(last) if last else {}
    lost = [
        name
        for name in plan.others(plan.there)
        if name in plan.there and plan.there[name] != known.get(name)
    ]
    if lost:
        after = f"after {named[last]} others" if last else "others"
        titles = ", ".join(f"{each.title!r}" for each in since[:SHOWN])
        yield Refusal(
            "head",
            f"{after} committed to {remote}, up to {str(plan.head)[:12]} ({titles}): "
            f"{', '.join(lost[:SHOWN])} would be replaced or deleted",
        )
