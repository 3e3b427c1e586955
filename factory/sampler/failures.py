"""Draws that could not be had: whose they are, how often they were asked for, the last words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import polars as pl

SHOWN = 80
"""Characters of a question that are shown."""
LATE = ("timeout",)
"""Reasons for which long draws are lost, and short ones are not."""
NAMED = 3
"""Failed draws that are named in a line."""

FAILED = {
    "sample_id": pl.String(),
    "prompt_id": pl.String(),
    "question": pl.String(),
    "draw": pl.Int32(),
    "attempts": pl.Int32(),
    "reason": pl.String(),
    "words": pl.String(),
}
"""`question` is its beginning, `attempts` those of the last sitting, `words` the engine's last."""


@dataclass(frozen=True)
class Failed:
    """A draw that could not be had."""

    prompt_id: str
    draw: int
    attempts: int
    reason: str
    """The word that it is counted by."""
    words: str
    """What the engine said at last."""


def table(failed: Mapping[str, Failed], prompts: pl.DataFrame) -> pl.DataFrame:
    """Failed draws by sample id as rows of `FAILED`, for people; in the order of prompts."""
    rows = pl.DataFrame(
        [{"sample_id": id, **asdict(draw)} for id, draw in failed.items()],
        schema={name: kind for name, kind in FAILED.items() if name != "question"},
    )
    return with_questions(rows, prompts).select(*FAILED).sort("prompt_id", "draw")


def with_questions(rows: pl.DataFrame, prompts: pl.DataFrame) -> pl.DataFrame:
    """Rows with `prompt_id`, and the beginning of each prompt's question beside it."""
    asked = prompts.join(rows.select("prompt_id").unique(), on="prompt_id", how="semi")
    last = pl.col("messages").list.last().struct.field("content")
    beginning = last.str.replace_all(r"\s+", " ").str.strip_chars().str.head(SHOWN)
    questions = asked.select("prompt_id", question=beginning)
    return rows.join(questions, on="prompt_id", how="left", maintain_order="left")


def told(rows: pl.DataFrame, what: str = "draw", fate: str = "failed") -> str:
    """Failed draws in a line: how many for which reason, and up to three of them by question.

    >>> row = {"question": "2+2?", "prompt_id": "p7", "reason": "http_500"}
    >>> told(pl.DataFrame([row]))
    "1 draw failed (http_500 1), as of '2+2?' (prompt p7)"
    """
    counts = rows["reason"].value_counts(sort=True).iter_rows()
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts)
    first = rows.unique("prompt_id", maintain_order=True).head(NAMED)
    names = [
        f"{question!r} (prompt {id})"
        for question, id in first.select("question", "prompt_id").iter_rows()
    ]
    late = rows.filter(pl.col("reason").is_in(LATE)).height
    reasons += f"; {late:,} lost to time, mostly long: what is left is too short" if late else ""
    more = ", …" if rows["prompt_id"].n_unique() > len(names) else ""
    number = f"1 {what}" if rows.height == 1 else f"{rows.height:,} {what}s"
    return f"{number} {fate} ({reasons}), as of {', '.join(names)}{more}"
