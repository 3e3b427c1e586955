"""Strategies: how a question is put to the teacher. A row keeps the question as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.errors import RecipeError
from factory.models.chat import Message
from factory.recipe.strategies import QUESTION, Strategy, Thinking
from factory.records import digest

TEMPLATES: dict[str, dict[str, str]] = {
    # R1's cold start (arXiv 2501.12948, 2.3.1): a long chain of thought shown by example, or asked
    # for with reflection and verification.
    "few_shot": {
        "system": "Answer as in the examples: think at length between <think> and </think>, "
        "then give the final answer.",
    },
    "reflect": {
        "system": "Think inside <think> and </think> before you answer. Work step by step, reflect "
        "on whether each step holds, try another way where one fails, and verify the result before "
        "you settle on it. After </think> sum up the solution for a reader and give the final "
        "answer.",
    },
    # R1's evaluation: no system prompt, the directive in the question.
    "boxed": {
        "question": "{question}\nPlease reason step by step, and put your final answer within "
        "\\boxed{}.",
    },
    # R1's non-reasoning data (2.3.3): a chain of thought before complex queries, none before
    # trivial ones.
    "think_first": {
        "system": "Before you answer, think inside <think> and </think> about what is asked, what "
        "a good answer must contain and how to order it. Then answer.",
        "prefill": "<think>\n",
    },
    "no_thinking": {"prefill": "<think>\n\n</think>\n\n"},
}
"""What a strategy says where it does not say otherwise."""


@dataclass(frozen=True)
class Asked:
    """A prompt as the teacher sees it."""

    messages: list[Message]
    prefill: str = ""
    strategy: str | None = None
    settings: str = ""
    """Digest of the strategy with its examples; empty without one."""
    template_arguments: Mapping[str, Any] = field(default_factory=dict)
    """What the chat template is told, beside what the teacher's own settings tell it."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of a request to an endpoint."""
    thinking: Thinking | None = None
    """How long the teacher thinks, where that is not as the sampling says."""


@dataclass(frozen=True)
class Prepared:
    """A strategy with its texts found and its examples read."""

    strategy: Strategy
    system: str
    question: str
    prefill: str
    shown: tuple[Message, ...]

    @property
    def settings(self) -> str:
        """Digest of all that the teacher is told."""
        told: list[Any] = [self.system, self.question, self.prefill, self.shown]
        own = self.strategy
        if own.chat_template_kwargs or own.extra or own.thinking:
            thinking = own.thinking and own.thinking.model_dump()
            told += [own.chat_template_kwargs, own.extra, thinking]
        return digest(*told)

    def fits(self, prompt: Mapping[str, Any]) -> bool:
        """Whether it is for this row of the prompt table."""
        when = self.strategy.when
        words = len(str(prompt["messages"][-1]["content"]).split())
        lot = int(digest(prompt["prompt_id"], self.strategy.name)[:8], 16) / 2**32
        return (
            all(
                not wanted or prompt.get(column) in wanted
                for column, wanted in (
                    ("domain", when.domains),
                    ("source", when.sources),
                    ("language", when.languages),
                )
            )
            and when.min_words <= words <= (when.max_words or words)
            and lot < when.share
        )

    def ask(self, messages: Sequence[Message]) -> Asked:
        """Put the question; an own system turn of the prompt stays, after ours."""
        *before, last = messages
        asked = self.question.replace(QUESTION, last["content"])
        head: list[Message] = [{"role": "system", "content": self.system}] if self.system else []
        if self.system and before and before[0]["role"] == "system":
            head = [{"role": "system", "content": f"{self.system}\n\n{before.pop(0)['content']}"}]
        elif before and before[0]["role"] == "system":
            head = [before.pop(0)]
        turns = [*head, *self.shown, *before, Message(role=last["role"], content=asked)]
        own = self.strategy
        return Asked(
            turns,
            self.prefill,
            own.name,
            self.settings,
            own.chat_template_kwargs,
            own.extra,
            own.thinking,
        )


def prepare(strategies: Sequence[Strategy], home: Path) -> list[Prepared]:
    """Find the texts and read the examples of a recipe's strategies.

    Raises:
        RecipeError: when an examples file is missing or not what it should be.
    """
    found = []
    for strategy in strategies:
        ready = TEMPLATES[strategy.template] if strategy.template else {}

        def text(key: str, given: str | None, ready: dict[str, str] = ready) -> str:
            return given if given is not None else ready.get(key, "")

        shown = _examples(home / strategy.examples, strategy.shots) if strategy.examples else []
        if strategy.template == "few_shot" and not shown:
            raise RecipeError(f"strategy {strategy.name}: few_shot needs `examples`, a JSONL file")
        found.append(
            Prepared(
                strategy,
                text("system", strategy.system),
                text("question", strategy.question) or QUESTION,
                text("prefill", strategy.prefill),
                tuple(shown),
            )
        )
    return found


def rounds(strategies: Sequence[Prepared]) -> list[tuple[Prepared, ...]]:
    """The strategies of each round of draws: first of those of which a prompt has one, and then one
    for each that stands beside them."""
    first = tuple(prepared for prepared in strategies if not prepared.strategy.beside)
    return [first, *((prepared,) for prepared in strategies if prepared.strategy.beside)]


def ask(strategies: Sequence[Prepared], prompt: Mapping[str, Any]) -> Asked:
    """The prompt as the first strategy that fits puts it, or as it is."""
    for prepared in strategies:
        if prepared.fits(prompt):
            return prepared.ask(prompt["messages"])
    return Asked(list(prompt["messages"]))


def ask_by(strategies: Sequence[Prepared], row: Mapping[str, Any]) -> Asked:
    """The prompt of a draw, as the strategy that the row names put it."""
    for prepared in strategies:
        if prepared.strategy.name == row["strategy"]:
            return prepared.ask(row["messages"])
    return Asked(list(row["messages"]))


def _examples(file: Path, shots: int) -> list[Message]:
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{file}: the examples cannot be read ({error})") from error
    shown: list[Message] = []
    for number, line in enumerate(lines, 1):
        if len(shown) == 2 * shots:
            break
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            shown += [
                Message(role="user", content=_text(row["question"])),
                Message(role="assistant", content=_text(row["answer"])),
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise RecipeError(
                f"{file}:{number}: expected a JSON object with `question` and `answer` "
                f"({type(error).__name__}: {error})"
            ) from error
    if len(shown) < 2 * shots:
        raise RecipeError(f"{file}: {len(shown) // 2} examples, and `shots` wants {shots}")
    return shown


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
