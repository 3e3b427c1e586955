"""Draws made under another `max_tokens`: which serve as they are, which go on, which are cut.

A fresh draw in place of one that was cut would favour short chains: where a chain is short with
chance p, it would be short with p + (1 - p) p. So a cut one goes on from its own token ids, and one
that ended by itself stays. An engine that cannot go on gets the seed that the cut one had, which
does not depend on `max_tokens`: if it heeds seeds, it writes the same chain again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from factory.store.draws import Draws

CUT = "length"
"""The finish reason of a draw that reached `max_tokens`."""
LENGTH = pl.coalesce("completion_tokens", "max_tokens")
"""Tokens of a draw; of one that nobody counted, those that it was allowed."""


@dataclass(frozen=True)
class Begun:
    """An earlier draw that a new one takes up."""

    sample_id: str
    token_ids: tuple[int, ...] = ()
    """What it begins with; all that it is, where it is cut."""
    is_cut: bool = False
    """The new one is shorter, so nothing is drawn."""
    prompt_tokens: int = 0


def serves(draw: Mapping[str, Any], max_tokens: int) -> bool:
    """Whether a kept draw is one of this `max_tokens` as it stands."""
    own_end = draw["finish_reason"] != CUT
    return draw["max_tokens"] == max_tokens or (own_end and draw["tokens"] <= max_tokens)


def source(draws: Iterable[Mapping[str, Any]], max_tokens: int) -> Mapping[str, Any] | None:
    """The kept draw that one of this `max_tokens` takes up: none too long, else the longest."""
    able = [draw for draw in draws if draw["has_ids"]]
    long = [draw for draw in able if draw["tokens"] > max_tokens]
    if long:
        return min(long, key=lambda draw: draw["tokens"])
    return max(able, key=lambda draw: draw["tokens"], default=None)


class Earlier:
    """Token ids of earlier draws, in a nameless file, so that memory stays flat."""

    def __init__(self, draws: Draws, ids: pl.DataFrame, folder: Path):
        """Copy the token ids of these draws (a column `sample_id`) out of the shards."""
        import numpy as np

        self._places: dict[str, tuple[int, int]] = {}
        self._file: BinaryIO = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        end = 0
        for rows in draws.each(("sample_id", "token_ids"), ids):
            for sample_id, token_ids in rows.iter_rows():
                content = np.asarray(token_ids, dtype=np.int32).tobytes()
                self._file.write(content)
                self._places[sample_id] = (end, len(content))
                end += len(content)

    def token_ids(self, sample_id: str) -> tuple[int, ...]:
        """Those of one draw."""
        import numpy as np

        start, length = self._places[sample_id]
        self._file.seek(start)
        return tuple(np.frombuffer(self._file.read(length), dtype=np.int32).tolist())

    def close(self) -> None:
        """Give the room on the disk back."""
        self._file.close()
