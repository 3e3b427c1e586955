"""Loops in Python made into machine code by numba, once for a machine.

Who imports this file imports numba, so do that inside functions: it takes half a second.

The machine code is kept in the user's cache, in a folder named by the digest of all files of this
folder: numba itself looks for changes in the file of a function alone, and not in those that this
one calls. Where nothing can be written it is made anew in each process.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from llvmlite.binding import ffi
from numba.core import config

Function = TypeVar("Function", bound=Callable)

# vLLM asks every object of every module that is loaded for `vars(it).get("kernel")`, and of this
# one `vars` gives no dict but a function of LLVM's: then no engine starts in this process.
ffi.lib._fntab["__dict__"] = {}


def compiled(**options: Any) -> Callable[[Function], Function]:
    """Machine code that holds no lock of Python's, kept for the next process where it can be.

    Args:
        options: of `numba.njit`.
    """

    def made(function: Function) -> Function:
        before = config.CACHE_DIR  # pyrefly: ignore
        config.CACHE_DIR = str(_kept_in())  # pyrefly: ignore
        try:
            return numba.njit(cache=True, nogil=True, **options)(function)
        except (RuntimeError, OSError):  # the folder cannot be written to
            return numba.njit(nogil=True, **options)(function)
        finally:
            config.CACHE_DIR = before  # pyrefly: ignore

    return made


def is_kept(module: str) -> bool:
    """Whether machine code of this module is there; where not, the first call takes ten seconds."""
    return any(_kept_in().rglob(f"{module}.*.nbc"))


INNER = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Options of a function that compiled functions alone call."""


@cache
def _kept_in() -> Path:
    root = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    files = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return Path(root).expanduser() / "reasoning-factory" / "machine-code" / digest[:16]
