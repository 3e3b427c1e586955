"""What tests need that a machine may lack. Every reason says in brackets how to have it."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from filters.verifiers.code import sandbox

HOW = "`apt-get install bubblewrap`; docs/trouble.md"

a_sandbox = pytest.mark.skipif(
    sandbox.missing() is not None,
    reason=f"a sandbox ({(sandbox.missing() or '').partition('. ')[0]}: {HOW})",
)

REAL = Path(__file__).parents[3] / "shared" / "data" / "real"
"""Public datasets and models' answers, which lie beside the repository where somebody put them."""


def real_data(name: str) -> Path:
    """A file of public data; without it the test is skipped."""
    if not (REAL / name).exists():
        pytest.skip("public datasets (`../shared/data/real`, beside the repository)")
    return REAL / name


def left_out(reasons: Iterable[str]) -> str:
    """One line for all tests that were skipped: how many for each reason.

    Args:
        reasons: what each skipped test needs, and in brackets how to have it.
    """
    counts = Counter(reason.removeprefix("Skipped: ") for reason in reasons).most_common()
    parts = (f"{n} test{'s that need' if n > 1 else ' that needs'} {need}" for need, n in counts)
    return "left out: " + "; ".join(parts)
