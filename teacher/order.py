"""Which prompts a step of reinforcement learning draws for: told by what was drawn, so that it can
be told again after a crash."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch.utils.data import Sampler

LAG = 2
"""Generations between the draws that are known and those that are chosen for: the loader fetches
one ahead of the one that is being made. Fixed, so that a resumed training chooses as it did."""


class Order(Sampler):
    """Prompts pass by pass, each pass in an order of its own, none of a pass left out.

    TRL's own sampler drops what does not fill a pass's last batch, and begins with the first pass
    again when a training goes on after it. A prompt whose last group was all right or all wrong
    taught nothing, and rests for `rest` passes. It is not refilled within a step: TRL rewards a
    whole generation at once.
    """

    def __init__(
        self,
        ids: Sequence[str],
        *,
        at_once: int,
        draws: int,
        repeats: int,
        generations: int,
        seed: int,
        rest: int = 0,
    ):
        """
        Args:
            ids: prompts, as the dataset has them.
            at_once: prompts of a generation.
            repeats: how often the loader is asked for the same generation.
            generations: how many there are.
            rest: passes that a prompt without variance sits out.
        """
        self.ids, self.at_once, self.draws = list(ids), at_once, draws
        self.repeats, self.generations, self.seed, self.rest = repeats, generations, seed, rest
        self.resting = 0
        """Prompts passed over for it in the newest generation that was chosen."""
        self._shares: dict[int, Mapping[str, float]] = {}

    def note(self, generation: int, shares: Mapping[str, float]) -> None:
        """What came of a generation, the first being 1: the share of right draws of each prompt
        that had any which could be judged."""
        if self.rest:
            self._shares[generation] = dict(shares)

    def chosen(self) -> Iterator[list[int]]:
        """Rows of the dataset for each generation in turn."""
        shuffled = torch.Generator().manual_seed(self.seed)
        waiting: deque[int] = deque()
        passes, met = 0, [(0, False)] * len(self.ids)
        drawn: deque[tuple[int, dict[str, tuple[int, int]]]] = deque()
        for generation in range(1, self.generations + 1):
            while drawn and drawn[0][0] <= generation - LAG:
                number, rows = drawn.popleft()
                for id, share in self._shares.get(number, {}).items():
                    row, during = rows[id]
                    met[row] = (during, share in (0, 1))
            batch: dict[int, int] = {}
            again, self.resting = [], 0
            rows_at_least = min(self.at_once, len(self.ids))
            while len(batch) < rows_at_least:
                if not waiting:
                    waiting.extend(torch.randperm(len(self.ids), generator=shuffled).tolist())
                    passes += 1
                row = waiting.popleft()
                last, settled = met[row]
                if row in batch:
                    again.append(row)
                elif settled and passes <= last + self.rest and self.resting < len(self.ids):
                    self.resting += 1
                else:
                    batch[row] = passes
            waiting.extendleft(reversed(again))
            drawn.append((generation, {self.ids[row]: (row, at) for row, at in batch.items()}))
            rows = list(batch)
            yield [rows[place % len(rows)] for place in range(self.at_once)]

    def __iter__(self) -> Iterator[int]:
        for rows in self.chosen():
            for _ in range(self.repeats):
                for row in rows:
                    yield from [row] * self.draws

    def __len__(self) -> int:
        return self.generations * self.repeats * self.at_once * self.draws
