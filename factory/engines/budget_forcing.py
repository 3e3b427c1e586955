"""Thinking kept between bounds: its end replaced when it comes too early, forced when too late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from factory.engines import Completion, Continues, Counts, Engine, Request
from factory.recipe.strategies import Thinking
from filters.text.thinking import CLOSE, OPEN


class Tokenizer(Protocol):
    """What is wanted of a tokenizer: text to ids and back."""

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]: ...

    def decode(self, ids: list[int]) -> str: ...


@dataclass
class _Draft:
    """An answer on its way: drawn ids, with ours among them."""

    ids: list[int] = field(default_factory=list)
    text: str = ""
    forced: int = 0
    segments: list[Completion] = field(default_factory=list)

    def add(self, part: Completion) -> None:
        self.ids += part.token_ids or []
        self.text += part.text
        self.segments.append(part)

    def write(self, text: str, ids: list[int]) -> None:
        """Put in what was not drawn; `ids` may begin with text that was taken away with it."""
        self.text += text
        self.ids += ids
        self.forced += len(ids)

    def completion(self) -> Completion:
        logprobs = [part.logprob for part in self.segments]
        known = [logprob for logprob in logprobs if logprob is not None]
        return Completion(
            self.text,
            self.ids,
            self.segments[-1].finish_reason,
            self.segments[0].prompt_tokens,
            len(self.ids),
            self.forced,
            sum(known) if len(known) == len(logprobs) else None,
            seeded=self.segments[0].seeded,
        )


class KeepsThinking:
    """An engine that keeps the thinking between a request's bounds, where it has any."""

    def __init__(self, engine: Engine, tokenizer: Tokenizer):
        """`tokenizer`: of the engine's model, with our tags in its texts (`Speech`)."""
        self.engine, self.tokenizer = engine, tokenizer

    def opens(self, template_arguments: Mapping[str, Any]) -> bool:
        """As the engine says."""
        return self.engine.opens(template_arguments)

    async def draw(self, request: Request) -> Completion:
        """As the engine draws, or as `Budgeted` does."""
        if request.thinking is None:
            return await self.engine.draw(request)
        return await Budgeted(self.engine, request.thinking, self.tokenizer).draw(request)

    def spell(self, token_ids: Sequence[int]) -> str:
        """As the engine does."""
        assert isinstance(self.engine, Continues)  # a request with bounds goes to no other
        return self.engine.spell(token_ids)

    @property
    def in_flight_tokens(self) -> int:
        """As the engine says."""
        return self.engine.in_flight_tokens if isinstance(self.engine, Counts) else 0


class Budgeted:
    """An engine whose thinking is kept between bounds, by continuing answers that were begun.

    After s1's budget forcing (arXiv 2501.19393, 3.1): while thinking is shorter than `min_tokens`,
    its end is taken away and `wait` written in its place; at `max_tokens` its end is written, and
    what is left of the draw's tokens is room for the answer. What was written so is marked by its
    number of tokens: such a draw is not all the teacher's own.

    vLLM can force an end by itself (`thinking_token_budget`), for models that it has a reasoning
    parser for; it cannot make a model wait, and does not say which tokens it forced.
    """

    def __init__(self, engine: Engine, thinking: Thinking, tokenizer: Tokenizer):
        """`tokenizer`: of the engine's model, with our tags in its texts (`Speech`)."""
        self.engine, self.thinking, self.tokenizer = engine, thinking, tokenizer

    async def draw(self, request: Request) -> Completion:
        """One draw, of one or more segments, each with a seed of its own."""
        draft = _Draft()
        if request.watch:  # one watch over all segments: a loop may have begun in the one before
            watch = request.watch()
            request = replace(request, watch=lambda: watch)
        cap = min(self.thinking.max_tokens or request.max_tokens, request.max_tokens)
        waits = 0 if CLOSE in request.prefill else self.thinking.max_waits
        while await self._thought(request, draft, cap) and waits:
            if len(draft.ids) >= self.thinking.min_tokens or not self._wait(draft, cap):
                break
            waits -= 1
        if CLOSE not in draft.text:
            if draft.segments[-1].finish_reason != "length":
                return draft.completion()
            if self._thinks(request, draft) and not self._end(draft, request.max_tokens):
                return draft.completion()
        if len(draft.ids) >= request.max_tokens:  # no room for an answer
            return replace(draft.completion(), finish_reason="length")
        await self._segment(request, draft, request.max_tokens, None)
        return draft.completion()

    async def _thought(self, request: Request, draft: _Draft, cap: int) -> bool:
        """Draw until the thinking ends or has `cap` tokens; whether it has ended."""
        await self._segment(request, draft, cap, CLOSE)
        if CLOSE not in draft.text:
            return False
        # The tag's last token may hold more: it was drawn, and belongs to the answer.
        draft.text += self._from_tag(draft)[1].partition(CLOSE)[2]
        return True

    async def _segment(self, request: Request, draft: _Draft, most: int, until: str | None) -> None:
        seed = (request.seed + 0x9E3779B1 * len(draft.segments)) & 0x7FFFFFFF
        draft.add(
            await self.engine.draw(
                replace(
                    request,
                    seed=seed,
                    begun=tuple(draft.ids),
                    until=until,
                    max_tokens=most - len(draft.ids),
                )
            )
        )

    def _thinks(self, request: Request, draft: _Draft) -> bool:
        """Whether the draft stands inside think tags: no end is written for a plain answer."""
        before = request.prefill + draft.text
        opened = self.engine.opens(request.template_arguments) or OPEN in before
        return opened and CLOSE not in before

    def _wait(self, draft: _Draft, most: int) -> bool:
        """Take the end of the thinking away, and what shares a token with it; write `wait`, where
        that leaves room for a token within `most`."""
        start, tail = self._from_tag(draft)
        shared = tail.partition(CLOSE)[0]
        ids = self._encode(shared + self.thinking.wait)
        if start + len(ids) >= most:
            return False
        draft.ids = draft.ids[:start]
        draft.text = draft.text.partition(CLOSE)[0]
        # What is taken away is in the sum of its segment.
        draft.segments[-1] = replace(draft.segments[-1], logprob=None)
        draft.write(self.thinking.wait, ids)
        return True

    def _end(self, draft: _Draft, most: int) -> bool:
        """Write the end of the thinking, where there is room for it within `most`."""
        while self.tokenizer.decode(draft.ids[-8:]).endswith("\ufffd") and not (
            draft.text.endswith("\ufffd")
        ):
            draft.ids.pop()  # half a letter, which has no text
        ids = self._encode(self.thinking.end)
        if len(draft.ids) + len(ids) > most:
            return False
        draft.write(self.thinking.end, ids)
        return True

    def _from_tag(self, draft: _Draft) -> tuple[int, str]:
        """Where the token begins that the thinking's end begins in, and the text from there on."""
        start, tail = len(draft.ids), ""
        while CLOSE not in tail and start > 0:
            start -= 1
            tail = self.tokenizer.decode(draft.ids[start:])
        return start, tail

    def _encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False)
