"""What a server says in place of a draw: its words, and what is to be done about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from factory.engines.saying import LONGEST_ECHO, echo
from factory.errors import EngineFailure

BUSY = 429
LATER = frozenset({408, 409, 425, BUSY})
"""Statuses that may be another the next time, as those from 500 on may."""

UNPAID = re.compile(
    r"insufficient_(quota|user_quota|balance|credits?|funds)|billing_|exceeded_current_quota"
    r"|payment_required|quota_exhausted|arrearage|account_(deactivated|suspended|overdue)"
    r"|access_terminated|credits?_(exhausted|depleted)",
    re.IGNORECASE,
)
"""Codes that say that no money is left, or no account."""
LIMITED = re.compile(
    r"rate.?limit|too many requests|too_many_requests|throttl|slow down|high demand|overloaded"
    r"|(per|a|each)[ _-]?(second|minute|min|hour|day)\b|Per(Second|Minute|Hour|Day)"
    r"|-per-(second|minute|hour|day)|\b[RT]P[SMHD]\b|(requests|tokens) per|concurren"
    r"|(try|retry|retried) ?(again|it)? ?(in|after)\b|retryDelay",
    re.IGNORECASE,
)
"""Words of a limit that passes by itself. They go before those of money: Google's speak of billing,
Azure's of quotas."""
NO_MONEY = re.compile(
    r"exceeded your current quota|credit balance|billing|payment|prepaid|arrears|overdue"
    r"|(insufficient|not enough|no|out of|requires? more|more|add|purchase|ran out of) "
    r"(account )?(quota|balance|credits?|funds)|(spend(ing)?|hard|usage|budget) limit"
    r"|(account|subscription|trial|plan|organi[sz]ation)\b.{0,40}"
    r"(deactivated|suspended|disabled|terminated|expired|ended|inactive|not active)|余额|欠费",
    re.IGNORECASE,
)
"""Words of an account that is empty or closed."""
MODERATED = re.compile(
    r"moderat|flagged|content|policy|policies|safety|harmful|violat|inappropriate|sensitive|guard"
    r"|your (input|prompt)|sexual|toxic",
    re.IGNORECASE,
)
"""Words of a verdict on one prompt."""
NO_ACCESS = re.compile(
    r"permission|permitted|not (allowed|authori[sz]ed|entitled|enabled)|forbidden|denied|access"
    r"|api.?key|country|region|territor|\bip\b|terminated|banned|disabled|blocked|unauthori[sz]ed",
    re.IGNORECASE,
)
DELAY = re.compile(
    r"(?:retry|retried|try) ?(?:again|it)? ?(?:in|after)\s+(?:(\d+)m(?!s))?\s*(\d+(?:\.\d+)?)?"
    r"\s*(ms|s)?|retryDelay\W+(\d+(?:\.\d+)?)s",
    re.IGNORECASE,
)
"""A wait in words: OpenAI's "try again in 1m2.5s", Azure's "retry after 2 seconds", Google's."""


class Trouble(Exception):
    """An attempt that may do better later: the server is busy, failing or not to be reached."""

    def __init__(self, failure: EngineFailure, asked: float | None = None):
        super().__init__(str(failure))
        self.failure, self.asked = failure, asked


class Refusal(EngineFailure):
    """A request that a server refused for good, or its answer that is none."""

    def __init__(self, said: Said, why: str = "", reason: str = ""):
        """`why`: `money`, `access` or `place`, where any request would be refused so."""
        told = f"the server said {echo(said.words)}"
        super().__init__(reason or f"http_{said.status}", told, final=True)
        self.said, self.why = said, why


@dataclass(frozen=True)
class Said:
    """What a server said, with the key taken out."""

    status: int
    words: str
    """For people."""
    code: str = ""
    """For programs: its codes and types, one after the other."""
    field: str = ""
    """Which part of the request it speaks of."""


