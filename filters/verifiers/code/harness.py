"""What runs inside the sandbox to call functions of a program: it sends values out, no verdict.

It knows no expected value, so a program that takes it over, and it can, gains nothing: it still has
to know the right value. It imports next to nothing, since most programs take less time than that.
"""

from __future__ import annotations

import builtins
import marshal
import os
import sys

if __name__ == "__main__":
    from wire import encode  # pyrefly: ignore  (it lies beside this file in the sandbox)
else:
    from filters.verifiers.code.wire import encode

TYPE_CHECKING = False  # as `typing` has it, which takes milliseconds
if TYPE_CHECKING:
    from typing import Any

DEEPEST = 50_000
"""Calls inside calls, as judges of programs allow; Python's own default is 1,000."""


def main(program: str, prelude: str) -> None:
    """Runs a program, then makes one call after another: each is one line out.

    Calls come from standard input as `marshal` writes them: `(name, arguments, named arguments)`,
    or `(expression, None, name)`, where the program must have something of that name. A line is `=`
    and the value as JSON, or `!` and the name and arguments of an error; the first says whether the
    program ran.

    Args:
        program: path of the program.
        prelude: path of a program that is run before it, in the same place.
    """
    calls, out = os.fdopen(os.dup(0), "rb"), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)  # what the program prints is no value
    sys.setrecursionlimit(DEEPEST)
    names: dict[str, Any] = {"__name__": "program"}  # not __main__, so that no main() runs

    def load() -> None:
        given: dict[str, Any] = {}
        _run(prelude, given)
        # Behind the program's own names, as Python's are: what it lacks is not taken for its own.
        names["__builtins__"] = vars(builtins) | given
        _run(program, names)

    if not _told(out, load):
        return
    while True:
        try:
            call = marshal.load(calls)
        except EOFError:
            return
        if not _told(out, lambda call=call: _called(names, *call)):
            return


def _run(path: str, names: dict[str, Any]) -> None:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    exec(compile(text, os.path.basename(path), "exec", dont_inherit=True), names)


def _called(names: dict[str, Any], name: str, arguments: Any, more: Any = None) -> object:
    if arguments is None:
        _known(names, more)
        return eval(name, names)
    owner = names.get("Solution")
    if isinstance(owner, type) and hasattr(owner, name):
        if "an instance" not in names:
            names["an instance"] = owner()
        return getattr(names["an instance"], name)(*arguments, **(more or {}))
    return _known(names, name)(*arguments, **(more or {}))


def _known(names: dict[str, Any], name: str) -> Any:
    if name not in names:
        raise NameError(f"name {name!r} is not defined")
    return names[name]


def _told(out: int, do: Any) -> bool:
    """Does something and sends what came of it; false where the program wants to end."""
    try:
        line = "=" + encode(do())
    except Exception as error:
        line = "!" + _error(error)
    except SystemExit:
        return False
    data = line.encode() + b"\n"
    while data:
        data = data[os.write(out, data) :]
    return True


def _error(error: Exception) -> str:
    kind = type(error).__name__
    try:
        return encode([kind, list(error.args)])
    except Exception:
        return encode([kind, []])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
