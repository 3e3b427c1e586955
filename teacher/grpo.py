"""Group-relative policy optimisation of the teacher with TRL (DeepSeek-R1, section 2.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.models import Located
from factory.recipe.strict import Strict
from factory.recipe.teacher import Grpo
from filters import own
from filters.verifiers.code import sandbox
from sft import devices, folder
from sft.launch import launch

if TYPE_CHECKING:
    from datasets import Dataset

    from factory.models.thinking_tags import Speech
    from factory.progress import Report
    from filters.rewards import Reward


class Exercise(Strict):
    """What each process of a training is told."""

    base: Located
    prompts: Path
    """The prompt table."""
    grpo: Grpo
    seed: int
    out: Path
    log: Path
    """Where the first process leaves TRL's log, as JSON."""
    checkpoints: Path
    tiny: bool
    home: Path
    """Where functions of a person's own are looked for."""
    unsandboxed: bool
    """Whether programs may run where there is no isolation."""
    packages: Path | None
    """The packages that programs may import."""


def improve(
    base: Located,
    prompts: pl.DataFrame,
    grpo: Grpo,
    *,
    seed: int,
    out: Path,
    checkpoints: Path,
    report: Report,
    say: Callable[[str], None] = print,
    tiny: bool = False,
) -> list[dict[str, float]]:
    """Train the base by GRPO, write the result to `out`, return TRL's log.

    `prompts` is the prompt table; rows of split "train" are trained on and "held_out" ones only
    measured, for the curve.

    Args:
        tiny: where the recipe does not say so, use one device, which holds all draws of a step.
        say: tells people what to do, where further machines are to take part.

    Raises:
        RecipeError: the devices of this machine do not divide a step's draws.
        StageError: a process of several crashed.
    """
    wanted = devices.devices(grpo, tiny=tiny)
    devices.shares(grpo, grpo.completions, wanted, tiny=tiny)
    place = checkpoints.absolute()
    place.mkdir(parents=True, exist_ok=True)
    exercise = Exercise(
        base=base.model_copy(update={"path": str(Path(base.path).absolute())}),
        prompts=place / "asked.parquet",
        grpo=grpo,
        seed=seed,
        out=out.absolute(),
        log=place / "steps.json",
        checkpoints=place,
        tiny=tiny,
        home=own.looked_in(),
        unsandboxed=sandbox.allow_unsandboxed,
        packages=sandbox.packages,
    )
    prompts.write_parquet(exercise.prompts)
    settings, there = exercise.model_dump(mode="json"), place / "processes"
    if wanted == 1:
        practise(settings, report)
    else:
        name = "teacher.grpo:practise"
        launch(name, settings, wanted=wanted, folder=there, report=report, say=say)
    return json.loads(exercise.log.read_text())


def practise(settings: Mapping[str, Any], report: Report) -> None:
    """One process's part of it; the first writes the model and the log."""
    from transformers import AutoConfig
    from trl import GRPOTrainer

    from factory.models.thinking_tags import speech_of
    from sft.trainer import Reporter, last_checkpoint, optimizer
    from teacher.rewards import reward

    exercise, count = Exercise.model_validate(settings), devices.processes()
    own.look_in(exercise.home)
    sandbox.allow(exercise.unsandboxed)
    sandbox.provide(exercise.packages)
    grpo, prompts = exercise.grpo, pl.read_parquet(exercise.prompts)
    apart = exercise.checkpoints / f"of-{count}" if count > 1 else exercise.checkpoints
    speech = speech_of(exercise.base)
    held_out = _dataset(prompts.filter(split="held_out").head(grpo.held_out))
    devices.joined()
    trainer = GRPOTrainer(
        model=exercise.base.path,
        args=arguments(
            grpo, exercise.seed, apart, evaluate=bool(len(held_out)), tiny=exercise.tiny
        ),
        reward_funcs=[Read(speech, reward(name, speech.opens(), grpo)) for name in _weights(grpo)],
        train_dataset=_dataset(prompts.filter(split="train")),
        eval_dataset=held_out if len(held_out) else None,
        processing_class=speech.tokenizer,
        callbacks=[Reporter(report, "steps", ("reward", "completions/mean_length"))],
    )
    trainer.optimizer_cls_and_kwargs = optimizer(trainer.args, grpo.dtype)
    trainer.train(resume_from_checkpoint=last_checkpoint(apart))
    weights = trainer.accelerator.get_state_dict(trainer.model) if devices.sharded() else None
    if trainer.is_world_process_zero():
        saved_as = AutoConfig.from_pretrained(exercise.base.path).dtype
        folder.write(trainer.model, speech.tokenizer, exercise.out, dtype=saved_as, weights=weights)
        exercise.log.write_text(json.dumps(trainer.state.log_history))
    trainer.accelerator.wait_for_everyone()


