"""A published version read back by its tag, with an empty cache, as a stranger would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from factory.errors import FactoryError, StageError
from factory.hub.plan import LocalFile
from factory.hub.remote import OWN, Remote
from factory.records import sha256
from factory.versions.content import ContentDigest
from factory.versions.folder import shards_of
from factory.versions.manifest import Manifest

TRIES = 2
"""How often a file is fetched whose bytes are wrong: the way may be at fault."""
AT_ONCE = 8
"""Files that are fetched side by side."""
BATCH = 2_000
"""Rows read at once."""
_LOAD = """
import json, sys
from datasets import load_dataset
loaded = load_dataset(sys.argv[1], revision=sys.argv[2])
for rows in loaded.values():
    next(iter(rows), None)
print(json.dumps({name: rows.num_rows for name, rows in loaded.items()}))
"""


def files_read_back(
    remote: Remote, files: Mapping[str, LocalFile], tag: str, commit: str, cache: Path
) -> Path:
    """Fetch every file by the tag and compare its bytes; the folder they lie in.

    Args:
        remote: the repository.
        files: what was published.
        tag: the name it was published under.
        commit: the commit that the tag stands on.
        cache: where nothing of it lies yet.

    Raises:
        StageError: a file has other bytes, is missing, or is there though it was not published.
    """
    there = remote.files(tag)
    if strange := sorted((there.keys() - {OWN}) ^ files.keys()):
        raise StageError(
            f"{remote} at {tag}: other files than were published: {', '.join(strange[:5])}"
        )

    def fetch(name: str) -> None:
        wrong = ""
        for number in range(TRIES):
            found = remote.fetched(name, tag, cache / f"{number}")
            if commit not in found.parts:
                raise StageError(f"{remote}: the tag {tag} does not stand on {commit[:12]} now")
            if not (wrong := _wrong(found, files[name])):
                return _put_with_the_others(found, name, cache, commit) if number else None
        raise StageError(f"{name} {wrong}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, told in [(name, pool.submit(fetch, name)) for name in files]:
            if isinstance(error := told.exception(), FactoryError):
                pool.shutdown(cancel_futures=True)
                raise StageError(
                    f"{remote} at {tag}: {name} did not come back as it was sent ({error}). The "
                    "tag stands, and is not known to be whole: run the same command again, which "
                    "reads it back again; if it says the same, delete the tag on the Hub and "
                    "publish under another name (--as)"
                ) from error
            told.result()
    return _snapshot(cache / "0", commit)


def _wrong(found: Path, file: LocalFile) -> str:
    """What is wrong with a file that came; nothing, if it is what was sent."""
    if found.stat().st_size != file.size:
        return f"has {found.stat().st_size:,} bytes there, {file.size:,} were published"
    digest = sha256(found)
    if digest != file.sha256:
        return f"has other bytes there: sha256 {digest[:12]}…, not {file.sha256[:12]}…"
    return ""


def _put_with_the_others(found: Path, name: str, cache: Path, commit: str) -> None:
    """A file of the second try, beside those of the first."""
    place = _snapshot(cache / "0", commit) / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    shutil.copyfile(found, place)


def _snapshot(cache: Path, commit: str) -> Path:
    return next(iter(cache.glob(f"*/snapshots/{commit}")), cache / "snapshots" / commit)


def rows_read_back(folder: Path, manifest: Manifest, place: str) -> None:
    """Compute the digest of the rows in a folder.

    Raises:
        StageError: it is another than the manifest's.
    """
    import pyarrow.parquet as pq

    content = ContentDigest()
    for shard in shards_of(folder):
        with pq.ParquetFile(shard, page_checksum_verification=True) as file:
            for batch in file.iter_batches(BATCH):
                rows: Any = pl.from_arrow(batch)
                content.add(rows)
    if (found := content.hexdigest()) != manifest.digest:
        raise StageError(
            f"{place}: its rows have the digest {found[:12]}…, its manifest says "
            f"{manifest.digest[:12]}…. `factory verify` names the rows"
        )


def loaded_back(remote: Remote, tag: str, manifest: Manifest, folder: Path, room: Path) -> None:
    """Load it by `datasets` in a process of its own; nothing that it prepared before is there.

    Args:
        remote: the repository.
        tag: the name it was published under.
        manifest: of what was published.
        folder: the files that were read back, in their cache: they are not fetched twice.
        room: where `datasets` may work.

    Raises:
        StageError: it does not load, or has other rows.
    """
    kept = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    own = {"HF_ENDPOINT": remote.api.endpoint, "HF_HUB_CACHE": str(folder.parents[2])}
    own |= {"HF_DATASETS_CACHE": str(room / "datasets"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, remote.repo, tag],
        capture_output=True,
        text=True,
        env=kept | own,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no word"]
        raise StageError(
            f"{remote} at {tag}: `datasets` does not load it: {last[0][:300]}. The tag stands; "
            "run the same command again, and if it says the same, publish under another name (--as)"
        )
    rows = json.loads(done.stdout.splitlines()[-1])
    if rows != manifest.splits:
        raise StageError(
            f"{remote} at {tag}: `datasets` loads {rows} rows, the version has {manifest.splits}"
        )
