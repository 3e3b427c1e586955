r"""Rewards of form: thinking and an answer inside tags, as the GSM8K tutorials of GRPO have them.

They look at `<think>` and `<answer>`, whatever the model's own tags for thinking are: a recipe's
`thinking_tags` are read as ours. `Format` of `filters.rewards` is for answers in boxes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from filters.rewards import Completions, text, whole
from filters.text.answer import extract
from filters.text.thinking import CLOSE, OPEN, split

_ANSWER = ("<answer>", "</answer>")
_TAGS = (OPEN, CLOSE, *_ANSWER)
_STRICT = re.compile(rf"{OPEN}\n.+\n{CLOSE}\n{_ANSWER[0]}\n.+\n{_ANSWER[1]}\n?", re.DOTALL)
_SOFT = re.compile(rf"\s*{OPEN}.*?{CLOSE}\s*{_ANSWER[0]}.*?{_ANSWER[1]}", re.DOTALL)
_OPENS, _CLOSES = re.compile(rf"{OPEN}\n"), re.compile(rf"\n{CLOSE}\n")
_OPENS_ANSWER, _CLOSES_ANSWER = re.compile(r"\n<answer>\n"), re.compile(r"\n</answer>")
BEHIND = 0.004
"""What a character behind the answer costs, in parts of a full count of tags."""


@dataclass(frozen=True)
class StrictFormat:
    r"""1 for thinking and answer inside their tags, each tag once and on a line of its own, else 0.

    The line's end behind the last tag may be missing: models stop there. Thinking may have several
    lines, which the pattern of the tutorials forbids by mistake.

    >>> StrictFormat()(["<think>\n6*7\n</think>\n<answer>\n42\n</answer>", "<answer>42</answer>"])
    [1.0, 0.0]
    """

    opened: bool = False

    __name__ = "strict_format"

    def __call__(self, completions: Completions, **_: Any) -> list[float | None]:
        return [
            float(all(said.count(tag) == 1 for tag in _TAGS) and bool(_STRICT.fullmatch(said)))
            for said in _said(completions, self.opened)
        ]


@dataclass(frozen=True)
class SoftFormat:
    r"""1 where the reply begins with thinking and an answer inside tags, blanks aside, else 0.

    >>> SoftFormat()(["<think>6*7</think> <answer>42</answer> Done.", "<answer>42</answer>"])
    [1.0, 0.0]
    """

    opened: bool = False

    __name__ = "soft_format"

    def __call__(self, completions: Completions, **_: Any) -> list[float | None]:
        return [float(bool(_SOFT.match(said))) for said in _said(completions, self.opened)]


@dataclass(frozen=True)
class TagCount:
    r"""A quarter for each of the four tags that stands once, on a line of its own; text behind the
    answer costs 0.004 a character.

    A way up to the whole form: a draw with two tags is better than one with none. Weighed by 0.5 it
    is the "XML count" of the tutorials, but for a missing line's end behind the last tag, for which
    those take away the length of the whole text.

    >>> thought = "<think>\n6*7\n</think>\n"
    >>> TagCount()([f"{thought}42", f"{thought}<answer>\n42\n</answer>"])
    [0.5, 1.0]
    """

    opened: bool = False

    __name__ = "tag_count"

    def __call__(self, completions: Completions, **_: Any) -> list[float | None]:
        return [_counted(said) for said in _said(completions, self.opened)]


@dataclass(frozen=True)
class Integer:
    r"""1 where the final answer is a whole number and nothing else, else 0.

    >>> Integer()(["<think>6*7</think><answer>42</answer>", r"\boxed{42 eggs}", "42"])
    [1.0, 0.0, 0.0]
    """

    opened: bool = False

    __name__ = "integer"

    def __call__(self, completions: Completions, **_: Any) -> list[float | None]:
        responses = [split(text(completion), self.opened).response for completion in completions]
        answers = [extract(response) if response else None for response in responses]
        return [float(bool(re.fullmatch(r"-?\d+", (answer or "").strip()))) for answer in answers]


def _said(completions: Completions, opened: bool) -> Sequence[str]:
    """The texts with the tag that a template wrote before them."""
    return [whole(completion, opened) for completion in completions]


def _counted(said: str) -> float:
    patterns = (_OPENS, _CLOSES, _OPENS_ANSWER)
    count = 0.25 * sum(len(pattern.findall(said)) == 1 for pattern in patterns)
    closes = list(_CLOSES_ANSWER.finditer(said))
    if len(closes) == 1:
        behind = said[closes[0].end() :].removeprefix("\n")
        count += 0.25 - BEHIND * len(behind)
    return count
