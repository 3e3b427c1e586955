"""Group-relative policy optimisation of the teacher with TRL (DeepSeek-R1, section 2.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.models import Located, find
from factory.recipe.judge import Judge
from factory.recipe.strict import Strict
from factory.recipe.teacher import Grpo
from factory.store.shards import write_text
from filters import own
from filters.verifiers.code import sandbox
from sft import devices, folder
from sft.launch import launch
from teacher import card, curves
from teacher.options import arguments
from teacher.rollouts import HELD_OUT, TRAIN, Rollouts

if TYPE_CHECKING:
    from datasets import Dataset

    from factory.models.thinking_tags import Speech
    from factory.progress import Report
    from filters.rewards import Reward
    from teacher.order import Order


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
    judge: Judge | None = None
    """Who is asked for rewards that no rule gives; None: nobody."""


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
    judge: Judge | None = None,
) -> list[dict[str, float]]:
    """Train the base by GRPO, write the result to `out`, return TRL's log.

    `prompts` is the prompt table; rows of split "train" are trained on and "held_out" ones only
    measured, for the curve.

    Args:
        tiny: where the recipe does not say so, use one device, which holds all draws of a step.
        judge: is asked for rewards that no rule gives, where there are any.
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
        judge=judge,
    )
    prompts.write_parquet(exercise.prompts)
    _take_back(exercise, wanted, say)
    settings, there = exercise.model_dump(mode="json"), place / "processes"
    if wanted == 1:
        practise(settings, report)
    else:
        name = "teacher.grpo:practise"
        launch(name, settings, wanted=wanted, folder=there, report=report, say=say)
    log = json.loads(exercise.log.read_text())
    curves.write(log, Rollouts(out.with_name(HELD_OUT)), out.parent)
    for entry in log:
        if (since := entry.get("eval_parted_since")) is not None:
            say(f"the reward rises and accuracy falls from step {since} to {entry['step']}")
    return log


def _apart(exercise: Exercise, count: int) -> Path:
    """Where checkpoints lie: those of several processes are not those of one."""
    return exercise.checkpoints / f"of-{count}" if count > 1 else exercise.checkpoints


def _take_back(exercise: Exercise, count: int, say: Callable[[str], None]) -> None:
    """Put aside what was drawn after the checkpoint from which the training goes on."""
    from sft.trainer import last_checkpoint

    last = last_checkpoint(_apart(exercise, count))
    step = int(last.rsplit("-", 1)[1]) if last else 0
    undone = Rollouts(exercise.out.with_name(TRAIN)).give_up(step)
    # The examination before the first step stands beside no checkpoint.
    Rollouts(exercise.out.with_name(HELD_OUT)).give_up(step if last else -1)
    if undone:
        say(f"GRPO goes on from step {step}; draws of {undone} later steps are made anew")


def practise(settings: Mapping[str, Any], report: Report) -> None:
    """One process's part of it; the first writes the model and the log."""
    from transformers import AutoConfig

    from factory.models.thinking_tags import speech_of
    from sft.trainer import Reporter, last_checkpoint, optimizer
    from teacher.judge import JudgeAtHand
    from teacher.practice import Practice
    from teacher.rewards import rewards
    from teacher.weighing import Weighing

    exercise, count = Exercise.model_validate(settings), devices.processes()
    own.look_in(exercise.home)
    sandbox.allow(exercise.unsandboxed)
    sandbox.provide(exercise.packages)
    grpo, prompts = exercise.grpo, pl.read_parquet(exercise.prompts)
    apart = _apart(exercise, count)
    last = last_checkpoint(apart)
    speech = speech_of(exercise.base)
    train = prompts.filter(split="train")
    held_out = _dataset(prompts.filter(split="held_out").head(grpo.held_out))
    devices.joined()
    models = {n: Path(find(m, exercise.home).path) for n, m in grpo.rewards.scorers.items()}
    judge = JudgeAtHand(exercise.judge, 0.9 * grpo.rewards.deadline) if exercise.judge else None
    watched = rewards(speech.opens(), grpo, models, judge)
    told = arguments(
        grpo,
        exercise.seed,
        apart,
        evaluate=bool(len(held_out)),
        tiny=exercise.tiny,
        resumed=last is not None,
    )
    trainer = Practice(
        model=exercise.base.path,
        args=told,
        reward_funcs=[Read(speech, each) for each in watched],
        train_dataset=_dataset(train),
        eval_dataset=held_out if len(held_out) else None,
        processing_class=speech.tokenizer,
        callbacks=[Reporter(report, "steps", ("reward", "completions/mean_length"))],
        order=_order(train["prompt_id"].to_list(), grpo, told),
        speech=speech,
        kept=exercise.out.parent,
        watched_by=grpo.watched_by,
    )
    Weighing(list(grpo.rewards.weighed.values())).of(trainer)
    trainer.optimizer_cls_and_kwargs = optimizer(trainer.args, grpo.dtype)
    trainer.train(resume_from_checkpoint=last)
    if judge:
        judge.close()
    whole = trainer.accelerator.get_state_dict(trainer.model) if devices.sharded() else None
    if trainer.is_world_process_zero():
        saved_as = AutoConfig.from_pretrained(exercise.base.path).dtype
        folder.write(trainer.model, speech.tokenizer, exercise.out, dtype=saved_as, weights=whole)
        card.write(exercise.out, exercise.base, grpo, train)
        write_text(json.dumps(trainer.state.log_history), exercise.log)
    trainer.accelerator.wait_for_everyone()


def _order(ids: Sequence[str], grpo: Grpo, told: Any) -> Order:
    """Which of these prompts come when, as TRL's loader asks for them."""
    from teacher.order import Order

    return Order(
        ids,
        at_once=grpo.prompts_per_step,
        draws=grpo.draws,
        repeats=told.steps_per_generation * grpo.num_iterations,
        generations=-(-grpo.steps // grpo.num_iterations),
        seed=told.seed,
        rest=grpo.rest,
    )


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

    told = ("prompt_id", "reference", "verifier", "language", "source", "domain", "meta")
    columns = prompts.select(*told, "instruction").to_dict(as_series=False)
    return Dataset.from_dict({"prompt": prompts["messages"].to_list(), **columns})