@dataclass(frozen=True)
class Read:
    """A reward of what was said with our tags: TRL's own texts lack those that are special.

    What it cannot judge gets the mean of its prompt's judged draws, which pulls nowhere: TRL leaves
    a draw out only where all rewards are None, and takes one None among others for 0.
    """

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
        found = self.reward(completions=completions, completion_ids=completion_ids, **columns)
        return neutral(found, columns.get("prompt_id") or [None] * len(found))


def neutral(rewards: Sequence[float | None], prompts: Sequence[Any]) -> list[float | None]:
    """The rewards with those that are None as the mean of their prompt's others, where it has some.

    >>> neutral([1.0, None, 0.0, None], ["a", "a", "a", "b"])
    [1.0, 0.5, 0.0, None]
    """
    judged: dict[Any, list[float]] = {}
    for prompt, value in zip(prompts, rewards, strict=True):
        if value is not None:
            judged.setdefault(prompt, []).append(value)
    means = {prompt: sum(values) / len(values) for prompt, values in judged.items()}
    return [
        means.get(prompt) if value is None else value
        for prompt, value in zip(prompts, rewards, strict=True)
    ]


def _dataset(prompts: pl.DataFrame) -> Dataset:
    from datasets import Dataset

    told = ("prompt_id", "reference", "verifier", "language", "source", "meta")
    columns = prompts.select(told).to_dict(as_series=False)
    return Dataset.from_dict({"prompt": prompts["messages"].to_list(), **columns})


def _weights(grpo: Grpo) -> dict[str, float]:
    """Rewards that count, by name."""
    return {name: weight for name, weight in grpo.rewards.model_dump().items() if weight > 0}


def arguments(
    grpo: Grpo, seed: int, checkpoints: Path, *, evaluate: bool, tiny: bool = False
) -> Any:
    """What TRL is told, in a process of this training.

    Raises:
        RecipeError: the devices do not divide a step's draws.
    """
    from trl import GRPOConfig

    from sft.trainer import device_settings, one_device

    held, turns = devices.shares(grpo, grpo.completions, devices.processes(), tiny=tiny)
    settings = device_settings(grpo.dtype)
    if devices.gpus():
        # Sums of log-ratios over long chains would weigh most of them next to nothing (trl #5814).
        settings |= {"use_vllm": True, "vllm_importance_sampling_mode": "token_truncate"}
        settings |= {"vllm_mode": "colocate", "vllm_gpu_memory_utilization": grpo.vllm_memory}
    # TRL would spread the model over the GPUs that a process sees.
    loaded = {"dtype": grpo.dtype, "device_map": None}
    configured = GRPOConfig(
        output_dir=str(checkpoints),
        model_init_kwargs=loaded,
        max_steps=grpo.steps,
        per_device_train_batch_size=held,
        gradient_accumulation_steps=turns,
        # All draws of a step are made at once, and then trained on in turns.
        steps_per_generation=turns,
        # Nothing is kept for a way back: as many at once as a step has prompts.
        per_device_eval_batch_size=max(held, grpo.prompts_per_step),
        num_generations=grpo.draws,
        num_generations_eval=1,
        max_completion_length=grpo.max_tokens,
        learning_rate=grpo.learning_rate,
        lr_scheduler_type="constant",
        beta=grpo.beta,
        temperature=grpo.temperature,
        top_p=1.0,
        top_k=0,
        reward_weights=list(_weights(grpo).values()),
        eval_strategy="steps" if evaluate else "no",
        eval_steps=grpo.evaluate_every,
        eval_on_start=evaluate,
        save_steps=grpo.save_steps,
        save_total_limit=1,
        logging_steps=1,
        seed=seed,
        **settings,
    )
    return one_device(configured)
