"""Where thinking ends and the response begins."""

from __future__ import annotations

from dataclasses import dataclass

OPEN = "<think>"
CLOSE = "</think>"


@dataclass(frozen=True)
class Thought:
    """A draw taken apart; outer whitespace is gone from both parts."""

    reasoning: str | None
    """What stands inside the think tags; None where there was no thinking at all."""
    response: str | None
    """What stands after them; None where the thinking never ended."""


def split(text: str, opened: bool = False) -> Thought:
    r"""Takes thinking and response apart, by the first opening and the first closing tag.

    A later tag stays where it is: it makes the draw ugly, which is for `Format` to say, and not
    ours to mend. Text before the opening tag belongs to neither part.

    Args:
        text: what the model wrote.
        opened: the chat template wrote `<think>` already, so that the text lacks it.

    >>> split("<think>2+2=4</think> \\boxed{4}")
    Thought(reasoning='2+2=4', response='\\boxed{4}')
    >>> split("<think>2+2=4, so \\boxed{4}")  # no end, so no response, whatever stands in it
    Thought(reasoning='2+2=4, so \\boxed{4}', response=None)
    >>> split("2+2=4</think>4")  # what a template that opens the thinking leaves to the model
    Thought(reasoning='2+2=4', response='4')
    >>> split("4")  # a reply without thinking
    Thought(reasoning=None, response='4')
    """
    before, close, after = text.partition(CLOSE)
    lead, open_, inside = before.partition(OPEN)
    # A template's tag and the model's own, with nothing between them, open the same thinking.
    own_tag = bool(open_) and (not opened or not lead.strip())
    reasoning = inside if own_tag else before
    if close:
        return Thought(reasoning.strip(), after.strip())
    if own_tag or opened:
        return Thought(reasoning.strip(), None)
    return Thought(None, text.strip())
