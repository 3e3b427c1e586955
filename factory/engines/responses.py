"""What a chat-completions server answered, as a draw: raw text rebuilt, counts and ids checked."""

from __future__ import annotations

from typing import Any

import orjson

from factory.engines import Completion
from factory.errors import EngineFailure
from factory.models.thinking_tags import Reading, marks_of, named_tags
from filters.text.shorten import shorten
from filters.text.thinking import CLOSE, OPEN

LARGEST_COUNT = 2**31 - 1
"""Counts and token ids are kept in 32 bits."""
LONGEST_ECHO = 300
"""Characters of a server's text that are repeated in a failure."""
ECHOED = 64
"""Characters of a prefill that no model repeats by chance, so that the server must have."""
FINISHED = {"stop": "stop", "length": "length", "repetition": "loop"}
"""The ways in which a draw ends: the server's words and ours. The last is vLLM's
`repetition_detection`."""


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
        EngineFailure: `bad_body` where it is not what was asked for, `unfinished` where the server
            gave up on the draw: neither is an answer.
    """
    content = parsed(body)
    choices = content.get("choices") if isinstance(content, dict) else None
    if not isinstance(choices, list):
        raise bad(f"no list of choices: {_start(body)}")
    choice = only_choice(choices, body)
    if choice is None:
        raise bad(f"0 choices, where one was asked for: {_start(body)}")
    finish_reason = finished(choice.get("finish_reason"))
    usage = content.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    prompt_tokens = count(usage, "prompt_tokens")
    completion_tokens = count(usage, "completion_tokens")
    return Completion(
        raw_text(choice.get("message"), opens_thinking, prefill, tags),
        token_ids(choice.get("token_ids"), completion_tokens),
        finish_reason,
        prompt_tokens,
        completion_tokens,
    )


def raw_text(
    message: Any,
    opens_thinking: bool = False,
    prefill: str = "",
    tags: tuple[str, str] | None = None,
) -> str:
    """The text as the model drew it, from a message that may have been taken apart by the server.

    >>> raw_text({"reasoning": "2+2=4", "content": "4"})
    '<think>\\n2+2=4\\n</think>\\n4'
    >>> raw_text({"reasoning": "2+2=4, so 4", "content": None})
    '<think>\\n2+2=4, so 4'
    >>> raw_text({"content": "2+2=4</think>4"}, opens_thinking=True)
    '<think>\\n2+2=4</think>4'
    >>> raw_text({"reasoning": "=4", "content": "4"}, prefill="<think>\\n2+2")
    '=4\\n</think>\\n4'
    >>> raw_text({"content": "[T]2+2=4[/T]4"}, tags=("[T]", "[/T]"))
    '<think>2+2=4</think>4'

    Raises:
        EngineFailure: `bad_body` where no text can be found, or it cannot be told where the
            thinking ends.
    """
    if not isinstance(message, dict):
        raise bad(f"the message is {echo(message)}, expected a mapping")
    rebuilt = Rebuilt(opens_thinking, prefill, tags)
    reasoning, content = pieces(message)
    rebuilt.add(reasoning, content)
    if not reasoning and "content" not in message:
        raise bad("the message has no content")
    return rebuilt.finish()


class Rebuilt:
    """The raw text of one draw, growing by the pieces that a server made of it.

    Servers put thinking into `reasoning` or `reasoning_content`, or leave it in the content, with
    its opening tag or, where the template pre-fills it, without. Thinking without content never
    ended as far as anyone can tell, so its closing tag is not made up: it yields no answer.

    However the same text is cut into pieces, the same comes out: what may yet be left out, as the
    line ends around the thinking, is held back until it is known.
    """

    def __init__(
        self,
        opens_thinking: bool = False,
        prefill: str = "",
        tags: tuple[str, str] | None = None,
    ):
        named = named_tags(tags)
        self._reading = Reading(marks_of(named) if named else {})
        self._opens = opens_thinking and not prefill
        self._prefill = prefill
        self._text: list[str] = []
        self._thinking = self._answering = False
        self._held = ""
        self._gap = ""
        """Blank content after thinking: of the answer, if one comes."""

    @property
    def so_far(self) -> str:
        """The text, without what is held back."""
        return "".join(self._text)

    @property
    def held(self) -> str:
        """What is held back."""
        return self._held + self._gap + self._reading.held

    def add(self, reasoning: str, content: str) -> str:
        """The text that is new with these pieces; some of it may come with later ones.

        Raises:
            EngineFailure: `bad_body` where the pieces cannot be put in order.
        """
        thought = self._keep(self._think(reasoning)) if reasoning else ""
        content = self._reading.feed(content)
        return thought + (self._keep(self._say(content)) if content else "")

    def finish(self) -> str:
        """The whole text, when no more comes.

        Raises:
            EngineFailure: `bad_body` where it cannot be told where its thinking begins or ends.
        """
        if rest := self._reading.finish():
            self._keep(self._say(rest))
        if self._thinking and not self._answering:
            self._keep(self._held if self._text else self._opening(self._held))
        elif not self._answering:
            self._keep(f"{OPEN}\n{self._held}" if self._opens else self._held)
        self._held, self._answering = "", True
        text = self.so_far
        if not self._thinking and not self._opens:
            self._check_tags(text)
        if len(self._prefill) >= ECHOED and text.startswith(self._prefill):
            raise bad(
                f"an answer that repeats its own beginning: {echo(text)}. A draw that was begun is "
                "to be continued; see to it that the server gives only what is new"
            )
        return text

    def _keep(self, new: str) -> str:
        if new:
            self._text.append(new)
        return new

    def _think(self, piece: str) -> str:
        if self._answering:
            raise bad(f"thinking after the answer had begun: {echo(piece)}")
        if self._prefill and OPEN not in self._prefill and CLOSE not in self._prefill:
            raise bad("a turn begun without a thinking tag was taken apart, and its tags are lost")
        if not self._thinking:
            self._thinking, self._held = True, ""
        self._gap = ""
        piece = self._held + piece
        if CLOSE in "".join(self._text[-len(CLOSE) :])[-len(CLOSE) :] + piece:
            raise bad(f"the reasoning has a closing tag inside, so its end is unknown: {CLOSE}")
        body = piece.rstrip("\n")
        begun = self._text or self._prefill
        if not begun and (OPEN.startswith(body) or not _lead(body)):
            self._held = piece  # its tag, or a part of it
            return ""
        self._held = piece[len(body) :]
        return body if begun else self._opening(body)

    def _say(self, piece: str) -> str:
        if self._answering:
            return piece
        if self._thinking:
            self._gap += piece
            if not self._gap.strip():
                return ""
            before = "" if self._text else self._opening(self._held.rstrip("\n"))
            self._answering = True
            return f"{before}\n{CLOSE}\n{self._gap.lstrip()}"
        piece = self._held + piece
        lead = piece.lstrip()
        if not lead or (self._opens and lead != OPEN and OPEN.startswith(lead)):
            self._held = piece
            return ""
        self._answering = True
        return f"{OPEN}\n{piece}" if self._opens and not lead.startswith(OPEN) else piece

    def _opening(self, reasoning: str) -> str:
        return reasoning if self._prefill else f"{OPEN}\n{_lead(reasoning)}"

    def _check_tags(self, text: str) -> None:
        before, close, _ = (self._prefill + text).partition(CLOSE)
        if close and OPEN not in before:
            raise bad(
                f"a text that ends its thinking without having begun it: {echo(text)}. If the "
                "server's chat template writes the opening tag, say so in the recipe: "
                "opens_thinking: true"
            )


def _lead(reasoning: str) -> str:
    return reasoning.removeprefix(OPEN).lstrip("\n")


def pieces(message: dict[str, Any]) -> tuple[str, str]:
    """Thinking and content of a message, or of a part of one; empty where there is none."""
    reasoning = _piece(message, "reasoning") or _piece(message, "reasoning_content")
    return reasoning, _piece(message, "content")


def _piece(message: dict[str, Any], key: str) -> str:
    value = message.get(key)
    if value is not None and not isinstance(value, str):
        raise bad(f"{key} of the message is {echo(value)}, expected text")
    return value or ""


def parsed(body: bytes) -> Any:
    """The JSON in a body; raises EngineFailure where it holds none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad(f"no JSON ({error}): {_start(body)}") from None


