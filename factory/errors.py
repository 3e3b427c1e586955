"""What can go wrong, in the user's words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

ROWS_MISSING = 3
"""Exit code of `factory run` when all stages are done and some rows could not be had."""


def first_fault(error: ValidationError) -> str:
    """The first thing that is wrong with values that were not such as expected: `key: what`."""
    first = error.errors(include_url=False)[0]
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))


class FactoryError(Exception):
    """A failure the user can act on: shown as it is, without a traceback.

    Its text says what happened, where, what was expected and how to mend it. A traceback means a
    bug of this project. The family, each named after the boundary it stands on::

        FactoryError            exit code 1
        ├── RecipeError         exit code 2: the recipe, or a file it names; nothing was started
        ├── StageError          a stage began and could not end; what it finished is kept
        ├── LedgerError         the rows of a stage do not add up; names them
        ├── RunInUse            another process is at work in this run folder
        └── EngineFailure       an engine could not give a draw; the sampler counts it by its reason

    `factory run` has one more exit code, `ROWS_MISSING`: the line went on without rows that could
    not be had. 0 means that nothing is missing.
    """

    exit_code = 1


class RecipeError(FactoryError):
    """The recipe is wrong, or something that it names is missing; nothing was started."""

    exit_code = 2


class StageError(FactoryError):
    """A stage began and could not end; what it had finished is kept for the next run."""


class LedgerError(FactoryError):
    """What came into a stage is not what went out, was dropped, failed or is pending."""


class RunInUse(FactoryError):
    """Another process is at work in this run folder."""


class EngineFailure(FactoryError):
    """An engine could not give a draw: no answer, so neither right nor wrong."""

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        final: bool = False,
        later: bool = False,
        tries: int = 1,
    ):
        """Say what happened.

        Args:
            reason: the word it is counted by.
            message: what the engine said.
            final: to ask again would not help, unless the engine was out.
            later: to ask again helps only once the engine answers others.
            tries: how often it was asked for.
        """
        super().__init__(f"{reason}: {message}")
        self.reason, self.message, self.final = reason, message, final
        self.later, self.tries = later, tries


def words_of(error: Exception) -> str:
    """What to tell people of an error: a mistake of the user's or the data's speaks for itself; a
    crash of ours names its kind."""
    return str(error) if isinstance(error, FactoryError) else f"{type(error).__name__}: {error}"


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'length'?`, or nothing where no known word is near.

    >>> nearest("lenght", ["format", "length"])
    "; did you mean 'length'?"
    """
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
