"""What an error of the Hub means: may it pass, how long to wait, and what to tell people."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from factory.engines.backoff import retry_after
from factory.errors import FactoryError, StageError

TRIES = 5
"""How often one thing is asked for."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before the second try, twice as many before each further one; and the most of them."""
LONGEST_HEEDED = 600.0
"""Seconds that the Hub may ask us to wait; where it asks for more, we stop and say so."""
_HIDDEN = re.compile(r"hf_\w{4,}|(?<=\?)[^\s'\"]+|Bearer \S+")
_QUOTA = re.compile(r"(?i)quota|storage (?:limit|patterns)|exceeded|payment|over .*limit")
_REFUSED = re.compile(r"client error \((40[134])\b")
_NOT_SENT = re.compile(r"(?i)lfs pointer|does not exist|not (?:been )?uploaded|missing object")


T = TypeVar("T")
sleep = time.sleep


class Trouble(NamedTuple):
    """What stands behind an error."""

    words: str
    """For people: what happened and what to do."""
    passes: bool
    """Whether the same call may go well later."""
    wait: float | None = None
    """Seconds that the Hub asks us to wait."""


def pause(seconds: float) -> None:
    """Wait. Tests need not."""
    sleep(seconds)


def waited(known: Trouble, tried: int) -> float:
    """Seconds to wait after so many tries."""
    own = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (tried - 1))
    return max(known.wait or 0.0, own) if known.wait is None else known.wait


def patiently(call: Callable[[], T], repo: str, tries: int = TRIES) -> T:
    """Ask for what changes nothing; again, where the trouble may pass.

    Raises:
        StageError: it could not be had; in words for people.
    """
    for tried in range(1, tries + 1):
        try:
            return call()
        except Exception as error:
            known = trouble(error, repo)
            if not known.passes or tried == tries:
                raise StageError(known.words) from error
            pause(waited(known, tried))
    raise AssertionError("unreachable")


def trouble(error: Exception, repo: str) -> Trouble:
    """What an error of the Hub's client means.

    Raises:
        Exception: it is none of the Hub's: a mistake of this program.
    """
    import httpx
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, FactoryError):
        return Trouble(str(error), passes=False)
    if isinstance(error, OfflineModeIsEnabled):
        return Trouble(f"{repo}: HF_HUB_OFFLINE is set, so nobody asks the Hub", passes=False)
    if isinstance(error, HfHubHTTPError) and error.response is not None:
        return _answered(error.response.status_code, error, repo)
    if isinstance(error, ConnectionError) and (refused := _REFUSED.search(str(error))):
        return _answered(int(refused[1]), error, repo)  # hf_xet's words for tokens refused
    if isinstance(error, httpx.TransportError | ConnectionError | TimeoutError | RuntimeError):
        return Trouble(
            f"{repo}: no connection to the Hub ({said(error)}). The same command goes on where "
            "this one stopped",
            passes=True,
        )
    if isinstance(error, ValueError | OSError):
        return Trouble(f"{repo}: {said(error)}", passes=False)
    raise error


def _answered(status: int, error: Exception, repo: str) -> Trouble:
    told = said(error)
    if status in (401, 403, 402, 413) and _QUOTA.search(told):
        return Trouble(
            f"{repo}: the Hub takes no more of this account: {told}. Free some storage, or ask for "
            "more; what was sent is kept for the same command",
            passes=False,
        )
    match status:
        case 401:
            words = f"the Hub does not know this token (401): {told}. Log in by `hf auth login`, "
            words += "or set HF_TOKEN to a token that may write there"
        case 403:
            words = f"this token may not write there (403): {told}. Take one of somebody who may, "
            words += "with the right to write, or another --repo"
        case 404:
            words = f"not there, or not for this token (404): {told}. Look at --repo and HF_TOKEN"
        case 409:
            words = f"others write there at this moment (409): {told}. Run the same command again"
        case 412:
            words = f"its head moved (412): {told}"
        case 429:
            return _asked_too_often(error, repo, told)
        case 400 if _NOT_SENT.search(told):
            words = f"a file got lost before its commit (400): {told}. Run the same command again"
            return Trouble(f"{repo}: {words}", passes=True)
        case _ if status >= 500:
            words = f"the Hub fails ({status}): {told}. Run the same command again later"
        case _:
            words = f"the Hub refuses ({status}): {told}"
    passes = status == 409 or status >= 500
    return Trouble(f"{repo}: {words}", passes, _wait(error))


def _asked_too_often(error: Exception, repo: str, told: str) -> Trouble:
    wait = _wait(error)
    words = f"{repo}: the Hub was asked too often (429): {told}. "
    if wait is not None and wait > LONGEST_HEEDED:
        return Trouble(words + f"Run the same command again in {wait:,.0f} s", passes=False)
    return Trouble(words + "Run the same command again later", passes=True, wait=wait)


def _wait(error: Exception) -> float | None:
    response = getattr(error, "response", None)
    return retry_after(response.headers, datetime.now(UTC)) if response is not None else None


def said(error: Exception) -> str:
    """An error's own words in one line, without tokens and signatures."""
    told = getattr(error, "server_message", None) or str(error).strip() or type(error).__name__
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return _HIDDEN.sub("…", " ".join(lines[:2]))[:300].rstrip(".")
