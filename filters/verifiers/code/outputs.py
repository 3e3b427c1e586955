"""What a program wrote or returned, against what was expected; all of it outside the sandbox."""

from __future__ import annotations

import json
import math
from typing import Any

LONGEST_VALUE = 2**20
"""Bytes of JSON; no value of a call is longer, or it is not read."""


def same_text(found: str, expected: str, tolerance: float = 0.0) -> bool:
    r"""Whether two outputs have the same words in the same lines; blank lines and spaces are free.

    >>> same_text("1  2\n3 \n\n", "1 2\n\n3"), same_text("1 2 3", "1 2\n3")
    (True, False)
    >>> same_text("0.33333", "0.3333333"), same_text("0.33333", "0.3333333", 1e-4)
    (False, True)
    """
    ours, theirs = ([words for line in text.splitlines() if (words := line.split())]
                    for text in (found, expected))  # fmt: skip
    if ours == theirs or not tolerance:
        return ours == theirs
    return [len(line) for line in ours] == [len(line) for line in theirs] and all(
        one == two or _close_words(one, two, tolerance)
        for line, other in zip(ours, theirs, strict=True)
        for one, two in zip(line, other, strict=True)
    )


def read_value(output: bytes) -> Any:
    """The JSON value that the harness sent.

    Raises:
        ValueError: it is none, or too long or too deep.
    """
    if len(output) > LONGEST_VALUE:
        raise ValueError("too long")
    try:
        return json.loads(output)
    except RecursionError:
        raise ValueError("too deep") from None


def same_value(found: Any, expected: Any, strict: bool = True, tolerance: float = 0.0) -> bool:
    """Whether two values are equal, both as `harness.encode` writes them.

    No object of the program's is ever made, so there is nothing whose `==` it could have written.

    Args:
        strict: whether a tuple differs from a list, and the key 1 from "1".
        tolerance: of floats, relative or absolute, whichever is wider.

    >>> same_value({"tuple": [1]}, [1]), same_value({"tuple": [1]}, [1], strict=False)
    (False, True)
    """
    if not strict:
        found, expected = _loose(found), _loose(expected)
    if isinstance(expected, dict):
        if not isinstance(found, dict) or found.keys() != expected.keys():
            return False
        ((kind, parts),) = expected.items()
        others = found[kind]
        if kind in ("int", "bytes", "object"):
            return kind != "object" and others == parts
        if not isinstance(others, list):
            return False
        if kind in ("set", "dict"):
            parts, others = sorted(parts, key=json.dumps), sorted(others, key=json.dumps)
        return same_value(others, parts, strict, tolerance)
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(
                same_value(one, two, strict, tolerance)
                for one, two in zip(found, expected, strict=True)
            )
        )
    if isinstance(found, list | dict):
        return False
    if tolerance and (isinstance(expected, float) or isinstance(found, float)):
        return found == expected or _close(found, expected, tolerance)
    return found == expected


def _loose(value: Any) -> Any:
    """As JSON has it: tuples are lists, keys are texts."""
    if isinstance(value, dict) and isinstance(value.get("tuple"), list):
        return value["tuple"]
    if isinstance(value, dict) and isinstance(value.get("dict"), list):
        pairs = [pair for pair in value["dict"] if isinstance(pair, list) and len(pair) == 2]
        return {"dict": [[str(key), part] for key, part in pairs]}
    return value


def _close_words(one: str, two: str, tolerance: float) -> bool:
    try:
        return _close(float(one), float(two), tolerance)
    except ValueError:
        return False


def _close(one: Any, two: Any, tolerance: float) -> bool:
    if not all(isinstance(side, int | float) for side in (one, two)):
        return False
    try:
        return math.isclose(one, two, rel_tol=tolerance, abs_tol=tolerance)
    except OverflowError:
        return False
