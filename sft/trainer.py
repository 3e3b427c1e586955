"""What every training with a transformers Trainer shares here: device, progress, resuming."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from factory.progress import Report


def device_settings() -> dict[str, Any]:
    """Trainer arguments that depend on the machine: bf16 and checkpointing save memory on a GPU
    and only cost time on a CPU.

    Rows are never grouped by length: the loss is a mean over a batch's tokens, so in batches of
    short rows each token weighs more, and the model learns to be short (careful chains fell from
    their 60 % of the rows to 38 % of the draws).
    """
    import torch

    gpu = torch.cuda.is_available()
    return {
        "use_cpu": not gpu,
        "bf16": gpu,
        "gradient_checkpointing": gpu,
        "dataloader_pin_memory": gpu,
        "report_to": "none",
        "disable_tqdm": True,
    }


def last_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint in `folder` that was written to its end, or None."""
    whole = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json")]
    return str(max(whole, key=lambda path: int(path.name.rsplit("-", 1)[1]), default="")) or None


class Reporter(TrainerCallback):
    """Tells `report` after each step how many are done, and the newest of the figures named."""

    def __init__(self, report: Report, unit: str, figures: tuple[str, ...]):
        self.report, self.unit, self.wanted = report, unit, figures
        self.figures: dict[str, float] = {}

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        self.figures.update({k: v for k, v in (logs or {}).items() if k in self.wanted})

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.report(state.global_step, state.max_steps, self.unit, **self.figures)
