"""Weights of rewards that change over the steps of a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import TrainerCallback

from factory.recipe.rewards import Weighed


class Weighing(TrainerCallback):
    """Gives a GRPOTrainer before each step the weights of that step, a resumed one as well."""

    def __init__(self, weighed: Sequence[Weighed]):
        """`weighed`: the weights of the trainer's rewards, in their order."""
        self._weighed = weighed
        self._trainer: Any = None

    def of(self, trainer: Any) -> None:
        """Begin to weigh the rewards of this trainer."""
        self._trainer = trainer
        trainer.add_callback(self)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._weigh(state.global_step)

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._weigh(state.global_step)

    def _weigh(self, step: int) -> None:
        for place, each in enumerate(self._weighed):
            self._trainer.reward_weights[place] = each.at(step)
