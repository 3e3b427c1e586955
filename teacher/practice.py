"""TRL's trainer, looking on: it keeps what was drawn, and says what a step and an examination tell.

Nothing of the algorithm is changed. Overridden are the order of prompts and four places to read
from: the rewards of draws, the batch made of them, the log, and who is told when the two part.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from accelerate.utils import gather_object
from trl import GRPOTrainer

from factory.models.thinking_tags import Speech
from factory.store.shards import write_text
from filters.rewards import Accuracy
from sft.score import interval
from teacher import ratios
from teacher.order import Order
from teacher.remembered import Remembered, verdict
from teacher.rollouts import Rollouts, figures, json_text, measured, right
from teacher.watch import Examined, parted

SECONDS = 5
"""Shortest time between two times that the log is written."""
WATCHED = ("step", "prompt_id", "reward", "verdict")


class Practice(GRPOTrainer):
    """GRPO whose draws are kept."""

    def __init__(
        self,
        *args: Any,
        order: Order,
        speech: Speech,
        drawn: Rollouts,
        examined: Rollouts,
        log_at: Path,
        memory: Remembered | None,
        watched_by: str | None = None,
        **settings: Any,
    ):
        """
        Args:
            order: which prompts come when.
            drawn: where draws learned from are kept.
            examined: where draws only looked at are kept.
            log_at: where the log so far can be read.
            memory: of the reward for accuracy, where there is one.
            watched_by: the verifier of held-out draws; None: each prompt's own.
        """
        super().__init__(*args, **settings)
        self.order, self.speech, self.opened = order, speech, speech.opens()
        self.drawn, self.looked_at, self.log_at = drawn, examined, log_at
        self.memory = memory
        self.verifier = Accuracy(by=watched_by, as_json=True, opened=self.opened)
        self._seen: tuple[Any, ...] = ()
        self._told = 0.0
        self._held_out: list[dict[str, Any]] = []
        self._examined = [Examined(*each) for each in self.looked_at.each(WATCHED)]
        for step, rows in self.drawn.each(WATCHED) if order.rest else ():
            order.note(self._generation(step), right(rows))

    def _get_train_sampler(self, dataset: Any = None) -> Order:
        return self.order

    @property
    def _learns(self) -> bool:
        """Whether this is a step, and no examination."""
        assert self.model
        return self.model.training

    def _generation(self, step: int) -> int:
        """Which generation's draws a step learns from, the first being 1."""
        return (step - 1) // self.num_iterations + 1

    def _calculate_rewards(
        self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any
    ) -> Any:
        if self.memory:
            self.memory.found = {}
        rewards = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        self._seen = inputs, completions, completion_ids_list, rewards
        return rewards

    def _generate_and_score_completions(self, inputs: Any) -> dict[str, Any]:
        made = super()._generate_and_score_completions(inputs)
        rows = gather_object(self._rows(made["advantages"].tolist()))
        if not self._learns:
            self._held_out += rows
            return made
        step = self.state.global_step + 1
        table = measured(rows, step, self.opened)
        self.order.note(self._generation(step), right(table))
        told = figures(table) | {"draws/resting": self.order.resting} | self._ratios(made)
        for name, value in told.items():
            self._metrics["train"][name].append(value)
        if self.accelerator.is_main_process:
            self.drawn.write(step, table)
        return made

    def _ratios(self, made: dict[str, Any]) -> dict[str, float]:
        """Of the probabilities of who drew, where the engine says them: vLLM does."""
        if "sampling_per_token_logps" not in made or "old_per_token_logps" not in made:
            return {}
        learner, drawer = made["old_per_token_logps"], made["sampling_per_token_logps"]
        sums = ratios.figures(learner, drawer, made["completion_mask"])
        return ratios.told(gather_object([sums]))

    def _rows(self, advantages: Sequence[float]) -> list[dict[str, Any]]:
        """This process's newest draws."""
        inputs, completions, ids, gathered = self._seen
        first = self.accelerator.process_index * len(inputs)
        rewards = gathered[first : first + len(inputs)].tolist()
        texts = [self._text(*each) for each in zip(completions, ids, strict=True)]
        verdicts = self._verdicts(inputs, texts)
        ends, weights = {*self.eos_token_ids}, self.reward_weights.tolist()
        return [
            {
                "turns": row["prompt"],
                "text": text,
                "prompt_id": row["prompt_id"],
                "completion_tokens": len(tokens),
                "finish_reason": "stop" if tokens and tokens[-1] in ends else "length",
                "source": row["source"],
                "language": row["language"],
                "verifier": row["verifier"],
                "reference": json_text(row["reference"]),
                "verdict": verdict,
                "rewards": [
                    {"name": name, "value": _number(value)}
                    for name, value in zip(self.reward_func_names, values, strict=True)
                ],
                "reward": _weighed(values, weights),
                "advantage": advantage if self._learns else None,
            }
            for row, text, tokens, values, verdict, advantage in zip(
                inputs, texts, ids, rewards, verdicts, advantages, strict=True
            )
        ]

    def _text(self, completion: Any, ids: Sequence[int]) -> str:
        if self.speech.marks:  # special tokens are missing in TRL's own texts
            return self.speech.decode(ids, skip_special_tokens=True)
        return completion if isinstance(completion, str) else completion[-1]["content"]

    def _verdicts(self, inputs: Any, texts: list[str]) -> list[str]:
        """Of draws learned from, what the reward for accuracy found; of others, or without such a
        reward, what the verifier says."""
        if self._learns and self.memory:
            return self.memory.verdicts([row["prompt_id"] for row in inputs], texts)
        columns = {name: [row[name] for row in inputs] for name in ("reference", "verifier")}
        return [verdict(value) for value in self.verifier(texts, **columns)]

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """TRL's log, with what an examination tells; others can read it as it grows."""
        if self._held_out and any(name.startswith("eval_") for name in logs):
            logs |= self._examination()
        super().log(logs, start_time)
        now = time.monotonic()
        if self.accelerator.is_main_process and now - self._told > SECONDS:
            self._told = now
            write_text(json.dumps(self.state.log_history, indent=1), self.log_at)

    def _examination(self) -> dict[str, float]:
        """What the held-out draws of now say; they are kept, and compared with those before."""
        step = self.state.global_step
        rows = measured(self._held_out, step, self.opened)
        self._held_out = []
        # Where processes do not divide the prompts, some were asked twice.
        rows = rows.filter(draw=0)
        solved = (rows["verdict"] == "correct").cast(pl.Float64).to_numpy()
        low, high = interval(solved)
        told = {"pass_at_1": float(solved.mean()), "pass_at_1_low": low, "pass_at_1_high": high}
        told |= figures(rows)
        if self.accelerator.is_main_process:
            self.looked_at.write(step, rows)
            self._examined.append(Examined(step, rows.select(WATCHED)))
            if gap := parted(self._examined):
                told["parted_since"] = gap.before
                warnings.warn(str(gap), stacklevel=2)
        return {f"eval_{name}": value for name, value in told.items()}


def _number(value: float) -> float | None:
    return None if value != value else value


def _weighed(values: Sequence[float], weights: Sequence[float]) -> float | None:
    """The sum as TRL makes it; None where nothing was judged."""
    there = [w * v for v, w in zip(values, weights, strict=True) if _number(v) is not None]
    return sum(there) if there else None
