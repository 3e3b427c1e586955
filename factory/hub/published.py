"""The record of what was published, beside the versions: which, where, under which name."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from factory.errors import StageError, first_fault
from factory.recipe.strict import Strict
from factory.store.shards import write_text
from factory.versions.folder import published_of


class Published(Strict):
    """A version that was read back from the Hub."""

    repo: str
    """As org/name."""
    version: str
    """Its name, which is its tag."""
    commit: str
    """What the tag stands on."""
    number: int | None
    """Its number in the run."""
    digest: str
    """Content digest of its rows."""
    at: str
    """When it was read back, UTC."""


_LIST = TypeAdapter(list[Published])


def published_in(home: Path) -> list[Published]:
    """All that was published from these versions, oldest first.

    Raises:
        StageError: the record cannot be read.
    """
    file = published_of(home)
    if not file.exists():
        return []
    try:
        return _LIST.validate_json(file.read_bytes())
    except ValidationError as error:
        raise StageError(
            f"{file}: no record of published versions ({first_fault(error)}). Take it from a copy, "
            "or move it away: the tags on the Hub say the same"
        ) from None


def note(home: Path, new: Published) -> None:
    """Add to the record what is not in it; a name that is in it stays where it is."""
    there = published_in(home)
    if any((each.repo, each.version) == (new.repo, new.version) for each in there):
        return
    told = [each.model_dump() for each in (*there, new)]
    write_text(json.dumps(told, indent=1), published_of(home))


def last_before(home: Path, repo: str, version: str) -> Published | None:
    """What was published there before this name; None where nothing was."""
    there = [each for each in published_in(home) if each.repo == repo]
    named = [number for number, each in enumerate(there) if each.version == version]
    before = there[: named[0]] if named else there
    return before[-1] if before else None
