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
    words = [f"{_memory(shape, told, training, there, gpu)}, {held} rows of {longest:,} at a time"]
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
        f"{shape.parameters / 1e6:,.1f} million weights in {devices.dtype(training)} need about "
        f"{told.peak / GIB:,.1f} GiB of the {there / GIB:,.1f} that "
        f"{'a GPU has' if gpu else 'are free'}: {belongs / GIB:,.1f} for weights, gradients and "
        f"states, {(told.peak - belongs) / GIB:,.1f} for the rows"
    )


def _lower(held: int, dtype: str) -> str:
    """What to do where memory will hardly do."""
    ways = ["a lower max_length", "more devices"]
    if dtype == "float32":
        ways.insert(0, "dtype: bfloat16")
    if held > 1:
        ways.insert(0, "device_batch_size: 1")
    return f"that will hardly fit; what helps: {', '.join(ways[:-1])} or {ways[-1]}"
