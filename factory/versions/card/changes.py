"""What is different from the last version, for the card: what `factory diff` finds, in short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from factory.versions.card.markdown import count, table

if TYPE_CHECKING:
    from factory.versions.diff import Summary

SHOWN = 40
"""Reasons that are listed."""
WORDS = {"insert": "added", "delete": "removed", "update": "changed"}


def changes_text(found: Summary) -> str:
    """A summary as Markdown, for a manifest's `changes`."""
    head = (
        f"{count(found.added, 'row')} added, {found.removed:,} removed, {found.changed:,} changed, "
        f"{found.same:,} the same."
    )
    if others := found.prompts.get("other_answer"):
        head += f" {count(others, 'question')} with another answer."
    reasons = [
        [WORDS.get(line["change"], line["change"]), line["reason"], line["stage"], line["rows"]]
        for line in found.reasons
    ]
    left = len(reasons) - SHOWN
    parts = [
        head,
        table(["rows", "reason", "stage", "how many"], reasons[:SHOWN]),
        f"And {count(left, 'further reason')}." if left > 0 else "",
        _explained(found),
    ]
    return "\n\n".join(part for part in parts if part)


def _explained(found: Summary) -> str:
    if not found.recorded:
        return "One of the two versions does not tell how it was made, so reasons are not known."
    if found.unexplained:
        return f"The versions tell no reason of {count(len(found.unexplained), 'row')}."
    return "Every changed row has a reason that the two versions tell."
