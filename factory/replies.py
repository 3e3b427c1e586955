"""What a chat-completions server answered, as a draw: raw text rebuilt, counts and ids checked."""

from __future__ import annotations

from typing import Any

import orjson

from factory.engines import Completion
from factory.errors import EngineFailure
from filters.thinking import CLOSE, OPEN

LARGEST_COUNT = 2**31 - 1
"""Counts and token ids are kept in 32 bits."""
LONGEST_ECHO = 300
"""Characters of a server's text that are repeated in a failure."""


def completion(body: bytes, opens_thinking: bool = False) -> Completion:
    """The one draw in a body.

    Args:
        body: JSON as `/v1/chat/completions` gives it, of any origin.
        opens_thinking: the server's template pre-fills `<think>`, so that a text lacks it.

    Raises:
        EngineFailure: `bad_body` where it is not what was asked for, `unfinished` where the server
            gave up on the draw: neither is an answer.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _bad(f"no JSON ({error}): {_start(body)}") from None
    choices = content.get("choices") if isinstance(content, dict) else None
    if not isinstance(choices, list):
        raise _bad(f"no list of choices: {_start(body)}")
    if len(choices) != 1 or not isinstance(choices[0], dict):
        raise _bad(f"{len(choices)} choices, where one was asked for: {_start(body)}")
    choice = choices[0]
    if choice.get("index", 0) != 0:
        raise _bad(f"choice number {echo(choice['index'])}, where only number 0 was asked for")
    finish_reason = choice.get("finish_reason")
    if finish_reason not in ("stop", "length"):
        # A server that shuts down, filters or fails hands out what it has: no row may look finished
        # that is not.
        raise EngineFailure(
            "unfinished",
            f"finish_reason is {echo(finish_reason)}, expected 'stop' or 'length'",
        )
    usage = content.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    prompt_tokens = _count(usage, "prompt_tokens")
    completion_tokens = _count(usage, "completion_tokens")
    return Completion(
        raw_text(choice.get("message"), opens_thinking),
        _token_ids(choice.get("token_ids"), completion_tokens),
        finish_reason,
        prompt_tokens,
        completion_tokens,
    )


def raw_text(message: Any, opens_thinking: bool = False) -> str:
    """The text as the model drew it, from a message that may have been taken apart by the server.

    Servers put thinking into `reasoning` or `reasoning_content`, or leave it in the content, with
    its opening tag or, where the template pre-fills it, without. Thinking without content never
    ended as far as anyone can tell, so its closing tag is not made up: it yields no answer.

    >>> raw_text({"reasoning": "2+2=4", "content": "4"})
    '<think>\\n2+2=4\\n</think>\\n4'
    >>> raw_text({"reasoning": "2+2=4, so 4", "content": None})
    '<think>\\n2+2=4, so 4'
    >>> raw_text({"content": "2+2=4</think>4"}, opens_thinking=True)
    '<think>\\n2+2=4</think>4'

    Raises:
        EngineFailure: `bad_body` where no text can be found, or it cannot be told where the
            thinking ends.
    """
    if not isinstance(message, dict):
        raise _bad(f"the message is {echo(message)}, expected a mapping")
    content = _text(message, "content")
    reasoning = _text(message, "reasoning") or _text(message, "reasoning_content")
    if reasoning:
        return _joined(reasoning.removeprefix(OPEN).strip("\n"), content)
    if "content" not in message:
        raise _bad("the message has no content")
    if opens_thinking:
        return content if content.lstrip().startswith(OPEN) else f"{OPEN}\n{content}"
    before, close, _ = content.partition(CLOSE)
    if OPEN in before or not close:
        return content
    raise _bad(
        f"a text that ends its thinking without having begun it: {echo(content)}. If the server's "
        "chat template writes the opening tag, say so in the recipe: opens_thinking: true"
    )


def _joined(reasoning: str, content: str) -> str:
    if CLOSE in reasoning:
        raise _bad(f"the reasoning has a closing tag inside, so its end is unknown: {CLOSE}")
    if not content.strip():
        return f"{OPEN}\n{reasoning}"
    return f"{OPEN}\n{reasoning}\n{CLOSE}\n{content.lstrip()}"


def _text(message: dict[str, Any], key: str) -> str:
    value = message.get(key)
    if value is not None and not isinstance(value, str):
        raise _bad(f"{key} of the message is {echo(value)}, expected text")
    return value or ""


def _count(usage: dict[str, Any], key: str) -> int:
    value = usage.get(key)
    if isinstance(value, int) and _is_count(value):
        return value
    raise _bad(f"usage.{key} is {echo(value)}, expected the number of tokens")


def _token_ids(ids: Any, count: int) -> list[int] | None:
    """As vLLM gives them when asked by `return_token_ids`; as many as it counted."""
    if ids is None:
        return None
    if not isinstance(ids, list) or len(ids) != count or not all(map(_is_count, ids)):
        raise _bad(f"token_ids are {echo(ids)}, expected {count} numbers, as usage says")
    return ids


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_COUNT


def _bad(what: str) -> EngineFailure:
    return EngineFailure("bad_body", what)


def echo(value: Any) -> str:
    """The beginning of what a server said, on one line."""
    text = repr(value[: LONGEST_ECHO // 8] if isinstance(value, list) else value)
    return text if len(text) <= LONGEST_ECHO else text[: LONGEST_ECHO - 1] + "…"


def _start(body: bytes) -> str:
    return echo(body[: LONGEST_ECHO + 1].decode(errors="replace"))
