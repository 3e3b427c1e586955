"""What FSDP2 does on GPUs, done by two processes on a CPU: a function for `sft.worker`.

accelerate shards on GPUs only, so it is told that these are some, and that they speak gloo.
"""

from collections.abc import Mapping
from typing import Any

from accelerate import state
from accelerate.utils import DistributedType

from sft import devices, distil, trainer


def teach(settings: Mapping[str, Any], report: Any) -> None:
    """As `sft.distil.teach`; proves that weights are in parts, and checkpointing FSDP2's own."""
    state.PartialState._prepare_backend = lambda *_, **__: ("gloo", DistributedType.MULTI_GPU)
    devices.joined = joined
    usual = trainer.device_settings
    trainer.device_settings = lambda dtype="float32": usual(dtype) | {"use_cpu": False}
    distil.train = looked_at(distil.train)
    distil.teach(settings, report)


def joined() -> None:
    """As `sft.devices.joined`."""
    state.PartialState(backend="gloo")


def looked_at(train: Any) -> Any:
    """The project's `train`, and a look at what its optimizer holds."""

    def trained(*arguments: Any, **more: Any) -> Any:
        held = train(*arguments, **more)
        assert held.is_fsdp_enabled
        parts = list(held.model.parameters())
        assert {type(part).__name__ for part in parts} == {"DTensor"}
        means = {state["exp_avg"].dtype for state in held.optimizer.state.values()}
        assert means == {part.dtype for part in parts}
        return held

    return trained
