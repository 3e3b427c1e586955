"""How a request is put to one server: its fields, under the names that the server knows."""

from __future__ import annotations

import re
from typing import Any

import orjson

from factory.engines import Request
from factory.engines.refusals import Said
from factory.errors import StageError
from factory.models.thinking_tags import Tags, named_tags
from factory.recipe.served import Served

UNSTREAMED = 8
"""Draws that come whole before a server is taken for one that does not stream."""
NEWER = "max_completion_tokens"
"""What some want to read for `max_tokens`."""
DISPENSABLE = ("stream_options", "n", "seed", "stream")
"""Fields that say nothing of how a draw is sampled, so that a server may do without them."""
SAMPLED = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "stop",
    "chat_template_kwargs",
)
"""Fields that say how a draw is sampled, which nobody may leave out but the recipe."""
UNKNOWN = re.compile(
    r"un(supported|known|recogni[sz]ed|expected)|extra|not (be )?(support|permit|allow|recogni)"
    r"|invalid|disallowed|does(n't| not) (support|take|accept|exist)|deprecated|instead|cannot",
    re.IGNORECASE,
)


class Wording:
    """Writes requests, and learns from refusals which names a server does not know."""

    def __init__(self, served: Served):
        self._served = served
        self.without = set[str](served.without)
        self.longest = served.max_tokens_field
        self.stream = served.stream
        self.lessons = 0
        """How often something was learnt."""
        self._whole: int | None = 0
        """Draws that came whole though words were asked for; None once one came in words."""

    def streams(self, request: Request) -> bool:
        """Whether the draw is to come word by word."""
        return (self.stream or request.watch is not None) and "stream" not in self.without

    def came(self, whole: bool = False) -> None:
        """A draw came; whole, though words were asked for. A server of which all come so does not
        stream, and its silence says nothing."""
        if not whole:
            self._whole = None
        elif self._whole is not None:
            self._whole += 1
            self.stream = self.stream and self._whole < UNSTREAMED

    def body(self, request: Request) -> bytes:
        """The request as JSON."""
        served = self._served
        messages = [dict(message) for message in request.messages]
        body: dict[str, Any] = {
            **served.extra,
            "model": served.model,
            "messages": messages,
            "temperature": request.temperature,
            "top_p": request.top_p,
            self.longest: request.max_tokens,
            "seed": request.seed,
            "n": 1,
            **request.options,
            **request.extra,
        }
        if request.stop_words:
            body["stop"] = list(request.stop_words)
        if request.template_arguments:
            body["chat_template_kwargs"] = {
                **body.get("chat_template_kwargs", {}),
                **request.template_arguments,
            }
        if request.prefill:
            tags = named_tags(served.thinking_tags) or Tags()
            begun = tags.said(request.prefill)
            messages.append({"role": "assistant", "content": begun})
            body |= {"continue_final_message": True, "add_generation_prompt": False}
        further = body.pop("stream_options", {})  # refused where nothing is streamed
        if self.streams(request):
            body |= {"stream": True, "stream_options": {"include_usage": True} | further}
        return orjson.dumps({key: body[key] for key in body if key not in self.without})

    def learn(self, said: Said) -> str | None:
        """What is put otherwise from now on, in words; None where a refusal is not of a name."""
        if not UNKNOWN.search(f"{said.code} {said.words}"):
            return None
        if self.longest == "max_tokens" and NEWER in said.words and "max_tokens" in said.words:
            self.longest, what = NEWER, f"max_tokens is sent as {NEWER}"
            key = f"max_tokens_field: {NEWER}"
        else:
            speaks_of = (name for name in DISPENSABLE if _names(said, name))
            field = next((name for name in speaks_of if name not in self.without), None)
            if field is None:
                return None
            self.without.add(field)
            what = f"{field} is left out"
            key = "stream: false" if field == "stream" else f"without: [{field}]"
        self.lessons += 1
        return f"the server wants it otherwise, so {what} from now on (`{key}` says so beforehand)"

    def check(self, said: Said) -> None:
        """Raises StageError where a server does not know a field that says how draws are sampled:
        that is for the recipe to leave out."""
        if not UNKNOWN.search(f"{said.code} {said.words}"):
            return
        field = next((name for name in SAMPLED if _names(said, name)), None)
        if field is None or field in self.without:
            return
        if field in ("temperature", "top_p"):
            mend = (
                f"set the value that it takes, or write `without: [{field}]` beneath the endpoint, "
                "and draws are sampled by the server's own"
            )
        else:
            mend = f"take {'stop_words' if field == 'stop' else field} out of the recipe"
        raise StageError(
            f"{self._served.endpoint} does not take {field}, which says how draws are sampled: "
            f"{said.words[:300]!r}. In the recipe, {mend}"
        )


def _names(said: Said, field: str) -> bool:
    """Whether a refusal speaks of this field."""
    if said.field.split(".")[0] == field:
        return True
    quoted = rf"['\"`]{field}['\"`]"
    plain = "" if field in ("n", "stop", "stream") else rf"|(?<![\w.]){field}\b"
    return re.search(quoted + plain, said.words) is not None
