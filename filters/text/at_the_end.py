r"""A formula at the end of a response, displayed or the only one in bold."""

from __future__ import annotations

import re

from filters.text.quantities import MASK, in_bold, masked
from filters.text.statements import unmarked

LONGEST = 1_000
"""Characters of a displayed formula, or of the last line."""
_GOES_ON = re.compile(r"(?:\b(?:and|or|with|where|if)|[+=]|(?<![a-z]{3}),)\s*$")
"""Before a displayed formula that is but a part of what is said."""
_DENIED = re.compile(r"(?:\b(?:not|never|cannot be)|n['\u2019]t(?: be)?)[ :]*\s*$")
"""Before what is not the answer."""
_ASKS = re.compile(
    r"(?:^|[.!?:\n]|\bto)\s*(?:calculate|compute|determine|evaluate|expand|factor|find|simplify|solve)\b"
    r"[^.!?]*$",
    re.IGNORECASE,
)
"""Before a displayed formula that is still to be worked on, as a task said again has it."""


def formula_at_the_end(text: str) -> str | None:
    r"""The formula or number that a text ends with, displayed or in bold; None if it is neither.

    >>> formula_at_the_end("So\n\\[ x = 5. \\]"), formula_at_the_end("It costs $3 + $4 = **$7**.")
    ('x = 5', '$7')
    >>> formula_at_the_end("Ann has **5** and Tom **7**."), formula_at_the_end("Evaluate $$1/2$$")
    (None, None)
    """
    tail = unmarked(text[-LONGEST:])
    before, _, line = tail.rpartition("\n")
    whole = _is_whole(line) and not _DENIED.search(before)
    return _displayed(tail) or (in_bold(line) if whole else None)


def _is_whole(line: str) -> bool:
    """Whether a line is not cut off, and has no number behind what it has in bold."""
    return not line[-1:].isalnum() and MASK not in masked(line.rpartition("**")[2])


def _displayed(tail: str) -> str | None:
    bare = tail.rstrip(".")
    for opens, closes in (("\\[", "\\]"), ("$$", "$$")):
        if not bare.endswith(closes):
            continue
        start = bare.rfind(opens, 0, -len(closes))
        inside = bare[start + len(opens) : -len(closes)].strip().rstrip(".,")
        before = bare[max(0, start - 20) : start]
        whole = start >= 0 and not (_GOES_ON.search(before) or _DENIED.search(before))
        whole = whole and not _ASKS.search(bare[max(0, start - 200) : start])
        if whole and "$" not in inside and "&" not in inside:
            return inside or None
    return None
