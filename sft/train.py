"""Supervised fine-tuning with TRL on rows that we rendered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import LedgerError, StageError
from factory.recipe.models import Training
from sft import devices

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from trl import SFTConfig, SFTTrainer

    from factory.progress import Report


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: Dataset,
    training: Training,
    *,
    seed: int,
    checkpoints: Path,
    report: Report,
    tiny: bool = False,
    in_order: bool = False,
) -> SFTTrainer:
    """Train `model` in place on rows of `input_ids` and `reply_start`; returns its trainer.

    Each row is trained on, whole, once an epoch, in the same batches whatever the number of
    processes: each calls this. A checkpoint that an interrupted call left in `checkpoints` is taken
    up; it must be of the same rows, settings and processes.

    Args:
        tiny: where the recipe does not say how many rows a device holds, let it hold all.
        in_order: every epoch has the rows in their order, else each another, by the seed.

    Raises:
        LedgerError: when the trainer does not hold every row.
        StageError: when it ends before its last step.
    """
    from sft.rows import Collator
    from sft.trainer import Reporter, last_checkpoint, optimizer

    padding: Any = tokenizer.pad_token_id
    settings = arguments(training, seed, checkpoints, tiny=tiny, in_order=in_order)
    together = settings.per_device_train_batch_size * devices.processes()
    filling = -len(rows) % together if devices.processes() > 1 else 0
    trainer = _trainer(len(rows), 0 if in_order else filling, seed)(
        model=model,
        args=settings,
        train_dataset=_filled(rows, filling, padding),
        processing_class=tokenizer,
        data_collator=Collator(padding),
        callbacks=[Reporter(report, "steps", {"loss": "loss"})],
        optimizer_cls_and_kwargs=optimizer(settings, devices.dtype(training)),
    )
    held: Any = trainer.train_dataset
    if len(held) != len(rows) + filling:  # trainers have dropped rows (trl #3927, #6320)
        raise LedgerError(f"the trainer was given {len(rows)} rows and holds {len(held)}")
    trainer.train(resume_from_checkpoint=last_checkpoint(checkpoints))
    if trainer.state.global_step < trainer.state.max_steps:
        done, wanted = trainer.state.global_step, trainer.state.max_steps
        raise StageError(f"training ended after {done} of {wanted} steps")
    return trainer


def _filled(rows: Dataset, filling: int, padding: int) -> Dataset:
    """The rows, and behind them so many that have nothing in the loss."""
    from datasets import Dataset, concatenate_datasets

    if not filling:
        return rows
    empty = {"input_ids": [[padding]] * filling, "reply_start": [1] * filling}
    return concatenate_datasets([rows, Dataset.from_dict(empty, features=rows.features)])


def _trainer(rows: int, filling: int, seed: int) -> type[SFTTrainer]:
    """TRL's trainer, which takes rows that fill up at the end of an epoch, if there are any.

    Where rows are taken in their order, those that fill up come last by themselves.
    """
    from trl import SFTTrainer

    from sft.trainer import Order

    class Filling(SFTTrainer):
        def _get_train_sampler(self, train_dataset: Any = None) -> Order:
            return Order(rows, filling, seed)

    return Filling if filling else SFTTrainer


def arguments(
    training: Training, seed: int, checkpoints: Path, *, tiny: bool = False, in_order: bool = False
) -> SFTConfig:
    """What TRL is told, in a process of this training.

    Raises:
        RecipeError: the devices do not divide the batch.
    """
    from trl import SFTConfig

    from sft.trainer import device_settings, one_device

    shares = devices.shares(training, training.batch_size, devices.processes(), tiny=tiny)
    settings = SFTConfig(
        output_dir=str(checkpoints),
        num_train_epochs=training.epochs,
        per_device_train_batch_size=shares[0],
        gradient_accumulation_steps=shares[1],
        learning_rate=training.learning_rate,
        lr_scheduler_type=training.schedule,
        warmup_steps=training.warmup,
        weight_decay=training.weight_decay,
        # Rows come rendered and measured: no template, no cut, no packing.
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,  # the collator needs them all
        train_sampling_strategy="sequential" if in_order else "random",
        save_steps=training.save_steps,
        save_total_limit=1,
        logging_steps=20,
        seed=seed,
        **device_settings(devices.dtype(training)),
    )
    return one_device(settings)
