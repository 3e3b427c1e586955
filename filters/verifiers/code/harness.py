"""What runs inside the sandbox to call a function of a program: it sends the value out, no verdict.

It knows no expected value, so a program that takes it over, and it can, gains nothing: it still has
to know the right value. It imports next to nothing, since most programs take less time than that.
"""

from __future__ import annotations

import marshal
import os
import sys

TYPE_CHECKING = False  # as `typing` has it, which takes milliseconds
if TYPE_CHECKING:
    from typing import Any

BIG = 10**300
"""Integers beyond it are sent in hexadecimal, since decimals of that length are slow to read."""


def encode(value: object) -> str:
    """A Python value as JSON that keeps tuples, sets, bytes and the keys of dictionaries apart.

    >>> encode({(1, 2): {3}})
    '{"dict":[[{"tuple":[1,2]},{"set":[3]}]]}'
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return int.__repr__(value) if -BIG < value < BIG else f'{{"int":"{value:#x}"}}'
    if isinstance(value, float):
        told = float.__repr__(value)
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(told, told)
    if isinstance(value, list):
        return _list(value)
    if isinstance(value, tuple):
        return f'{{"tuple":{_list(value)}}}'
    if isinstance(value, set | frozenset):
        return f'{{"set":{_list(value)}}}'
    if isinstance(value, dict):
        pairs = ",".join(f"[{encode(key)},{encode(part)}]" for key, part in value.items())
        return f'{{"dict":[{pairs}]}}'
    if isinstance(value, bytes):
        return f'{{"bytes":"{value.hex()}"}}'
    return f'{{"object":{_quoted(type(value).__name__)}}}'


def _list(values: list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any]) -> str:
    return f"[{','.join([encode(part) for part in values])}]"


def _quoted(text: str) -> str:
    try:
        from _json import encode_basestring_ascii  # what json itself uses where it is there
    except ImportError:
        from json.encoder import encode_basestring_ascii
    return encode_basestring_ascii(text)


def main(program: str, call: str) -> None:
    """Runs a program, makes one call and writes its value as JSON to what was standard output.

    Args:
        program: path of the program.
        call: path of an object written by `marshal`: `prelude`, which is run before the program,
            and `expression` or `function` and `arguments`.
    """
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the program prints is no value
    with open(call, "rb") as file:
        wanted = marshal.load(file)
    names: dict[str, Any] = {"__name__": "program"}  # not __main__, so that no main() runs
    exec(wanted["prelude"], names)
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
    data = encode(value).encode()
    while data:
        data = data[os.write(out, data) :]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
