"""The sums: what came into a stage went out, was dropped or failed for a reason, or is pending."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import polars as pl
from pydantic import Field

from factory.errors import LedgerError
from factory.recipe.strict import Strict


class Account(Strict):
    """One sum of a stage: entered = left + dropped by reason + failed by reason + pending."""

    what: str
    """What is counted, as `draws` or `trained tokens`."""
    entered: int
    """Count that came in."""
    left: int
    """Count that went on."""
    dropped: dict[str, int] = Field(default_factory=dict)
    """Count that was dropped, by reason."""
    failed: dict[str, int] = Field(default_factory=dict)
    """Count that could not be done, by reason."""
    pending: int = 0
    """Count that is still to be done."""

    @property
    def open(self) -> int:
        """What the sum lacks; 0 when it closes."""
        told = self.left + sum(self.dropped.values()) + sum(self.failed.values()) + self.pending
        return self.entered - told


def balance(
    what: str,
    entered: Iterable[str],
    *,
    left: Iterable[str],
    dropped: Mapping[str, str] | None = None,
    failed: Mapping[str, str] | None = None,
    pending: Collection[str] = (),
) -> Account:
    """The account of rows by id; `dropped` and `failed` give the reason of each id.

    Raises:
        LedgerError: when an id that came in is nowhere, is in two places, or came from nowhere.
    """
    came = list(entered)
    told = [*left, *(dropped or {}), *(failed or {}), *pending]
    for fault, rows in (
        ("came in twice", _repeated(came)),
        ("are accounted for twice", _repeated(told)),
        ("came in and are nowhere", set(came) - set(told)),
        ("came from nowhere", set(told) - set(came)),
    ):
        if rows:
            raise LedgerError(f"{what}: the sum does not close, {len(rows)} {fault}: {_some(rows)}")
    return Account(
        what=what,
        entered=len(came),
        left=len(came) - len(dropped or {}) - len(failed or {}) - len(pending),
        dropped=_by_reason(dropped),
        failed=_by_reason(failed),
        pending=len(pending),
    )


def check(stage: str, accounts: Iterable[Account]) -> None:
    """Refuse accounts whose sums do not close.

    Raises:
        LedgerError: naming the stage and the account.
    """
    for account in accounts:
        if account.open:
            raise LedgerError(
                f"stage {stage}, {account.what}: {account.entered} came in and {account.open} of "
                "them are not accounted for"
            )


def _by_reason(reasons: Mapping[str, str] | None) -> dict[str, int]:
    counts = pl.Series(list((reasons or {}).values()), dtype=pl.String).value_counts(sort=True)
    return dict(counts.iter_rows())


def _repeated(ids: list[str]) -> set[str]:
    seen: set[str] = set()
    return {row for row in ids if row in seen or seen.add(row)}


def _some(rows: set[str]) -> str:
    return ", ".join(sorted(rows)[:5]) + (", …" if len(rows) > 5 else "")
