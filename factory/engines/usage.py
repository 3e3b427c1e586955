"""How many tokens a draw had, as far as the server's word can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factory.engines.saying import bad, echo

LARGEST_COUNT = 2**31 - 1
"""Counts and token ids are kept in 32 bits."""


@dataclass(frozen=True)
class Usage:
    """Counts of one draw; 0 is what servers say that do not count."""

    prompt: int = 0
    completion: int = 0
    thinking: int = 0
    """Those of them that were thought."""

    def __bool__(self) -> bool:
        return bool(self.prompt or self.completion)


def usage_in(told: Any) -> Usage:
    """What `usage` says; counts that cannot be are left out.

    Some servers leave the thinking out of `completion_tokens`, and only the sum has it.

    >>> usage_in({"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8})
    Usage(prompt=5, completion=3, thinking=0)
    >>> usage_in({"prompt_tokens": 5, "total_tokens": 8}).completion
    3
    """
    if not isinstance(told, Mapping):
        return Usage()
    prompt = _count(told, "prompt_tokens", "input_tokens")
    completion = _count(told, "completion_tokens", "output_tokens")
    total = _count(told, "total_tokens")
    if prompt and total > prompt:
        completion = max(completion, total - prompt)
    elif completion and total > completion:
        prompt = total - completion
    details = told.get("completion_tokens_details") or told.get("output_tokens_details")
    thinking = _count(details if isinstance(details, Mapping) else told, "reasoning_tokens")
    return Usage(prompt, completion, thinking)


def _count(told: Mapping[str, Any], *names: str) -> int:
    for name in names:
        value = told.get(name)
        if isinstance(value, int) and is_count(value):
            return value
    return 0


def token_ids(ids: Any, number: int | None) -> list[int] | None:
    """As vLLM gives them when asked by `return_token_ids`; as many as it counted, if it did.

    Raises:
        EngineFailure: `bad_body` for others.
    """
    if ids is None:
        return None
    if not isinstance(ids, list) or not all(map(is_count, ids)):
        raise bad(f"token_ids are {echo(ids)}, expected numbers")
    if number and len(ids) != number:
        raise bad(f"token_ids are {echo(ids)}, expected {number} numbers, as usage says")
    return ids


def is_count(value: Any) -> bool:
    """Whether it is a count or a token id that 32 bits can keep."""
    return type(value) is int and 0 <= value <= LARGEST_COUNT
