"""What a student will see of a version: its rows, rendered as training would render them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from factory.models import Located, only_tokenizer
from factory.models.chat import Message, tokenizers_on_all_cores
from factory.models.context import context_of
from factory.models.control_tokens import control_token_in, control_tokens
from factory.models.own_template import NotRendered
from factory.models.student_template import Learner, learner
from factory.progress import Report
from factory.recipe.dataset import Reader
from factory.recipe.models import LONGEST
from factory.versions.folder import shards_of
from filters.text.thinking import split
from sft.rows import RENDERED
from sft.template import Rendered, tokenised, written

CONTEXTS = (4096, 8192, 16384, 32768, 65536)
"""Tokens: rows longer than each are counted."""
QUANTILES = (0.5, 0.9, 0.99)
EXAMPLES = 5
"""Rows that are named where they teach nothing."""
HEAD = (
    "student",
    "rows",
    "thinking kept",
    "round trip",
    "one end",
    "tokens in the loss",
    "p50",
    "p99",
    "longest",
    "over its context",
    "left out",
    "teach nothing",
)
BLANKS = re.compile(r"\s+")


@dataclass
class _Look:
    """What is known of one student so far."""

    name: str
    revision: str | None
    learns: Learner
    context: int
    control: re.Pattern[str] | None
    end: int
    rows: int = 0
    thinking: int = 0
    thinking_kept: int = 0
    round_trip: int = 0
    one_end: int = 0
    nothing: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    tokens: list[int] = field(default_factory=list)
    in_loss: list[int] = field(default_factory=list)


def seen(
    version: Path, students: Sequence[tuple[Located, int | None]], report: Report
) -> list[dict[str, Any]]:
    """What each student will see of all rows of a version; memory holds a few rows at once.

    Args:
        version: its folder.
        students: models, of which only tokenizers are read, and the tokens of the longest row that
            each takes; None: as many as its configuration says.

    Raises:
        RecipeError: it is for the user to say which template a student is to have.
    """
    looks = [_look(model, context) for model, context in students]
    total, done = sum(_height(file) for file in shards_of(version)), 0
    with tokenizers_on_all_cores():
        for rows in _rows(version) if looks else ():
            for look in looks:
                _take(look, rows)
            done += rows.height
            report(done, total, "rows rendered")
    return [_told(look) for look in looks]


def named(recipe: Mapping[str, Any]) -> list[Reader]:
    """The students that a recipe names: its own, if that is not made on the spot, and others."""
    own = recipe.get("student") or {}
    base = own.get("base") or {}
    told = list((recipe.get("dataset") or {}).get("students") or ())
    if "path" in base:
        longest = (own.get("training") or {}).get("max_length")
        told.insert(0, base | {"context": longest or own.get("context")})
    found = [Reader.model_validate(one) for one in told]
    return list({(one.path, one.revision, one.template): one for one in reversed(found)}.values())[
        ::-1
    ]


def located(students: Iterable[Reader], home: Path) -> list[tuple[Located, int | None]]:
    """Where their tokenizers are: folders, relative to `home`, or the Hub's cache.

    Raises:
        RecipeError: one is neither a folder nor on the Hub.
    """
    return [(_nameless(only_tokenizer(one, home)), one.context) for one in students]


def _nameless(model: Located) -> Located:
    """A model in a folder of this machine goes by the folder's name alone: a manifest has no
    paths."""
    plain = model.name.startswith(("/", ".", "~")) or Path(model.name).exists()
    return model.model_copy(update={"name": Path(model.name).name}) if plain else model


def blind(students: Iterable[Mapping[str, Any]]) -> list[str]:
    """What stops publishing: students whom rows would teach nothing, a sentence each."""
    return [
        f"{told['nothing']:,} of {told['rows']:,} rows teach {told['student']} nothing, as "
        f"{', '.join(told['examples'])}"
        for told in students
        if told["nothing"]
    ]


def table(students: Iterable[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """A line of words for each student, the first line what they are."""
    lines: list[tuple[str, ...]] = [HEAD]
    for told in students:
        loss, tokens = told["loss_tokens"], told["tokens"]
        counts = (
            f"{told['thinking_kept']:,} of {told['thinking']:,}",
            *(f"{told[key]:,}" for key in ("round_trip", "one_end")),
            f"{loss['total']:,}",
            *(f"{tokens[key]:,}" for key in ("p50", "p99", "max")),
            f"{told['over_context']:,} over {told['context']:,}",
            f"{sum(told['left_out'].values()):,}",
            f"{told['nothing']:,}",
        )
        lines.append((told["student"], f"{told['rows']:,}", *counts))
    return lines


def _look(model: Located, context: int | None) -> _Look:
    learns = learner(model)
    longest = context or context_of(Path(model.path)) or LONGEST
    control = control_tokens(learns.tokenizer, learns.tags)
    end: Any = learns.tokenizer.convert_tokens_to_ids(learns.template.end)
    return _Look(model.name, model.revision, learns, longest, control, end)


def _rows(version: Path) -> Iterator[pl.DataFrame]:
    """Rows of all splits, a few at once."""
    import pyarrow.parquet as pq

    for file in shards_of(version):
        with pq.ParquetFile(file) as shard:
            for batch in shard.iter_batches(RENDERED, columns=["sample_id", "messages"]):
                rows: Any = pl.from_arrow(batch)
                yield rows


def _height(file: Path) -> int:
    import pyarrow.parquet as pq

    return pq.read_metadata(file).num_rows


def _take(look: _Look, rows: pl.DataFrame) -> None:
    """Render some rows for a student, and count."""
    learns = look.learns
    conversations: list[list[Message]] = rows["messages"].to_list()
    told = [written(learns.template, turns, learns.tags) for turns in conversations]
    look.rows += len(told)
    texts = [pair for pair in told if not isinstance(pair, NotRendered)]
    ids = iter(tokenised(learns.tokenizer, texts) if texts else [])
    for id, turns, pair in zip(rows["sample_id"], conversations, told, strict=True):
        thought = split(turns[-1]["content"]).reasoning
        look.thinking += bool(thought and thought.strip())
        if isinstance(pair, NotRendered):
            look.left_out[str(pair)] += 1
            look.nothing.append(id)
        else:
            _count(look, id, turns, thought, pair, next(ids))


def _count(
    look: _Look,
    id: str,
    turns: Sequence[Message],
    thought: str | None,
    pair: tuple[str, str],
    row: Rendered,
) -> None:
    """One row that the template takes."""
    prompt, reply = pair
    if thought and thought.strip():
        # A template may put the opening tag, and the blanks at its borders, into the prompt.
        look.thinking_kept += _bare(look.learns.tags.said(thought)) in _bare(prompt[-64:] + reply)
    back = look.learns.tokenizer.decode(row.input_ids, clean_up_tokenization_spaces=False)
    look.round_trip += back == prompt + reply
    ends = row.input_ids[row.reply_start :].count(look.end)
    look.one_end += ends == 1
    if ends != 1:
        look.left_out["end_token_inside"] += 1
    elif control_token_in((turn["content"] for turn in turns), look.control):
        look.left_out["control_token_inside"] += 1
    look.tokens.append(len(row.input_ids))
    look.in_loss.append(row.trained_tokens)
    if not _bare(reply.removesuffix(look.learns.template.end)):
        look.nothing.append(id)


def _told(look: _Look) -> dict[str, Any]:
    """What a manifest says of a student."""
    tokens = np.array(look.tokens, dtype=np.int64)
    return {
        "student": look.name,
        "revision": look.revision,
        "template": look.learns.why,
        "context": look.context,
        "rows": look.rows,
        "thinking": look.thinking,
        "thinking_kept": look.thinking_kept,
        "round_trip": look.round_trip,
        "one_end": look.one_end,
        "tokens": _spread(tokens),
        "loss_tokens": _spread(np.array(look.in_loss, dtype=np.int64)),
        "over_context": int((tokens > look.context).sum()),
        "over": {str(length): int((tokens > length).sum()) for length in CONTEXTS},
        "left_out": dict(look.left_out),
        "nothing": len(look.nothing),
        "examples": look.nothing[:EXAMPLES],
    }


def _spread(counts: np.ndarray) -> dict[str, int]:
    """Sum, quantiles and the largest of some counts."""
    if not counts.size:
        return {"total": 0} | {f"p{100 * q:.0f}": 0 for q in QUANTILES} | {"max": 0}
    found = {f"p{100 * q:.0f}": int(np.quantile(counts, q)) for q in QUANTILES}
    return {"total": int(counts.sum()), **found, "max": int(counts.max())}


def _bare(text: str) -> str:
    return BLANKS.sub("", text)
