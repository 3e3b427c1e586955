"""Which devices a training has, and in which numbers it computes there."""

from __future__ import annotations

import os
from typing import Literal

from factory.errors import RecipeError
from factory.recipe.models import Held, Training

Dtype = Literal["bfloat16", "float32"]


def gpus() -> int:
    """GPUs of this machine that this process may use."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def devices(held: Held, *, tiny: bool = False) -> int:
    """On how many devices a training is to run; a tiny model needs no more than one."""
    return held.devices or (1 if tiny else max(1, gpus()))


def machines(wanted: int) -> int:
    """How many machines like this one have so many GPUs together; without a GPU this one.

    Raises:
        RecipeError: some machine would have fewer than the others.
    """
    here = gpus()
    if not here or wanted <= here:
        return 1
    if wanted % here:
        raise RecipeError(
            f"devices: {wanted} are more than the {here} GPUs of this machine, and no multiple of "
            f"them: several machines must have as many each"
        )
    return wanted // here


def processes() -> int:
    """How many processes this training has, of which this is one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def joined() -> None:
    """Have this process know the others, before it reads weights: with FSDP2 only one does."""
    from accelerate import PartialState

    if processes() > 1:
        PartialState(cpu=not gpus())


def sharded() -> bool:
    """Whether weights and states are spread over the processes (FSDP2), as on GPUs."""
    return os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"


def dtype(training: Training) -> Dtype:
    """The numbers that weights, gradients and optimizer states are held in."""
    return training.dtype or ("bfloat16" if gpus() else "float32")


def shares(held: Held, batch: int, wanted: int, *, tiny: bool = False) -> tuple[int, int]:
    """Rows a device holds at once, and how often in turn.

    Raises:
        RecipeError: the devices of this machine do not divide the batch.
    """
    try:
        return held.shares(batch, wanted, whole=tiny)
    except ValueError as error:
        raise RecipeError(f"{error}; or say how many `devices` to use") from None
