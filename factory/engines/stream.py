"""A draw as it is written: the events of a stream joined, and no more of them when told to."""

from __future__ import annotations

import re
from typing import Any

import orjson

from factory.engines import Completion, Watch
from factory.engines.http_client import Trouble, refusal
from factory.engines.responses import (
    Rebuilt,
    bad,
    count,
    echo,
    finished,
    is_count,
    only_choice,
    parsed,
    pieces,
    token_ids,
)
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
        self._failure: EngineFailure | None = None
        self._finish_reason: Any = None
        self._done = False
        self._usage: dict[str, Any] = {}
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
        return orjson.dumps([text, self._finish_reason, self._usage])

    def end(self) -> None:
        """No more events come."""
        if not (self.stopped or self._failure or self.trouble or self._finish_reason is not None):
            self.trouble = Trouble(
                EngineFailure("cut_stream", "the stream ended before the draw: no finish_reason")
            )

    def completion(self) -> Completion:
        """The draw.

        Raises:
            EngineFailure: as `replies.completion` does.
        """
        if self._failure:
            raise self._failure
        reason = self.stopped or finished(self._finish_reason)
        text = self._rebuilt.finish()
        ids = self._token_ids
        known = len(ids) if ids is not None else self.pieces
        # The usage of a draw that was stopped, where it comes with every event, is that of now.
        completion_tokens = count(self._usage, "completion_tokens") if self._usage else known
        prompt_tokens = count(self._usage, "prompt_tokens") if self._usage else self._prompt_tokens
        ids = token_ids(ids, completion_tokens)
        return Completion(text, ids, reason, prompt_tokens, completion_tokens)

    def _take(self, data: bytes) -> bool:
        if data.strip() == b"[DONE]":
            self._done = True
            return True
        event = parsed(data)
        if not isinstance(event, dict):
            raise bad(f"an event is {echo(event)}, expected a mapping")
        if event.get("error") is not None:
            raise in_the_middle(event["error"])
        if isinstance(event.get("usage"), dict):
            self._usage = event["usage"]
        if isinstance(event.get("prompt_token_ids"), list):
            self._prompt_tokens = len(event["prompt_token_ids"])
        choices = event.get("choices", [])
        if not isinstance(choices, list):
            raise bad(f"choices of an event are {echo(choices)}, expected a list")
        choice = only_choice(choices, data)
        return choice is not None and self._add(choice)

    def _add(self, choice: dict[str, Any]) -> bool:
        delta = choice.get("delta") or {}
        if not isinstance(delta, dict):
            raise bad(f"the delta is {echo(delta)}, expected a mapping")
        reasoning, content = pieces(delta)
        reason = choice.get("finish_reason")
        if self._finish_reason is not None:
            if reasoning or content or reason not in (None, self._finish_reason):
                raise bad(f"something after the end: {echo(delta)}, finish_reason {echo(reason)}")
            return False
        self.pieces += bool(reasoning or content)
        self._add_ids(choice.get("token_ids"))
        new = self._rebuilt.add(reasoning, content)
        self._finish_reason = reason
        # A draw that has ended has nothing left to be spared.
        if new and self._watch and reason is None:
            self.stopped = self._watch.feed(new)
        return self.stopped is not None

    def _add_ids(self, ids: Any) -> None:
        if ids is None:
            return
        if not isinstance(ids, list) or not all(map(is_count, ids)):
            raise bad(f"token_ids are {echo(ids)}, expected numbers")
        self._token_ids = self._token_ids or []
        self._token_ids.extend(ids)


def in_the_middle(error: Any) -> Exception:
    """The failure that an error amid a stream means: its code decides, as a status would."""
    code = error.get("code") if isinstance(error, dict) else None
    code = (
        int(code) if isinstance(code, int | str) and re.fullmatch(r"[45]\d\d", str(code)) else 500
    )
    return refusal(code, f"amid the stream the server said {echo(error)}")
