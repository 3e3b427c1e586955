"""Group-relative policy optimisation of the teacher with TRL (DeepSeek-R1, section 2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.recipe.teacher import Grpo

if TYPE_CHECKING:
    from datasets import Dataset

    from factory.models import Located
    from factory.models.thinking_tags import Speech
    from factory.progress import Report
    from filters.rewards import Reward


def improve(
    base: Located,
    prompts: pl.DataFrame,
    grpo: Grpo,
    *,
    seed: int,
    out: Path,
    checkpoints: Path,
    report: Report,
) -> list[dict[str, float]]:
    """Train the base by GRPO, write the result to `out`, return TRL's log.

    `prompts` is the prompt table; rows of split "train" are trained on and "held_out" ones only
    measured, for the curve.
    """
    from trl import GRPOTrainer

    from factory.models.thinking_tags import speech_of
    from sft.trainer import Reporter, last_checkpoint
    from teacher.rewards import REWARDS

    speech = speech_of(base)
    weights = {name: weight for name, weight in grpo.rewards.model_dump().items() if weight > 0}
    held_out = _dataset(prompts.filter(split="held_out").head(grpo.held_out))
    trainer = GRPOTrainer(
        model=base.path,
        args=_arguments(grpo, list(weights.values()), seed, checkpoints, bool(len(held_out))),
        reward_funcs=[Read(speech, REWARDS[name](speech.opens())) for name in weights],
        train_dataset=_dataset(prompts.filter(split="train")),
        eval_dataset=held_out if len(held_out) else None,
        processing_class=speech.tokenizer,
        callbacks=[Reporter(report, "steps", ("reward", "completions/mean_length"))],
    )
    trainer.train(resume_from_checkpoint=last_checkpoint(checkpoints))
    trainer.save_model(str(out))
    speech.tokenizer.save_pretrained(out)
    return trainer.state.log_history


@dataclass(frozen=True)
class Read:
    """A reward of what was said with our tags: TRL's own texts lack those that are special."""

    speech: Speech
    reward: Reward

    @property
    def __name__(self) -> str:  # TRL logs each reward under it
        return self.reward.__name__

    def __call__(
        self, completions: list[Any], completion_ids: Sequence[Sequence[int]], **columns: Any
    ) -> list[float | None]:
        """The reward of each completion."""
        if self.speech.marks:
            completions = [
                self.speech.decode(ids, skip_special_tokens=True) for ids in completion_ids
            ]
        return self.reward(completions=completions, completion_ids=completion_ids, **columns)


def _dataset(prompts: pl.DataFrame) -> Dataset:
    from datasets import Dataset

    columns = prompts.select("prompt_id", "reference", "verifier").to_dict(as_series=False)
    return Dataset.from_dict({"prompt": prompts["messages"].to_list(), **columns})


def _arguments(
    grpo: Grpo, weights: list[float], seed: int, checkpoints: Path, evaluate: bool
) -> Any:
    import torch
    from trl import GRPOConfig

    from sft.trainer import device_settings

    settings = device_settings()
    if torch.cuda.is_available():
        # Sums of log-ratios over long chains would weigh most of them next to nothing (trl #5814).
        settings |= {"use_vllm": True, "vllm_importance_sampling_mode": "token_truncate"}
    return GRPOConfig(
        output_dir=str(checkpoints),
        max_steps=grpo.steps,
        per_device_train_batch_size=grpo.prompts_per_step * grpo.draws,
        per_device_eval_batch_size=grpo.prompts_per_step * grpo.draws,
        num_generations=grpo.draws,
        num_generations_eval=1,
        max_completion_length=grpo.max_tokens,
        learning_rate=grpo.learning_rate,
        lr_scheduler_type="constant",
        beta=grpo.beta,
        temperature=grpo.temperature,
        top_p=1.0,
        top_k=0,
        reward_weights=weights,
        eval_strategy="steps" if evaluate else "no",
        eval_steps=grpo.evaluate_every,
        eval_on_start=evaluate,
        save_steps=grpo.save_steps,
        save_total_limit=1,
        logging_steps=1,
        seed=seed,
        **settings,
    )
