"""What runs inside the sandbox to call a function of a program: it sends the value out, no verdict.

It knows no expected value, so a program that takes it over, and it can, gains nothing: it still has
to know the right value.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

BIG = 10**300
"""Integers beyond it are sent in hexadecimal, since decimals of that length are slow to read."""

# Answers to LeetCode's questions count on these, as its judge has them.
PRELUDE = """
import collections, functools, heapq, itertools, math, operator, re, string
from bisect import *
from collections import *
from functools import *
from heapq import *
from itertools import *
from math import *
from typing import *
"""


def encode(value: object) -> object:
    """A Python value as JSON that keeps tuples, sets, bytes and the keys of dictionaries apart.

    >>> encode({(1, 2): {3}})
    {'dict': [[{'tuple': [1, 2]}, {'set': [3]}]]}
    """
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        return value if -BIG < value < BIG else {"int": hex(value)}
    if isinstance(value, list):
        return [encode(part) for part in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(part) for part in value]}
    if isinstance(value, set | frozenset):
        return {"set": [encode(part) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(part)] for key, part in value.items()]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    return {"object": type(value).__name__}


def main(program: str, call: str) -> None:
    """Runs a program, makes one call and writes its value as JSON to what was standard output.

    Args:
        program: path of the program.
        call: path of JSON, `{"function": name, "arguments": [...]}` or `{"expression": text}`.
    """
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the program prints is no value
    with open(call, encoding="utf-8") as file:
        wanted = json.load(file)
    names: dict[str, Any] = {"__name__": "program"}  # not __main__, so that no main() runs
    exec(PRELUDE, names)
    with open(program, encoding="utf-8") as file:
        exec(compile(file.read(), "program.py", "exec"), names)
    if "expression" in wanted:
        value = eval(wanted["expression"], names)
    else:
        solution = names.get("Solution")
        owner = solution() if isinstance(solution, type) else None
        name = wanted["function"]
        function = getattr(owner, name) if hasattr(owner, name) else names[name]
        value = function(*wanted["arguments"])
    data = json.dumps(encode(value)).encode()
    while data:
        data = data[os.write(out, data) :]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
