"""One commit and one tag; after any error the Hub is looked at again before anything else.

A commit may be done though its answer is lost, or not done though nobody said so. So what counts is
what stands there: the same files, then it is done; the head as it was, then it may be tried again;
another head, then we stop and say who moved it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import takewhile
from typing import TypeVar

from factory.errors import StageError
from factory.hub.plan import LocalFile, Plan
from factory.hub.remote import Remote
from factory.hub.trouble import TRIES, Trouble, pause, trouble, waited
from factory.hub.watching import watched

Say = Callable[[str], None]
T = TypeVar("T")
LOOKED_AT = 20
"""Newest commits among which ours may be, when others came after it."""


class Elsewhere(StageError):
    """What stands on the Hub is another's, so this version can no longer be put there."""


def planned(remote: Remote, files: Mapping[str, LocalFile], *, there: bool) -> Plan:
    """The commit that brings these files to the head of main, as it is now.

    Args:
        remote: the repository.
        files: what it will hold.
        there: whether there is such a repository yet.
    """
    if not there:
        return Plan(files, None, {})
    head = remote.head()
    return Plan(files, head, remote.files(head))


def committed(remote: Remote, plan: Plan, title: str, text: str, say: Say) -> str:
    """The commit with the plan's files on its head: made now, or found; its id.

    Raises:
        StageError: it could not be made; says what stands there, and what to do.
    """
    assert plan.head
    if plan.is_at(plan.there):
        return plan.head

    def attempt() -> str:
        operations = plan.operations()
        with watched():
            remote.upload([each for each in operations if hasattr(each, "upload_info")])
        return remote.commit(operations, plan.head or "", title, text)

    return _settled(attempt, partial(_there, remote, plan), remote, say)


def _there(remote: Remote, plan: Plan) -> str | None:
    """The commit that has the plan's files; None where the head is as it was.

    Raises:
        Elsewhere: the head is another, and nowhere are the plan's files.
    """
    assert plan.head
    changes = list(takewhile(lambda each: each.commit != plan.head, remote.line()))
    for change in changes[:LOOKED_AT]:
        if plan.is_at(remote.files(change.commit)):
            return change.commit
    if not changes:
        return None
    head = changes[0]
    now = remote.files(head.commit)
    moved = sorted(name for name in {*now, *plan.there} if now.get(name) != plan.there.get(name))
    by = f"by {', '.join(head.authors)}, " if head.authors else ""
    others = f"{len(changes)} commits" if len(changes) > 1 else "a commit"
    raise Elsewhere(
        f"{remote}: its head moved from {plan.head[:12]} to {head.commit[:12]} ({by}"
        f"{head.title!r}): {others} came in between, and nothing of this version is committed. "
        f"They changed {_some(moved)}. Look at it, then run the same command again: it starts from "
        "the new head"
    )


def tagged(remote: Remote, name: str, commit: str, say: Say) -> None:
    """Put a new tag on a commit, or find it there.

    Raises:
        StageError: it stands on another commit, or could not be put; says what to do.
    """

    def look() -> bool | None:
        stands = remote.tags().get(name)
        if stands is None:
            return None
        if stands != commit:
            raise Elsewhere(
                f"{remote}: the tag {name} stands on {stands[:12]}, somebody put it there before "
                f"we could put it on {commit[:12]}, which is on main. A published name is never "
                "moved: publish under another name (--as)"
            )
        return True

    if not look():
        _settled(lambda: remote.tag(name, commit) or True, look, remote, say)


def created(remote: Remote, private: bool, say: Say) -> None:
    """Make the repository.

    Raises:
        StageError: it could not be made.
    """
    look = lambda: None if remote.private() is None else True  # noqa: E731
    _settled(lambda: remote.create(private) or True, look, remote, say)


def _settled(attempt: Callable[[], T], look: Callable[[], T | None], remote: Remote, say: Say) -> T:
    """What an attempt gives, or what is there after one whose answer was an error.

    Args:
        attempt: changes something on the Hub.
        look: what the attempt would have given, if it is there; None: it is not. Raises a
            StageError where it can no longer be.
        remote: the repository, for words.
        say: told of each further attempt.
    """
    for tried in range(1, TRIES + 1):
        try:
            return attempt()
        except Exception as error:
            known = trouble(error, remote.repo)
            found = _looked(look, known, remote)
            if found is not None:
                return found
            if not known.passes or tried == TRIES:
                tries = f" ({tried} tries)" if tried > 1 else ""
                raise StageError(f"{known.words}{tries}") from error
            seconds = waited(known, tried)
            say(f"{known.words}: tried again in {seconds:,.0f} s")
            pause(seconds)
    raise AssertionError("unreachable")


def _looked(look: Callable[[], T | None], known: Trouble, remote: Remote) -> T | None:
    """Look whether it is done after all; where nobody lets us look, the trouble says why."""
    try:
        return look()
    except Elsewhere:
        raise
    except Exception as error:
        unread = trouble(error, remote.repo).words
        raise StageError(
            f"{known.words}. Whether it is done after all could not be seen: {unread}"
        ) from error


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
