"""Publishing a version: one commit on the head that was read, a strict tag, all of it read back.

Only what was read back is called published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.audit.label.told import marked_in_run
from factory.errors import StageError
from factory.hub.plan import LocalFile, Plan, local_files
from factory.hub.published import Published, last_before, note, published_in
from factory.hub.read_back import files_read_back, loaded_back, rows_read_back
from factory.hub.readers import seen_by_students
from factory.hub.refusals import of_the_head, of_the_version, unexplained
from factory.hub.refusing import Refusal, forced, refuse
from factory.hub.remote import Remote
from factory.hub.sending import Say, committed, created, planned, tagged
from factory.hub.staging import room_of, staged
from factory.hub.which import published_name
from factory.records import now
from factory.versions.card.changes import changes_text
from factory.versions.diff import summary
from factory.versions.folder import versions_in
from factory.versions.manifest import Manifest, Parent, read


@dataclass(frozen=True)
class Wanted:
    """What is to be published, and how."""

    version: Path
    """The version's folder."""
    repo: str
    """Where: org/name."""
    name: str | None = None
    """Under which name; None: the version's number and two zeros."""
    private: bool = False
    """Make the repository so that only its owners see it."""
    allow: tuple[str, ...] = ()
    """Rules that may be gone against."""


@dataclass(frozen=True)
class Staged:
    """A version as it will be on the Hub, and what stands against it."""

    folder: Path
    """Where it lies for now."""
    manifest: Manifest
    """As it will be there."""
    files: Mapping[str, LocalFile]
    """All of it."""
    refused: Sequence[Refusal]
    """What stands against it, allowed or not."""
    last: Path | None
    """The version that was published there before, where it lies here."""

    @property
    def name(self) -> str:
        """Its tag."""
        return str(self.manifest.version)


def stage(wanted: Wanted, room: Path) -> Staged:
    """Copy the version, name it, and look for what stands against publishing it.

    Raises:
        StageError: the name stands for other rows already, or `allow` names no rule.
    """
    home = wanted.version.parent
    manifest = read(wanted.version)
    name = published_name(wanted.name, manifest.number)
    _never_reused(home, wanted.repo, name, manifest)
    before = last_before(home, wanted.repo, name)
    last = _folder_of(before, home)
    since = summary(last, wanted.version) if last else None
    students, unseen = seen_by_students(wanted.version, manifest)
    told: dict[str, Any] = {"name": name, "repo": wanted.repo, "students": students}
    told["marked"] = marked_in_run(wanted.version)
    if before:
        told["parent"] = Parent(number=before.number, version=before.version, digest=before.digest)
    if since:
        told["changes"] = changes_text(since)
    folder, named = staged(wanted.version, manifest, room, **told)
    refused = [*of_the_version(wanted.version, folder, named), *unseen]
    if last and since:
        refused += unexplained(last, wanted.version, since)
    if over := forced(refused, wanted.allow):
        folder, named = staged(wanted.version, manifest, room, **told, forced=over)
    return Staged(folder, named, local_files(folder), refused, last)


def _folder_of(last: Published | None, home: Path) -> Path | None:
    """The folder of a published version, if it is still as it was published."""
    folder = versions_in(home).get(last.number or 0) if last else None
    return folder if folder and last and read(folder).digest == last.digest else None


def _never_reused(home: Path, repo: str, name: str, manifest: Manifest) -> None:
    for each in published_in(home):
        if (each.repo, each.version) == (repo, name) and each.digest != manifest.digest:
            raise StageError(
                f"{repo}: {name} was published with other rows, from v{each.number} on {each.at}. "
                "A published name is never used again: publish under another (--as)"
            )


def publish(wanted: Wanted, say: Say) -> Published:
    """Publish a version; run again, it goes on where it stopped.

    Args:
        wanted: what, where, and under which name.
        say: told what happens.

    Returns:
        What stands in the record now.

    Raises:
        StageError: it is refused, or could not be done; says why and what to do.
        RunInUse: another process publishes from here.
    """
    home = wanted.version.parent
    with room_of(home) as room:
        ready = stage(wanted, room)
        refuse(ready.refused, wanted.allow)
        remote = Remote(wanted.repo)
        say(f"{ready.name} of {wanted.repo}: {len(ready.files)} files, {_size(ready.files)}")
        commit = _put(remote, ready, wanted, room, say)
        say(f"read back by the tag {ready.name}, with an empty cache")
        folder = files_read_back(remote, ready.files, ready.name, commit, room / "read-back")
        rows_read_back(folder, ready.manifest, f"{wanted.repo} at {ready.name}")
        loaded_back(remote, ready.name, ready.manifest, folder, room)
        done = Published(
            repo=wanted.repo, version=ready.name, commit=commit, number=ready.manifest.number,
            digest=ready.manifest.digest, at=now(),
        )  # fmt: skip
        note(home, done)
    return done


def _put(remote: Remote, ready: Staged, wanted: Wanted, room: Path, say: Say) -> str:
    """Bring it there under its tag; the commit that it is."""
    private = remote.private()
    if private is False and wanted.private:
        raise StageError(
            f"{remote}: everybody can read this repository, and --private does not change that. "
            "Make it private in its settings, or leave --private out"
        )
    if private is None:
        created(remote, wanted.private, say)
    elif stands := remote.tags().get(ready.name):
        _is_this(remote, ready, stands)
        say(f"the tag {ready.name} stands on {stands[:12]} with these files already")
        return stands
    plan = planned(remote, ready.files, there=True)
    refuse(list(of_the_head(remote, plan)), wanted.allow)
    say(f"committed on {str(plan.head)[:12]}: {len(plan.coming)} files come, {len(plan.going)} go")
    commit = committed(remote, plan, *_titles(ready), say)
    tagged(remote, ready.name, commit, say)
    return commit


def _is_this(remote: Remote, ready: Staged, commit: str) -> None:
    """Refuse where a tag stands on something else than this version."""
    there = remote.files(commit)
    plan = Plan(ready.files, commit, there)
    if others := plan.others(there):
        raise StageError(
            f"{remote}: the tag {ready.name} stands on {commit[:12]}, where other than in this "
            f"version is {', '.join(others[:5])}. A published name is never moved: publish under "
            "another (--as)"
        )


def _titles(ready: Staged) -> tuple[str, str]:
    """The commit's title, and its text."""
    manifest = ready.manifest
    text = f"{manifest.rows:,} rows, content digest {manifest.digest}"
    return f"{manifest.name} {ready.name}", text


def _size(files: Mapping[str, LocalFile]) -> str:
    return f"{sum(file.size for file in files.values()):,} bytes"
