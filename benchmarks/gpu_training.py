"""Fine-tuning and GRPO for `benchmarks/gpu.py`: a few steps with the project's settings."""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from benchmarks.gpu_models import (
    OUT,
    TINY,
    VOCABULARY,
    bare_folder,
    full_folder,
    operations,
    prompt_table,
    random_model,
)

Note = Callable[..., None]
"""`note(**figures)`: writes a line of figures."""
WARM, TIMED = 3, 8
"""Steps of fine-tuning."""
PEAK = 989e12
"""Operations a second, dense bf16, of an H100 SXM by its data sheet; `mfu` is a share of this."""
FINE_TUNING: dict[str, list[tuple[int, int, str, dict[str, Any]]]] = {
    # rows a batch, tokens a row, dtype of the weights, other settings
    "05": [(4, 2048, "float32", {}), (16, 2048, "float32", {}), (2, 16384, "float32", {})],
    "15": [(4, 2048, "float32", {}), (16, 2048, "float32", {})],
    # In bfloat16 AdamW rounds by lot, `sft/rounding.py`; float32 would need 122 GB here.
    "7": [(4, 2048, "bfloat16", {}), (2, 2048, "bfloat16", {"optim": "adafactor"})],
}


def fine_tune(shape: str, note: Note) -> None:
    """Each setting in turn; one that needs too much memory is noted as such."""
    import torch

    plan = [(2, 64, "float32", {})] if TINY else FINE_TUNING[shape]
    for rows, length, dtype, further in plan:
        told = {"what": f"{rows} rows of {length}", "weights": dtype, **further}
        try:
            note(**told, **fine_tuned(shape, rows, length, dtype, further))
        except torch.OutOfMemoryError as error:
            note(**told, failed=f"out of memory: {str(error)[:300]}")
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()


def fine_tuned(
    shape: str, rows: int, length: int, dtype: str, further: dict[str, Any]
) -> dict[str, Any]:
    """A few steps on random rows, of which the first eighth is the question."""
    import torch
    from datasets import Dataset
    from trl import SFTTrainer

    from factory.models.chat import load_tokenizer
    from sft.rows import Collator
    from sft.trainer import optimizer

    model, tokenizer = random_model(shape, dtype), load_tokenizer(bare_folder(shape))
    draw, padding = random.Random(1), tokenizer.pad_token_id
    assert isinstance(padding, int)
    times: list[float] = []
    ids = [draw.choices(range(300, VOCABULARY - 300), k=length) for _ in range(rows * 4)]
    arguments = fine_tuning_arguments(rows, dtype, further)
    SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict(
            {"input_ids": ids, "reply_start": [length // 8] * len(ids)}
        ),
        processing_class=tokenizer,
        data_collator=Collator(padding),
        callbacks=[clock(times.append)],
        optimizer_cls_and_kwargs=None if "optim" in further else optimizer(arguments, dtype),
    ).train()
    steps = [after - before for before, after in pairwise(times)][WARM - 1 :]
    seconds = statistics.median(steps)
    speed = rows * length / seconds
    gpu = torch.cuda.is_available()
    return {
        "parameters": model.num_parameters(),
        "seconds_a_step": seconds,
        "steps": [round(step, 4) for step in steps],
        "tokens_per_second": speed,
        "mfu": speed * operations(model.config, length) / PEAK if gpu else None,
        "peak_gib": peak_gib(),
        "optimizer": arguments.optim,
        "attention": model.config._attn_implementation,
    }


def fine_tuning_arguments(rows: int, dtype: str, further: dict[str, Any]) -> Any:
    """As in `sft/train.py`, for a number of steps."""
    from trl import SFTConfig

    from sft.trainer import device_settings

    return SFTConfig(
        output_dir=str(OUT / "sft"),
        max_steps=WARM + TIMED,
        per_device_train_batch_size=rows,
        learning_rate=1e-5,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        save_strategy="no",
        logging_steps=20,
        seed=0,
        **{**device_settings(dtype), **further},
    )


def reinforce(shape: str, note: Note) -> None:
    """Steps of GRPO as a run makes them; on a CPU transformers draws."""
    import torch

    from factory.models import at
    from factory.recipe.teacher import Grpo
    from factory.run_folder import RunFolder
    from teacher.grpo import improve

    prompts, draws, longest, steps = (2, 2, 16, 2) if TINY else (16, 8, 512, 5)
    grpo = Grpo(
        steps=steps,
        prompts_per_step=prompts,
        draws=draws,
        max_tokens=longest,
        device_batch_size=2 if TINY else 32,
        held_out=0,
    )
    began, base = time.perf_counter(), at(full_folder(shape))
    times = [time.perf_counter()]
    note(what="weights made", seconds=times[0] - began)

    def stepped(step: int, *_: Any, **__: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter())
        what = "step" if step > 1 else "start, with the engine's, and step"
        note(what=what, step=step, seconds=times[-1] - times[-2], peak_gib=peak_gib())

    log = improve(
        base,
        prompt_table(64),
        grpo,
        seed=0,
        run=RunFolder(OUT),
        stage="grpo",
        report=stepped,
        say=lambda words: note(said=words),
    )
    note(what="model written", seconds=time.perf_counter() - times[-1])
    for logged in log:
        note(what="log", **logged)


def clock(tell: Callable[[float], None]) -> Any:
    """A callback of transformers' trainer: tells the time when a step is over, on the GPU too."""
    import torch
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            tell(time.perf_counter())

    return Clock()


def peak_gib() -> float | None:
    """The most GPU memory that torch had, in GiB, since the last reset; None without a GPU."""
    import torch

    return torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else None
