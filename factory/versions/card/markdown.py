"""Markdown in which others' text stands as text: nothing in it opens a tag or ends a cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

SPECIAL = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "|": "&#124;",
    "`": "&#96;",
    "*": "&#42;",
    "[": "&#91;",
    "]": "&#93;",
    "{": "&#123;",
    "}": "&#125;",
    "$": "&#36;",
    "~": "&#126;",
    "\\": "&#92;",
    "#": "&#35;",
    "!": "&#33;",
    "@": "&#64;",
}
"""What Markdown, HTML, formulas and mentions are made of."""
LONGEST = 200
"""Characters of a text that somebody else wrote, in a cell."""


def text(value: Any) -> str:
    """A value as text in one line: of others' texts nothing is taken as markup.

    >>> text("a|b <img> `x` --- #1")
    'a&#124;b &lt;img&gt; &#96;x&#96; --- &#35;1'
    >>> text(1234567), text(0.12345), text(None)
    ('1,234,567', '0.1235', 'not known')
    """
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:.4g}"
    line = " ".join(str(value).split())
    line = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
    return _apart("".join(SPECIAL.get(sign, sign) for sign in line))


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> count(1, "row"), count(1200, "row"), count(2, "reply", "replies")
    ('1 row', '1,200 rows', '2 replies')
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _apart(line: str) -> str:
    """Underscores at the edge of a word are marks, and `www.` or `http:` become links."""
    line = line.replace("://", "&#58;//").replace("www.", "www&#46;")
    words = (f"&#95;{w[1:]}" if w.startswith("_") else w for w in line.split(" "))
    return " ".join(f"{w[:-1]}&#95;" if w.endswith("_") else w for w in words)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; columns of numbers are set to the right. Without rows it is nothing.

    >>> print(table(["filter", "dropped"], [["length", 3]]))
    | filter | dropped |
    |---|---:|
    | length | 3 |
    """
    there = [list(row) for row in rows]
    if not there:
        return ""
    right = [
        all(isinstance(row[n], int | float | Share | None) for row in there)
        for n in range(len(head))
    ]
    lines = [
        f"| {' | '.join(head)} |",
        f"|{'|'.join('---:' if is_right else '---' for is_right in right)}|",
        *(f"| {' | '.join(map(_cell, row))} |" for row in there),
    ]
    return "\n".join(lines)


class Share(float):
    """A share, 0 to 1, shown in per cent."""


class Ready(str):
    """Markdown that this program wrote: put in as it is."""


def _cell(value: Any) -> str:
    if isinstance(value, Share):
        return f"{value:.1%}"
    if isinstance(value, Ready):
        return str(value)
    return "" if value is None else text(value)


def section(title: str, *parts: str) -> str:
    """A section of its parts, a blank line between; nothing where all of them are empty."""
    body = "\n\n".join(part.strip("\n") for part in parts if part.strip())
    return f"## {title}\n\n{body}\n" if body else ""
