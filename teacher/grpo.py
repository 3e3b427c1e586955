"""Group-relative policy optimisation of the teacher with TRL (DeepSeek-R1, section 2.2)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.models import Located, find
from factory.recipe.judge import Judge
from factory.recipe.strict import Strict
from factory.recipe.teacher import Grpo
from factory.run_folder import RunFolder
from factory.store.shards import write_text
from filters import own
from filters.verifiers.code import sandbox
from sft import devices, folder
from sft.launch import launch
from teacher import card, curves, curves_page
from teacher.options import arguments
from teacher.rollouts import Rollouts

if TYPE_CHECKING:
    from datasets import Dataset

    from factory.models.thinking_tags import Speech
    from factory.progress import Report
    from factory.sampler.judging import Ask
    from filters.rewards import Reward
    from teacher.order import Order
    from teacher.practice import Practice

FIGURES = {
    "reward": "reward",
    "completions/mean_length": "length",
    "frac_reward_zero_std": "flat groups",
    "eval_pass_at_1": "held-out pass@1",
    "eval_parted_since": "reward_and_accuracy_part_since_step",
}
"""Of TRL's log, what people see while it trains."""


class Exercise(Strict):
    """What each process of a training is told."""

    base: Located
    prompts: Path
    """The prompt table."""
    grpo: Grpo
    seed: int
    folder: Path
    """The run's."""
    stage: str
    tiny: bool
    home: Path
    """Where functions of a person's own are looked for."""
    unsandboxed: bool
    """Whether programs may run where there is no isolation."""
    packages: Path | None
    """The packages that programs may import."""
    judge: Judge | None = None
    """Who is asked for rewards that no rule gives; None: nobody."""

    @property
    def run(self) -> RunFolder:
        """The run."""
        return RunFolder(self.folder)

    @property
    def drawn(self) -> Rollouts:
        """The draws learned from."""
        return Rollouts(self.run.rollouts(self.stage), self.run.given_up(self.stage))

    @property
    def examined(self) -> Rollouts:
        """The draws only looked at."""
        return Rollouts(self.run.examined(self.stage), self.run.given_up(self.stage))

    def checkpoints(self, count: int) -> Path:
        """Where checkpoints lie: those of several processes are not those of one."""
        place = self.run.checkpoints(self.stage)
        return place / f"of-{count}" if count > 1 else place


