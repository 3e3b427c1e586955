"""How the page writes numbers, and names that nobody may trust."""

from __future__ import annotations

from typing import Any

from filters.text.visible import visible

LONGEST = 2_000
"""Characters of a name or a sentence."""


def number(value: Any) -> str:
    """A number as a reader wants it: thousands apart, four digits of a share, no trailing zeros.

    >>> [number(one) for one in (12345, 0.123456, 3.0, 1234.56, None, True)]
    ['12,345', '0.1235', '3', '1,234.6', '-', 'yes']
    """
    if value is None or value != value:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return f"{int(value):,}"
    if not isinstance(value, float):
        return str(value)
    if abs(value) >= 1000:
        return f"{value:,.1f}"
    return f"{value:.4g}" if abs(value) >= 1e-4 else f"{value:.1e}"


def plainly(value: Any) -> str:
    """A name or a number on one line in which nothing is hidden and nothing acts; of a long one the
    beginning, and how much is left out.

    >>> plainly("a\\x00b\\u202ec"), plainly(1000)
    ('a\\\\x00b\\\\u202ec', '1,000')
    >>> plainly("n" * 3_000)[-40:]
    'nnnnnnnnnn [… 1,000 characters left out]'
    """
    text = value if isinstance(value, str) else number(value)
    left = len(text) - LONGEST
    return (
        visible(text)
        if left <= 0
        else f"{visible(text[:LONGEST])} [… {left:,} characters left out]"
    )
