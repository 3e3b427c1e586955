"""Values as they travel out of a sandbox and between two: as data, and nothing else.

The program's side only writes (`encode`), the tests' side reads into values of its own making
(`decode`) and sends arguments (`plain`). No object of a program's class is ever made elsewhere, so
there is nothing whose `==` or `__class__` it could have written.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as `typing` has it, which takes milliseconds
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

BIG = 10**300
"""Integers beyond it are sent in hexadecimal, since decimals of that length are slow to read."""
MOST_ITEMS = 10_000
"""Items that are taken from an iterator, which may have no end."""


class Unfit(Exception):
    """A value that cannot travel; the text says what it is."""


class Foreign(Unfit):
    """An object of the program's own where data was expected; the program is to blame."""


class Object:
    """What stands for an object of a program's own: it equals nothing but itself."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name} of the program>"


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
    return _rarer(value)


def _rarer(value: Any) -> str:
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name == "builtins.complex":
        return f'{{"complex":{_list([value.real, value.imag])}}}'
    if name in ("builtins.bytearray", "builtins.range", "collections.deque", "array.array"):
        inside = [value.start, value.stop, value.step] if isinstance(value, range) else list(value)
        return f'{{"{kind.__name__}":{_list(inside)}}}'
    if name in ("decimal.Decimal", "fractions.Fraction"):
        return f'{{"{kind.__name__}":{_quoted(str(value))}}}'
    if name in ("datetime.date", "datetime.datetime", "datetime.time"):
        return f'{{"{kind.__name__}":{_quoted(value.isoformat())}}}'
    if name == "datetime.timedelta":
        return f'{{"timedelta":{_list([value.days, value.seconds, value.microseconds])}}}'
    if kind.__module__ == "numpy" and hasattr(value, "tolist"):
        inside = encode(value.tolist())
        return f'{{"ndarray":{inside}}}' if kind.__name__ == "ndarray" else inside
    if hasattr(kind, "__next__") or name.startswith("builtins.dict_"):
        return f'{{"iterator":{_items(value)}}}'
    return f'{{"object":{_quoted(kind.__name__)}}}'


def _items(value: Iterable[Any]) -> str:
    """What an iterator gives, as a list; a last null stands for more than are taken."""
    found: list[Any] = []
    for item in value:
        if len(found) == MOST_ITEMS:
            return f"[{_list(found)},true]"
        found.append(item)
    return f"[{_list(found)},false]"


def _list(values: Iterable[Any]) -> str:
    return f"[{','.join([encode(part) for part in values])}]"


def _quoted(text: str) -> str:
    try:
        from _json import encode_basestring_ascii  # what json itself uses where it is there
    except ImportError:
        from json.encoder import encode_basestring_ascii
    return encode_basestring_ascii(text)


def decode(told: Any) -> Any:
    """The value of what `encode` wrote and `json.loads` read.

    Raises:
        ValueError, TypeError, RecursionError: it wrote something else.

    >>> decode({"tuple": [{"set": [1]}, {"int": "0x10"}]})
    ({1}, 16)
    """
    if isinstance(told, list):
        return [decode(part) for part in told]
    if not isinstance(told, dict):
        return told
    ((kind, inside),) = told.items()
    if kind == "int":
        return int(inside, 16)
    if kind == "bytes":
        return bytes.fromhex(inside)
    if kind == "object":
        return Object(str(inside))
    if kind == "dict":
        return {decode(key): decode(part) for key, part in inside}
    if kind in ("Decimal", "Fraction", "date", "datetime", "time", "timedelta"):
        return _of_a_module(kind, inside)
    return _of_parts(kind, decode(inside))


def _of_parts(kind: str, parts: Any) -> Any:
    if not isinstance(parts, list):
        if kind == "ndarray":
            return parts
        raise ValueError(f"{kind} of {type(parts).__name__}")
    if kind in ("tuple", "set", "complex", "bytearray", "range"):
        make: Any = {"tuple": tuple, "set": set, "bytearray": bytearray}.get(kind)
        return make(parts) if make else {"complex": complex, "range": range}[kind](*parts)
    if kind == "deque":
        from collections import deque

        return deque(parts)
    if kind == "iterator":
        items, more = parts
        return _endless(items) if more else iter(items)
    if kind in ("ndarray", "array"):
        return _array(parts)
    raise ValueError(f"no kind {kind}")


def _of_a_module(kind: str, inside: Any) -> Any:
    import datetime
    from decimal import Decimal
    from fractions import Fraction

    if kind == "timedelta":
        return datetime.timedelta(*inside)
    if kind in ("Decimal", "Fraction"):
        return {"Decimal": Decimal, "Fraction": Fraction}[kind](inside)
    return getattr(datetime, kind).fromisoformat(inside)


def _endless(items: list[Any]) -> Iterable[Any]:
    yield from items
    raise Unfit(f"an iterator of more than {MOST_ITEMS:,} items")


def _array(parts: list[Any]) -> Any:
    """An array of numpy where the tests have it; else a list, which compares as it does there."""
    import sys

    numpy: Any = sys.modules.get("numpy")
    return numpy.array(parts) if hasattr(numpy, "ufunc") else parts


def plain(value: Any) -> Any:
    """A value of the tests as `marshal` can write it: of Python's own types, and no others.

    Raises:
        Unfit: there is something that is no data, a function for instance.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, str, bytes, complex):
        return value
    owns: tuple[Any, ...] = (bool, int, float, str, bytes)
    for own in owns:
        if isinstance(value, own):
            return own(value)
    if isinstance(value, dict):
        return {plain(key): plain(part) for key, part in value.items()}
    for parts in (list, tuple, set, frozenset):
        if isinstance(value, parts):
            return parts(map(plain, value))
    if kind is range:
        return list(value)
    if kind.__module__ == "numpy" and kind.__name__ != "ndarray" and hasattr(value, "tolist"):
        return plain(value.tolist())
    if kind is Object:
        raise Foreign(f"it returned {value!r}")
    raise Unfit(f"{kind.__name__} as an argument")
