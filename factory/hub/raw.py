"""Raw samples, every draw of a run, brought to a Storage Bucket or any fsspec address.

They change as a run goes on and are many times the rows, so they never lie in a dataset's
repository. The list of digests is written last, and now and then on the way: what it names and has
its size there is not sent again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factory.errors import StageError
from factory.hub.place import endpoint
from factory.hub.sending import Say
from factory.hub.trouble import patiently, said
from factory.records import sha256
from factory.run_folder import RunFolder
from factory.versions.folder import raw_digests_in

BUCKET = "hf://buckets/"
NOTED_EVERY = 20
"""Files that are sent before the list of digests is written again."""


def run_of(version: Path) -> RunFolder:
    """The run that a version's folder lies in.

    Raises:
        StageError: it lies in none, so there are no raw samples.
    """
    run = RunFolder(version.parent.parent)
    if not run.noted_recipe.exists():
        raise StageError(f"{version}: lies in no run, so there are no raw samples; leave out --raw")
    return run


def checked(address: str) -> None:
    """Refuse an address that is a repository, or of no kind that is known here.

    Raises:
        StageError: with what may be given.
    """
    from fsspec.core import split_protocol
    from fsspec.registry import get_filesystem_class

    kind, _ = split_protocol(address)
    if kind == "hf" and len(address.removeprefix(BUCKET).split("/")) < 2 + (BUCKET not in address):
        raise StageError(f"--raw {address}: name a bucket, as {BUCKET}ORG/NAME")
    if kind == "hf" and not address.startswith(BUCKET):
        raise StageError(
            f"--raw {address}: raw samples are never put into a repository; give a bucket, as "
            f"{BUCKET}ORG/NAME, or another address"
        )
    try:
        get_filesystem_class(kind or "file")
    except (ImportError, ValueError) as error:
        raise StageError(f"--raw {address}: no place that is known here ({error})") from None


def bring(run: RunFolder, address: str, say: Say) -> int:
    """Bring all sealed draws of a run there; run again, it goes on where it stopped.

    Args:
        run: whose draws.
        address: a folder of a bucket, `hf://buckets/ORG/NAME/…`, or of any fsspec address.
        say: told what happens.

    Returns:
        How many files were sent; what was there already is not.

    Raises:
        StageError: something could not be read or written, naming it.
    """
    from fsspec.core import url_to_fs

    files, root = _opened(address)
    recipe, _ = run.recipe()
    shards, place = url_to_fs(str(run.shards("samples", recipe.sampling.shards)))
    names = sorted(str(path) for path in shards.ls(place, detail=False))
    there, told = _there(files, root)
    sent = 0
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "list"
        for source in (name for name in names if name.endswith(".parquet")):
            name = source.rsplit("/", 1)[-1]
            local = _local(shards, source, Path(folder) / name)
            digest = sha256(local)
            if told.get(name) != digest or there.get(name) != local.stat().st_size:
                _put(files, local, f"{root}/{name}")
                told[name], sent = digest, sent + 1
                if sent % NOTED_EVERY == 0:
                    _note(files, root, told, listed)
        _note(files, root, told, listed)
    say(f"raw samples: {sent} of {len(told)} files sent to {address}, with a list of their digests")
    return sent


def _opened(address: str) -> tuple[Any, str]:
    """The file system of an address, and the folder in it; a bucket is made, seen by its owners."""
    from fsspec.core import url_to_fs

    if not address.startswith(BUCKET):
        files, root = url_to_fs(address)
        files.makedirs(root, exist_ok=True)
        return files, str(root).rstrip("/")
    from huggingface_hub import HfApi, HfFileSystem

    bucket = "/".join(address.removeprefix(BUCKET).split("/")[:2])
    api = HfApi(endpoint=endpoint())
    patiently(lambda: api.create_bucket(bucket, private=True, exist_ok=True), address)
    files = HfFileSystem(endpoint=endpoint(), skip_instance_cache=True)
    return files, address.removeprefix("hf://").rstrip("/")


def _there(files: Any, root: str) -> tuple[dict[str, int], dict[str, str]]:
    """Sizes of the files that are there, and the digests that the list has."""
    files.invalidate_cache()
    try:
        found = files.ls(root, detail=True)
    except FileNotFoundError:  # object stores and buckets have no empty folders
        return {}, {}
    there = {str(each["name"]).rsplit("/", 1)[-1]: int(each["size"] or 0) for each in found}
    listed = raw_digests_in(Path(root)).name
    if listed not in there:
        return there, {}
    lines = files.cat_file(f"{root}/{listed}").decode().splitlines()
    return there, {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def _note(files: Any, root: str, told: dict[str, str], listed: Path) -> None:
    """Write the list, as `sha256sum --check` reads it."""
    lines: Iterator[str] = (f"{digest}  {name}\n" for name, digest in sorted(told.items()))
    listed.write_text("".join(lines))
    _put(files, listed, f"{root}/{raw_digests_in(Path(root)).name}")


def _put(files: Any, local: Path, name: str) -> None:
    """Put a file there; where files can be seen half-written, under another name first."""
    from fsspec.implementations.local import LocalFileSystem

    aside = f"{name}.tmp" if isinstance(files, LocalFileSystem) else name
    try:
        patiently(lambda: files.put_file(str(local), aside), name)
        if aside != name:
            files.mv(aside, name)
    except StageError:
        raise
    except Exception as error:  # every kind of place has errors of its own
        raise StageError(
            f"{name}: could not be written ({said(error)}). The same command goes on from there"
        ) from error


def _local(shards: Any, source: str, room: Path) -> Path:
    """A shard as a file of this machine."""
    from fsspec.implementations.local import LocalFileSystem

    if isinstance(shards, LocalFileSystem):
        return Path(source)
    for left in room.parent.glob("*.parquet"):
        left.unlink()
    shards.get_file(source, str(room))
    return room
