"""Engines: whatever can be asked for a draw. One method, `draw`, a coroutine for each request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from factory.models.chat import Message
from factory.recipe.strategies import Thinking


class Watch(Protocol):
    """Follows one draw while it is written."""

    def feed(self, text: str) -> str | None:
        """Take in new text; the reason to stop the draw, or None to go on."""


@dataclass(frozen=True)
class Request:
    """One draw that is wanted. `seed` differs by prompt and draw: one seed for all prompts would
    make their random numbers equal."""

    sample_id: str
    prompt_id: str
    draw: int
    messages: Sequence[Message]
    seed: int
    temperature: float
    top_p: float
    max_tokens: int
    prefill: str = ""
    """What the assistant's turn already begins with; not part of the completion's text."""
    logprobs: bool = False
    """Note the sum of the drawn ids' log-probabilities."""
    watch: Callable[[], Watch] | None = None
    """Makes a follower of one attempt: `feed(new text)` gives the reason to stop, or None."""
    begun: tuple[int, ...] = ()
    """Ids that follow the prefill and were drawn before; not part of the completion either."""
    until: str | None = None
    """Text at which to stop; it is the end of the completion's text, where it was met."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further sampling parameters, as `factory.recipe.asking.OPTIONS`."""
    stop_words: tuple[str, ...] = ()
    """Texts at which to stop; the completion's text ends before them."""
    template_arguments: Mapping[str, Any] = field(default_factory=dict)
    """What the chat template is told."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields, where it goes to an endpoint."""
    thinking: Thinking | None = None
    """Bounds of the thinking, for an engine that keeps them."""


@dataclass(frozen=True)
class Completion:
    """What came back: token ids as drawn, the end token among them, and their text, in which the
    thinking stands between `<think>` and `</think>`, whatever the model writes around it."""

    text: str
    token_ids: list[int] | None
    finish_reason: str
    """stop, length, or what a watch said: loop, language."""
    prompt_tokens: int
    """0 where the engine does not say."""
    completion_tokens: int
    forced_tokens: int = 0
    """How many of the ids were put there, and not drawn."""
    logprob: float | None = None
    """Sum of the drawn ids' log-probabilities, where the engine gives it."""
    retries: int = 0
    """Tries that failed before this one."""
    seeded: bool = True
    """Whether the request's seed was used."""
    counted: bool = True
    """Whether anybody counted the completion's tokens; if not, they are 0 here."""
    finish_word: str | None = None
    """The server's own word for `finish_reason`, where that is another."""
    thinking_hidden: str = ""
    """How the server gives the thinking instead of giving it: encrypted, only as a summary."""


class Engine(Protocol):
    """Answers requests, many at a time; raises when it cannot, and a failure is not an answer."""

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        """Whether the chat template writes `<think>` when it is told this, so that completions lack
        it."""
        ...

    async def draw(self, request: Request) -> Completion: ...


@runtime_checkable
class Continues(Protocol):
    """An engine that goes on with a draw from its token ids (`Request.begun`)."""

    def spell(self, token_ids: Sequence[int]) -> str:
        """The text of drawn ids, as the engine would give it."""


@runtime_checkable
class Counts(Protocol):
    """An engine that knows how far its draws are."""

    @property
    def in_flight_tokens(self) -> int:
        """Tokens of draws that are not finished."""


@runtime_checkable
class HoldsBack(Protocol):
    """An engine that holds requests back, so that fewer are out than it was given."""

    @property
    def out(self) -> int:
        """Requests that are out now."""


class Scripted:
    """Answers from a table, a list of texts for each prompt. For tests and dry runs."""

    def __init__(self, answers: Mapping[str, Sequence[str]]):
        self.answers = answers

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        """No template stands before them."""
        return False

    async def draw(self, request: Request) -> Completion:
        """The text for this draw; tokens are counted as words."""
        await asyncio.sleep(0)
        text = self.answers[request.prompt_id][request.draw]
        words = len(text.split())
        return Completion(text, None, "stop", 0, words)
