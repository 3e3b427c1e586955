"""What people said: a file a person, a line a mark, appended and never changed.

Between the marks stand lines that say which strata the rows were drawn from, so that a file tells
all that precision and recall need: it can be sent to others, who read it without the run.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from factory.errors import RunInUse, StageError, first_fault
from factory.recipe.strict import Strict
from factory.store.journal import sync_folder

NAME = re.compile(r"[\w.+-]{1,64}")
"""How a person may be called: it is the name of a file."""
Word = Literal["yes", "no", "cannot say"]


class Stratum(Strict):
    """Rows that are alike to a judge."""

    judge: str
    """The filter or verifier that answers the question too."""
    stratum: str
    """Its name."""
    claim: bool | None
    """What the judge answers of all of them; null where it could not tell."""
    rows: int = Field(ge=0)
    """How many there are."""
    drawn: int = Field(ge=0)
    """How many were drawn by lot: each stands for `rows / drawn`, the inverse of the probability
    that it was drawn with."""


class Strata(Strict):
    """What rows of a question were drawn from, when a person began to mark them."""

    kind: Literal["strata"] = "strata"
    """Of this line."""
    who: str
    """The person."""
    at: str
    """When, UTC."""
    question: str
    """Its name."""
    words: str
    """As the person reads it."""
    about: Literal["filter", "verifier", "key", "whole"]
    """Whose answers it checks."""
    rules: str
    """Digest of the rules that the strata are by."""
    strata: list[Stratum]
    """All of them, those without a row drawn too."""


class Mark(Strict):
    """What a person said of a row."""

    kind: Literal["mark"] = "mark"
    """Of this line."""
    who: str
    """The person."""
    at: str
    """When, UTC."""
    question: str
    """Name of the question."""
    rules: str
    """Digest of the rules that its stratum is by."""
    row: str
    """Id of the row."""
    judge: str
    """The filter or verifier that answers the question too."""
    stratum: str
    """The stratum that the row was drawn from."""
    mark: Word | None
    """Null: what was said before is taken back."""
    note: str = ""
    """The person's own words."""


Line = Annotated[Strata | Mark, Field(discriminator="kind")]
LINE: TypeAdapter[Strata | Mark] = TypeAdapter(Line)


@dataclass
class Labels:
    """All that people said."""

    strata: dict[tuple[str, str], Strata] = field(default_factory=dict)
    """By question and rules, the last one that somebody noted."""
    noted: dict[tuple[str, str, str], Strata] = field(default_factory=dict)
    """The same by person, question and rules."""
    marks: dict[tuple[str, str, str], dict[str, Mark]] = field(default_factory=dict)
    """By question, rules and row: the last mark of each person, none that was taken back."""

    def take(self, line: Strata | Mark) -> None:
        """Take in a line; those of a person in their order."""
        if isinstance(line, Strata):
            self.strata[line.question, line.rules] = line
            self.noted[line.who, line.question, line.rules] = line
            return
        said = self.marks.setdefault((line.question, line.rules, line.row), {})
        said.pop(line.who, None)
        if line.mark is not None:
            said[line.who] = line

    def of(self, who: str, question: str, rules: str, row: str) -> Mark | None:
        """What a person said of a row under these rules."""
        return self.marks.get((question, rules, row), {}).get(who)

    def earlier(self, who: str, question: str, row: str) -> Mark | None:
        """What a person said of a row under whatever rules, the latest."""
        found = [
            said[who]
            for (asked, _, named), said in self.marks.items()
            if (asked, named) == (question, row) and who in said
        ]
        return max(found, key=lambda mark: mark.at, default=None)

    def people(self) -> list[str]:
        """Who has marked."""
        return sorted({who for said in self.marks.values() for who in said})


def file_of(folder: Path, who: str) -> Path:
    """The file of a person.

    Raises:
        StageError: the name is none of a file.
    """
    if not NAME.fullmatch(who) or who.startswith("."):
        raise StageError(
            f"{who!r}: a name of letters, digits and . _ + - was expected, up to 64 of them, as it "
            "names a file"
        )
    return folder / f"{who}.jsonl"


def read(folder: Path) -> Labels:
    """All that people said, in the files of this folder.

    Raises:
        StageError: a line is no mark.
    """
    labels = Labels()
    for file in sorted(folder.glob("*.jsonl")):
        for line in lines_of(file):
            labels.take(line)
    return labels


def lines_of(file: Path) -> Iterator[Strata | Mark]:
    """The lines of a file; the last one, where it is not whole, was being written when somebody was
    cut off, and is none.

    Raises:
        StageError: another line is no mark.
    """
    *whole, _ = file.read_bytes().split(b"\n")
    for number, text in enumerate(whole, start=1):
        try:
            yield LINE.validate_python(orjson.loads(text))
        except ValidationError as error:
            raise StageError(_wrong(file, number, first_fault(error))) from None
        except ValueError as error:
            raise StageError(_wrong(file, number, f"no JSON: {error}")) from None


def _wrong(file: Path, number: int, fault: str) -> str:
    return (
        f"{file}:{number}: no mark: {fault}. A line of `factory label` was expected; take this one "
        "out, or the file as it was before"
    )


class Writer:
    """Appends to the file of one person; one process at a time."""

    def __init__(self, folder: Path, who: str):
        self.file, self.who = file_of(folder, who), who
        folder.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._handle)
            raise RunInUse(
                f"{self.file}: another process writes marks of {who}; end it, or take another name "
                "(--who)"
            ) from None
        content = self.file.read_bytes()
        if not content.endswith(b"\n"):  # cut off in mid-write
            os.ftruncate(self._handle, content.rfind(b"\n") + 1)
        sync_folder(folder)

    def append(self, lines: Iterable[Strata | Mark]) -> None:
        """Write lines, all or nothing of each, and have them on disk.

        Raises:
            OSError: the disk is full; nothing of them is left.
        """
        told = b"".join(orjson.dumps(line.model_dump()) + b"\n" for line in lines)
        before = os.fstat(self._handle).st_size
        written = os.write(self._handle, told) if told else 0
        if written < len(told):
            os.ftruncate(self._handle, before)
            raise OSError(f"{self.file}: only {written} of {len(told)} bytes could be written")
        os.fsync(self._handle)

    def close(self) -> None:
        """Let others write."""
        os.close(self._handle)


def import_file(file: Path, folder: Path) -> dict[str, int]:
    """Take in the marks of others; returns the lines that are new, by person.

    Lines that are there already are not written again, so a file may be sent again when it grew.

    Raises:
        StageError: the file has another thing than marks.
    """
    found: dict[str, list[Strata | Mark]] = {}
    for line in lines_of(file):
        found.setdefault(line.who, []).append(line)
    if not found:
        raise StageError(f"{file}: no marks; a file that `factory label` wrote was expected")
    for who in found:
        file_of(folder, who)
    return {who: _add(folder, who, lines) for who, lines in found.items()}


def _add(folder: Path, who: str, lines: Sequence[Strata | Mark]) -> int:
    writer = Writer(folder, who)
    try:
        there = {json.dumps(line.model_dump(), sort_keys=True) for line in lines_of(writer.file)}
        new = [x for x in lines if json.dumps(x.model_dump(), sort_keys=True) not in there]
        writer.append(new)
        return len(new)
    finally:
        writer.close()
