"""What a training will need, said before it starts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import psutil

from factory.progress import duration
from factory.recipe.models import Training
from sft import devices
from sft.memory import GIB, SEEN, Needs, Shape, needs, operations
from sft.rows import TRAINED


def forecast(
    base: Path, table: Path, training: Training, wanted: int, *, tiny: bool = False
) -> list[str]:
    """Memory and time of a training in words, and a warning where it will hardly fit.

    Args:
        table: its rows, as `sft.rows.ROW`; at least one is trained on.
        wanted: devices.
    """
    rows = pl.scan_parquet(table).filter(fate=TRAINED)
    figures = rows.select(pl.len(), pl.max("tokens"), all=pl.col("tokens").cast(pl.Int64).sum())
    count, longest, tokens = figures.collect().row(0)
    held, turns = devices.shares(training, training.batch_size, wanted, tiny=tiny)
    gpu, shape = devices.gpus() > 0, Shape.of(base)
    told = needs(
        shape,
        dtype=devices.dtype(training),
        rows=min(held, count),
        length=longest,
        devices=wanted if gpu else 1,
        accumulates=turns > 1,
        checkpointing=gpu,
    )
    there = _there(gpu, wanted)
    words = [
        f"{_memory(shape, told, training, there, gpu)}, {_rows(held)} of {longest:,} at a time"
    ]
    all_of_it = operations(shape, round(tokens * training.epochs))
    if gpu:
        seconds = all_of_it / SEEN / wanted
        words[0] += (
            f"; {all_of_it:.1e} operations, {duration(seconds)} if each GPU does "
            f"{SEEN / 1e12:.0f} TFLOP/s as an H100 did"
        )
    if told.peak > 0.95 * there:
        words.append(_lower(held, devices.dtype(training)))
    return words


def _there(gpu: bool, wanted: int) -> int:
    """Bytes that a device has; on a CPU, that are left for each process."""
    import torch

    if gpu:
        return min(
            torch.cuda.get_device_properties(number).total_memory
            for number in range(min(wanted, devices.gpus()))
        )
    return psutil.virtual_memory().available // wanted


def _memory(shape: Shape, told: Needs, training: Training, there: int, gpu: bool) -> str:
    belongs = told.weights + told.gradients + told.states
    return (
        f"{_weights(shape.parameters)} in {devices.dtype(training)} need about "
        f"{size(told.peak)} of the {size(there)} that {'a GPU has' if gpu else 'are free'}: "
        f"{size(belongs)} for weights, gradients and states, {size(told.peak - belongs)} for the "
        "rows"
    )


def _weights(count: int) -> str:
    return f"{count / 1e6:,.1f} million weights" if count >= 1e6 else f"{count:,} weights"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def size(count: float) -> str:
    """Bytes as people write them.

    >>> size(5.2 * 2**30), size(900 * 2**20), size(1.2 * 2**20), size(9)
    ('5.2 GiB', '900 MiB', '1.2 MiB', '0.1 MiB')
    """
    if count >= GIB:
        return f"{count / GIB:,.1f} GiB"
    mib = count / 2**20
    return f"{mib:,.0f} MiB" if mib >= 10 else f"{max(mib, 0.1):.1f} MiB"


def _lower(held: int, dtype: str) -> str:
    """What to do where memory will hardly do."""
    ways = ["a lower max_length", "more devices"]
    if dtype == "float32":
        ways.insert(0, "dtype: bfloat16")
    if held > 1:
        ways.insert(0, "device_batch_size: 1")
    return f"that will hardly fit; what helps: {', '.join(ways[:-1])} or {ways[-1]}"
