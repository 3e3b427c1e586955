"""A tiny teacher and prompts for GRPO, in a process of its own where it may be killed."""

from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

from factory.models import at
from factory.prompts.collect import PROMPT
from factory.recipe.teacher import Grpo
from factory.run_folder import RunFolder
from filters import own

STAGE = "teacher"
SEED = 1


def write_base(folder: Path) -> Path:
    """A model of one layer that has learned nothing."""
    from teacher import tiny

    tokenizer = tiny.make_tokenizer([f"<think>{n}+{n}</think>" for n in range(200)], 320)
    size: dict[str, Any] = {"hidden": 64, "layers": 1, "heads": 2, "max_length": 128, "seed": 1}
    tiny.save(tiny.make_model("qwen2", tokenizer, **size).bfloat16(), tokenizer, folder)
    return folder


def prompt_table(train: int = 8, held_out: int = 3) -> pl.DataFrame:
    """Prompts p0, p1 and so on, the last ones held out."""
    common = {"source": "made", "domain": "maths", "language": "en", "license": "none"}
    common |= {"reference": '"5"', "verifier": "math", "meta": '{"level": 3}'}
    rows = [
        {"prompt_id": f"p{n}", "messages": [{"role": "user", "content": f"{n}?"}], **common}
        | {"split": "train" if n < train else "held_out"}
        for n in range(train + held_out)
    ]
    return pl.DataFrame(rows, schema={**PROMPT, "split": pl.String()})


def improved(base: Path, folder: Path, **settings: Any) -> list[Any]:
    """The log of a training as the recipe says it, its functions in the same folder."""
    from teacher.grpo import improve

    usual = {"steps": 2, "prompts_per_step": 2, "draws": 4, "max_tokens": 8, "learning_rate": 1e-3}
    own.look_in(folder)
    try:
        return improve(
            at(base),
            prompt_table(),
            Grpo.model_validate(usual | settings),
            seed=SEED,
            run=RunFolder(folder),
            stage=STAGE,
            report=lambda *_, **__: None,
        )
    finally:
        own.look_in(None)


def exit_code(base: Path, folder: Path, **settings: Any) -> int | None:
    """The same in a process of its own, whose number is in the file `pid`: how that ended."""
    process = get_context("spawn").Process(target=improved, args=(base, folder), kwargs=settings)
    process.start()
    (folder / "pid").write_text(str(process.pid))
    process.join()
    return process.exitcode
