"""What the dataset is made of: the `dataset` part of a recipe."""

from __future__ import annotations

from pydantic import Field

from factory.recipe.strict import Strict


class Select(Strict):
    """Which of the accepted samples become rows."""

    per_prompt: int | None = Field(None, ge=1)
    """Rows of one prompt at most: the shortest are taken first; left out: all."""


class Dataset(Strict):
    """What the dataset is made of."""

    select: Select = Select()
    """Which of the accepted samples become rows."""
