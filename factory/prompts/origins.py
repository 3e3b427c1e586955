"""Where questions came from, as it is when they are read: commits, digests of files, generators."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import Field

from factory.recipe.paths import files
from factory.recipe.sources import Files, Hub, ReasoningGym, Source
from factory.recipe.strict import Strict
from factory.records import sha256

GENERATOR = "reasoning-gym"
COMMIT = re.compile(r"[0-9a-f]{40}")


class Origin(Strict):
    """Where the rows of one source came from."""

    source: str
    """Its name, as rows have it."""
    origin: str
    """A dataset on the Hub, a generator and its version, or the names of files: no folders."""
    revision: str | None = None
    """Commit on the Hub; null where nobody could tell."""
    config: str | None = None
    """Configuration of the dataset."""
    split: str | None = None
    """Split that was read."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Settings of the generator."""
    files: dict[str, str] = Field(default_factory=dict)
    """Digest (sha256) of each local file, by its name without folders."""
    license: str | None = None
    """As the recipe, or a ready mapping, says it."""


class Origins(Strict):
    """`origins.json` in the folder of a stage."""

    origins: list[Origin]
    """Of its sources, in the recipe's order."""


def origins(sources: Sequence[Source], base: Path) -> Origins:
    """Where these sources are read from, now.

    Args:
        base: folder that relative paths start from.
    """
    return Origins(origins=[_origin(source, base) for source in sources])


def _origin(source: Source, base: Path) -> Origin:
    named: dict[str, Any]
    if isinstance(source, ReasoningGym):
        version = importlib.metadata.version(GENERATOR)
        named: dict[str, Any] = {
            "origin": f"{GENERATOR} {version}, {source.task}",
            "options": source.options,
        }
    elif isinstance(source, Files):
        named = _of_files([file for path in source.paths for file in files(base, path)])
    elif folder := source.folder(base):
        there = sorted(path for path in folder.rglob("*") if path.is_file())
        named = _of_files(there) | {"origin": folder.name, "split": source.split}
    else:
        told = {"config": source.config, "split": source.split}
        named = {"origin": source.dataset, "revision": commit_of(source), **told}
    return Origin(source=source.label, license=source.license, **named)


def _of_files(there: Sequence[Path]) -> dict[str, Any]:
    """Names and digests; a name that comes again has a number behind it."""
    found: dict[str, str] = {}
    for file in there:
        name = file.name
        while name in found:
            name = f"{file.name} ({sum(n.startswith(file.name) for n in found) + 1})"
        found[name] = sha256(file)
    return {"origin": ", ".join(dict.fromkeys(file.name for file in there)), "files": found}


def commit_of(source: Hub) -> str | None:
    """The commit that a dataset was read at: noted in the cache as it was read, else asked for."""
    import httpx
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError

    named = source.revision or "main"
    if COMMIT.fullmatch(named):
        return named
    folder = "datasets--" + source.dataset.replace("/", "--")
    with suppress(OSError):
        return (Path(constants.HF_HUB_CACHE) / folder / "refs" / named).read_text().strip()
    with suppress(HfHubHTTPError, httpx.TransportError, OSError, ValueError):
        return HfApi().dataset_info(source.dataset, revision=source.revision).sha
    return None