def refusal(said: Said, asked: float | None = None) -> Trouble | Refusal:
    """The failure that this means: one to try again after, or one for good.

    Args:
        said: by the server.
        asked: seconds that it wants to be left alone for, by a header.
    """
    status, told = said.status, f"the server said {echo(said.words)}"
    if status == 402 or status in (400, 403, BUSY):
        limited = asked is not None or LIMITED.search(f"{said.code} {said.words}")
        unpaid = NO_MONEY.search(said.words) and (not limited or status == 402)
        if status == 402 or UNPAID.search(said.code) or unpaid:
            return Refusal(said, "money")
        if status == 403 and limited:
            status = BUSY
    if status == BUSY:
        wait = asked if asked is not None else delay_in(said.words)
        return Trouble(EngineFailure("rate_limited", told), wait)
    if status in LATER or status >= 500:
        return Trouble(EngineFailure(f"http_{status}", told), asked)
    if status == 401 or (
        status == 403 and NO_ACCESS.search(said.words) and not MODERATED.search(said.words)
    ):
        return Refusal(said, "access")
    return Refusal(said, "place" if status in (404, 405) or 300 <= status < 400 else "")


def delay_in(words: str) -> float | None:
    """Seconds that words ask to wait for.

    >>> delay_in("Please try again in 1m2.5s."), delay_in("Please retry after 2 seconds")
    (62.5, 2.0)
    """
    found = DELAY.search(words)
    if not found or not any(found.group(1, 2, 4)):
        return None
    minutes, number, unit, delay = found.groups()
    if delay:
        return float(delay)
    return 60 * float(minutes or 0) + float(number or 0) / (1000 if unit == "ms" else 1)


def said_by(status: int, body: bytes) -> Said:
    """What stands in the body of a refusal."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Said(status, _page(body) or body[: 4 * LONGEST_ECHO].decode(errors="replace"))
    error = error_in(content)
    return said_in(error if error is not None else content, status)


def error_in(content: Any) -> Any:
    """The error in JSON that should have been an answer; None where it has none."""
    if isinstance(content, list) and len(content) == 1:
        content = content[0]  # Google's
    if not isinstance(content, dict):
        return None
    if error := content.get("error") or content.get("errors"):
        return error
    if content.get("choices"):
        return None
    base = content.get("base_resp")
    if isinstance(base, dict) and base.get("status_code"):
        return {"message": base.get("status_msg"), "code": base["status_code"]}  # MiniMax
    words = ("detail", "message", "msg", "error_msg", "error_message", "errorMessage")
    return content if any(content.get(name) for name in words) else None


def said_in(error: Any, status: int | None = None) -> Said:
    """What an error says; its own code decides where no status does, 500 where it has none."""
    if isinstance(error, list) and error:
        error = error[0]
    if not isinstance(error, Mapping):
        return Said(status or 500, error if isinstance(error, str) else _json(error))
    inner = error.get("error")
    error = inner if isinstance(inner, Mapping) else error
    codes = [error.get(name) for name in ("code", "status", "type", "status_code")]
    code = " ".join(str(each) for each in codes if each is not None)
    words = next(
        (error[name] for name in ("message", "msg", "detail", "error_msg") if error.get(name)), None
    )
    field = error.get("param") or ""
    if isinstance(words, list) and words and isinstance(words[0], Mapping):  # pydantic's
        where = [str(part) for part in words[0].get("loc", ()) if part != "body"]
        field, words = ".".join(where), f"{'.'.join(where)}: {words[0].get('msg')}"
    whole = _json(error)
    if not isinstance(words, str):
        words = whole
    elif found := re.search(r"retryDelay[^}]*", whole):
        words = f"{words} ({found[0]})"
    return Said(status or _status(codes, code, words), words, code, str(field))


def _status(codes: list[Any], code: str, words: str) -> int:
    """The status that an error in an answer stands for."""
    for each in codes:
        if re.fullmatch(r"[45]\d\d", str(each)):
            return int(each)
    if UNPAID.search(code):
        return 402
    if LIMITED.search(f"{code} {words}") or "RESOURCE_EXHAUSTED" in code:
        return 503 if "overloaded" in code else BUSY
    if NO_MONEY.search(words):
        return 402
    kinds = {"authentication": 401, "permission": 403, "not_found": 404, "invalid": 400}
    return next((status for kind, status in kinds.items() if kind in code.lower()), 500)


def is_page(body: bytes) -> bool:
    """Whether it is a web page."""
    return body.lstrip()[:9].lower().startswith((b"<!doctype", b"<html"))


def _page(body: bytes) -> str:
    """The title of a web page, or the beginning of its text."""
    if not is_page(body):
        return ""
    text = body[:20_000].decode(errors="replace")
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    said = title[1] if title else re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text)
    return f"a web page: {' '.join(said.split())}"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