def only_choice(choices: list[Any], body: bytes) -> dict[str, Any] | None:
    """The choice that was asked for; None where there is none. Raises EngineFailure for others."""
    if not choices:
        return None
    if len(choices) != 1 or not isinstance(choices[0], dict):
        raise bad(f"{len(choices)} choices, where one was asked for: {_start(body)}")
    if choices[0].get("index", 0) != 0:
        raise bad(f"choice number {echo(choices[0]['index'])}, where only number 0 was asked for")
    return choices[0]


def finished(reason: Any) -> str:
    """How a draw ended, in our words.

    Raises:
        EngineFailure: `unfinished`: a server that shuts down, filters or fails hands out what it
            has, and no row may look finished that is not.
    """
    if isinstance(reason, str) and reason in FINISHED:
        return FINISHED[reason]
    expected = f"{', '.join(map(repr, FINISHED))}"
    raise EngineFailure(
        "unfinished", f"finish_reason is {echo(reason)}, expected one of {expected}"
    )


def count(usage: dict[str, Any], key: str) -> int:
    """A number of tokens; raises EngineFailure where it is none."""
    value = usage.get(key)
    if isinstance(value, int) and is_count(value):
        return value
    raise bad(f"usage.{key} is {echo(value)}, expected the number of tokens")


def token_ids(ids: Any, number: int) -> list[int] | None:
    """As vLLM gives them when asked by `return_token_ids`; as many as it counted."""
    if ids is None:
        return None
    if not isinstance(ids, list) or len(ids) != number or not all(map(is_count, ids)):
        raise bad(f"token_ids are {echo(ids)}, expected {number} numbers, as usage says")
    return ids


def is_count(value: Any) -> bool:
    """Whether it is a count or a token id that 32 bits can keep."""
    return type(value) is int and 0 <= value <= LARGEST_COUNT


def bad(what: str) -> EngineFailure:
    """The failure of a body that holds no draw."""
    return EngineFailure("bad_body", what)


def echo(value: Any) -> str:
    """The beginning of what a server said, on one line."""
    text = repr(value[: LONGEST_ECHO // 8] if isinstance(value, list) else value)
    return shorten(text, LONGEST_ECHO)


def _start(body: bytes) -> str:
    return echo(body[: LONGEST_ECHO + 1].decode(errors="replace"))
