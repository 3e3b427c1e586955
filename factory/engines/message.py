"""The parts of a message: what was thought and what was said, in whichever fields they came."""

from __future__ import annotations

from typing import Any

from factory.engines.saying import bad, echo
from factory.errors import EngineFailure

FIELDS = (
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "thinking_blocks",
    "thinking",
    "reasoning_text",
    "thinking_content",
    "thought",
    "thoughts",
)
"""Where servers put the thinking: vLLM; DeepSeek, SGLang and most; OpenRouter; LiteLLM; Ollama and
others."""
ANY = frozenset(FIELDS)
LIST = "parts of the content"
TEXTS = ("text", "output_text", "input_text", "reasoning_text", "")
"""Types of a part that is said."""
INSIDE = (
    "text",
    "thinking",
    "reasoning",
    "reasoning_text",
    "reasoning_content",
    "content",
    "value",
)
"""Where a block keeps its text."""
HIDDEN = {"encrypted": "encrypted", "redacted": "encrypted", "summary": "only as a summary"}
"""By a word in a block's type, how the server gives the thinking instead of giving it."""

Part = tuple[bool, str]
"""Whether it is thinking, and its text."""


class Parts:
    """Takes the messages of one draw apart: a whole one, or the deltas of a stream.

    Thinking is taken from the first field that has some. What other fields repeat of it is left
    out; a summary is not the thinking, and neither is what is encrypted.
    """

    def __init__(self) -> None:
        self.hidden = ""
        """How the server keeps the thinking to itself, where it does."""
        self.refused = ""
        """What the server said in place of an answer."""
        self._field, self._summed = "", False
        self._thought: list[str] = []

    def of(self, message: dict[str, Any]) -> list[Part]:
        """Thinking and text of a message, or of a part of one, in order.

        Raises:
            EngineFailure: `bad_body` where they cannot be found or told apart.
        """
        parts: list[Part] = []
        if thought := self._thinking(message):
            parts.append((True, thought))
        content = message.get("content")
        if isinstance(content, str):
            if content:
                parts.append((False, content))
        elif content is not None:
            parts += self._listed(content)
        if refused := message.get("refusal"):
            self.refused += str(refused)
        return parts

    def check(self) -> None:
        """Raises EngineFailure where the server refused to answer."""
        if self.refused.strip():
            raise EngineFailure("refusal", f"the model refused: {echo(self.refused)}")

    def _thinking(self, message: dict[str, Any]) -> str:
        if details := message.get("reasoning_details"):
            self._summed = not self._text("reasoning_details", details) and bool(self.hidden)
        if self._summed:
            return ""  # what stands in `reasoning` beside them is the summary
        if ANY.isdisjoint(message):
            return ""
        for field in (self._field, *FIELDS):
            if (value := message.get(field)) and (text := self._once(field, value)):
                return text
        return ""

    def _once(self, field: str, value: Any) -> str:
        """The thinking in a field; nothing where another field has given the same."""
        text = self._text(field, value)
        if not text:
            return ""
        self._field = self._field or field
        if field == self._field:
            self._thought.append(text)
            return text
        if text.strip() in "".join(self._thought):
            return ""
        raise bad(f"thinking in {self._field}, then other thinking in {field}: {echo(text)}")

    def _listed(self, content: Any) -> list[Part]:
        if not isinstance(content, list):
            raise bad(f"content of the message is {echo(content)}, expected text or a list of it")
        parts: list[Part] = []
        for part in content:
            kind = str(part.get("type") or "").lower() if isinstance(part, dict) else ""
            if kind == "refusal":
                self.refused += str(part.get("refusal") or "")
            elif isinstance(part, dict) and part.get("thought") is True:  # Google
                parts.append((True, self._once(LIST, part.get("text"))))
            elif kind in TEXTS:
                parts.append((False, self._text("content", part)))
            elif any(word in kind for word in ("thinking", "reasoning", "thought")):
                parts.append((True, self._once(LIST, part)))
            else:
                raise bad(f"content has a part of type {kind!r}, expected text: {echo(part)}")
        return [part for part in parts if part[1]]

    def _text(self, field: str, value: Any) -> str:
        """The text of a field or block, however it is wrapped."""
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            return "".join(self._text(field, block) for block in value)
        if value is None or isinstance(value, bool):
            return ""
        if not isinstance(value, dict):
            raise bad(f"{field} of the message is {echo(value)}, expected text")
        kind = str(value.get("type") or "").lower()
        inside = next((value[name] for name in INSIDE if value.get(name)), None)
        if hidden := next((told for word, told in HIDDEN.items() if word in kind), ""):
            self.hidden = hidden
            return ""
        if inside is None and value.get("summary"):
            self.hidden = HIDDEN["summary"]
        return self._text(field, inside)
