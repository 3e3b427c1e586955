"""What became of the draws, on the way to a version."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from factory.ledger import Account
from factory.versions.selection import Selected
from factory.versions.statistics import Seen


class Made(NamedTuple):
    """What became of the draws, on the way to a version."""

    asked: pl.DataFrame
    """The prompt table."""
    fates: pl.DataFrame
    """What became of each prompt with each teacher: at least `teacher` and `teacher_digest`."""
    decided: pl.DataFrame
    """Every draw with its fate, and `teacher` and `prompt_tokens` of its record."""
    steps: pl.DataFrame
    """The funnel."""
    by_domain: pl.DataFrame
    """The funnel of each domain."""
    found: Selected
    """What selection did."""
    account: Account
    """Of the draws."""
    seen: Seen
    """The rows of the version, on their way into its files."""
