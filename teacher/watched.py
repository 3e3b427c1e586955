"""A reward as training calls it: with a deadline, never fatal, for its own prompts, and logged."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Any

from factory.recipe.rewards import Weighed
from filters.rewards import Completions, Reward

Log = Callable[[str, float], object]
SAME = 1e-9
"""Rewards of a group that differ by less have no variance."""


@dataclass(frozen=True)
class Watched:
    """A reward under a deadline, whose failures punish nobody.

    What it could not judge is None. TRL adds rewards up as if None were 0, which would make it a
    wrong answer wherever another reward counts beside it. So a draw that could not be judged, among
    draws of its prompt that could, gets their mean: neither gain nor loss. Where no draw of the
    prompt could be judged, all stay None, which is the same for each.

    Logged under `rewards/NAME/` beside TRL's `mean` and `std`: `unverifiable`, the share of draws
    that it could not judge; `flat_groups`, the share of prompts whose draws all got the same, which
    teach nothing; `weight`, where that changes. Draws of a prompt that are held by several
    processes are seen by each process apart.
    """

    name: str
    reward: Reward
    weighed: Weighed
    seconds: float = 600.0
    """Longest time for all draws of a step."""

    @property
    def __name__(self) -> str:  # TRL logs it under this name
        return self.name

    def __call__(self, completions: Completions, **columns: Any) -> list[float | None]:
        """The rewards of a step's draws; None for prompts that it is not for."""
        whose = self._own_places(len(completions), columns)
        told = _only(whose, {"completions": completions, **columns}, len(completions))
        if "log_metric" in columns:
            told["log_metric"] = self._but_for_its_own(columns["log_metric"])
        found: list[float | None] = [None] * len(whose)
        try:
            found = within(self.seconds, self.reward, told) if whose else found
        except Exception as failure:
            words = f"{self.name}: {type(failure).__name__}: {failure}"
            warnings.warn(words, stacklevel=2)  # in the stage's log, each failure once
        groups = told.get("prompt_id") or range(len(found))
        self._log(found, groups, columns)
        rewards: list[float | None] = [None] * len(completions)
        for place, reward in zip(whose, filled(found, groups), strict=True):
            rewards[place] = reward
        return rewards

    def _own_places(self, number: int, columns: Mapping[str, Any]) -> list[int]:
        wanted = {"domain": self.weighed.domains, "source": self.weighed.sources}
        rules = [(columns[name], set(names)) for name, names in wanted.items() if names]
        return [n for n in range(number) if all(column[n] in names for column, names in rules)]

    def _but_for_its_own(self, log: Log) -> Log:
        """A log for the reward within: the share of what could not be judged is said here, once."""
        own = self._name_of("unverifiable")
        return lambda name, value: None if name == own else log(name, value)

    def _name_of(self, figure: str) -> str:
        return f"rewards/{self.name}/{figure}"

    def _log(
        self, found: Sequence[float | None], groups: Sequence[Any], columns: Mapping[str, Any]
    ) -> None:
        log = columns.get("log_metric")
        if not log or not found:
            return
        log(self._name_of("unverifiable"), found.count(None) / len(found))
        judged = [each for each in _grouped(found, groups).values() if len(each) > 1]
        if judged:
            flat = sum(max(each) - min(each) < SAME for each in judged)
            log(self._name_of("flat_groups"), flat / len(judged))
        if self.weighed.end is not None and (state := columns.get("trainer_state")):
            log(self._name_of("weight"), self.weighed.at(state.global_step))


def filled(found: Sequence[float | None], groups: Sequence[Any]) -> list[float | None]:
    """Rewards, those that are missing as the mean of their group, where it has any.

    >>> filled([1.0, None, 0.0, None], ["a", "a", "a", "b"])
    [1.0, 0.5, 0.0, None]
    """
    means = {g: sum(each) / len(each) for g, each in _grouped(found, groups).items() if each}
    pairs = zip(found, groups, strict=True)
    return [means.get(group) if each is None else each for each, group in pairs]


def within(seconds: float, reward: Reward, told: Mapping[str, Any]) -> list[float | None]:
    """What a reward says, in a thread that is left alone when its time is over.

    Raises:
        TimeoutError: it took longer.
        Exception: whatever it raised itself.
    """
    future: Future[list[float | None]] = Future()

    def call() -> None:
        try:
            future.set_result(reward(**told))
        except Exception as failure:
            future.set_exception(failure)
        except BaseException as failure:  # `exit()` in it ends no training
            future.set_exception(RuntimeError(f"{type(failure).__name__}: {failure}"))

    Thread(target=call, daemon=True, name=reward.__name__).start()
    try:
        found = future.result(seconds)
    except TimeoutError:
        if future.done():
            raise
        raise TimeoutError(f"not done after {seconds:g} seconds") from None
    if len(found) != len(told["completions"]):
        raise ValueError(f"{len(found)} rewards for {len(told['completions'])} draws")
    return found


def _only(whose: Sequence[int], told: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What is told of some of the draws."""
    if len(whose) == number:
        return dict(told)
    return {
        name: [values[n] for n in whose]
        if isinstance(values, list | tuple) and len(values) == number
        else values
        for name, values in told.items()
    }


def _grouped(found: Sequence[float | None], groups: Sequence[Any]) -> dict[Any, list[float]]:
    """The rewards of each group's draws that could be judged."""
    grouped: dict[Any, list[float]] = {}
    for each, group in zip(found, groups, strict=True):
        grouped.setdefault(group, []).extend([] if each is None else [each])
    return grouped
