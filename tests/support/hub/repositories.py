"""What the server remembers of a repository: commits that never change, and names for some."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hub import git
from hub.refusals import Refused, no_entry, no_repository, no_revision

KINDS = ("datasets", "models")


@dataclass(frozen=True)
class File:
    """A file of one commit. `sha256` is there when LFS or Xet store its bytes; then git holds a
    pointer, and `oid` is the pointer's id."""

    oid: str
    size: int
    sha256: str | None = None


@dataclass(frozen=True)
class Commit:
    id: str
    parent: str | None
    author: str
    title: str
    message: str
    date: str
    files: dict[str, File]

    def file(self, path: str) -> File:
        if path not in self.files:
            raise no_entry(path, self.id)
        return self.files[path]


@dataclass
class Repository:
    """All commits by their id; branches and tags by their names, each the id of a commit."""

    kind: str
    name: str
    id: str
    private: bool = False
    gated: str | bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    busy: bool = False
    """A commit is being written: another gets 409 meanwhile."""

    @property
    def path(self) -> str:
        """Where it is in addresses: a dataset's begins with its kind, a model's does not."""
        return self.name if self.kind == "models" else f"{self.kind}/{self.name}"

    def commit_at(self, revision: str) -> Commit:
        """The commit that a branch, a tag, an id or the first seven letters of one mean."""
        found = self.branches.get(revision.removeprefix("refs/heads/"))
        found = found or self.tags.get(revision.removeprefix("refs/tags/"))
        if not found and revision == "HEAD":
            found = self.branches["main"]
        if not found and len(revision) >= 7:
            found = next((id for id in self.commits if id.startswith(revision)), None)
        if not found:
            raise no_revision(revision)
        return self.commits[found]

    def add_commit(
        self, branch: str, author: str, title: str, message: str, files: dict[str, File]
    ) -> Commit:
        """These files and no others, after what the branch has now."""
        parent = self.branches.get(branch)
        now = time.time()
        tree = git.folder_ids({path: file.oid for path, file in files.items()})[""]
        text = f"{title}\n\n{message}"
        commit = Commit(
            id=git.commit_id(tree, parent, author, int(now), text),
            parent=parent,
            author=author,
            title=title,
            message=message,
            date=timestamp(now),
            files=dict(sorted(files.items())),
        )
        self.commits[commit.id] = commit
        self.branches[branch] = commit.id
        return commit

    def history(self, commit: Commit) -> Iterator[Commit]:
        """A commit and those before it, the newest first."""
        while True:
            yield commit
            if commit.parent is None:
                return
            commit = self.commits[commit.parent]

    def last_change(self, commit: Commit, path: str) -> Commit:
        """The commit that made a file, or anything in a folder, what it is in this commit."""

        def there(at: Commit) -> dict[str, str]:
            inside = f"{path}/"
            return {p: f.oid for p, f in at.files.items() if p == path or p.startswith(inside)}

        now = there(commit)
        for older in self.history(commit):
            if there(older) != now:
                return commit
            commit = older
        return commit


@dataclass(frozen=True)
class Kept:
    """A file of a bucket: Xet's hash of it, bytes, and since when it is there."""

    hash: str
    size: int
    date: str


@dataclass
class Bucket:
    """Files without a history, by their paths; only Xet stores them."""

    name: str
    date: str
    private: bool = False
    files: dict[str, Kept] = field(default_factory=dict)


def timestamp(seconds: float) -> str:
    """As the Hub writes times: UTC, with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Repositories:
    """All of them, by kind and name, and all buckets; written to a file after each change."""

    def __init__(self, file: Path):
        self._file = file
        self._all: dict[tuple[str, str], Repository] = {}
        self.buckets: dict[str, Bucket] = {}
        if file.exists():
            saved = json.loads(file.read_text())
            for repository in map(_read, saved["repositories"]):
                self._all[repository.kind, repository.name] = repository
            for bucket in saved["buckets"]:
                files = {path: Kept(**kept) for path, kept in bucket["files"].items()}
                self.buckets[bucket["name"]] = Bucket(**bucket | {"files": files})

    def __iter__(self) -> Iterator[Repository]:
        return iter(list(self._all.values()))

    def find(self, kind: str, name: str) -> Repository | None:
        return self._all.get((kind, name))

    def create(self, kind: str, name: str) -> Repository:
        if kind not in KINDS:
            raise Refused(400, f"this server has no {kind}")
        repository = Repository(kind, name, id=git.blob_id(f"{kind}/{name}".encode())[:24])
        self._all[kind, name] = repository
        return repository

    def delete(self, kind: str, name: str) -> None:
        if not self._all.pop((kind, name), None):
            raise no_repository(404)

    def save(self) -> None:
        """All of it, and at once: whoever reads the file never sees half."""
        half = self._file.with_suffix(".half")
        repositories = [dataclasses.asdict(repository) for repository in self]
        buckets = [dataclasses.asdict(bucket) for bucket in self.buckets.values()]
        half.write_text(json.dumps({"repositories": repositories, "buckets": buckets}))
        half.replace(self._file)


def _read(saved: dict) -> Repository:
    for commit in saved["commits"].values():
        commit["files"] = {path: File(**file) for path, file in commit["files"].items()}
    commits = {id: Commit(**commit) for id, commit in saved["commits"].items()}
    return Repository(**saved | {"commits": commits, "busy": False})
