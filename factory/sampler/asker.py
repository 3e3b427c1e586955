"""Who is asked and how: all that the ids of draws depend on, but for prompt and number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

from factory.recipe.sampling import Sampling
from factory.records import digest, sample_id, seed_of
from factory.sampler.strategies import Prepared


class Prompt(Protocol):
    """What of a prompt shapes its draws."""

    prompt_id: str
    settings: str


@dataclass(frozen=True)
class Asker:
    """A teacher and the settings that it is asked with."""

    teacher: str
    """Digest of the model and of what changes its numbers."""
    sampling: Sampling
    seed: int
    strategies: Sequence[Prepared] = ()
    instructions: frozenset[str] = frozenset()
    """What sources put behind their questions."""
    continues: bool = False
    """Whether its engine goes on with a draw that was begun, from its token ids."""
    beside: bool = False
    """Whether this is a round beside the first one: by its strategy, and by no other."""

    @property
    def keeps_thinking(self) -> bool:
        """Whether it bounds the thinking, of any prompt."""
        ways = [way.strategy.thinking for way in self.strategies]
        return any([self.sampling.thinking, *ways])

    @property
    def account(self) -> str:
        """What its time is noted under."""
        return digest(self.teacher, self.strategies[0].settings) if self.beside else self.teacher

    @property
    def settings(self) -> str:
        """Digest of what shapes every draw.

        The policy only says how many there are, and `max_tokens` where they are cut: a longer or a
        shorter one is a view of the same draw.
        """
        own = self.sampling
        shape: list[Any] = [own.temperature, own.top_p, self.seed]
        if own.options or own.stop_words or own.chat_template_kwargs:
            shape.append([own.options, own.stop_words, own.chat_template_kwargs])
        if own.thinking:
            shape.append(own.thinking.model_dump())
        if self.keeps_thinking:
            shape.append(own.max_tokens)  # its end is forced by that
        if own.stop.loop or own.stop.language:
            shape.append(own.stop.model_dump())
        return digest(*shape)

    def settings_of(self, strategy: str, instruction: str | None) -> str:
        """The same for a prompt: with what it is asked by (`Asked.settings`) and told."""
        own = [part for part in (strategy, instruction) if part]
        return digest(self.settings, strategy, instruction) if own else self.settings

    @property
    def all_settings(self) -> set[str]:
        """`settings_of` any prompt: with each strategy and instruction, and without."""
        strategies = [strategy.settings for strategy in self.strategies]
        strategies += [] if self.beside else [""]
        return {self.settings_of(*both) for both in product(strategies, [None, *self.instructions])}

    def sample_id(self, prompt: Prompt, draw: int) -> str:
        """The id of a draw of a prompt."""
        longest = self.sampling.max_tokens
        return sample_id(prompt.prompt_id, self.teacher, prompt.settings, draw, longest)

    def seed_of(self, prompt: Prompt, draw: int, goes_on: bool) -> int:
        """A seed that differs by prompt and draw, the same for every `max_tokens`.

        What goes on needs another: the first numbers of the same one are spent already.
        """
        part = self.sample_id(prompt, draw) if goes_on else f"draw {draw}"
        return seed_of(digest(prompt.prompt_id, self.teacher, prompt.settings, part), self.seed)
