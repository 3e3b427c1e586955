"""A person's own verifier or reward: a function of theirs that a recipe names `module:function`.

Modules are looked for in the recipe's folder, then among installed packages. The function runs in
a worker of the pool, under a deadline: what it breaks there breaks nothing else. docs/verifiers.md
says what it is given and what it may return.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from filters.own_modules import code_digest, first_in_path
from filters.text.answer import extract
from filters.text.nearest import nearest
from filters.verdict import Verdict, incorrect, unverifiable
from filters.verifiers import pool

DEADLINE = 30.0
"""Seconds for one call; a worker's first one imports the module within them."""
OUTCOMES = ("correct", "incorrect", "unverifiable")

_home: Path | None = None


def look_in(home: Path | None) -> None:
    """Where modules are looked for first: the recipe's folder. Each process that judges has to be
    told; None, as at first, is the folder it was started in."""
    global _home
    _home = home


def looked_in(home: Path | None = None) -> Path:
    """The folder where modules are looked for first; `home`, where one is given."""
    return (home or _home or Path()).absolute()


def is_own(name: str) -> bool:
    """Whether a verifier or reward is called `module:function`."""
    return ":" in name


def fault(name: str, home: Path | None = None) -> str | None:
    """What is wrong with a name, or None; nothing of the module is run.

    >>> fault("json:dumps")
    "json is a module of Python's own: give yours another name"
    """
    home = looked_in(home)
    module, _, function = _bare(name).partition(":")
    parts = module.split(".")
    if not all(part.isidentifier() for part in (*parts, function)):
        return f"{name!r} is no module:function, as my_checks:verify"
    if parts[0] in sys.stdlib_module_names:
        return f"{parts[0]} is a module of Python's own: give yours another name"
    if (file := _file(module, home)) is None:
        looked = home.joinpath(*parts).with_suffix(".py")
        return f"there is no module {module} (looked for {looked}, and among installed packages)"
    try:
        names = _names(file.read_text())
    except (SyntaxError, ValueError) as error:
        return f"{file} cannot be read as Python: {error}"
    if function not in names and "*" not in names:
        return f"{file} has no function {function}{nearest(function, names)}"
    return None


def refused(name: str) -> str | None:
    """What is wrong with the function itself, or None: its module is imported, in a worker."""
    if wrong := fault(name):
        return wrong
    try:
        return pool.call(_looked_at, str(looked_in()), _bare(name), seconds=DEADLINE)
    except TimeoutError:
        return f"{name}: importing its module took more than {DEADLINE:g} seconds"
    except Exception as error:
        return f"{name}: importing its module raised {type(error).__name__}: {error}"


def identity(name: str, home: Path | None = None) -> str:
    """The name with a digest of the code behind it: of the module, and of what it imports from the
    recipe's folder. Of an installed module its own file alone.

    Raises:
        ValueError: there is no such function.
    """
    if wrong := fault(name, home):
        raise ValueError(wrong)
    name, home = _bare(name), looked_in(home)
    module = name.partition(":")[0]
    file = _file(module, home)
    assert file  # else there is a fault
    return f"{name}@{code_digest(module, file, home)}"


def judge(name: str, response: str, reference: object) -> Verdict:
    """The function's verdict on a response.

    Raises:
        TimeoutError: it took longer than `DEADLINE`.
        Exception: whatever it raised itself.
    """
    told = (str(looked_in()), _bare(name), response, reference)
    return pool.call(_judged, *told, seconds=DEADLINE)


def mark(name: str, response: str, reference: object) -> float | None:
    """The function's reward of one response, any number; None where it gave none.

    Raises:
        TimeoutError: it took longer than `DEADLINE`.
        Exception: whatever it raised itself.
    """
    told = (str(looked_in()), _bare(name), response, reference)
    return pool.call(_marked, *told, seconds=DEADLINE)


def rewards(
    name: str, completions: Sequence[str], columns: Mapping[str, Sequence[Any]]
) -> list[float | None]:
    """The function's rewards of completions; None where it gave none.

    Raises:
        TimeoutError: it took longer than `DEADLINE`.
        TypeError: it returned no list, or one of another length.
        Exception: whatever it raised itself.
    """
    told = (str(looked_in()), _bare(name), list(completions), dict(columns))
    return pool.call(_rewarded, *told, seconds=DEADLINE)


def is_batched(name: str) -> bool:
    """Whether the function takes `completions`, as TRL's rewards do, and not a response."""
    return pool.call(_takes_completions, str(looked_in()), _bare(name), seconds=DEADLINE)


