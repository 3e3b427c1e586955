"""What a training drew and what became of it, kept as draws of a run are: a Parquet file a step."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from factory.records import TURNS
from factory.store.journal import sync_folder
from factory.store.shards import Shards
from filters.rewards import LanguageConsistency, whole
from filters.text.reconsidering import LOOKS_BACK, counted, words_of
from filters.text.thinking import split

ROLLOUT: dict[str, pl.DataType] = {
    "step": pl.Int32(),
    "prompt_id": pl.String(),
    "draw": pl.Int32(),
    "messages": TURNS,
    "text": pl.String(),
    "completion_tokens": pl.Int32(),
    "finish_reason": pl.String(),
    "source": pl.String(),
    "language": pl.String(),
    "verifier": pl.String(),
    "reference": pl.String(),
    "verdict": pl.String(),
    "reward": pl.Float64(),
    "rewards": pl.List(pl.Struct({"name": pl.String(), "value": pl.Float64()})),
    "advantage": pl.Float64(),
    "language_share": pl.Float64(),
    "reflections": pl.Int32(),
    "thinking_words": pl.Int32(),
}
"""A draw of a training: `messages` is the conversation with the draw as its last turn, `text` the
draw as it was written, `rewards` each reward before it is weighed, null where it was not judged."""


def measured(rows: Sequence[Mapping[str, Any]], step: int, opened: bool) -> pl.DataFrame:
    """Draws as they are kept, with what is measured of their texts; each prompt's are numbered.

    Args:
        rows: of each draw `turns` (the prompt's) and the columns that only the trainer knows.
        opened: the template opens the thinking.
    """
    texts = [row["text"] for row in rows]
    languages = [row["language"] for row in rows]
    shares = LanguageConsistency(opened=opened)(texts, language=languages)
    thinking = pl.Series([split(text, opened).reasoning for text in texts], dtype=pl.String)
    said = [{"role": "assistant", "content": whole(text, opened)} for text in texts]
    told = [
        {**row, "messages": [*row["turns"], turn]} for row, turn in zip(rows, said, strict=True)
    ]
    kept = {name: kind for name, kind in ROLLOUT.items() if told and name in told[0]}
    table = pl.DataFrame([{name: row[name] for name in kept} for row in told], schema=kept)
    column = pl.col("thinking").fill_null("")
    return table.with_columns(
        thinking=thinking,
        step=pl.lit(step, pl.Int32),
        draw=pl.int_range(pl.len(), dtype=pl.Int32).over("prompt_id"),
        language_share=pl.Series(shares, dtype=pl.Float64),
    ).select(
        *(name for name in ROLLOUT if name not in ("reflections", "thinking_words")),
        reflections=counted(words_of(column), LOOKS_BACK).cast(pl.Int32),
        thinking_words=column.str.count_matches(r"\S+").cast(pl.Int32),
    )


def figures(rows: pl.DataFrame) -> dict[str, float]:
    """What a step's draws say together; what nothing could be said of is left out."""
    judged = pl.col("verdict").is_in(["correct", "incorrect"])
    told = rows.select(
        (pl.col("verdict") == "correct").filter(judged).mean().alias("draws/right"),
        (~judged).mean().alias("draws/unverifiable"),
        pl.col("language_share").mean().alias("draws/language"),
        (pl.col("reflections").sum() / pl.col("thinking_words").sum()).alias("draws/reflection"),
        (pl.col("reflections") > 0).mean().alias("draws/that_reflect"),
        (pl.col("finish_reason") == "length").mean().alias("draws/cut"),
        pl.col("completion_tokens").mean().alias("draws/length"),
    )
    return {
        name: value
        for name, value in told.row(0, named=True).items()
        if value is not None and value == value
    }


def right(rows: pl.DataFrame) -> dict[str, float]:
    """The share of right draws of each prompt that had any which could be judged."""
    judged = rows.filter(pl.col("verdict").is_in(["correct", "incorrect"]))
    told = judged.group_by("prompt_id").agg((pl.col("verdict") == "correct").mean().alias("share"))
    return dict(told.iter_rows())


def json_text(reference: str | None) -> str | None:
    """A key as others write it: a text as it is, all else as JSON."""
    told = json.loads(reference or "null")
    return told if told is None or isinstance(told, str) else reference


class Rollouts:
    """The files `part-STEP.parquet` of a folder; a step is there whole, or not at all."""

    def __init__(self, folder: Path, aside: Path):
        """
        Args:
            folder: where they are.
            aside: where draws of undone steps are put, in a folder of this one's name.
        """
        self.folder, self.aside = folder, aside / folder.name

    def write(self, step: int, rows: pl.DataFrame) -> None:
        """Keep a step's draws; those that a step had before are the ones replaced."""
        Shards(self.folder).write(step, rows)

    def each(self, columns: Sequence[str] = tuple(ROLLOUT)) -> Iterator[tuple[int, pl.DataFrame]]:
        """Steps in order, with their draws."""
        for step in self.steps():
            yield step, pl.read_parquet(self._file(step), columns=list(columns))

    def steps(self) -> list[int]:
        """Steps whose draws are kept."""
        return Shards(self.folder).numbers() if self.folder.exists() else []

    def give_up(self, after: int) -> int:
        """Put draws of later steps aside, which will be made anew; returns how many steps.

        Of two crashes that undid a step the later one's draws stay, under another number.
        """
        undone = [step for step in self.steps() if step > after]
        for step in undone:
            self.aside.mkdir(parents=True, exist_ok=True)
            attempt = len(list(self.aside.glob(f"step-{step:05}-*.parquet"))) + 1
            shutil.move(self._file(step), self.aside / f"step-{step:05}-{attempt}.parquet")
        if undone:
            sync_folder(self.folder)
        return len(undone)

    def _file(self, step: int) -> Path:
        return self.folder / f"part-{step:05}.parquet"
