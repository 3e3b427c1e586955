"""`thinking` and `safety` in plain Python: what the compiled ones must say, and how fast that is.

With care: a text is looked at closely where a word in it calls for it.
"""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import groupby
from typing import Any

from filters.safety import _LEAKED
from filters.text import personal, secrets
from filters.text.assistants import NAMES, OPENING, REFUSAL, cutoffs, identities
from filters.text.first_answer import first_answer
from filters.text.patterns import kinds
from filters.text.reconsidering import LOOKS_BACK, TAKES_BACK, TURNS, _literals

_REFUSAL = re.compile(REFUSAL)
_CUTOFF_WORDS = (
    *("cut", "as of my", "my knowledge", "my training", "my la", "real-time", "real time"),
    *("up-to-date", "the internet", "current", "知识", "训练", "更新", "私の", "까지", "wissen"),
    *("aktualis", "training", "mise à jour", "connaissances", "actualización", "corte"),
    *("conocimiento", "atualização", "aggiornamento", "conoscenze", "обновлени", "мои ", "تحديث"),
    *("معرفتي", "अपडेट", "जानकारी", "güncelle", "kesim", "cập nhật"),
)
_MARKS = re.compile(r"""[\t"“”„«»(\[*_]""")


@cache
def _pattern(name: str) -> re.Pattern[str]:
    """The longest of all phrases at each place. By their first letters: one after the other, as
    `|` tries them, would take Python thirty times as long."""
    phrases: Mapping[str, str] = {"back": LOOKS_BACK, "takes": TAKES_BACK, "turns": TURNS}[name]
    return re.compile(_any(sorted(set(_literals(phrases)))))


def _any(texts: list[str]) -> str:
    rest = [text for text in texts if text]
    if not rest:
        return ""
    parts = [
        re.escape(first) + _any([text[1:] for text in group])
        for first, group in groupby(rest, key=lambda text: text[0])
    ]
    return f"(?:{'|'.join(parts)}){'?' if len(rest) < len(texts) else ''}"


def plain_thinking(
    reasoning: str | None, answer: str | None, verdict: str | None
) -> dict[str, Any]:
    """What `thinking` says."""
    thought = reasoning or ""
    words = f". {thought}".lower().replace("’", "'").replace("\n", ". ")
    words = _MARKS.sub(" ", words)
    back, takes, turns = (len(_pattern(n).findall(words)) for n in ("back", "takes", "turns"))
    looked_for = thought and answer and verdict == "correct"
    at = first_answer(thought, answer) if looked_for else None
    return {
        "reflections": back,
        "backtracks": takes,
        "thought_switches": turns,
        "thought_chars": len(thought) // (turns + 1),
        "answer_at": at,
        "outcome_efficiency": None if at is None else at / len(thought),
    }


def plain_safety(text: str, response: str | None) -> dict[str, Any]:
    """What `safety` says."""
    small = text.lower()
    hinted = any(word in text for word in secrets.HINTS)
    leaked = dict.fromkeys(found.strip() for found in _LEAKED.findall(text))
    return {
        "refuses": bool(_REFUSAL.search((response or "")[:OPENING])),
        "identities": ",".join(identities(text) if any(n in small for n in NAMES) else []),
        "cutoffs": cutoffs(text) if any(word in small for word in _CUTOFF_WORDS) else 0,
        "leaked_tokens": " ".join(leaked),
        "personal_data": ",".join(kinds(text, personal.PERSONAL)),
        "secrets": ",".join(kinds(text, secrets.SECRETS) if hinted else []),
    }
