"""Training rows on disk: rendered and counted a batch at a time, read where they lie."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from factory.errors import StageError
from factory.ledger import Account, balance
from factory.models.chat import tokenizers_on_all_cores
from factory.models.control_tokens import control_token_in, control_tokens
from factory.models.student_template import Renders
from factory.models.thinking_tags import Tags
from factory.progress import Report
from factory.store import write_through
from sft.template import IGNORED, Rendered, render_all

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

TRAINED = "trained"
"""The fate of a row that is trained on; any other is why it is not."""
ROW = {
    "sample_id": pl.String(),
    "input_ids": pl.List(pl.Int32()),
    "reply_start": pl.Int32(),
    "tokens": pl.Int32(),
    "trained_tokens": pl.Int32(),
    "fate": pl.String(),
}
"""What each row became: all its ids, and the place from where on they are in the loss."""

RENDERED = 64
"""Conversations tokenised at once: a tokenizer holds some 100 bytes for each token meanwhile."""
WRITTEN = 1024
"""Rows written, and later read, at once."""


def write_rows(
    conversations: Iterable[pl.DataFrame],
    total: int,
    tokenizer: PreTrainedTokenizerBase,
    template: Renders,
    *,
    tags: Tags | None = None,
    max_length: int,
    file: Path,
    report: Report,
) -> None:
    """Render conversations into a Parquet file of `ROW`; memory holds one batch of them.

    After a crash the file is there whole, or not at all.

    Args:
        conversations: columns `sample_id` and `messages`, the last message the assistant's.
        total: how many there are, for the report.
        tags: what marks the thinking, where it is not as ours.
        max_length: tokens of the longest row that is trained on; a longer one is not cut.
    """
    import pyarrow.parquet as pq

    temporary, done = file.with_name(f"{file.name}.tmp"), 0
    control = control_tokens(tokenizer, tags)
    rendered = partial(_rendered, tokenizer, template, tags, control, max_length)
    schema = pl.DataFrame(schema=ROW).to_arrow().schema
    with (
        tokenizers_on_all_cores(),
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for frame in conversations:
            for group in frame.iter_slices(WRITTEN):
                parts = group.iter_slices(RENDERED)
                rows = pl.concat(map(rendered, parts))
                writer.write_table(rows.to_arrow())
                done += rows.height
                report(done, total, "rows rendered")
    write_through(temporary, file)


def _rendered(
    tokenizer: Any,
    template: Renders,
    tags: Tags | None,
    control: re.Pattern[str] | None,
    max_length: int,
    part: pl.DataFrame,
) -> pl.DataFrame:
    conversations = part["messages"].to_list()
    rows = render_all(tokenizer, template, conversations, tags)
    end = tokenizer.convert_tokens_to_ids(template.end)
    spelt = (control_token_in((turn["content"] for turn in c), control) for c in conversations)
    return pl.DataFrame(
        {
            "sample_id": part["sample_id"],
            "input_ids": [row.input_ids for row in rows],
            "reply_start": [row.reply_start for row in rows],
            "tokens": [len(row.input_ids) for row in rows],
            "trained_tokens": [row.trained_tokens for row in rows],
            "fate": [
                _fate(row, end, bool(token), max_length)
                for row, token in zip(rows, spelt, strict=True)
            ],
        },
        schema=ROW,
    )


def _fate(row: Rendered, end: int, spells_control: bool, max_length: int) -> str:
    if row.left_out:
        return row.left_out
    if len(row.input_ids) > max_length:
        return "too_long"
    # A draw that spells the end token out would teach to end there.
    if row.input_ids[row.reply_start :].count(end) != 1:
        return "end_token_inside"
    return "control_token_inside" if spells_control else TRAINED


def accounts(file: Path, entered: Iterable[str], what: str = "rows") -> list[Account]:
    """Two accounts, of rows and of the tokens in the loss.

    Args:
        entered: ids of the rows that were to be rendered.
        what: what people call these rows.

    Raises:
        LedgerError: a row was not rendered, or twice.
    """
    table = pl.read_parquet(file, columns=["sample_id", "trained_tokens", "fate"])
    dropped = table.filter(pl.col("fate") != TRAINED)
    trained = table.filter(fate=TRAINED)
    by_row = balance(
        what,
        entered,
        left=trained["sample_id"],
        dropped=dict(dropped.select("sample_id", "fate").iter_rows()),
    )
    by_token = Account(
        what="trained tokens",
        entered=int(table["trained_tokens"].sum()),
        left=int(trained["trained_tokens"].sum()),
        dropped=dict(dropped.group_by("fate").agg(pl.col("trained_tokens").sum()).iter_rows()),
    )
    return [by_row, by_token]


def fitting(file: Path, order: pl.Series, cache: Path, *, again: bool = True) -> Dataset:
    """The rows that are trained on, mapped into memory: `input_ids` and `reply_start`.

    Args:
        order: ids in the order in which the trainer numbers them, whatever their order in the file.
        cache: folder for the file that is mapped, uncompressed.
        again: throw away what is there, of an earlier sitting; not while others map it.

    Raises:
        StageError: no row is trained on.
    """
    from datasets import Dataset

    fates = pl.read_parquet(file, columns=["sample_id", "fate"])
    places = fates.filter(fate=TRAINED).with_row_index("place")
    if places.is_empty():
        reasons = dict(fates["fate"].value_counts(sort=True).iter_rows())
        raise StageError(f"none of {fates.height:,} rows can be trained on: {reasons}")
    if again:
        shutil.rmtree(cache, ignore_errors=True)  # it would never be read again
    there: Any = Dataset.from_parquet(
        str(file),
        cache_dir=str(cache),
        columns=["input_ids", "reply_start"],
        filters=[("fate", "==", TRAINED)],
    )
    asked = pl.DataFrame({"sample_id": order})
    return there.select(
        asked.join(places, on="sample_id", maintain_order="left")["place"].to_numpy()
    )


class Collator:
    """Rows as a batch of tensors: ids and labels of one length, the labels from the reply on."""

    def __init__(self, padding: int):
        """`padding`: the id that fills up shorter rows; it is never in the loss."""
        self.padding = padding

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """`input_ids`, `labels` and `attention_mask`, each of shape (rows, longest row)."""
        import torch

        shape = len(rows), max(len(row["input_ids"]) for row in rows)
        ids, labels = torch.full(shape, self.padding), torch.full(shape, IGNORED)
        attended = torch.zeros(shape, dtype=torch.long)
        for place, row in enumerate(rows):
            own, start = torch.tensor(row["input_ids"]), row["reply_start"]
            ids[place, : len(own)] = own
            labels[place, start : len(own)] = own[start:]
            attended[place, : len(own)] = 1
        return {"input_ids": ids, "labels": labels, "attention_mask": attended}
