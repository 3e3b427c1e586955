"""What goes wrong on purpose."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

COMMIT = "POST /api/.*/commit/"
TAG = "POST /api/.*/tag/"
PREUPLOAD = "POST /api/.*/preupload/"
XET_TOKEN = "GET /api/.*/xet-write-token/"
LFS_BATCH = "POST /.*/info/lfs/objects/batch"
LFS_PUT = "PUT /_lfs/"
INFO = "GET /api/(datasets|models)/[^/]+/[^/]+($|[?]|/revision/)"
FILE = "GET /.*/resolve/"

DAMAGES = ("cut", "wrong")
"""A file that ends early, or has its length and other bytes."""


@dataclass
class Fault:
    """Something that happens to the next requests of a kind.

    Without `done`, the answer `status` comes in place of the work; with it, after the work.
    """

    where: str
    """An expression searched in ``POST /api/datasets/alice/rows/commit/main``."""
    times: int = 1
    """How many requests it happens to."""
    skip: int = 0
    """How many requests it lets through before."""
    status: int | None = None
    message: str = "injected"
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False
    """The work is done, and the answer lost."""
    closed: bool = False
    """No answer at all: the connection is closed."""
    moves_head: bool = False
    """Somebody else commits to the branch just before."""
    forgets: bool = False
    """The large files that a commit refers to are gone."""
    first: Callable[[], object] | None = None
    """What happens just before, in a thread of its own: it may ask this server."""

    @property
    def answers(self) -> bool:
        """Whether it puts an answer of its own, or none, in place of the real one."""
        return self.status is not None or self.closed


@dataclass
class Held:
    """A commit that has begun and does not end before it is let go."""

    arrived: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class Faults:
    """What will go wrong, in the order it was asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._damaged: dict[str, str] = {}
        self._held: Held | None = None

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def answer(
        self, where: str, status: int, times: int = 1, retry_after: int | None = None, skip: int = 0
    ) -> None:
        """This status, and nothing is done.

        Args:
            where: see `Fault`.
            retry_after: seconds, for the header of that name.
        """
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.add(Fault(where, times, skip, status, headers=headers))

    def lose_answer(self, where: str, status: int | None = None, times: int = 1) -> None:
        """It is done and its answer lost: a closed connection, or this status in its place."""
        self.add(Fault(where, times, status=status, done=True, closed=status is None))

    def close(self, where: str, times: int = 1) -> None:
        """A closed connection, and nothing is done."""
        self.add(Fault(where, times, closed=True))

    def before(self, where: str, first: Callable[[], object], times: int = 1) -> None:
        """This happens just before the next request of a kind is looked at: another's tag, a
        repository made private, the end of the process that asks."""
        self.add(Fault(where, times, first=first))

    def move_head(self, times: int = 1) -> None:
        """Another's commit gets in just before the next one, which then is on an old head."""
        self.add(Fault(COMMIT, times, moves_head=True))

    def forget_objects(self, times: int = 1) -> None:
        """The next commit refers to large files of which the server has no bytes."""
        self.add(Fault(COMMIT, times, forgets=True))

    @contextlib.contextmanager
    def damaged(self, file: str, how: str) -> Iterator[None]:
        """Every download of this file brings other bytes than were committed.

        Args:
            file: an expression for its whole path in the repository.
            how: one of `DAMAGES`.
        """
        self.damage(file, how)
        try:
            yield
        finally:
            self._damaged.pop(file, None)

    def damage(self, file: str, how: str) -> None:
        """The same, until `clear`."""
        if how not in DAMAGES:
            raise ValueError(f"{how!r} is no damage; known are {', '.join(DAMAGES)}")
        self._damaged[file] = how

    @contextlib.contextmanager
    def held_commit(self) -> Iterator[Held]:
        """The next commit begins, says so by `arrived`, and ends after the block or `released`."""
        held = self._held = Held()
        try:
            yield held
        finally:
            self._held = None
            held.released.set()

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._waiting.clear()
        self._damaged.clear()

    # --- asked by the server ------------------------------------------------------------------

    def take(self, asked: str) -> Fault | None:
        """The fault this request meets; it counts down."""
        for fault in self._waiting:
            if re.search(fault.where, asked):
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if not fault.times:
                    self._waiting.remove(fault)
                return fault
        return None

    def take_held(self) -> Held | None:
        held, self._held = self._held, None
        return held

    def damage_of(self, file: str) -> str | None:
        return next((how for name, how in self._damaged.items() if re.fullmatch(name, file)), None)


def damage(data: bytes, how: str) -> bytes:
    """The first half, or as many bytes with every bit turned."""
    return data[: len(data) // 2] if how == "cut" else bytes(255 - byte for byte in data)
