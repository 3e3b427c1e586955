"""A refusal, and the names by which people let it pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from factory.errors import StageError


class Refusal(NamedTuple):
    """One thing that stands against publishing."""

    rule: str
    """Its name, that `--allow` takes; what is before a colon names all of its kind."""
    words: str
    """What was found, where, and what to do."""
    final: bool = False
    """It cannot be allowed."""

    def allowed(self, allow: Sequence[str]) -> bool:
        """Whether one of these names is its own or that of its kind.

        >>> Refusal("license:cc-by-nc-4.0", "").allowed(["license"])
        True
        """
        kinds = self.rule.split(":")
        names = {":".join(kinds[: n + 1]) for n in range(len(kinds))}
        return not self.final and not names.isdisjoint(allow)


def forced(refused: Sequence[Refusal], allow: Sequence[str]) -> list[str]:
    """What card and manifest say of that which was refused and is published all the same."""
    return [f"{each.rule}: {each.words}" for each in refused if each.allowed(allow)]


def refuse(refused: Sequence[Refusal], allow: Sequence[str]) -> None:
    """Stop where something is refused that is not allowed.

    Raises:
        StageError: with all that is refused.
    """
    left = [each for each in refused if not each.allowed(allow)]
    if not left:
        return
    lines = [f"  {each.rule}: {each.words}" for each in left]
    names = [f"--allow {each.rule}" for each in left if not each.final]
    how = f"\nMend it, or say that it may be so: {' '.join(names)}" if names else ""
    raise StageError("nothing was published, for:\n" + "\n".join(lines) + how)
