"""Where a version is: a folder, or a repository on the Hub at a revision."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from factory.errors import StageError

FORM = re.compile(r"hf://(?:datasets/)?(?P<repo>[\w.-]+/[\w.-]+?)(?:@(?P<revision>[^@]+))?/?")


def endpoint() -> str | None:
    """The Hub that `HF_ENDPOINT` names now; None: the usual one."""
    return os.environ.get("HF_ENDPOINT") or None


class Repository(NamedTuple):
    """A dataset's repository on the Hub."""

    repo: str
    """As org/name."""
    revision: str | None
    """A tag, a branch or a commit; None: the newest."""


def on_the_hub(place: str) -> Repository | None:
    """The repository that `hf://org/name` or `hf://org/name@1.2.0` names; None for a folder.

    Raises:
        StageError: it begins so and names none.
    """
    if not place.startswith("hf://"):
        return None
    if (found := FORM.fullmatch(place)) is None:
        raise StageError(
            f"{place}: no dataset on the Hub; write hf://ORG/NAME or hf://ORG/NAME@TAG"
        )
    return Repository(found["repo"], found["revision"])


def local(place: str, want: Sequence[str] | None = None, cache: Path | None = None) -> Path:
    """A folder with the version: the one that is named, or the Hub's files in its cache.

    Args:
        place: a folder, or `hf://org/name@revision`.
        want: patterns of the files that are needed; left out: all.
        cache: the folder of the Hub's cache; left out: the one that all programs share.

    Raises:
        StageError: there is no such folder or repository, or it could not be read.
    """
    named = on_the_hub(place)
    if named is None:
        if not Path(place).is_dir():
            raise StageError(f"{place}: no such folder")
        return Path(place)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        got = snapshot_download(
            named.repo,
            repo_type="dataset",
            revision=named.revision,
            allow_patterns=list(want) if want else None,
            cache_dir=cache,
        )
    except (HfHubHTTPError, OSError) as error:
        raise StageError(f"{place}: could not be read from the Hub: {error}") from None
    return Path(got)
