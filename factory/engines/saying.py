"""What a server says, repeated in part and on one line."""

from __future__ import annotations

from typing import Any

import orjson

from factory.errors import EngineFailure
from filters.text.shorten import shorten

LONGEST_ECHO = 300
"""Characters of a server's text that are repeated in a failure."""


def echo(value: Any) -> str:
    """The beginning of what a server said, on one line."""
    text = repr(value[: LONGEST_ECHO // 8] if isinstance(value, list) else value)
    return shorten(text, LONGEST_ECHO)


def start(body: bytes) -> str:
    """The beginning of a body."""
    return echo(body[: LONGEST_ECHO + 1].decode(errors="replace"))


def bad(what: str) -> EngineFailure:
    """The failure of a body that holds no draw."""
    return EngineFailure("bad_body", what)


def parsed(body: bytes) -> Any:
    """The JSON in a body; raises EngineFailure where it holds none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad(f"no JSON ({error}): {start(body)}") from None
