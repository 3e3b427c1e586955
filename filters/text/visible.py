r"""Texts of models and of strangers, safe to write to a terminal.

What would act there, or cannot be seen, is written as an escape such as `\x1b` or `\u202e`.

Unsafe are control characters (C1 as well, which xterm obeys in UTF-8), marks of direction (Boucher
and Anderson, arXiv 2111.00169), characters without width, tags and variation selectors (which hide
text), fillers, line and paragraph separators, lone surrogates, and code points that nobody has
assigned or that are private. Accents are kept up to eight in a row: more grow over other lines.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

STACK = 8
"""Combining marks in a row that are written: no language needs more."""
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0"
)
"""Fillers and the like, which are letters or marks to Unicode."""
_STYLES = "\ufe0e\ufe0f"
"""The selectors that make a sign black and white or an emoji: one behind a sign is no hiding."""
_JOINERS = "\u200c\u200d"
_JOINED = "\u0600-\u06ff\u0750-\u077f\u0900-\u0dff"
"""Scripts in which a joiner changes how letters are written: Arabic, and those of India."""
_WRITTEN = re.compile(
    rf"(?<=[{_JOINED}])[{_JOINERS}](?=[{_JOINED}])"
    rf"|(?<=[\u203c-\u3299\U0001f000-\U0001faff])[{_STYLES}](?![{_STYLES}])"
    rf"|(?<=[\u2190-\u2bff{_STYLES}\U0001f000-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"
)
"""Where joiners and selectors are written as they are."""


def visible(text: str, newlines: bool = False) -> str:
    r"""A text in which nothing acts on a terminal and nothing is hidden.

    Safe texts come back as they are, and twice is as once.

    Args:
        text: anybody's.
        newlines: whether ends of lines and tabulators are kept; they are escaped otherwise. A
            carriage return before the end of a line is left out.

    >>> print(visible("\x1b[2Jgone \u202e cba"), visible("one\r\ntwo", newlines=True))
    \x1b[2Jgone \u202e cba one
    two
    """
    if text.isascii() and text.isprintable():
        return text
    if newlines:
        text = text.replace("\r\n", "\n")
    signs = set(text)
    kept = "\n\t" if newlines else ""
    unsafe = {sign for sign in signs if _is_unsafe(sign) and sign not in kept}
    text = _stacked(text, signs)
    if not unsafe:
        return text
    if unsafe.isdisjoint(_STYLES + _JOINERS):
        return text.translate({ord(sign): escaped(sign) for sign in unsafe})
    parts = []
    table = {ord(sign): escaped(sign) for sign in unsafe}
    start = 0
    for found in _WRITTEN.finditer(text):
        parts += [text[start : found.start()].translate(table), found.group()]
        start = found.end()
    return "".join([*parts, text[start:].translate(table)])


def escaped(sign: str) -> str:
    """One character as Python would write it.

    >>> [escaped(sign) for sign in ("a", "\\u202e")]
    ['\\\\x61', '\\\\u202e']
    """
    code = ord(sign)
    if sign in "\n\r\t":
        return repr(sign)[1:-1]
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )


def as_json(told: Any, indent: int | None = 1) -> str:
    """JSON for a terminal or a program: the same document, with escapes of JSON where a character
    would act or hide.

    >>> as_json({"a": "\\u202e é"}, None)
    '{"a": "\\\\u202e é"}'
    """
    text = json.dumps(told, indent=indent, ensure_ascii=False)
    unsafe = {sign for sign in set(text) if _is_unsafe(sign) and sign != "\n"}
    units = {sign: sign.encode("utf-16-be", "surrogatepass").hex() for sign in unsafe}
    return text.translate(
        {
            ord(sign): "".join(f"\\u{told[at : at + 4]}" for at in range(0, len(told), 4))
            for sign, told in units.items()
        }
    )


def _is_unsafe(sign: str) -> bool:
    """Whether a character acts or hides, as far as it alone can tell."""
    if sign.isprintable():
        return sign in _INVISIBLE or "\ufe00" <= sign <= "\ufe0f" or sign >= "\U000e0100"
    return unicodedata.category(sign) != "Zs"  # a blank of another width is one


def _stacked(text: str, signs: set[str]) -> str:
    """The text, with escapes for combining marks behind the first `STACK` of a row."""
    marks = "".join(sign for sign in signs if unicodedata.category(sign) in ("Mn", "Me"))
    if not marks:
        return text
    run = re.compile(rf"([{re.escape(marks)}]{{{STACK}}})([{re.escape(marks)}]+)")
    return run.sub(lambda found: found[1] + "".join(map(escaped, found[2])), text)
