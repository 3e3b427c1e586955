"""How a draw ended, by meaning, whatever word a server has for it."""

from __future__ import annotations

from typing import Any

from factory.engines.saying import echo
from factory.errors import EngineFailure

STOP = ("stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed", "done")
LENGTH = (
    "length",
    "max_tokens",
    "max_new_tokens",
    "max_output_tokens",
    "max_completion_tokens",
    "max_length",
    "model_length",
    "model_context_window_exceeded",
)
LOOP = ("repetition",)
"""vLLM's `repetition_detection`."""
WITHHELD = (
    "content_filter",
    "content_filtered",
    "refusal",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "spii",
    "sensitive",
    "moderation",
    "guardrail_intervened",
    "language",
)
"""Words of OpenAI, Anthropic, Google, Zhipu and Amazon for an answer that is held back."""
CALLS = ("tool_calls", "tool_call", "tool_use", "function_call", "malformed_function_call")
NOTHING = ("", "null", "none", "finish_reason_unspecified")
"""What some write in events before the last, where others write null."""
MEANT = {
    **dict.fromkeys(STOP, "stop"),
    **dict.fromkeys(LENGTH, "length"),
    **dict.fromkeys(LOOP, "loop"),
}


def said_nothing(reason: Any) -> bool:
    """Whether an event's `finish_reason` says that the draw goes on."""
    return reason is None or (isinstance(reason, str) and _plain(reason) in NOTHING)


def finished(reason: Any) -> tuple[str, str | None]:
    """How a draw ended, in our word; and in the server's, where that is another.

    >>> finished("stop"), finished("MAX_TOKENS")
    (('stop', None), ('length', 'MAX_TOKENS'))

    Raises:
        EngineFailure: `unfinished`: a server that shuts down or fails hands out what it has, and no
            row may look finished that is not. `refusal`: the answer was held back.
    """
    word = _plain(reason) if isinstance(reason, str) else None
    if word in MEANT:
        return MEANT[word], None if reason == MEANT[word] else reason
    if word in WITHHELD:
        raise EngineFailure("refusal", f"the answer was held back: finish_reason is {echo(reason)}")
    if word in CALLS:
        what = "a tool is called, and none was offered"
    else:
        what = "expected a word for a text that ended or was cut, as 'stop' or 'length'"
    raise EngineFailure("unfinished", f"finish_reason is {echo(reason)}: {what}")


def same(one: Any, other: Any) -> bool:
    """Whether two words mean the same end."""
    return one == other or (
        isinstance(one, str)
        and isinstance(other, str)
        and MEANT.get(_plain(one), one) == MEANT.get(_plain(other), other)
    )


def _plain(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_").removeprefix("finish_reason_")
