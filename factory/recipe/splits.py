"""Splits of a dataset beside `train`: `dataset.splits` of a recipe."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from factory.recipe.strict import Strict


def _share(told: Any) -> Any:
    """A share as it is, and a percent as a share.

    >>> _share("2 %"), _share(0.02)
    (0.02, 0.02)
    """
    if not isinstance(told, str):
        return told
    number, percent, after = told.partition("%")
    try:
        if not percent or after.strip():
            raise ValueError
        return float(number) / 100
    except ValueError:
        raise ValueError("expected a share as 0.02, or a percent as 2 %") from None


Share = Annotated[
    float,
    BeforeValidator(_share),
    Field(ge=0, lt=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
                {"type": "string", "pattern": r"^[0-9.]+ *%$"},
            ]
        }
    ),
]
"""A share of all prompts: 0.02, or `2 %`."""


class Splits(Strict):
    """Shares of the prompts that are kept from training; all others are `train`.

    The split of a prompt depends on its id and these shares alone. So it stays where it is when
    others come, and a larger share takes prompts from `train` only.
    """

    validation: Share = 0.0
    """Share of the prompts in `validation`, as `2 %` or 0.02."""
    test: Share = 0.0
    """Share of the prompts in `test`, likewise."""

    @model_validator(mode="after")
    def _something_is_left(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(
                f"validation and test are {self.validation + self.test:g} together: nothing is "
                "left to train on"
            )
        return self

    @property
    def asked(self) -> bool:
        """Whether there is any beside `train`."""
        return bool(self.validation or self.test)
