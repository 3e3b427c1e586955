"""A finished stage's record."""

from __future__ import annotations

from factory.ledger import Account
from factory.recipe.strict import Strict


class Done(Strict):
    """A stage's `stage.json`: written last, so that it stands only beside finished work."""

    fingerprint: str
    """Digest of all that the stage read: its part of the recipe and its inputs' outputs."""
    output: str
    """Digest of what it made."""
    note: str
    """Its result, in a few words."""
    accounts: list[Account]
    """Its sums."""
    started: str | None = None
    """When this sitting began, UTC; older records do not say it."""
    command: str | None = None
    """What was typed to have it made; older records do not say it."""
    program: str | None = None
    """Version of this program, and its commit where it was run from a checkout."""
    seconds: float
    """How long it took, in this sitting."""
    files: dict[str, int]
    """Size in bytes of each file it left, by path in its folder."""
    missing: int = 0
    """Rows that could not be had: later stages go on without them, the next run asks again."""
