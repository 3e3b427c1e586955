"""Rows of datasets on the Hugging Face Hub, and of local folders that `datasets` reads as such."""

from __future__ import annotations

import itertools
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from factory.errors import FactoryError, RecipeError, StageError, nearest
from factory.prompts import arrow_files, files
from factory.prompts.arrow_files import ROWS_AT_ONCE
from factory.prompts.rows import Cells, Opened, named_by_rows, roots
from factory.recipe.paths import SAVED, SAVED_SPLITS, kind
from factory.recipe.sources import Hub


def opened(base: Path, source: Hub, wanted: Sequence[str]) -> Opened:
    """The dataset, downloaded unless it is streamed.

    Args:
        base: folder that a relative local folder starts from.
        source: the source.
        wanted: columns to read, with dots where they lead inside.

    Raises:
        RecipeError: it is not there, or it cannot be used as it is.
        StageError: the Hub cannot be reached.
    """
    name, folder = source.dataset, source.folder(base)
    if folder and (folder / SAVED).is_file():
        return arrow_files.saved(folder, name, wanted)
    if folder and (folder / SAVED_SPLITS).is_file():
        if not (folder / source.split / SAVED).is_file():
            splits = [part.name for part in folder.iterdir() if (part / SAVED).is_file()]
            raise _no_split(source, splits)
        return arrow_files.saved(folder / source.split, f"{name}/{source.split}", wanted)
    data = _loaded(source, folder)
    if not data.column_names:
        by_rows = named_by_rows(name, lambda: _rows(source, folder, data, [], {}))
        return Opened(name, by_rows.columns, by_rows.rows)
    return _typed(source, folder, data, wanted)


def whole(base: Path, source: Hub) -> tuple[Any, Iterator[Any]]:
    """The schema of a dataset that is not streamed, and its rows as Arrow tables, all columns.

    Raises:
        RecipeError: it is not there, or it cannot be used as it is.
        StageError: the Hub cannot be reached.
    """
    data = _loaded(source, source.folder(base))
    return data.features.arrow_schema, iter(data.with_format("arrow").iter(ROWS_AT_ONCE))


def _loaded(source: Hub, folder: Path | None) -> Any:
    from datasets import load_dataset

    with _crossing(source, folder):
        return load_dataset(
            str(folder or source.dataset),
            source.config,
            split=source.split,
            revision=source.revision,
            streaming=source.streaming,
        )


def _typed(source: Hub, folder: Path | None, data: Any, wanted: Sequence[str]) -> Opened:
    columns = list(data.column_names)
    read = [column for column in roots(wanted, columns, source.dataset) if column in columns]
    features: Any = data.features or {}
    names = {name: kind.names for name, kind in features.items() if hasattr(kind, "str2int")}
    schema = features.arrow_schema if features else ()
    binary = [field.name for field in schema if arrow_files.has_bytes(field.type)]
    return Opened(
        source.dataset,
        columns,
        lambda: _rows(source, folder, data, read, names),
        binary=binary,
        seek=None if source.streaming else lambda n: _rows(source, folder, data, read, names, n),
    )


def _rows(
    source: Hub,
    folder: Path | None,
    data: Any,
    read: Sequence[str],
    names: dict[str, list[str]],
    some: Sequence[int] | None = None,
) -> Cells:
    with _crossing(source, folder):
        rows = data if some is None else data.select(some)
        told = itertools.count() if some is None else some
        for number, cells in zip(told, rows.select_columns(read) if read else rows):  # noqa: B905
            arrow_files.name_classes(cells, names)
            yield f"{source.dataset} row {number + 1}", cells


@contextmanager
def _crossing(source: Hub, folder: Path | None) -> Generator[None]:
    try:
        yield
    except Exception as error:  # of any of its libraries, in their words
        raise _said(source, folder, error) from error


