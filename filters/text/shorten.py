"""Texts cut short for messages."""

from __future__ import annotations


def shorten(text: str, most: int) -> str:
    """The beginning of a text: at most `most` characters, with an ellipsis where it is cut.

    >>> shorten("abc", 3), shorten("abcd", 3)
    ('abc', 'ab…')
    """
    return text if len(text) <= most else text[: most - 1] + "…"
