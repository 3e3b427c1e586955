"""What a chat-completions server answered, as a draw: raw text rebuilt, counts and ids checked."""

from __future__ import annotations

from typing import Any

from factory.engines import Completion
from factory.engines.endings import finished
from factory.engines.message import Parts
from factory.engines.raw_text import Rebuilt
from factory.engines.refusals import Said, error_in, refusal, said_in
from factory.engines.saying import bad, echo, parsed, start
from factory.engines.usage import Usage, token_ids, usage_in
from factory.errors import EngineFailure
from filters.text.thinking import OPEN


def completion(
    body: bytes,
    opens_thinking: bool = False,
    prefill: str = "",
    tags: tuple[str, str] | None = None,
) -> Completion:
    """The one draw in a body.

    Args:
        body: JSON as `/v1/chat/completions` gives it, of any origin.
        opens_thinking: the server's template pre-fills `<think>`, so that a text lacks it.
        prefill: what the assistant's turn began with, so that a text lacks it.
        tags: what marks the thinking in the server's content, where it is not ours.

    Raises:
        Trouble: where it holds an error that may pass.
        EngineFailure: `bad_body` where it is not what was asked for, `unfinished` where the server
            gave up on the draw, `empty` or `refusal` where it holds no answer: none of these is
            one.
    """
    content = parsed(body)
    check(content)
    choices = content.get("choices") if isinstance(content, dict) else None
    if not isinstance(choices, list):
        raise bad(f"no list of choices: {start(body)}")
    choice = only_choice(choices, body)
    if choice is None:
        raise bad(f"0 choices, where one was asked for: {start(body)}")
    message = choice.get("message")
    if not isinstance(message, dict):
        raise bad(f"the message is {echo(message)}, expected a mapping")
    parts, rebuilt = Parts(), Rebuilt(opens_thinking, prefill, tags)
    rebuilt.add_all(parts.of(message))
    parts.check()
    reason, word = finished(choice.get("finish_reason"))
    usage = usage_in(content.get("usage"))
    ids = token_ids(choice.get("token_ids"), usage.completion)
    return drawn(rebuilt.finish(), ids, usage, reason, word, parts.hidden, prefill)


def drawn(
    text: str,
    ids: list[int] | None,
    usage: Usage,
    reason: str,
    word: str | None,
    hidden: str,
    prefill: str = "",
) -> Completion:
    """A draw from what was found of it.

    Args:
        text: raw.
        ids: as drawn, where the server gives them.
        usage: counts, as far as they are known.
        reason: how it ended, in our word.
        word: the server's, where that is another.
        hidden: how the server keeps the thinking to itself.
        prefill: what the turn was begun with.

    Raises:
        EngineFailure: `empty`: it ended without a word, which is no answer; with ids it is known
            that the model drew just that.
    """
    if reason == "stop" and not (text.strip() or ids or prefill):
        told = f", and counts {usage.completion:,} tokens" if usage.completion else ""
        raise EngineFailure("empty", f"the server gave no word{told}")
    if not hidden and usage.thinking and OPEN not in prefill + text:
        hidden = "not at all"
    tokens = len(ids) if ids is not None else usage.completion
    return Completion(
        text,
        ids,
        reason,
        usage.prompt,
        tokens,
        counted=tokens > 0,
        finish_word=word,
        thinking_hidden=hidden,
    )


def only_choice(choices: list[Any], body: bytes) -> dict[str, Any] | None:
    """The choice that was asked for; None where there is none. Raises EngineFailure for others."""
    if not choices:
        return None
    if len(choices) != 1 or not isinstance(choices[0], dict):
        raise bad(f"{len(choices)} choices, where one was asked for: {start(body)}")
    choice = choices[0]
    if choice.get("index") not in (None, 0):
        raise bad(f"choice number {echo(choice['index'])}, where only number 0 was asked for")
    if choice.get("error"):
        raise refusal(said_in(choice["error"]))
    return choice


def check(content: Any, amid: str = "") -> None:
    """Raises Trouble or EngineFailure where an error stands in place of an answer."""
    if (error := error_in(content)) is not None:
        said = said_in(error)
        raise refusal(Said(said.status, amid + said.words, said.code, said.field))