def _said(source: Hub, folder: Path | None, error: Exception) -> FactoryError:
    """What a failure means, and what helps."""
    import httpx
    from datasets.exceptions import DatasetNotFoundError
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    name, words = source.dataset, str(error)
    if found := re.search(r"scripts are no longer supported, but found (\S+)", words):
        return RecipeError(f"{name}: {_script(found[1], folder)}")
    if "gated" in words:
        return RecipeError(
            f"{name}: its owners let in whom they know: accept their terms at "
            f"https://huggingface.co/datasets/{name}, and set HF_TOKEN or type `hf auth login`"
        )
    if isinstance(error, DatasetNotFoundError):
        at = f" at revision {source.revision!r}" if "Revision" in words else ""
        way = "the name is misspelt, or it is private: then set HF_TOKEN"
        return RecipeError(f"{name}: the Hub has no such dataset{at}, or does not show it: {way}")
    if wrong := _wrong_choice(source, words) or _uneven(source, folder, error):
        return wrong
    away = OfflineModeIsEnabled | httpx.TransportError | ConnectionError | TimeoutError
    passing = isinstance(error, HfHubHTTPError) and _status(error) in (0, 429, *range(500, 600))
    passing = passing or "LocalEntryNotFoundError" in words
    if folder is None and (passing or isinstance(error, away)):
        return StageError(f"{name}: {_away(name, error)}")
    what = words or type(error).__name__
    return RecipeError(f"{name}: it cannot be read as it is: {what}")


def _script(script: str, folder: Path | None) -> str:
    what = f"it is made by a program, {script}, and strangers' programs are not run here"
    tables = "save its tables as Parquet, and name them with `source: files`"
    converted = "`revision: refs/convert/parquet` takes the tables that the Hub made of it; or "
    return f"{what}: {'' if folder else converted}{tables}"


def _wrong_choice(source: Hub, words: str) -> RecipeError | None:
    """A configuration or a split that there is not."""
    if found := re.search(
        r"Config name is missing.*?available configs: (\[.*?\])", words, re.DOTALL
    ):
        known = re.findall(r"'([^']+)'", found[1])
        return RecipeError(f"{source.dataset}: it has several configurations: name one as "
                           f"`config`: {', '.join(known)}")  # fmt: skip
    if found := re.search(r"BuilderConfig '.*?' not found. Available: (\[.*?\])", words):
        known = re.findall(r"'([^']+)'", found[1])
        hint = nearest(source.config or "", known)
        return RecipeError(f"{source.dataset}: there is no configuration {source.config!r}{hint}; "
                           f"there are {', '.join(known)}")  # fmt: skip
    if "split" in words and (found := re.search(r"(?:one of|splits:) (\[.*?\])", words)):
        return _no_split(source, re.findall(r"'([^']+)'", found[1]))
    return None


def _no_split(source: Hub, known: Sequence[str]) -> RecipeError:
    hint = nearest(source.split, known)
    there = ", ".join(sorted(known))
    return RecipeError(f"{source.dataset}: there is no split {source.split!r}{hint}; "
                       f"there are {there}: name one as `split`")  # fmt: skip


def _uneven(source: Hub, folder: Path | None, error: Exception) -> RecipeError | None:
    """Files of one dataset whose columns differ."""
    cause: Any = error if hasattr(error, "table_column_names") else error.__cause__
    if not hasattr(cause, "table_column_names"):
        return None
    here, first = set(cause.table_column_names), set(cause.requested_column_names)
    told = [f"lacks {', '.join(sorted(first - here))}"] if first - here else []
    told += [f"has {', '.join(sorted(here - first))} besides"] if here - first else []
    where = _file_with(folder, here - first) if folder else "one of its files"
    way = "make their columns alike, or name the files with `source: files`"
    what = f"{where} {' and '.join(told)}, unlike the first file"
    return RecipeError(f"{source.dataset}: {what}: {way}")


def _file_with(folder: Path, columns: set[str]) -> str:
    """The file of a folder that has one of these columns, since `datasets` does not say it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and kind(path)[0]:
            with suppress(RecipeError):
                if columns & set(files.one(path, path.name).columns):
                    return str(path.relative_to(folder))
    return "a later file"


def _status(error: Any) -> int:
    response = getattr(error, "response", None)
    return 0 if response is None else response.status_code


def _away(name: str, error: Exception) -> str:
    from huggingface_hub import is_offline_mode

    download = f"`hf download --repo-type dataset {name}` where there is a network"
    if is_offline_mode():
        return (
            f"not in the cache of this machine, and HF_HUB_OFFLINE is set: {download}, or unset it"
        )
    what = f"{type(error).__name__}: {error}"
    return f"the Hub does not answer; run again when it does, or {download} ({what})"
