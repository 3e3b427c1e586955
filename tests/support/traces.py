"""Real traces, with what others say of them, for tests: skipped where the folder is not there."""

import polars as pl
import pytest

from benchmarks.real_traces import with_kinds
from benchmarks.traces import REAL
from benchmarks.traces import traces as every


def traces() -> pl.DataFrame:
    """All traces as samples, `verdict` by those who published them, `source` and `kind`."""
    if not REAL.exists():
        pytest.skip(f"the real traces ({REAL})")
    return with_kinds(every())
