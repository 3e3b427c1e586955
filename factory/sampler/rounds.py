"""Rounds of draws: one teacher, asked each prompt in one way, with a policy and bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from factory.errors import RecipeError, StageError
from factory.models.context import context_of
from factory.recipe.sampling import Sampling
from factory.sampler.admission import SET_ASIDE, admitted
from factory.sampler.asker import Asker
from factory.sampler.strategies import Prepared, rounds
from factory.sampler.teacher import Teacher

VERSION = 1
"""Raised whenever the tables of a finished sampling tell something else of the same draws."""


@dataclass(frozen=True)
class Round:
    """Who is asked, how, and for which prompts."""

    teacher: Teacher
    asker: Asker
    prompts: pl.DataFrame
    set_aside: pl.DataFrame
    """Prompts that the teacher cannot be asked, as `SET_ASIDE`."""
    max_length: int = 0
    """Tokens of the longest prompt with its draw; 0 where that is not known."""

    @property
    def named(self) -> dict[str, pl.Expr]:
        """Columns that tell its rows from those of other rounds."""
        beside = self.asker.strategies[0].strategy.name if self.asker.beside else None
        return {
            "teacher": pl.lit(self.teacher.model.name),
            "teacher_digest": pl.lit(self.asker.teacher),
            "beside": pl.lit(beside, dtype=pl.String),
        }


def rounds_of(
    teacher: Teacher,
    sampling: Sampling,
    seed: int,
    strategies: Sequence[Prepared],
    prompts: pl.DataFrame,
) -> list[Round]:
    """A teacher's rounds: all prompts, each in one way; then, for each strategy that stands beside
    the others, the prompts that it is for.

    Raises:
        RecipeError: when the teacher cannot be asked so.
    """
    own, nobody = sampling.asking(teacher.asked), pl.DataFrame(schema=SET_ASIDE)
    instructions = frozenset(prompts["instruction"].drop_nulls())
    found = []
    for number, ways in enumerate(rounds(strategies)):
        asker = Asker(teacher.identity(own), own, seed, ways, instructions, beside=number > 0)
        if asker.keeps_thinking and teacher.served:
            raise RecipeError(
                "sampling.thinking continues a draw by its token ids, which an endpoint does not "
                "take: leave it out, or name a teacher by its `path`"
            )
        asker = replace(asker, continues=not (teacher.served or asker.keeps_thinking))
        its = prompts if number == 0 else _of(ways[0], prompts)
        found.append(Round(teacher, asker, its, nobody))
    return found


def _of(way: Prepared, prompts: pl.DataFrame) -> pl.DataFrame:
    """The prompts that a strategy is for."""
    return prompts.filter(pl.Series([way.fits(row) for row in prompts.iter_rows(named=True)]))


def fitted(wanted: Round, say: Callable[[str], None]) -> Round:
    """The round without prompts that its teacher cannot be asked, and with the room that its draws
    need. What does not fit is told.

    Raises:
        StageError: when no prompt is left.
    """
    path, sampling = wanted.teacher.model.path, wanted.asker.sampling
    if not path:
        return wanted
    context = context_of(path, sampling.engine_arguments)
    found = admitted(wanted.teacher.model, wanted.prompts, wanted.asker, context)
    if found.prompts.is_empty() and found.set_aside.height:
        reasons = dict(found.set_aside["reason"].value_counts(sort=True).iter_rows())
        raise StageError(
            f"{wanted.teacher.model.name} can be asked none of {wanted.prompts.height:,} prompts: "
            f"{_counted(reasons)}, the first one: {found.set_aside['words'][0]}"
        )
    needed = found.longest + sampling.max_tokens
    if context is not None and needed > context:
        say(
            f"max_tokens {sampling.max_tokens:,} does not fit into the context of "
            f"{wanted.teacher.model.name}, {context:,} tokens with the prompt; the longest prompt "
            f"has {found.longest:,}, and its draws end after {context - found.longest:,}"
        )
    return replace(
        wanted,
        prompts=found.prompts,
        set_aside=found.set_aside,
        max_length=min(needed, context or needed),
    )


def _counted(reasons: dict[str, Any]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())