def improve(
    base: Located,
    prompts: pl.DataFrame,
    grpo: Grpo,
    *,
    seed: int,
    run: RunFolder,
    stage: str,
    report: Report,
    say: Callable[[str], None] = print,
    tiny: bool = False,
    judge: Judge | None = None,
) -> list[dict[str, float]]:
    """Train the base by GRPO; result, draws, log and curves go to the stage's folder. TRL's log.

    `prompts` is the prompt table, whose rows of split "held_out" are measured, for the curve.

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
    run = RunFolder(run.path.absolute())
    place = run.checkpoints(stage)
    place.mkdir(parents=True, exist_ok=True)
    exercise = Exercise(
        base=base.model_copy(update={"path": str(Path(base.path).absolute())}),
        prompts=place / "asked.parquet",
        grpo=grpo,
        seed=seed,
        folder=run.path,
        stage=stage,
        tiny=tiny,
        home=own.looked_in(),
        unsandboxed=sandbox.allow_unsandboxed,
        packages=sandbox.packages,
        judge=judge,
    )
    prompts.write_parquet(exercise.prompts)
    _take_back(exercise, wanted, say)
    _by_all(exercise, wanted, report, say)
    log = json.loads(run.training_log(stage).read_bytes())
    _show(exercise, log, say)
    return log


def _take_back(exercise: Exercise, count: int, say: Callable[[str], None]) -> None:
    """Put aside what was drawn after the checkpoint from which the training goes on."""
    from sft.trainer import last_checkpoint

    last = last_checkpoint(exercise.checkpoints(count))
    step = int(last.rsplit("-", 1)[1]) if last else 0
    undone = exercise.drawn.give_up(step)
    # The examination before the first step stands beside no checkpoint.
    exercise.examined.give_up(step if last else -1)
    if undone:
        say(f"GRPO goes on from step {step}; draws of {undone} later steps are made anew")


def _by_all(exercise: Exercise, wanted: int, report: Report, say: Callable[[str], None]) -> None:
    """Have it done in this process, or in one a device."""
    settings = exercise.model_dump(mode="json")
    if wanted == 1:
        practise(settings, report)
        return
    there = exercise.run.checkpoints(exercise.stage) / "processes"
    name = "teacher.grpo:practise"
    launch(name, settings, wanted=wanted, folder=there, report=report, say=say)


def _show(exercise: Exercise, log: curves.Log, say: Callable[[str], None]) -> None:
    """Draw what it did, and tell where reward and accuracy parted."""
    run, stage = exercise.run, exercise.stage
    picture = curves.draw(log, run.curves(stage))
    curves_page.write(log, exercise.examined, picture, run.curves_page(stage))
    for entry in log:
        if (since := entry.get("eval_parted_since")) is not None:
            say(
                f"the reward of held-out draws rises and fewer are right from step {since:.0f} to "
                f"step {entry['step']}: read some in {run.curves_page(stage)}"
            )


def practise(settings: Mapping[str, Any], report: Report) -> None:
    """One process's part of it; the first writes the model and the log."""
    from transformers import AutoConfig

    from factory.models.thinking_tags import speech_of
    from sft.trainer import last_checkpoint
    from teacher.judge import JudgeAtHand

    exercise = Exercise.model_validate(settings)
    own.look_in(exercise.home)
    sandbox.allow(exercise.unsandboxed)
    sandbox.provide(exercise.packages)
    last = last_checkpoint(exercise.checkpoints(devices.processes()))
    speech = speech_of(exercise.base)
    train = pl.read_parquet(exercise.prompts).filter(split="train")
    devices.joined()
    deadline = exercise.grpo.rewards.deadline
    judge = JudgeAtHand(exercise.judge, deadline) if exercise.judge else None
    trainer = _trainer(exercise, speech, judge, report, resumed=last is not None)
    trainer.train(resume_from_checkpoint=last)
    if judge:
        judge.close()
    whole = trainer.accelerator.get_state_dict(trainer.model) if devices.sharded() else None
    if trainer.is_world_process_zero():
        run, stage = exercise.run, exercise.stage
        saved_as, out = AutoConfig.from_pretrained(exercise.base.path).dtype, run.weights(stage)
        folder.write(trainer.model, speech.tokenizer, out, dtype=saved_as, weights=whole)
        card.write(run.card(stage), exercise.base, exercise.grpo, train)
        write_text(json.dumps(trainer.state.log_history, indent=1), run.training_log(stage))
    trainer.accelerator.wait_for_everyone()


def _trainer(
    exercise: Exercise, speech: Speech, judge: Ask | None, report: Report, *, resumed: bool
) -> Practice:
    """TRL's trainer for this process's part."""
    from sft.trainer import Reporter, optimizer
    from teacher.practice import Practice
    from teacher.remembered import remembering
    from teacher.rewards import rewards
    from teacher.weighing import Weighing

    grpo, prompts = exercise.grpo, pl.read_parquet(exercise.prompts)
    train = prompts.filter(split="train")
    held_out = _dataset(prompts.filter(split="held_out").head(grpo.held_out))
    models = {n: Path(find(m, exercise.home).path) for n, m in grpo.rewards.scorers.items()}
    watched, memory = remembering(rewards(speech.opens(), grpo, models, judge))
    checkpoints = exercise.checkpoints(devices.processes())
    told = {"evaluate": bool(len(held_out)), "tiny": exercise.tiny, "resumed": resumed}
    settings = arguments(grpo, exercise.seed, checkpoints, **told)
    settings.run_name = f"{exercise.run.path.name}/{exercise.stage}"
    if grpo.report_to == "tensorboard":  # by itself it goes where checkpoints are, which go
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(exercise.run.tensorboard(exercise.stage))
    trainer = Practice(
        model=exercise.base.path,
        args=settings,
        reward_funcs=[Read(speech, each) for each in watched],
        train_dataset=_dataset(train),
        eval_dataset=held_out if len(held_out) else None,
        processing_class=speech.tokenizer,
        callbacks=[Reporter(report, "steps", FIGURES)],
        order=_order(train["prompt_id"].to_list(), grpo, settings),
        speech=speech,
        drawn=exercise.drawn,
        examined=exercise.examined,
        log_at=exercise.run.training_log(exercise.stage),
        memory=memory,
        watched_by=grpo.watched_by,
    )
    Weighing(list(grpo.rewards.weighed.values())).of(trainer)
    trainer.optimizer_cls_and_kwargs = optimizer(trainer.args, grpo.dtype)
    return trainer


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
