"""A repository on the Hub, as publishing sees it: heads, files, tags; a method is one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from factory.hub.place import endpoint
from factory.hub.trouble import TRIES, patiently

Kind = Literal["dataset", "model"]
MAIN = "main"
OWN = ".gitattributes"
"""The Hub's own file in every repository; it says which files are large."""


class RemoteFile(NamedTuple):
    """A file of a commit."""

    size: int
    """In bytes."""
    blob: str
    """The id that git gives its content, or the content of its pointer."""
    sha256: str | None
    """Digest of its content, where it is stored as a large file."""


class Change(NamedTuple):
    """A commit, as its list has it."""

    commit: str
    title: str
    authors: list[str]


class Remote:
    """One repository; `org/name`, and of which kind it is."""

    def __init__(self, repo: str, kind: Kind = "dataset") -> None:
        from huggingface_hub import HfApi

        self.repo, self.kind = repo, kind
        self.tries = TRIES
        self.api = HfApi(endpoint=endpoint())
        self._named: dict[str, Any] = {"repo_id": repo, "repo_type": kind}

    def __str__(self) -> str:
        return self.repo

    def address(self, revision: str) -> str:
        """The page of a revision."""
        folder = "datasets/" if self.kind == "dataset" else ""
        return f"{self.api.endpoint}/{folder}{self.repo}/tree/{revision}"

    # What is there: asked again while the Hub is busy

    def private(self) -> bool | None:
        """Whether it is private; None where it is not there, or not for this token."""
        from huggingface_hub.errors import RepositoryNotFoundError

        def look() -> bool | None:
            try:
                return bool(self.api.repo_info(**self._named).private)
            except RepositoryNotFoundError:
                return None

        return self._read(look)

    def head(self) -> str:
        """The commit that is newest on main."""
        return self._read(lambda: self.api.repo_info(**self._named, revision=MAIN)).sha

    def files(self, revision: str) -> dict[str, RemoteFile]:
        """Every file of a revision, by its path."""
        return self._read(lambda: dict(self._files(revision)))

    def _files(self, revision: str) -> Iterator[tuple[str, RemoteFile]]:
        from huggingface_hub.hf_api import RepoFile

        for entry in self.api.list_repo_tree(**self._named, revision=revision, recursive=True):
            if isinstance(entry, RepoFile):
                large = entry.lfs.sha256 if entry.lfs else None
                yield entry.path, RemoteFile(entry.size, entry.blob_id, large)

    def tags(self) -> dict[str, str]:
        """The commit that each tag stands on."""
        refs = self._read(lambda: self.api.list_repo_refs(**self._named))
        return {tag.name: tag.target_commit for tag in refs.tags}

    def line(self) -> list[Change]:
        """The commits on main, newest first."""
        commits = self._read(lambda: self.api.list_repo_commits(**self._named, revision=MAIN))
        return [Change(each.commit_id, each.title, list(each.authors)) for each in commits]

    def fetched(self, file: str, revision: str, cache: Path) -> Path:
        """A file of a revision, in this cache."""
        found = self._read(
            lambda: self.api.hf_hub_download(
                **self._named, filename=file, revision=revision, cache_dir=cache
            )
        )
        return Path(found)

    def _read(self, call: Any) -> Any:
        return patiently(call, self.repo, self.tries)

    # What changes it: asked once, whoever calls looks at what became of it

    def create(self, private: bool) -> None:
        """Make the repository, unless it is there."""
        self.api.create_repo(**self._named, private=private, exist_ok=True)

    def upload(self, operations: Sequence[Any]) -> None:
        """Bring the large files; what the Hub has already is not sent again."""
        self.api.preupload_lfs_files(
            self.repo, operations, repo_type=self.kind, revision=MAIN, free_memory=False
        )

    def commit(self, operations: Sequence[Any], parent: str, title: str, text: str) -> str:
        """All of it in one commit on this parent; the commit's id."""
        made = self.api.create_commit(
            **self._named,
            operations=operations,
            commit_message=title,
            commit_description=text,
            revision=MAIN,
            parent_commit=parent,
        )
        return made.oid

    def tag(self, name: str, commit: str) -> None:
        """Put a new tag on a commit; fails where there is such a tag, wherever it stands."""
        self.api.create_tag(**self._named, tag=name, revision=commit, exist_ok=False)
