"""A filter of one's own: a class in a file beside the recipe, named MODULE:CLASS there."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from pydantic import ValidationError

from filters.filter import SAMPLE, Filter
from filters.own_modules import code_digest, first_in_path

NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def entries(name: str, said: Any, home: Path) -> Any:
    """What a recipe says of a filter of one's own, as an entry of its class, or several.

    Raises:
        ValueError: the class is not to be had, or a setting is not as the class wants it.
    """
    if isinstance(said, list | tuple):
        return tuple(entries(name, each, home) for each in said)
    if isinstance(said, Filter):
        return said
    filter = load(name, home)
    try:
        return filter.model_validate({} if said is None else said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise ValueError(f"{name}{f': {key}' if key else ''}: {first['msg']}") from None


def load(name: str, home: Path) -> type[Filter]:
    """The class that MODULE:CLASS names: of a file in `home`, else of an installed package.

    The file is run. Its digest, and that of what it imports from `home`, becomes part of what
    measures are stored under, so that they are made anew when any of it changes.

    Raises:
        ValueError: there is no such class, or it is no complete filter.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no MODULE:CLASS, as `my_filters:GivingUp`")
    place, _, named = name.partition(":")
    module, file = _module(place, home)
    classes = [n for n, c in inspect.getmembers(module, inspect.isclass) if _is_filter(c)]
    filter = getattr(module, named, None)
    if not _is_filter(filter):
        there = f"its filters: {', '.join(classes)}" if classes else "it has none"
        raise ValueError(f"{file} has no class {named} that is a filters.filter.Filter; {there}")
    _must_be_complete(name, filter)
    filter.source = code_digest(place, file, home.absolute())
    return filter


def must_differ(own: Iterable[type[Filter]], shipped: Mapping[str, type[Filter]]) -> None:
    """That no two filters have a name or a measure in common.

    Raises:
        ValueError: two have.
    """
    names, columns = set(shipped), {c: f.name for f in shipped.values() for c in f.columns}
    for filter in own:
        where = f"own: {filter.__name__}"
        if filter.name in names:
            raise ValueError(f"{where}: another filter has the name {filter.name!r} already")
        if taken := [column for column in filter.columns if column in columns]:
            owner = columns[taken[0]]
            raise ValueError(f"{where}: {owner} measures {taken[0]!r} already; call it otherwise")
        names.add(filter.name)
        columns |= dict.fromkeys(filter.columns, filter.name)


def _module(place: str, home: Path) -> tuple[ModuleType, Path]:
    file = (home / Path(*place.split("."))).with_suffix(".py").absolute()
    try:
        if file.is_file():
            with first_in_path(str(home.absolute())):
                return _run(place, file, code_digest(place, file, home.absolute())), file
        module = importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name and f"{place}.".startswith(f"{error.name}."):
            raise ValueError(f"no file {file}, and no package {place} is installed") from None
        raise ValueError(f"{file} cannot be imported: {error}") from error
    except Exception as error:
        raise ValueError(f"{file} cannot be imported: {type(error).__name__}: {error}") from error
    if not module.__file__:
        raise ValueError(f"{place} is a folder without an __init__.py: name the file in it")
    return module, Path(module.__file__)


@lru_cache(maxsize=64)
def _run(place: str, file: Path, digest: str) -> ModuleType:
    """The module in a file: once for each content, under a name that no other module has."""
    known_as = f"{place}@{digest}"
    spec = importlib.util.spec_from_file_location(known_as, file)
    if spec is None or spec.loader is None:
        raise ImportError("this is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[known_as] = module  # pydantic looks for a class's annotations there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[known_as]
        raise
    return module


def _is_filter(found: object) -> TypeGuard[type[Filter]]:
    return isinstance(found, type) and issubclass(found, Filter) and found is not Filter


def _must_be_complete(name: str, filter: type[Filter]) -> None:
    lacking = [key for key in ("name", "reads", "columns") if not hasattr(filter, key)]
    lacking += sorted(getattr(filter, "__abstractmethods__", ()))
    if lacking:
        raise ValueError(f"{name} lacks {', '.join(lacking)}: docs/own-filter.md has a whole one")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", filter.name):
        raise ValueError(f"{name}: name is {filter.name!r}, expected small letters, digits and _")
    if unknown := [column for column in filter.reads if column not in SAMPLE]:
        raise ValueError(f"{name} reads {', '.join(unknown)}; there are {', '.join(SAMPLE)}")
    if taken := [column for column in filter.columns if column in SAMPLE]:
        raise ValueError(f"{name}: samples have a column {taken[0]!r} already; call it otherwise")