def as_verdict(given: object, answer: str | None = None) -> Verdict:
    """What a function of somebody's returned, as a verdict on this answer.

    True and 1 are correct, False and numbers from 0 on below 1 incorrect: a part of the mark is no
    right answer, as with `logic`. Anything else says nothing, as None and NaN do.

    >>> as_verdict(True).outcome, as_verdict(0.7).reason, as_verdict("yes").reason
    ('correct', 'wrong_answer: 0.7 of 1', 'no_verdict: it returned str')
    """
    if isinstance(given, Verdict) and given.outcome in OUTCOMES:
        return given
    mark = as_number(given)
    if mark is None or not 0 <= mark <= 1:
        told = type(given).__name__ if mark is None and given is not None else given
        return unverifiable(f"no_verdict: it returned {told}", answer)
    if mark == 1:
        return Verdict("correct", None, answer)
    return incorrect(f"wrong_answer: {mark:g} of 1" if mark else "wrong_answer", answer)


def as_number(given: object) -> float | None:
    """A bool, a number (NumPy's and PyTorch's too) or a verdict as a number; else None.

    >>> as_number(True), as_number(float("nan")), as_number(Verdict("unverifiable")), as_number("1")
    (1.0, nan, None, None)
    """
    if isinstance(given, Verdict):
        return {"correct": 1.0, "incorrect": 0.0}.get(given.outcome)
    if not isinstance(given, bool | int | float) and hasattr(given, "item"):
        try:
            given = given.item()  # pyrefly: ignore
        except (TypeError, ValueError, RuntimeError):  # an array of several
            return None
    return float(given) if isinstance(given, bool | int | float) else None


def _bare(name: str) -> str:
    """A name without the digest that `identity` puts behind it."""
    return name.partition("@")[0]


def _file(module: str, home: Path) -> Path | None:
    """Where the source of a module is, without importing it or its packages."""
    importlib.invalidate_caches()
    found: ModuleSpec | None = None
    start = Path(sys.path[0] or ".").resolve() == Path.cwd()  # what Python puts there unasked
    path: Sequence[str] | None = [str(home), *filter(None, sys.path[start:])]
    for number, _ in enumerate(parts := module.split("."), start=1):
        if path is None:
            return None
        name, where = ".".join(parts[:number]), path
        specs = (finder.find_spec(name, where) for finder in sys.meta_path)
        if (found := next((spec for spec in specs if spec), None)) is None:
            return None
        path = found.submodule_search_locations
    origin = found.origin if found else None
    return Path(origin) if origin and origin.endswith(".py") else None


def _names(source: str) -> set[str]:
    """What a module's source binds; `*` where it takes in all of another module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


# --- in a worker ---------------------------------------------------------------------------------


def _judged(home: str, name: str, response: str, reference: object) -> Verdict:
    return as_verdict(_function(home, name)(response, reference), extract(response))


def _takes_completions(home: str, name: str) -> bool:
    return "completions" in inspect.signature(_function(home, name)).parameters


def _rewarded(
    home: str, name: str, completions: list[str], columns: dict[str, Sequence[Any]]
) -> list[float | None]:
    function = _function(home, name)
    turns = [[{"role": "assistant", "content": text}] for text in completions]
    told = {**columns, "completions": turns}
    wanted = inspect.signature(function).parameters.values()
    if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in wanted):
        told = {p.name: told[p.name] for p in wanted if p.name in told}
    given: Any = function(**told)
    marks = given.tolist() if hasattr(given, "tolist") else given
    if not isinstance(marks, list | tuple) or len(marks) != len(completions):
        size = f" of {len(marks)}" if isinstance(marks, list | tuple) else ""
        wish = f"a list of {len(completions)} was expected"
        raise TypeError(f"it returned {type(given).__name__}{size}, and {wish}")
    return [_finite(mark) for mark in marks]


def _marked(home: str, name: str, response: str, reference: object) -> float | None:
    return _finite(_function(home, name)(response, reference))


def _finite(given: object) -> float | None:
    number = as_number(given)
    return None if number is None or not math.isfinite(number) else number


def _looked_at(home: str, name: str) -> str | None:
    try:
        function = _function(home, name)
    except AttributeError as error:
        return str(error)
    if not callable(function):
        return f"{name} is no function but {type(function).__name__}"
    called = function if inspect.isroutine(function) else type(function).__call__
    if inspect.iscoroutinefunction(called):
        return f"{name} is an async function: a plain one was expected"
    return None


def _function(home: str, name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    with first_in_path(home):
        return getattr(importlib.import_module(module), function)
