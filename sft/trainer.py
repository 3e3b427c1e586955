"""What every training with a transformers Trainer shares here: device, progress, resuming."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from accelerate.data_loader import SeedableRandomSampler
from torch.utils.data import Sampler
from transformers import TrainerCallback

from factory.progress import Report
from sft.devices import gpus, sharded


def device_settings(dtype: str = "float32") -> dict[str, Any]:
    """Trainer arguments that depend on the machine: bf16 and checkpointing save memory on a GPU
    and only cost time on a CPU.

    Rows are never grouped by length: the loss is a mean over a batch's tokens, so in batches of
    short rows each token weighs more, and the model learns to be short (careful chains fell from
    their 60 % of the rows to 38 % of the draws).

    Args:
        dtype: of the weights. float32 ones are multiplied in bfloat16 on a GPU ("autocast").
            bfloat16 ones are as they are: with autocast FSDP2 would keep them in float32.
    """
    gpu = gpus() > 0
    return {
        "use_cpu": not gpu,
        "bf16": gpu and dtype == "float32",
        "gradient_checkpointing": gpu and not sharded(),  # FSDP2 has its own, see fsdp2_*.yaml
        "dataloader_pin_memory": gpu,
        "report_to": "none",
        "disable_tqdm": True,
    }


def optimizer(arguments: Any, dtype: str) -> tuple[type, dict[str, Any]] | None:
    """What a trainer is to be given as its optimizer: None for its own, torch's AdamW."""
    from sft.rounding import RoundingAdamW

    betas = (arguments.adam_beta1, arguments.adam_beta2)
    told = {"lr": arguments.learning_rate, "betas": betas, "eps": arguments.adam_epsilon}
    return (RoundingAdamW, told) if dtype == "bfloat16" else None


def one_device(arguments: Any) -> Any:
    """The same arguments for a process with one GPU, however many it sees.

    With more the Trainer would use nn.DataParallel, and take `per_device` rows on each of them.
    """
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


def last_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint in `folder` that was written to its end, or None."""
    whole = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json")]
    return str(max(whole, key=lambda path: int(path.name.rsplit("-", 1)[1]), default="")) or None


class Order(Sampler):
    """Rows in the order in which one process would take them, then those that only fill up.

    Where processes do not divide the rows, accelerate would take the first ones of an epoch twice.
    """

    def __init__(self, rows: int, filling: int, seed: int):
        """Rows are numbered from 0 on; those that fill up come after them."""
        self._own = SeedableRandomSampler(range(rows), data_seed=seed)
        self._filling = range(rows, rows + filling)

    def set_epoch(self, epoch: int) -> None:
        """Each epoch has an order of its own."""
        self._own.set_epoch(epoch)

    def __iter__(self) -> Iterator[int]:
        yield from self._own
        yield from self._filling

    def __len__(self) -> int:
        return len(self._own) + len(self._filling)


class Reporter(TrainerCallback):
    """Tells `report` after each step how many are done, and the newest of the figures named."""

    def __init__(self, report: Report, unit: str, figures: Mapping[str, str]):
        """`figures`: keys of the log, and what people call them."""
        self.report, self.unit, self.wanted = report, unit, figures
        self.figures: dict[str, float] = {}

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        told = logs or {}
        self.figures.update({say: told[key] for key, say in self.wanted.items() if key in told})

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.report(state.global_step, state.max_steps, self.unit, **self.figures)
