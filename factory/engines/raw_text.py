"""A draw's raw text, rebuilt from the pieces that a server made of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from factory.engines.message import Part, Parts
from factory.engines.saying import bad, echo
from factory.models.thinking_tags import Reading, marks_of, named_tags
from filters.text.thinking import CLOSE, OPEN, split

ECHOED = 64
"""Characters of a prefill that no model repeats by chance, so that the server must have."""


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
    >>> raw_text({"reasoning": "2+2=4", "content": "<think>2+2=4</think>4"})
    '<think>\\n2+2=4\\n</think>\\n4'

    Raises:
        EngineFailure: `bad_body` where no text can be found, or it cannot be told where the
            thinking ends; `refusal` where the model refused.
    """
    if not isinstance(message, dict):
        raise bad(f"the message is {echo(message)}, expected a mapping")
    rebuilt, parts = Rebuilt(opens_thinking, prefill, tags), Parts()
    rebuilt.add_all(parts.of(message))
    parts.check()
    return rebuilt.finish()


class Rebuilt:
    """The raw text of one draw, growing by the pieces that a server made of it.

    Servers put thinking into a field of its own, or leave it in the content, with its opening tag
    or, where the template pre-fills it, without; or both, and then it is kept once. Thinking
    without content never ended as far as anyone can tell, so its closing tag is not made up: it
    yields no answer. Who thinks again after an answer had begun has a text with tags in its middle,
    in the order in which it came.

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
        self._thinking = self._answering = self._closed = False
        self._open = self._shut = False
        """Whether the text begins with the opening tag; has the closing one."""
        self._held = self._tail = self._gap = ""
        """Content after thinking that is blank, or may yet repeat the thinking."""
        self._repeated = False
        """Whether it was there again, and was left out: a second time it is an answer."""
        self._again: list[str] = []
        """Thinking that came after the answer had begun."""

    @property
    def so_far(self) -> str:
        """The text, without what is held back."""
        return "".join(self._text)

    @property
    def held(self) -> str:
        """What is held back."""
        return self._held + self._gap + self._reading.held + "".join(self._again)

    def add_all(self, parts: Iterable[Part]) -> str:
        """The text that is new with these parts, thinking and not, in their order."""
        return "".join(self.add(text, "") if is_ else self.add("", text) for is_, text in parts)

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
        if self._gap.strip() and not self._gap.lstrip().startswith(OPEN):
            self._keep(self._closing(self._gap))  # no repetition, but an answer like it
            self._answering = True
        if self._thinking and not self._answering:
            self._keep(self._held if self._text else self._opening(self._held))
        elif not self._answering:
            self._keep(f"{OPEN}\n{self._held}" if self._opens else self._held)
        self._held, self._gap, self._answering = "", "", True
        if again := self._thought_again():
            self._keep(f"\n{OPEN}\n{again}")
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
            self._open = self._open if self._text else new.lstrip().startswith(OPEN)
            self._text.append(new)
            if not self._shut:
                self._shut = CLOSE in self._tail + new
                self._tail = (self._tail + new)[-len(CLOSE) :]
        return new

    def _think(self, piece: str) -> str:
        said = self._gap.lstrip()
        if not self._answering and (OPEN.startswith(said) or said.startswith(OPEN)):
            return self._think_on(piece)
        self._again.append(piece)
        if self._answering:
            return ""
        self._answering = True
        return self._closing(self._gap)

    def _think_on(self, piece: str) -> str:
        if self._prefill and OPEN not in self._prefill and CLOSE not in self._prefill:
            raise bad("a turn begun without a thinking tag was taken apart, and its tags are lost")
        self._gap = self._gap.lstrip()  # blank, or the thinking again
        self._thinking, piece = True, self._held + piece
        piece, close, after = piece.partition(CLOSE)
        if (self._closed and piece.strip()) or after.strip():
            raise bad(f"the reasoning has a closing tag inside, so its end is unknown: {CLOSE}")
        self._closed = self._closed or bool(close)
        body = _body(piece)
        begun = self._text or self._prefill
        if not begun and (OPEN.startswith(body) or not _lead(body)):
            self._held = piece  # its tag, or a part of it
            return ""
        self._held = piece[len(body) :]
        return body if begun else self._opening(body)

    def _say(self, piece: str) -> str:
        if self._answering:
            if self._again and (self._shut or not self._open):
                if not piece.strip():
                    return ""
                if again := self._thought_again():
                    return f"\n{OPEN}\n{again}\n{CLOSE}\n{piece.lstrip()}"
            return piece
        if self._thinking:
            self._gap += piece
            self._gap = self._unrepeated(self._gap)
            if not self._gap.strip() or self._may_repeat(self._gap.lstrip()):
                return ""
            self._answering = True
            return self._closing(self._gap)
        piece = self._held + piece
        lead = piece.lstrip()
        if not lead or (self._opens and lead != OPEN and OPEN.startswith(lead)):
            self._held = piece
            return ""
        self._answering = True
        return f"{OPEN}\n{piece}" if self._opens and not lead.startswith(OPEN) else piece

    def _closing(self, content: str) -> str:
        """The end of thinking that came by itself, and the beginning of the answer."""
        rest = self._held.rstrip("\n")
        before = rest if self._text else self._opening(rest)
        self._held, self._gap = "", ""
        return f"{before}\n{CLOSE}\n{content.lstrip()}"

    def _thought(self) -> str:
        """What came as thinking, as long as nothing else has come."""
        return (self.so_far + self._held).removeprefix(OPEN).strip()

    def _unrepeated(self, content: str) -> str:
        """The content without the thinking at its beginning, where that came by itself before."""
        before, close, after = content.partition(CLOSE)
        inside = before.lstrip().removeprefix(OPEN).strip()
        if self._repeated or not close or not inside or inside != self._thought():
            return content
        self._repeated = True
        return after

    def _may_repeat(self, content: str) -> bool:
        """Whether content, so far, may be the thinking again."""
        if self._repeated:
            return False
        if OPEN.startswith(content):
            return True
        inside, thought = content.removeprefix(OPEN).strip(), self._thought()
        rest = inside.removeprefix(thought).lstrip()
        return thought.startswith(inside) or (inside.startswith(thought) and CLOSE.startswith(rest))

    def _thought_again(self) -> str:
        """Thinking that came after the answer had begun; nothing where the text has it."""
        again = "".join(self._again).removeprefix(OPEN).removesuffix(CLOSE).strip()
        self._again = []
        there = split(self._prefill + self.so_far, self._opens).reasoning or ""
        cut = not self._shut and (there.startswith(again) or again.startswith(there))
        return "" if again == there or (there and cut) else again

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


def _body(piece: str) -> str:
    """Thinking without what may be left out at its end: line ends, and a part of a closing tag."""
    for size in range(min(len(piece), len(CLOSE) - 1), 0, -1):
        if piece.endswith(CLOSE[:size]):
            return piece[:-size].rstrip("\n")
    return piece.rstrip("\n")
