"""A small dataset on our Hub, and what tests ask of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hub import Hub
from huggingface_hub import CommitOperationAdd, HfApi, constants, snapshot_download
from huggingface_hub.errors import HfHubHTTPError

ROWS = "alice/rows"
DATASET: dict[str, Any] = {"repo_id": ROWS, "repo_type": "dataset"}
SHARD = "data/train-00000-of-00001.parquet"
CARD = b"---\nlicense: mit\nlanguage:\n- en\n---\n# Rows\n"
LARGE = b"".join(hashlib.sha256(n.to_bytes(4)).digest() for n in range(20_000))
"""Bytes that no compression makes fewer: 640 kB. The server never looks into them."""
OTHER = LARGE[::-1]

BY_XET = not constants.HF_HUB_DISABLE_XET
"""Which way the client of this process sends large files; it is read when it is imported."""


def head(api: HfApi) -> str:
    """The commit that main is at."""
    sha = api.dataset_info(ROWS).sha
    assert sha
    return sha


def version(data: bytes = LARGE, card: bytes = CARD) -> Sequence[CommitOperationAdd]:
    """A card and a shard."""
    return [CommitOperationAdd("README.md", card), CommitOperationAdd(SHARD, data)]


def commit(api: HfApi, *operations: Any, parent: str | None = None) -> str:
    """One commit, as a publisher makes it; its id."""
    made = api.create_commit(
        **DATASET, operations=operations, commit_message="1.0.0", parent_commit=parent
    )
    return made.oid


def first_version(api: HfApi) -> str:
    """A dataset with a card and a shard, tagged; the id of its commit."""
    api.create_repo(**DATASET)
    made = commit(api, *version(), parent=head(api))
    api.create_tag(**DATASET, tag="1.0.0", revision=made)
    return made


def read_back(hub: Hub, cache: Path, revision: str = "1.0.0", token: str | None = None) -> Path:
    """The folder of a revision, downloaded; it is of the commit's name."""
    folder = snapshot_download(
        **DATASET,
        revision=revision,
        endpoint=hub.endpoint,
        token=token or hub.token,
        cache_dir=cache,
    )
    return Path(folder)


def status_of(error: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    return error.value.response.status_code
