"""The few names of pytest that tests of programs use: the runner here is another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any


class approx:
    """A number, or numbers in a list or dict, that others may be near to."""

    __hash__ = None  # pyrefly: ignore  (nothing near can be looked up)

    def __init__(
        self,
        expected: Any,
        rel: float | None = None,
        abs: float | None = None,
        nan_ok: bool = False,
    ):
        self.expected, self.rel, self.abs, self.nan_ok = expected, rel, abs, nan_ok

    def __eq__(self, found: object) -> bool:
        return self._near(found, self.expected)

    def __repr__(self) -> str:
        return f"approx({self.expected!r})"

    def _near(self, found: Any, expected: Any) -> bool:
        if isinstance(expected, Mapping):
            same = isinstance(found, Mapping) and found.keys() == expected.keys()
            return same and all(self._near(found[key], expected[key]) for key in expected)
        if isinstance(expected, list | tuple):
            same = isinstance(found, list | tuple) and len(found) == len(expected)
            return same and all(map(self._near, found, expected))
        if isinstance(expected, bool) or not isinstance(expected, int | float | complex):
            return type(found) is type(expected) and found == expected
        if isinstance(found, bool) or not isinstance(found, int | float | complex):
            return False
        if found == expected:
            return True
        if expected != expected:
            return self.nan_ok and found != found
        absolute = 1e-12 if self.abs is None else self.abs
        relative = self.rel if self.rel is not None else (1e-6 if self.abs is None else 0.0)
        gap = abs(found - expected)
        return gap != float("inf") and gap <= max(relative * abs(expected), absolute)


class raises:
    """`with raises(ValueError):`, or `raises(ValueError, function, argument)`."""

    def __init__(
        self, expected: Any, function: Any = None, *arguments: Any, match: str | None = None
    ):
        self.expected, self.match, self.value = expected, match, None
        if function is not None:
            with self:
                function(*arguments)

    def __enter__(self) -> raises:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        assert kind is not None, f"{self.expected} was not raised"
        if not issubclass(kind, self.expected):
            return False
        self.value = error
        assert self.match is None or re.search(self.match, str(error)), str(error)
        return True


class _Marks:
    """Marks; all but `parametrize` say nothing here."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def marked(*told: Any, **_: Any) -> Any:
            return told[0] if told and callable(told[0]) else lambda test: test

        return marked

    @staticmethod
    def parametrize(names: Any, rows: Iterable[Any], **_: Any) -> Callable[[Any], Any]:
        """Runs a test once for each row of values."""
        words = [word.strip() for word in names.split(",")] if isinstance(names, str) else names
        table = [
            dict(zip(words, row if len(words) > 1 else [row], strict=True))
            for row in (getattr(row, "values_of_it", row) for row in rows)
        ]

        def marked(test: Any) -> Any:
            before = getattr(test, "parametrized", [{}])
            test.parametrized = [one | other for one in before for other in table]
            return test

        return marked


mark = _Marks()


class param:
    """One row of values, with whatever is said about it."""

    def __init__(self, *values: Any, **_: Any):
        self.values_of_it = values if len(values) > 1 else values[0]


def fail(reason: str = "", **_: Any) -> None:
    """Fails the test."""
    raise AssertionError(reason)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise ModuleNotFoundError(f"pytest.{name}", name="pytest")
