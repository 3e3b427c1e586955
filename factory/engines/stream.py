"""A draw as it is written: the events of a stream joined, and no more of them when told to."""

from __future__ import annotations

from typing import Any

import orjson

from factory.engines import Completion, Watch
from factory.engines.endings import finished, said_nothing, same
from factory.engines.message import Parts
from factory.engines.raw_text import Rebuilt
from factory.engines.refusals import Trouble
from factory.engines.responses import check, drawn, only_choice
from factory.engines.saying import bad, echo, parsed
from factory.engines.usage import Usage, is_count, token_ids, usage_in
from factory.errors import EngineFailure


class Streamed:
    """One draw, from the events of a stream.

    Nothing is raised while it comes, so that a reader may always close what it reads from:
    `trouble` and `completion` say afterwards what became of it.
    """

    def __init__(
        self,
        opens_thinking: bool = False,
        prefill: str = "",
        watch: Watch | None = None,
        tags: tuple[str, str] | None = None,
    ) -> None:
        self.stopped: str | None = None
        """Why the watch wanted no more."""
        self.trouble: Trouble | None = None
        """What may go better another time: the server failed, or the stream had no end."""
        self._rebuilt, self._watch = Rebuilt(opens_thinking, prefill, tags), watch
        self._prefill, self._parts = prefill, Parts()
        self._failure: EngineFailure | None = None
        self._finish_reason: Any = None
        self._done = False
        self._usage = Usage()
        self._token_ids: list[int] | None = None
        self._prompt_tokens = self.pieces = 0

    def take(self, data: bytes) -> bool:
        """Add an event; whether it was the last one that is wanted."""
        try:
            return self._take(data)
        except Trouble as trouble:
            self.trouble = trouble
        except EngineFailure as failure:
            self._failure = failure
        return True

    @property
    def done(self) -> bool:
        """Whether the server said that nothing more comes."""
        return self._done

    def said(self) -> bytes:
        """All that `completion` may give or repeat, as JSON: to be searched for what must not be
        kept, once a draw and not once an event, where it may come a letter at a time."""
        text = self._rebuilt.so_far + self._rebuilt.held
        return orjson.dumps([text, self._parts.refused, self._finish_reason])

    def end(self) -> None:
        """No more events come."""
        if self.stopped or self._failure or self.trouble or self._finish_reason is not None:
            return
        if not self._parts.refused:
            self.trouble = Trouble(
                EngineFailure("cut_stream", "the stream ended before the draw: no finish_reason")
            )

    def completion(self) -> Completion:
        """The draw.

        Raises:
            EngineFailure: as `responses.completion` does.
        """
        if self._failure:
            raise self._failure
        self._parts.check()
        reason, word = (self.stopped, None) if self.stopped else finished(self._finish_reason)
        usage = self._usage or Usage(self._prompt_tokens)
        ids = token_ids(self._token_ids, usage.completion)
        if self.stopped and not usage.completion:
            # Pieces are mostly a token each, and nobody will say more exactly.
            usage = Usage(usage.prompt, self.pieces, usage.thinking)
        hidden, text = self._parts.hidden, self._rebuilt.finish()
        return drawn(text, ids, usage, str(reason), word, hidden, self._prefill)

    def _take(self, data: bytes) -> bool:
        data = data.strip()
        if data == b"[DONE]":
            self._done = True
            return True
        if not data:
            return False
        event = parsed(data)
        if not isinstance(event, dict):
            raise bad(f"an event is {echo(event)}, expected a mapping")
        choices = event.get("choices")
        if not choices or "error" in event:
            check(event, "amid the stream: ")
        if told := event.get("usage"):
            self._usage = usage_in(told) or self._usage
        if isinstance(event.get("prompt_token_ids"), list):
            self._prompt_tokens = len(event["prompt_token_ids"])
        if choices is None:
            return False
        if not isinstance(choices, list):
            raise bad(f"choices of an event are {echo(choices)}, expected a list")
        choice = only_choice(choices, data)
        return choice is not None and self._add(choice)

    def _add(self, choice: dict[str, Any]) -> bool:
        delta = choice.get("delta") or {}
        if not isinstance(delta, dict):
            raise bad(f"the delta is {echo(delta)}, expected a mapping")
        parts, reason = self._parts.of(delta), choice.get("finish_reason")
        ended = not said_nothing(reason)
        if self._finish_reason is not None:
            more = any(text.strip() for _, text in parts)
            if more or (ended and not same(reason, self._finish_reason)):
                raise bad(f"something after the end: {echo(delta)}, finish_reason {echo(reason)}")
            return False
        self.pieces += bool(parts)
        self._add_ids(choice.get("token_ids"))
        new = self._rebuilt.add_all(parts)
        if ended:
            self._finish_reason = reason
        # A draw that has ended has nothing left to be spared.
        elif new and self._watch:
            self.stopped = self._watch.feed(new)
        return self.stopped is not None

    def _add_ids(self, ids: Any) -> None:
        if ids is None:
            return
        if not isinstance(ids, list) or not all(map(is_count, ids)):
            raise bad(f"token_ids are {echo(ids)}, expected numbers")
        self._token_ids = self._token_ids or []
        self._token_ids.extend(ids)
