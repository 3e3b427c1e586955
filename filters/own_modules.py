"""Modules of a person's own, beside a recipe: a digest of their code, and how they are imported."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from modulefinder import ModuleFinder
from pathlib import Path


def code_digest(module: str, file: Path, home: Path) -> str:
    """Digest of a module's file, and of what it imports from the recipe's folder.

    Of an installed module it is that of its own file alone.

    Args:
        module: its dotted name.
        file: where it is.
        home: the recipe's folder.
    """
    files = [file]
    if file.is_relative_to(home):
        finder = ModuleFinder(path=[str(home)])
        with suppress(ImportError, AttributeError, SyntaxError):  # no __init__.py: its file alone
            finder.import_hook(module)
        beside = (getattr(module, "__file__", None) for module in finder.modules.values())
        files = sorted({file, *(Path(other) for other in beside if other)})
    total = hashlib.blake2b(digest_size=6)
    for each in files:
        total.update(hashlib.blake2b(each.read_bytes()).digest())
    return total.hexdigest()


@contextmanager
def first_in_path(home: str) -> Iterator[None]:
    """While a module is imported its folder comes first; later imports find what it has at last,
    so that a file of a person's cannot stand before a module that verifiers need."""
    sys.path[:] = [home, *(path for path in sys.path if path != home)]
    try:
        yield
    finally:
        sys.path.remove(home)
        sys.path.append(home)
