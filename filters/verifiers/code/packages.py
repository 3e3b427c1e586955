"""Packages that programs count on and a sandbox may lack: then nobody is to blame."""

from __future__ import annotations

import ast
import re

from filters.verifiers.code import sandbox

KNOWN = frozenset({
    "Bio", "Crypto", "PIL", "attr", "bitarray", "bs4", "cachetools", "cryptography", "cv2",
    "dateutil", "django", "docx", "faker", "flask", "gmpy2", "jax", "joblib", "keras", "librosa",
    "lxml", "matplotlib", "more_itertools", "mpmath", "nltk", "numba", "numpy", "openpyxl",
    "pandas", "psutil", "pydantic", "pytest", "pytz", "regex", "requests", "scipy", "seaborn",
    "shapely", "six", "skimage", "sklearn", "sortedcontainers", "statsmodels", "sympy", "tabulate",
    "tensorflow", "textblob", "torch", "tqdm", "ujson", "wordcloud", "xgboost", "xlrd", "yaml",
    "networkx",
})  # fmt: skip
"""Modules that judges of contests and the tests of datasets have. Others may be made up."""

_NAMED = re.compile(rb"No module named '([\w.]{1,80})'")


def named(text: bytes) -> str:
    """The module whose absence an error tells; empty where it tells none."""
    found = _NAMED.findall(text)
    return found[-1].decode().partition(".")[0] if found else ""


def is_missing(program: str, package: str) -> bool:
    """Whether a program imports a known package that the sandbox lacks.

    A program may say so of itself, too: who imports what is not there is never wrong, and never
    right.
    """
    return package in KNOWN and package in _imported(program) and not sandbox.importable(package)


def _imported(program: str) -> set[str]:
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
