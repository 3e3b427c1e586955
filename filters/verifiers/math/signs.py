r"""Plus-minus: \pm 3 is 3 and -3, and (\pm 1, \pm 2) are four points, or two."""

from __future__ import annotations

import re

MOST = 3
"""Signs of plus-minus in one part that are each taken both ways."""
_SIGNS = re.compile(r"\\(pm|mp|pp)(?![a-z])")
_FREE = re.compile(r"\\pm(?![a-z])")
_POINT = re.compile(r"\([^()]*\\pm(?![a-z])[^()]*\\pm(?![a-z])[^()]*\)")


def both(part: str) -> list[str]:
    r"""A part with plus-minus as the two that it is; with two or three signs, as four or eight.

    >>> both(r"1 \pm x"), both(r"\pm 1 \mp x"), both("1")
    (['1 + x', '1 - x'], ['1 - x', '- 1 + x'], ['1'])
    """
    free = len(_FREE.findall(part))
    if not 1 <= free <= MOST or (free > 1 and r"\mp" in part):
        return [part]
    if free == 1:
        return [_signed(part, "+-"), _signed(part, "-+")]
    return [each for sign in "+-" for each in both(_FREE.sub(sign, part, count=1))]


def coupled(text: str) -> str:
    r"""A text in which the upper signs of a point go together: (\pm 1, \pm 2) are two points."""
    return _POINT.sub(
        lambda point: point.group().replace(r"\pm", r"\pp").replace(r"\pp", r"\pm", 1), text
    )


def _signed(part: str, signs: str) -> str:
    """A part with its upper or its lower signs; without a plus at its beginning."""
    ways = {"pm": signs[0], "pp": signs[0], "mp": signs[1]}
    return _SIGNS.sub(lambda found: ways[found[1]], part).removeprefix("+").strip()
