"""Which files a path of a recipe stands for: a file, a pattern, or a folder of files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from factory.errors import nearest

KINDS = {
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
}
"""What is read, by the suffix."""
PACKED = {".gz": "gzip", ".zst": "zstd"}
"""Compressed text files, by a second suffix."""
WAYS_OUT = {
    ".xlsx": "save it as CSV UTF-8 (in Excel: File, Save As)",
    ".xls": "save it as CSV UTF-8 (in Excel: File, Save As)",
    ".ods": "save it as CSV in UTF-8",
    ".zip": "unpack it first",
    ".tar": "unpack it first",
    ".tgz": "unpack it first",
    ".7z": "unpack it first",
    ".bz2": "unpack it first, or pack it with gzip or zstd",
    ".xz": "unpack it first, or pack it with gzip or zstd",
    ".pkl": "a pickle is a program and is not loaded: save it as Parquet or JSON lines",
    ".pickle": "a pickle is a program and is not loaded: save it as Parquet or JSON lines",
    ".yaml": "save it as JSON lines",
    ".yml": "save it as JSON lines",
    ".txt": "with a question a line, make JSON lines of it; with columns, name it .csv or .tsv",
}
SPLITS = re.compile(r"(?:^|[-_.])(train|test|validation|valid|val|dev|eval)(?:[-_.]|$)")
SAVED, SAVED_SPLITS = "state.json", "dataset_dict.json"
"""What `save_to_disk` of a dataset, and of one with several splits, leaves in its folder."""


def kind(path: Path) -> tuple[str | None, str | None]:
    """How a file is read and how it is packed; None for what is not read, or not packed.

    >>> kind(Path("a.jsonl.gz")), kind(Path("a.parquet")), kind(Path("a.xlsx"))
    (('json lines', 'gzip'), ('parquet', None), (None, None))
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = PACKED.get(suffixes[-1]) if suffixes else None
    inner = suffixes[:-1] if packed else suffixes
    found = KINDS.get(inner[-1]) if inner else None
    return found, packed


def stem(path: str) -> str:
    """The name of a file without what says how to read it; of a pattern, the folder before it.

    >>> stem("data/sums.jsonl.gz"), stem("shards/part-*.parquet"), stem("my.set/")
    ('sums', 'shards', 'my.set')
    """
    parts = [part for part in Path(path).parts if part != "**"]
    plain = [part for part in parts if not _is_pattern(part)]
    if len(plain) < len(parts):
        return plain[-1] if plain and plain[-1] not in ("/", "..") else parts[-1]
    last = Path(path)
    known = {*KINDS, *PACKED}
    while last.suffix.lower() in known:
        last = last.with_suffix("")
    return last.name or path


def files(base: Path, name: str) -> list[Path]:
    """The files that a path stands for, in the order of their names; a saved dataset is one.

    Args:
        base: folder that a relative path starts from.
        name: a file, a pattern with `*`, `?`, `[…]` or `**`, or a folder of files of one kind.

    Raises:
        ValueError: there is none, or it is not said which; with the nearest name or the way out.
    """
    path = base / Path(name).expanduser()
    if path.is_file():
        return [_readable(path, name)]
    if path.is_dir():
        return _of_folder(path, name)
    if _is_pattern(name):
        start = Path(path.anchor) if path.is_absolute() else base
        inside = str(path.relative_to(start))
        found = [file for file in sorted(start.glob(inside)) if file.is_file()]
        if not found:
            raise ValueError(f"{name}: no file is called like this (looked for {path})")
        return [_readable(file, shown(file, base)) for file in found]
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = nearest(path.name, beside)
    raise ValueError(f"{name}: there is no such file (looked for {path}){hint}")


def folder(name: str | None, info: ValidationInfo) -> str | None:
    """A folder's name, when there is such a folder, where the recipe's own folder is known.

    Raises:
        ValueError: there is none; with the nearest name.
    """
    home = (info.context or {}).get("home")
    path = None if name is None or home is None else home / Path(name).expanduser()
    if path is not None and not path.is_dir():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = nearest(path.name, beside)
        raise ValueError(f"{name}: there is no such folder (looked for {path}){hint}")
    return name


Folder = Annotated[str, AfterValidator(folder)]
"""A folder that a recipe names, relative to its own."""


def shown(file: Path, base: Path) -> str:
    """A file as messages call it: from the recipe's folder on, where it lies there."""
    return str(file.relative_to(base) if file.is_relative_to(base) else file)


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _readable(path: Path, name: str) -> Path:
    found, packed = kind(path)
    if found in ("parquet", "arrow") and packed:
        raise ValueError(f"{name}: {found.capitalize()} is packed inside already: unpack it first")
    if found is None:
        last = [suffix.lower() for suffix in path.suffixes][-1:] or [""]
        way = WAYS_OUT.get(last[0], f"expected one of {', '.join(KINDS)}, or text as .gz or .zst")
        raise ValueError(f"{name}: files of this kind are not read: {way}")
    return path


def _of_folder(path: Path, name: str) -> list[Path]:
    if (path / SAVED).is_file():
        return [path]
    if (path / SAVED_SPLITS).is_file():
        splits = _names(p for p in path.iterdir() if (p / SAVED).is_file())
        raise ValueError(f"{name}: it has splits, {splits}: name one, as {name.rstrip('/')}/train")
    inside = sorted(p for p in path.iterdir() if not p.name.startswith((".", "_")))
    found = [p for p in inside if p.is_file() and kind(p)[0]]
    if not found:
        below = next((p for p in sorted(path.rglob("*")) if p.is_file() and kind(p)[0]), None)
        way = f"; there is {below.relative_to(path)}: name its folder" if below else ""
        raise ValueError(f"{name}: no file in this folder is of a kind that is read{way}")
    kinds = sorted({p.name[len(stem(p.name)) :] for p in found})
    if len({kind(p)[0] for p in found}) > 1:
        raise ValueError(
            f"{name}: files of several kinds are in this folder, {', '.join(kinds)}: name those "
            f"that are meant by a pattern, as {name.rstrip('/')}/*{kinds[0]}"
        )
    splits = {match[1] for p in found if (match := SPLITS.search(stem(p.name)))}
    if len(splits) > 1:
        raise ValueError(
            f"{name}: this folder has several splits, {', '.join(sorted(splits))}: name one by a "
            f"pattern, as {name.rstrip('/')}/train*"
        )
    return found


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(sorted(p.name for p in paths))
