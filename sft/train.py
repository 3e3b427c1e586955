"""Supervised fine-tuning with TRL on rows that we rendered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import LedgerError, StageError
from factory.recipe.models import Training

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from trl import SFTConfig

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
) -> list[dict[str, float]]:
    """Train `model` in place on rows of `input_ids` and `reply_start`; returns the trainer's log.

    Every row is trained on, whole. A checkpoint left in `checkpoints` by an earlier, interrupted
    call is taken up again; it must belong to the same rows and settings.

    Raises:
        LedgerError: when the trainer does not hold every row.
        StageError: when it ends before its last step.
    """
    from trl import SFTTrainer

    from sft.rows import Collator
    from sft.trainer import Reporter, last_checkpoint

    padding: Any = tokenizer.pad_token_id
    trainer = SFTTrainer(
        model=model,
        args=_arguments(training, seed, checkpoints),
        train_dataset=rows,
        processing_class=tokenizer,
        data_collator=Collator(padding),
        callbacks=[Reporter(report, "steps", ("loss",))],
    )
    # Trainers have dropped and cut rows on their own (trl #3927, #6320): see that this one did not.
    held: Any = trainer.train_dataset
    if len(held) != len(rows):
        raise LedgerError(f"the trainer was given {len(rows)} rows and holds {len(held)}")
    trainer.train(resume_from_checkpoint=last_checkpoint(checkpoints))
    if trainer.state.global_step < trainer.state.max_steps:
        done, wanted = trainer.state.global_step, trainer.state.max_steps
        raise StageError(f"training ended after {done} of {wanted} steps")
    return trainer.state.log_history


def _arguments(training: Training, seed: int, checkpoints: Path) -> SFTConfig:
    from trl import SFTConfig

    from sft.trainer import device_settings

    device_batch = training.device_batch_size or training.batch_size
    return SFTConfig(
        output_dir=str(checkpoints),
        num_train_epochs=training.epochs,
        per_device_train_batch_size=device_batch,
        gradient_accumulation_steps=max(1, training.batch_size // device_batch),
        learning_rate=training.learning_rate,
        lr_scheduler_type=training.schedule,
        warmup_steps=training.warmup,
        weight_decay=training.weight_decay,
        # Rows come rendered and measured: no template, no cut, no packing.
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,  # the collator needs them all
        save_steps=training.save_steps,
        save_total_limit=1,
        logging_steps=20,
        seed=seed,
        **device_settings(),
    )
